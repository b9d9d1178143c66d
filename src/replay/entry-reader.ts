/** Reads the entries of a ledger by position; in their order as one stream, without asking anew for each. */
import type { Entry } from "../../events/entry.js";
import { readMessages } from "../client/reader.js";
import { entryOf } from "../log/entry.js";
import type { Log, StoredMessage } from "../log/log.js";

export class EntryReader {
  readonly #ledger: Log;
  /** The last position that is read. */
  readonly #last: number;
  #stream: AsyncIterator<StoredMessage> | null = null;
  /** The entry that was read last; asked about again, it is there. */
  #held: { readonly position: number; readonly entry: Entry } | null = null;

  constructor(ledger: Log, last: number) {
    this.#ledger = ledger;
    this.#last = last;
  }

  /** Throws `LedgerCorrupt` if the message is no entry, `ClientFailure` if it cannot be read. */
  async read(position: number): Promise<Entry> {
    if (this.#held?.position === position) return this.#held.entry;
    if (this.#held?.position !== position - 1) await this.close();
    this.#stream ??= readMessages(this.#ledger, position - 1, this.#last)[Symbol.asyncIterator]();
    const next = await this.#stream.next();
    if (next.done === true) throw new Error(`the ledger is read up to ${this.#last}; there is no ${position}`);
    this.#held = { position: next.value.sequence, entry: entryOf(next.value) };
    return this.#held.entry;
  }

  async close(): Promise<void> {
    const stream = this.#stream;
    this.#stream = null;
    this.#held = null;
    await stream?.return?.();
  }
}
