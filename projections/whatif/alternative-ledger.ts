/** A ledger that never was: written entry by entry as the dispatcher writes its own, chained and folded by the same code. */
import { ENTRY_VERSION, type Entry, type EntryHeader } from "../../events/entry.js";
import type { Fact } from "../../events/facts.js";
import { type EntryId, type Position, position } from "../../events/names.js";
import { Fold } from "../fold.js";

/** The recorded entry at which it was decided; or a time of its own, between two of them, or after the last. */
export type During = Position | "between" | "after";

export interface AlternativeEntry {
  readonly position: Position;
  readonly entry: Entry;
  readonly during: During;
}

export class AlternativeLedger {
  readonly fold = new Fold();
  #at = "";
  #facts: Fact[] = [];
  #header: Omit<EntryHeader, "intake"> | null = null;

  /** The next entry is of this time, or of the last one's if that is later. */
  begin(at: string): void {
    this.#at = at > this.fold.head.at ? at : this.fold.head.at;
    this.#facts = [];
    this.#header = null;
  }

  /** The time of the entry that is being written. */
  get at(): string {
    return this.#at;
  }

  get hasFacts(): boolean {
    return this.#facts.length > 0;
  }

  /** The position of the entry that is being written, or of the next one. */
  get position(): Position {
    return position(this.fold.head.position + 1);
  }

  /** Throws `LedgerCorrupt` where the fold refuses it: this code would be wrong. */
  record(fact: Fact): void {
    if (this.#header === null) {
      const { entryId: prev, epoch: reign } = this.fold.head;
      const epoch = fact.type === "DispatcherElected" ? fact.epoch : reign;
      this.#header = { v: ENTRY_VERSION, id: `whatif-${this.position}` as EntryId, prev, epoch, at: this.#at };
      this.fold.open(this.position, this.#header);
    }
    this.fold.applyFact(fact);
    this.#facts.push(fact);
  }

  /** Null if nothing was recorded: then there is no entry. */
  end(during: During): AlternativeEntry | null {
    const header = this.#header;
    if (header === null) return null;
    const { intake } = this.fold.head;
    this.fold.close(intake);
    this.#header = null;
    return { position: this.fold.head.position, entry: { ...header, intake, facts: this.#facts }, during };
  }
}
