/** The entries of a ledger, wherever it is read from, up to where was asked for. */
import type { Entry } from "../../events/entry.js";
import { type Position, position } from "../../events/names.js";
import { entryOf } from "../log/entry.js";
import type { Log, StoredMessage } from "../log/log.js";
import { openWholeExport } from "./exported-log.js";
import { ClientFailure } from "./failure.js";
import { readMessages } from "./reader.js";
import type { Until } from "./until.js";

/** A ledger that is about to be read once, as a stream. */
export interface LedgerText {
  readonly messages: AsyncIterable<StoredMessage>;
  /** The position of its last entry. */
  readonly last: number;
}

/** A ledger up to what is its end now. */
export async function ledgerText(ledger: Log): Promise<LedgerText> {
  const { last } = await ledger.state();
  return { messages: readMessages(ledger, 0, last), last };
}

/** An exported log. Throws `ClientFailure` if the file is none, or only a part. */
export async function exportedText(path: string): Promise<LedgerText> {
  const { header, messages } = await openWholeExport(path);
  return { messages, last: header.last };
}

/** Throws `ClientFailure` if the ledger does not reach so far, and `LedgerCorrupt` at the first message that is no entry. */
export async function* entriesUpTo(
  { messages, last }: LedgerText,
  until: Until | null,
): AsyncIterable<readonly [Position, Entry]> {
  if (until !== null && "position" in until && until.position > last)
    throw new ClientFailure("not-found", `the ledger ends at position ${last}; there is no ${until.position} yet`);
  for await (const message of messages) {
    if (until !== null && "position" in until && message.sequence > until.position) return;
    const entry = entryOf(message);
    if (until !== null && "time" in until && entry.at > until.time) return;
    yield [position(message.sequence), entry];
  }
}
