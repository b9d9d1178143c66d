/** Packs items into batch messages: as many as one may hold, none larger than a message may be, in the order of their lines. */
import { BATCH_SUBMISSIONS_MAX } from "../../events/submission.js";
import type { BatchItem } from "./bulk-items.js";

export interface Batch {
  /** The lines of its items, in order. Blank and wrong lines between them are left out. */
  readonly lines: readonly number[];
  readonly ids: readonly (string | null)[];
  /** The message: a JSON array. */
  readonly data: Uint8Array;
}

/**
 * A batch of several items is no larger than this. Larger ones save nothing any more, and the dispatcher has to count the bytes of
 * every set of params that came in a message of more than 85 kB.
 */
export const BATCH_BYTES_MAX = 64 * 1024;

const BRACKETS_BYTES = "[]".length;
const COMMA_BYTES = ",".length;

/** How large an item may be, where a message of its own may have so many bytes. */
export const itemBytesMax = (messageBytesMax: number): number => messageBytesMax - BRACKETS_BYTES;

export class BatchPacker {
  #items: BatchItem[] = [];
  #bytes = BRACKETS_BYTES;

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /** Adds an item; gives the batch before it, if it does not fit into that any more. */
  add(item: BatchItem): Batch | null {
    const added = item.bytes + COMMA_BYTES;
    const fits = this.#items.length < BATCH_SUBMISSIONS_MAX && this.#bytes + added <= BATCH_BYTES_MAX;
    const full = fits ? null : this.take();
    this.#items.push(item);
    this.#bytes += added;
    return full;
  }

  /** The batch as it is, and begins another one; null if it is empty. */
  take(): Batch | null {
    const items = this.#items;
    if (items.length === 0) return null;
    this.#items = [];
    this.#bytes = BRACKETS_BYTES;
    return {
      lines: items.map(({ line }) => line),
      ids: items.map(({ id }) => id),
      data: Buffer.from(`[${items.map(({ text }) => text).join(",")}]`),
    };
  }
}
