/** Verifies a ledger, wherever it is read from: every entry from zero, up to the first that is wrong. */
import { position } from "../../events/names.js";
import { Fold, LedgerCorrupt } from "../../projections/fold.js";
import { Verification, type Verified } from "../../projections/verify/verification.js";
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

/** What somebody says that the ledger comes to at a position. */
interface Claim {
  readonly hash: string;
  readonly by: "checkpoint" | "header";
}
type Claims = ReadonlyMap<number, Claim>;

/** What is verified: entries up to `last`, after what `begin` has folded. */
interface Entries {
  readonly messages: AsyncIterable<StoredMessage>;
  readonly last: number;
  readonly begin: Fold | null;
  readonly claims: Claims;
}

/** Verifies a ledger up to what is its end now, and the checkpoints that it passes. */
export async function verifyLedger(readable: Readable, options: VerifyOptions): Promise<VerifyOutcome> {
  const { ledger } = readable;
  const { last } = await ledger.state();
  const messages = readMessages(ledger, 0, last);
  return verify({ messages, last, begin: null, claims: await checkpointClaims(readable) }, options);
}

/** Verifies an exported log, its file included: a gap in it is as wrong as one in a stream. What a part begins with is believed. */
export function verifyExport({ header, begin, messages }: OpenExport, options: VerifyOptions): Promise<VerifyOutcome> {
  const { stateHash: hash, code, last } = header;
  const isTold = hash !== undefined && code === CODE;
  const claims: Claims = new Map(isTold ? [[last, { hash, by: "header" }]] : []);
  return verify({ messages, last, begin, claims }, options);
}

/** Throws `ClientFailure` if the ledger cannot be read so far. Ends early, with what is right so far, when the signal aborts. */
async function verify(
  { messages, last, begin, claims }: Entries,
  { until, signal, onEntry }: VerifyOptions,
): Promise<VerifyOutcome> {
  if (until !== null && "position" in until && until.position > last)
    throw new ClientFailure("not-found", `the ledger ends at position ${last}; there is no ${until.position} yet`);
  const verification = new Verification(begin ?? new Fold());
  let checkpoints = 0;
  try {
    for await (const message of messages) {
      if (until !== null && "position" in until && message.sequence > until.position) break;
      const entry = entryOf(message);
      if (until !== null && "time" in until && entry.at > until.time) break;
      verification.apply(position(message.sequence), entry);
      const claim = claims.get(message.sequence);
      if (claim !== undefined) {
        const real = stateHash(verification.fold);
        if (real !== claim.hash) return wrongClaim(message.sequence, claim, real);
        if (claim.by === "checkpoint") checkpoints += 1;
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
async function checkpointClaims({ ledger, shelf, onNotice }: Readable): Promise<Claims> {
  if (shelf === null) return new Map();
  const { identity } = await ledger.state();
  const all = await shelf.list().catch((error: unknown) => {
    onNotice(`checkpoints could not be looked at: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  });
  const own = all.filter((one) => one.ledger === identity && one.code === CODE);
  return new Map(own.map(({ position: at, hash }) => [at, { hash, by: "checkpoint" }]));
}

function wrongClaim(at: number, { hash, by }: Claim, real: string): Extract<VerifyOutcome, { ok: false }> {
  const what =
    by === "checkpoint"
      ? `the checkpoint at ${at} is not what the ledger comes to there`
      : "the entries are not those that the header was written for";
  const advice =
    by === "checkpoint"
      ? "the ledger is right so far, and the bucket of checkpoints, a cache, may be deleted"
      : "each entry is possible, and some are other ones";
  return {
    ok: false,
    address: String(at),
    problem: `${what}: it says state hash ${hash}, and that is ${real}; ${advice}`,
  };
}

/** What is wrong with the ledger; null if the error is about something else. */
function problemOf(error: unknown, next: number): Extract<VerifyOutcome, { ok: false }> | null {
  if (error instanceof LedgerCorrupt || error instanceof ExportBroken)
    return { ok: false, address: error.address, problem: error.message };
  return error instanceof LogGap ? { ok: false, address: String(next), problem: error.message } : null;
}
