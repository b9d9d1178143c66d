import { type Position, position } from "../../events/names.js";
import { Fold, LedgerCorrupt } from "../../projections/fold.js";
import { answerQuery, type QueryAnswer, type QueryName } from "../api/queries.js";
import { nearestCheckpoint } from "../checkpoints/nearest.js";
import type { ShelfReader } from "../checkpoints/shelf.js";
import { entryOf } from "../log/entry.js";
import type { Log, StoredMessage } from "../log/log.js";
import { ClientFailure } from "./failure.js";
import type { Until } from "./until.js";

/** A server that has more to give gives it sooner. Without this bound a reader without permission would wait for ever. */
const STALL_MS_MAX = 15_000;

/** A ledger, and what may be known of it beforehand. */
export interface Readable {
  readonly ledger: Log;
  /** What the entries that are there follow, if the first ones are not; the reader takes a copy. */
  readonly begin: Fold | null;
  /** Checkpoints that shorten the folding; null where there are none. */
  readonly shelf: ShelfReader | null;
  /** What a person should know meanwhile, in a line. */
  readonly onNotice: (text: string) => void;
}

/**
 * Folds the ledger, up to `until` or to what is its end now, from the nearest checkpoint if there is one. Throws `LedgerCorrupt` with
 * the address of what cannot be, and `ClientFailure` if the ledger does not reach so far or cannot be read.
 */
export async function foldLedger(from: Readable, until: Until | null = null): Promise<Fold> {
  const { ledger, begin: given, shelf, onNotice } = from;
  const end = await lastOf(ledger, until);
  if (given !== null) {
    const { position: before, at } = given.head;
    if (until !== null && ("position" in until ? until.position < before : until.time < at))
      throw new ClientFailure("not-found", `this part of a ledger begins after position ${before}, at ${at}`);
    return foldOn(given.clone(), ledger, until, end);
  }
  const fold = shelf === null ? null : await nearestCheckpoint({ shelf, ledger, until, onNotice });
  if (fold === null) return foldOn(new Fold(), ledger, until, end);
  const { position: begin } = fold.head;
  try {
    return await foldOn(fold, ledger, until, end);
  } catch (error) {
    if (!(error instanceof LedgerCorrupt)) throw error;
    // Whether the ledger is wrong, or only the checkpoint, the first entry tells.
    onNotice(`the ledger does not follow from the checkpoint at ${begin}; folded from the first entry`);
    return foldOn(new Fold(), ledger, until, end);
  }
}

/** The position up to which is read; throws `ClientFailure` if the ledger does not reach so far. */
export async function lastOf(ledger: Log, until: Until | null): Promise<number> {
  const { last } = await ledger.state();
  if (until === null || !("position" in until)) return last;
  if (until.position > last)
    throw new ClientFailure("not-found", `the ledger ends at position ${last}; there is no ${until.position} yet`);
  return until.position;
}

async function foldOn(fold: Fold, ledger: Log, until: Until | null, end: number): Promise<Fold> {
  for await (const message of readMessages(ledger, fold.head.position, end)) {
    const entry = entryOf(message);
    if (until !== null && "time" in until && entry.at > until.time) break;
    fold.apply(position(message.sequence), entry);
  }
  return fold;
}

/** The messages after `after` up to `last`, each of which is there already. */
export async function* readMessages(ledger: Log, after: number, last: number): AsyncIterable<StoredMessage> {
  if (after >= last) return;
  const stop = new AbortController();
  const stalled = () => stop.abort();
  let timer = setTimeout(stalled, STALL_MS_MAX);
  try {
    for await (const batch of ledger.follow(after, stop.signal)) {
      clearTimeout(timer);
      for (const message of batch) {
        if (message.sequence > last) return;
        yield message;
        if (message.sequence === last) return;
      }
      timer = setTimeout(stalled, STALL_MS_MAX);
    }
  } finally {
    clearTimeout(timer);
    stop.abort();
  }
  throw new ClientFailure("unanswered", `the ledger could not be read: nothing came for ${STALL_MS_MAX / 1_000} s`, {
    hint: "Do these credentials allow reading the ledger (the role of a viewer)?",
  });
}

/** Asks a fold that is complete. `ledger` is needed for what the fold does not keep: params, results, histories. */
export function answerFrom(fold: Fold, ledger: Log, name: QueryName, args: object): Promise<QueryAnswer> {
  return answerQuery({
    name,
    args,
    ledger,
    now: null,
    status: { role: "reader", state: "reading", dispatcher: "none" },
    query: async (question) => question(fold),
  });
}

/** The answer's value, or a failure with the reason. */
export function answeredValue(answer: QueryAnswer): unknown {
  if ("value" in answer) return answer.value;
  throw new ClientFailure(answer.refused === "not-found" ? "not-found" : "refused", answer.reason);
}

/** The first position whose time is later than `time`, by halving; `last + 1` if there is none. */
export async function firstAfter(ledger: Log, time: string): Promise<Position> {
  const { first, last } = await ledger.state();
  let [low, high] = [first, last + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const message = await ledger.read(middle);
    if (message === null) throw new ClientFailure("not-found", `entry ${middle} is not in the ledger`);
    if (entryOf(message).at > time) high = middle;
    else low = middle + 1;
  }
  return position(low);
}
