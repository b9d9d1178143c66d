/**
 * Entries of the ledger that were read or written lately, ready to be looked into. To decode one costs milliseconds where it holds
 * hundreds of facts, and they are wanted again and again: by each endpoint, and for each job that has a fact in them. Those that
 * this scheduler has written itself need no decoding at all.
 */
import { type Position, position } from "../../events/names.js";
import { entryOf } from "../log/entry.js";
import { type EntryAt, type EntryFacts, entriesOf } from "../log/job-facts.js";
import type { Log, StoredMessage } from "../log/log.js";

/** What is kept, counted in bytes of the ledger; the entry used longest ago goes first. */
const KEPT_BYTES_MAX = 16 * 1024 * 1024;

interface Kept {
  readonly entry: EntryFacts;
  readonly bytes: number;
}

export class Entries {
  readonly #read: EntryAt;
  /** The one used longest ago first. */
  readonly #kept = new Map<Position, Kept>();
  readonly #reading = new Map<Position, Promise<EntryFacts>>();
  #bytes = 0;

  constructor(ledger: Log) {
    this.#read = entriesOf(ledger, (message) => this.of(message));
  }

  /** The entry that a message of the ledger holds. Throws `LedgerCorrupt` if it holds none. */
  of(message: StoredMessage): EntryFacts {
    const at = position(message.sequence);
    const kept = this.#use(at);
    if (kept !== null) return kept;
    const entry = entryOf(message);
    this.keep(at, entry, message.data.length);
    return entry;
  }

  /** The entry at a position. */
  async at(at: Position): Promise<EntryFacts> {
    const kept = this.#use(at);
    if (kept !== null) return kept;
    // Several jobs have facts in it, and ask at the same time.
    let reading = this.#reading.get(at);
    if (reading === undefined) {
      reading = this.#read(at).finally(() => this.#reading.delete(at));
      this.#reading.set(at, reading);
    }
    return await reading;
  }

  /** Keeps an entry that is stored. */
  keep(at: Position, { at: time, facts }: EntryFacts, bytes: number): void {
    this.#drop(at);
    this.#kept.set(at, { entry: { at: time, facts }, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= KEPT_BYTES_MAX) return;
      this.#drop(oldest);
    }
  }

  #use(at: Position): EntryFacts | null {
    const kept = this.#kept.get(at);
    if (kept === undefined) return null;
    this.#kept.delete(at);
    this.#kept.set(at, kept);
    return kept.entry;
  }

  #drop(at: Position): void {
    this.#bytes -= this.#kept.get(at)?.bytes ?? 0;
    this.#kept.delete(at);
  }
}
