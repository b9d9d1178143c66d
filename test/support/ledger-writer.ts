/**
 * The writing of ledgers for tests: facts become entries, chained as the dispatcher chains them and folded at once. So a test
 * begins with a believable past, and cannot begin with an impossible one: the fold throws. The words are in ledger-builder.ts.
 */
import { encodeEntry, encodeFact } from "../../events/codec.js";
import { ENTRY_VERSION, type Entry, type EntryHeader } from "../../events/entry.js";
import type { Fact, JobFact } from "../../events/facts.js";
import { entryId, type FactAddress, factAddress, jobId, type Position, position } from "../../events/names.js";
import { Fold } from "../../projections/fold.js";
import type { JobRow } from "../../projections/jobs.js";

/** An entry and where it stands. */
export interface StoredEntry {
  readonly position: Position;
  readonly entry: Entry;
}

/** A fact of one job, as a reader of the ledger finds it. */
export interface AddressedJobFact {
  readonly position: FactAddress;
  readonly at: string;
  readonly fact: JobFact;
}

export const LEDGER_BEGINS = "2026-01-01T00:00:00.000Z";
const ENTRY_EVERY_MS = 1_000;

export class LedgerWriter {
  readonly fold = new Fold();
  readonly entries: StoredEntry[] = [];
  #nowMs = Date.parse(LEDGER_BEGINS);
  #isTogether = false;
  #open: { header: EntryHeader; facts: Fact[] } | null = null;

  /** Any fact, as it is. */
  fact(fact: Fact): this {
    this.#open ??= this.#begin(fact);
    this.fold.applyFact(fact);
    this.#open.facts.push(fact);
    if (!this.#isTogether) this.#end();
    return this;
  }

  /** What is written inside becomes one entry; none if nothing is written. */
  together(write: (ledger: this) => void): this {
    if (this.#isTogether) throw new Error("together is open already");
    this.#isTogether = true;
    write(this);
    this.#isTogether = false;
    if (this.#open !== null) this.#end();
    return this;
  }

  /** Lets time pass before the next entry. */
  later(ms: number): this {
    this.#nowMs += ms;
    return this;
  }

  // Reading

  /** The time of the next entry, or of the one that is being written. */
  get now(): string {
    return new Date(this.#nowMs).toISOString();
  }

  /** The header that the next entry has to have. */
  get nextHeader(): EntryHeader {
    const { position: last, entryId: prev, epoch: reign, intake } = this.fold.head;
    return { v: ENTRY_VERSION, id: entryId(`e${last + 1}`), prev, epoch: reign, at: this.now, intake };
  }

  /** The entries as they are stored, one a line. */
  get lines(): string[] {
    return this.entries.map(({ entry: { facts, ...header } }) => encodeEntry(header, facts.map(encodeFact)));
  }

  row(id: string): JobRow {
    const row = this.fold.jobs.get(jobId(id));
    if (row === undefined) throw new Error(`no job ${id} in this ledger`);
    return row;
  }

  /** One job's facts with their addresses, oldest first. */
  factsOf(id: string): AddressedJobFact[] {
    return this.entries.flatMap(({ position: at, entry }) =>
      entry.facts.flatMap((fact, index) =>
        isJobFact(fact) && fact.job === id ? [{ position: factAddress(at, index), at: entry.at, fact }] : [],
      ),
    );
  }

  #begin(first: Fact): { header: EntryHeader; facts: Fact[] } {
    const reign = first.type === "DispatcherElected" ? first.epoch : this.fold.head.epoch;
    const header = { ...this.nextHeader, epoch: reign };
    this.fold.open(position(this.fold.head.position + 1), header);
    return { header, facts: [] };
  }

  #end(): void {
    if (this.#open === null) return;
    const { header, facts } = this.#open;
    this.#open = null;
    this.fold.close(header.intake);
    this.entries.push({ position: this.fold.head.position, entry: { ...header, facts } });
    this.#nowMs += ENTRY_EVERY_MS;
  }
}

function isJobFact(fact: Fact): fact is JobFact {
  return "job" in fact && fact.type !== "SubmissionDuplicated";
}
