/** Verifies a ledger, wherever it is read from: every entry from zero, up to the first that is wrong. */
import { position } from "../../events/names.js";
import { LedgerCorrupt } from "../../projections/fold.js";
import { Verification, type Verified } from "../../projections/verification.js";
import { entryOf } from "../log/entry.js";
import { type Log, LogGap, type StoredMessage } from "../log/log.js";
import { ExportBroken, type OpenExport } from "./exported-log.js";
import { ClientFailure } from "./failure.js";
import { readMessages } from "./reader.js";
import type { Until } from "./until.js";

export type VerifyOutcome =
  | { readonly ok: true; readonly verified: Verified }
  /** `address`: `812.3`, or `812` for what is wrong with an entry as a whole. */
  | { readonly ok: false; readonly address: string; readonly problem: string };

export interface VerifyOptions {
  readonly until: Until | null;
  readonly signal: AbortSignal;
  /** Called after each entry, with its position and the last one. */
  readonly onEntry: (position: number, last: number) => void;
}

/** Verifies a ledger up to what is its end now. */
export async function verifyLedger(ledger: Log, options: VerifyOptions): Promise<VerifyOutcome> {
  const { last } = await ledger.state();
  return verify(readMessages(ledger, 0, last), last, options);
}

/** Verifies an exported log, its file included: a gap in it is as wrong as one in a stream. */
export function verifyExport({ header, messages }: OpenExport, options: VerifyOptions): Promise<VerifyOutcome> {
  return verify(messages, header.last, options);
}

/** Throws `ClientFailure` if the ledger cannot be read so far. Ends early, with what is right so far, when the signal aborts. */
async function verify(
  messages: AsyncIterable<StoredMessage>,
  last: number,
  { until, signal, onEntry }: VerifyOptions,
): Promise<VerifyOutcome> {
  if (until !== null && "position" in until && until.position > last)
    throw new ClientFailure("not-found", `the ledger ends at position ${last}; there is no ${until.position} yet`);
  const verification = new Verification();
  try {
    for await (const message of messages) {
      if (until !== null && "position" in until && message.sequence > until.position) break;
      const entry = entryOf(message);
      if (until !== null && "time" in until && entry.at > until.time) break;
      verification.apply(position(message.sequence), entry);
      onEntry(message.sequence, last);
      if (signal.aborted) break;
    }
  } catch (error) {
    const problem = problemOf(error, verification.fold.head.position + 1);
    if (problem === null) throw error;
    return problem;
  }
  return { ok: true, verified: verification.verified };
}

/** What is wrong with the ledger; null if the error is about something else. */
function problemOf(error: unknown, next: number): Extract<VerifyOutcome, { ok: false }> | null {
  if (error instanceof LedgerCorrupt || error instanceof ExportBroken)
    return { ok: false, address: error.address, problem: error.message };
  return error instanceof LogGap ? { ok: false, address: String(next), problem: error.message } : null;
}
