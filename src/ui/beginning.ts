/** Where a recording begins: at the newest checkpoint that can be used, else at the first entry; and its way to an entry that is there. */
import { position } from "../../events/names.js";
import { LedgerCorrupt } from "../../projections/fold.js";
import type { AsOf } from "../../projections/views/views.js";
import { nearestCheckpoint } from "../checkpoints/nearest.js";
import { type Readable, readMessages } from "../client/reader.js";
import { entryOf } from "../log/entry.js";
import type { Log } from "../log/log.js";
import { Slices } from "../slices.js";
import { Recording } from "./recording.js";

export interface Folding {
  readonly signal: AbortSignal;
  /** Told how far it is. */
  readonly onEntry: (position: number, last: number) => void;
}

/** A recording, and whether it knows the ledger from its first entry on. */
export interface Begun {
  readonly recording: Recording;
  readonly isWhole: boolean;
}

/** Records a ledger up to `last`. Throws `LedgerCorrupt`, what the ledger throws, and the signal's reason when it aborts. */
export async function beginRecording(from: Readable, last: number, folding: Folding): Promise<Begun> {
  const { ledger, onNotice } = from;
  const checkpointed = await fromCheckpoint(from, last);
  folding.signal.throwIfAborted();
  if (checkpointed === null) return beginWhole(ledger, last, folding);
  const begin = checkpointed.fold.head.position;
  try {
    return { recording: await recordOn(checkpointed, ledger, last, folding), isWhole: false };
  } catch (error) {
    if (!(error instanceof LedgerCorrupt)) throw error;
    // Whether the ledger is wrong, or only the checkpoint, the first entry tells.
    onNotice(`the ledger does not follow from the checkpoint at ${begin}; folded from the first entry`);
    return beginWhole(ledger, last, folding);
  }
}

/** The same from the first entry, whatever checkpoints there are. */
export async function beginWhole(ledger: Log, last: number, folding: Folding): Promise<Begun> {
  return { recording: await recordOn(new Recording(), ledger, last, folding), isWhole: true };
}

async function fromCheckpoint({ ledger, shelf, onNotice }: Readable, last: number): Promise<Recording | null> {
  const until = { position: last };
  const fold = shelf === null ? null : await nearestCheckpoint({ shelf, ledger, until, onNotice });
  const first = fold === null ? null : await firstEntry(ledger);
  return fold === null || first === null ? null : Recording.from(fold, first);
}

/** Null if it is not there: whoever folds from there then says so. Throws `LedgerCorrupt` if it is none. */
async function firstEntry(ledger: Log): Promise<AsOf | null> {
  const message = await ledger.read(1);
  if (message === null) return null;
  const { at } = entryOf(message);
  return { position: position(message.sequence), at };
}

/** Records on up to `last`. Throws like `beginRecording`. */
export async function recordOn(recording: Recording, ledger: Log, last: number, folding: Folding): Promise<Recording> {
  const slices = new Slices();
  for await (const message of readMessages(ledger, recording.fold.head.position, last)) {
    recording.apply(message);
    folding.onEntry(message.sequence, last);
    if (await slices.between()) folding.signal.throwIfAborted();
  }
  return recording;
}
