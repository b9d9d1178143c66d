/** What the index does not keep about a job: its facts, read from the ledger at the addresses that the index has. */
import type { Entry } from "../../events/entry.js";
import { isJobFact } from "../../events/facts.js";
import { factAddress, type Position, position } from "../../events/names.js";
import type { Fold } from "../../projections/fold.js";
import type { JobRow } from "../../projections/jobs.js";
import {
  type AddressedFact,
  historyOf,
  type JobListItem,
  type JobView,
  jobListItem,
} from "../../projections/views/views.js";
import { entryOf } from "./entry.js";
import type { Log, StoredMessage } from "./log.js";

/** What is wanted of an entry here. */
export type EntryFacts = Pick<Entry, "at" | "facts">;
/** Gives the entry at a position, which is there. */
export type EntryAt = (at: Position) => Promise<EntryFacts>;

/** A job as the index has it at one moment, and where the ledger has the rest of it. */
export interface IndexedJob {
  readonly item: JobListItem;
  readonly addresses: readonly number[];
}

export const indexedJob = (row: JobRow, fold: Fold): IndexedJob => ({
  item: jobListItem(row, fold),
  addresses: [...row.addresses],
});

/** The contract's Job: as the index had it, with what only the ledger keeps of it up to then. */
export async function readJob({ item, addresses }: IndexedJob, entryAt: EntryAt): Promise<JobView> {
  return { ...item, ...historyOf(await readFacts(addresses, entryAt)) };
}

/** The facts at a job's addresses (position, index, position, index, …), in order. */
export async function readFacts(addresses: readonly number[], entryAt: EntryAt): Promise<AddressedFact[]> {
  const facts: AddressedFact[] = [];
  let at = position(0);
  let entry: EntryFacts | null = null;
  for (let i = 0; i < addresses.length; i += 2) {
    const [sequence, index] = [addresses[i] ?? 0, addresses[i + 1] ?? 0];
    if (entry === null || at !== sequence) {
      at = position(sequence);
      entry = await entryAt(at);
    }
    const fact = entry.facts[index];
    if (fact === undefined || !isJobFact(fact)) throw new Error(`${at}.${index} is not a job's fact`);
    facts.push({ position: factAddress(at, index), at: entry.at, fact });
  }
  return facts;
}

/** Reads entries from the ledger. */
export const entriesOf = (ledger: Log, decode: (message: StoredMessage) => EntryFacts = entryOf): EntryAt => {
  return async (at) => {
    const message = await ledger.read(at);
    if (message === null) throw new Error(`entry ${at} is not in the ledger`);
    return decode(message);
  };
};
