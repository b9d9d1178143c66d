/** Since when a pool has been as it is: paused, too small, or without a worker. From the settings of the recent past. */
import type { Block } from "../../events/facts.js";
import type { PoolName } from "../../events/names.js";
import type { Frame, Past } from "../past.js";
import type { Worker } from "../slots.js";

/** ISO 8601; null if it is not known, has always been so, or the cause is none that lasts. */
export function causesSince(past: Past, { pool, cause, needs }: Block, type: string): string | null {
  switch (cause) {
    case "full":
      return null;
    case "paused":
      return heldSince(past, (frame) => frame.pools[pool as PoolName]?.paused === true);
    case "over-capacity":
      return heldSince(past, (frame) => (frame.pools[pool as PoolName]?.capacity ?? needs) < needs);
    case "no-worker":
      return heldSince(past, ({ workers }) => !Object.values<Worker>(workers).some((worker) => runs(worker, type)));
    default:
      return cause satisfies never;
  }
}

/** Since when what holds now has held without a break. */
export function heldSince({ frames }: Past, holds: (frame: Frame) => boolean): string | null {
  const other = frames.findLastIndex((frame) => !holds(frame));
  return other === -1 ? null : (frames[other + 1]?.at ?? null);
}

const runs = ({ leaving, types }: Worker, type: string): boolean => !leaving && (types?.includes(type) ?? true);
