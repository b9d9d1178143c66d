/**
 * A capsule: an export that stands for itself. It says what its entries come to, so that whoever folds them elsewhere can compare; a
 * part of a log brings the state that it begins with; and what jobs were given and have answered can be left out.
 */
import { position } from "../../events/names.js";
import { isTerminal } from "../../events/states.js";
import { checkpointLines } from "../../projections/checkpoint/checkpoint.js";
import { restoreFold } from "../../projections/checkpoint/restoration.js";
import { Fold, LedgerCorrupt } from "../../projections/fold.js";
import { stateOf } from "../../projections/jobs.js";
import { CODE } from "../checkpoints/shelf.js";
import { entryOf } from "../log/entry.js";
import type { Log, StoredMessage } from "../log/log.js";
import { stateHash } from "../state-hash.js";
import { type EndState, type ExportHeader, headerLine, type Redactable } from "./export-header.js";
import { entryLine, stateLine } from "./exported-log.js";
import { ClientFailure } from "./failure.js";
import { foldLedger, type Readable, readMessages } from "./reader.js";
import { Redaction } from "./redaction.js";

export interface CapsuleOptions {
  readonly namespace: string;
  /** The positions of the first and the last entry. */
  readonly first: number;
  readonly last: number;
  readonly redact: readonly Redactable[];
  readonly exportedAt: string;
}

export interface Capsule {
  readonly header: Omit<ExportHeader, "format" | "version">;
  /** Its lines, header included; to be read once. */
  readonly lines: AsyncIterable<string>;
}

type AsTold = (message: StoredMessage) => StoredMessage;

/**
 * Makes a capsule ready. Throws `LedgerCorrupt` where a part or a redacted one cannot be made because something before its end is wrong;
 * a whole log is exported as it is, whatever is wrong with it.
 */
export async function openCapsule(from: Readable, options: CapsuleOptions): Promise<Capsule> {
  const { namespace, first, last, redact, exportedAt } = options;
  const { identity: stream } = await from.ledger.state();
  if (first > last && first > 1)
    throw new ClientFailure(
      "invalid",
      `there is nothing from ${first} to ${last}: the first position comes after the last`,
    );
  const redaction = redact.length === 0 ? null : new Redaction(redact);
  const told: AsTold = (message) => redaction?.message(message) ?? message;
  const begin = first === 1 ? null : await beginOf(from, first - 1, redaction);
  const isAsStored = begin === null && redaction === null;
  const end = isAsStored ? await endOfWhole(from, last) : endOf(await foldTold(from.ledger, begin, options, told));
  const header = {
    ...{ namespace, stream, last, exportedAt, ...end },
    ...(redaction !== null && { redacted: [...redact] }),
    ...(begin !== null && { first, earlier: begin.earlier.length, beginHash: begin.hash }),
  };
  return { header, lines: linesOf(header, begin, from.ledger, options, told) };
}

async function* linesOf(
  header: Capsule["header"],
  begin: Begin | null,
  ledger: Log,
  { first, last }: CapsuleOptions,
  told: AsTold,
): AsyncIterable<string> {
  yield headerLine(header);
  for (const line of begin?.lines ?? []) yield stateLine(line);
  for (const message of begin?.earlier ?? []) yield entryLine(told(message));
  for await (const message of readMessages(ledger, first - 1, last)) yield entryLine(told(message));
}

/** What a part begins with. */
interface Begin {
  readonly lines: readonly string[];
  readonly hash: string;
  /** Entries that tell of jobs which had not ended, as they are stored. */
  readonly earlier: readonly StoredMessage[];
}

async function beginOf(from: Readable, at: number, redaction: Redaction | null): Promise<Begin> {
  const fold = await foldLedger(from, { position: at });
  const lines = [...checkpointLines(fold, (spec) => redaction?.spec(spec) ?? spec)];
  const places = new Set<number>();
  for (const row of fold.jobs.values())
    if (!isTerminal(stateOf(row))) for (let i = 0; i < row.addresses.length; i += 2) places.add(row.addresses[i] ?? 0);
  const earlier: StoredMessage[] = [];
  for (const place of [...places].sort((a, b) => a - b)) {
    const message = await from.ledger.read(place);
    if (message === null) throw new ClientFailure("not-found", `entry ${place} is not in the ledger`);
    earlier.push(message);
  }
  return { lines, hash: stateHash(restoreFold(lines)), earlier };
}

/** What the entries come to as they are told. */
async function foldTold(
  ledger: Log,
  begin: Begin | null,
  { first, last }: CapsuleOptions,
  told: AsTold,
): Promise<Fold> {
  const fold = begin === null ? new Fold() : restoreFold(begin.lines);
  for await (const message of readMessages(ledger, first - 1, last))
    fold.apply(position(message.sequence), entryOf(told(message)));
  return fold;
}

/** What a whole log comes to; nothing is said of one that is corrupt, and what is wrong is said by `log verify`. */
async function endOfWhole(from: Readable, last: number): Promise<EndState | null> {
  try {
    return endOf(await foldLedger(from, { position: last }));
  } catch (error) {
    if (!(error instanceof LedgerCorrupt)) throw error;
    from.onNotice(`${error.message}; it is exported as it is, without a state hash`);
    return null;
  }
}

const endOf = (fold: Fold): EndState => ({ stateHash: stateHash(fold), limits: fold.slots.limits, code: CODE });
