/** Verifies a ledger, wherever it is read from: every entry from zero, up to the first that is wrong. */
import { position } from "../../events/names.js";
import { LedgerCorrupt } from "../../projections/fold.js";
import { Verification, type Verified } from "../../projections/verification.js";
import { CODE } from "../checkpoints/shelf.js";
import { entryOf } from "../log/entry.js";
import { LogGap, type StoredMessage } from "../log/log.js";
import { stateHash } from "../state-hash.js";
import { ExportBroken, type OpenExport } from "./exported-log.js";
import { ClientFailure } from "./failure.js";
import { type Readable, readMessages } from "./reader.js";
import type { Until } from "./until.js";

export type VerifyOutcome =
  | { readonly ok: true; readonly verified: Verified; readonly checkpoints: number }
  /** `address`: `812.3`, or `812` for what is wrong with an entry as a whole. */
  | { readonly ok: false; readonly address: string; readonly problem: string };

export interface VerifyOptions {
  readonly until: Until | null;
  readonly signal: AbortSignal;
  /** Called after each entry, with its position and the last one. */
  readonly onEntry: (position: number, last: number) => void;
}

/** State hashes that checkpoints name, by their positions. */
type Hashes = ReadonlyMap<number, string>;

/** Verifies a ledger up to what is its end now, and the checkpoints that it passes. */
export async function verifyLedger(readable: Readable, options: VerifyOptions): Promise<VerifyOutcome> {
  const { ledger } = readable;
  const { last } = await ledger.state();
  return verify(readMessages(ledger, 0, last), last, await hashesIn(readable), options);
}

/** Verifies an exported log, its file included: a gap in it is as wrong as one in a stream. */
export function verifyExport({ header, messages }: OpenExport, options: VerifyOptions): Promise<VerifyOutcome> {
  return verify(messages, header.last, new Map(), options);
}

/** Throws `ClientFailure` if the ledger cannot be read so far. Ends early, with what is right so far, when the signal aborts. */
async function verify(
  messages: AsyncIterable<StoredMessage>,
  last: number,
  hashes: Hashes,
  { until, signal, onEntry }: VerifyOptions,
): Promise<VerifyOutcome> {
  if (until !== null && "position" in until && until.position > last)
    throw new ClientFailure("not-found", `the ledger ends at position ${last}; there is no ${until.position} yet`);
  const verification = new Verification();
  let checkpoints = 0;
  try {
    for await (const message of messages) {
      if (until !== null && "position" in until && message.sequence > until.position) break;
      const entry = entryOf(message);
      if (until !== null && "time" in until && entry.at > until.time) break;
      verification.apply(position(message.sequence), entry);
      const written = hashes.get(message.sequence);
      if (written !== undefined) {
        const real = stateHash(verification.fold);
        if (real !== written) return wrongCheckpoint(message.sequence, written, real);
        checkpoints += 1;
      }
      onEntry(message.sequence, last);
      if (signal.aborted) break;
    }
  } catch (error) {
    const problem = problemOf(error, verification.fold.head.position + 1);
    if (problem === null) throw error;
    return problem;
  }
  return { ok: true, verified: verification.verified, checkpoints };
}

/** Those of this very ledger and this version of the program; the others are used by nobody. */
async function hashesIn({ ledger, shelf, onNotice }: Readable): Promise<Hashes> {
  if (shelf === null) return new Map();
  const { identity } = await ledger.state();
  const all = await shelf.list().catch((error: unknown) => {
    onNotice(`checkpoints could not be looked at: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  });
  const own = all.filter((one) => one.ledger === identity && one.code === CODE);
  return new Map(own.map(({ position: at, hash }) => [at, hash]));
}

function wrongCheckpoint(at: number, written: string, real: string): Extract<VerifyOutcome, { ok: false }> {
  const problem =
    `the checkpoint at ${at} is not what the ledger comes to there: its state hash is ${written}, the ledger's ${real}; ` +
    "the ledger is right so far, and the bucket of checkpoints, a cache, may be deleted";
  return { ok: false, address: String(at), problem };
}

/** What is wrong with the ledger; null if the error is about something else. */
function problemOf(error: unknown, next: number): Extract<VerifyOutcome, { ok: false }> | null {
  if (error instanceof LedgerCorrupt || error instanceof ExportBroken)
    return { ok: false, address: error.address, problem: error.message };
  return error instanceof LogGap ? { ok: false, address: String(next), problem: error.message } : null;
}
