/** What the index does not keep about a job: its facts, read from the ledger at the addresses that the index has. */
import type { Entry } from "../../events/entry.js";
import { factAddress, type Position, position } from "../../events/names.js";
import type { AddressedFact } from "../../projections/views.js";
import { entryOf } from "./entry.js";
import type { Log } from "./log.js";

/** The facts at a job's addresses (position, index, position, index, …), in order. One read per entry. */
export async function readFacts(addresses: readonly number[], ledger: Log): Promise<AddressedFact[]> {
  const facts: AddressedFact[] = [];
  let at = position(0);
  let entry: Entry | null = null;
  for (let i = 0; i < addresses.length; i += 2) {
    const [sequence, index] = [addresses[i] ?? 0, addresses[i + 1] ?? 0];
    if (entry === null || at !== sequence) {
      at = position(sequence);
      entry = await readEntry(at, ledger);
    }
    const fact = entry.facts[index];
    if (fact === undefined || !("job" in fact) || fact.type === "SubmissionDuplicated")
      throw new Error(`${at}.${index} is not a job's fact`);
    facts.push({ position: factAddress(at, index), at: entry.at, fact });
  }
  return facts;
}

async function readEntry(at: Position, ledger: Log): Promise<Entry> {
  const message = await ledger.read(at);
  if (message === null) throw new Error(`entry ${at} is not in the ledger`);
  return entryOf(message);
}
