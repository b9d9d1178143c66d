/** One round of keeping checkpoints: the ledger is folded from the newest one to its end, and one is written each so many facts. */
import { position } from "../../events/names.js";
import { Fold } from "../../projections/fold.js";
import { entryOf } from "../log/entry.js";
import type { Log } from "../log/log.js";
import { nearestCheckpoint } from "./nearest.js";
import type { Shelf } from "./shelf.js";

export interface RoundOptions {
  readonly ledger: Log;
  readonly shelf: Shelf;
  /** So many facts are between two checkpoints. Entries differ too much in size to be counted. */
  readonly facts: number;
  readonly onNotice: (text: string) => void;
}

export interface RoundDone {
  readonly written: number;
  /** Where the newest checkpoint is now; 0 if there is none. */
  readonly position: number;
  /** Facts after it, up to what was the end when the round began. */
  readonly factsAfter: number;
}

/** Throws what the ledger and the server answer. */
export async function runRound({ ledger, shelf, facts, onNotice }: RoundOptions): Promise<RoundDone> {
  const { identity, last } = await ledger.state();
  const fold = (await nearestCheckpoint({ shelf, ledger, until: null, onNotice })) ?? new Fold();
  // Before anything is put there: what is being put now must not be taken for what was left.
  await shelf.sweep();
  let newest: number = fold.head.position;
  let written = 0;
  let factsAfter = 0;
  const stop = new AbortController();
  try {
    const batches = newest < last ? ledger.follow(newest, stop.signal) : [];
    for await (const batch of batches) {
      for (const message of batch) {
        const entry = entryOf(message);
        fold.apply(position(message.sequence), entry);
        factsAfter += entry.facts.length;
        if (factsAfter >= facts) {
          await shelf.put(fold, identity);
          newest = message.sequence;
          written += 1;
          factsAfter = 0;
        }
        if (message.sequence >= last) return { written, position: newest, factsAfter };
      }
    }
  } finally {
    stop.abort();
  }
  return { written, position: newest, factsAfter };
}
