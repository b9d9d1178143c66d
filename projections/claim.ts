/** The check that guards every taking of slots: what was granted is what is demanded, and there is room for it (INV-003). */
import type { PoolName } from "../events/names.js";
import type { Demand } from "./demand.js";
import type { Draft } from "./draft.js";
import { type Pool, type Slots, SlotViolation } from "./slots.js";

/** What of a pool a claim is checked against. */
export interface Room {
  readonly capacity: number;
  readonly used: number;
  /** A pool that is paused: nothing more is taken of it. */
  readonly closed: boolean;
}

/** Throws `SlotViolation` unless `claimed` is exactly `demand` and fits. Every pool is looked at before the first is touched (CC-2). */
export function checkClaim(
  holder: string,
  demand: Demand,
  claimed: Readonly<Record<string, number>>,
  roomOf: (pool: PoolName) => Room,
): void {
  if (Object.keys(claimed).length !== demand.size)
    throw new SlotViolation(`${holder} was granted other pools than it demands`);
  for (const [name, units] of demand) {
    const { capacity, closed, used } = roomOf(name);
    if (claimed[name] !== units)
      throw new SlotViolation(`${holder} demands ${units} of ${name} and was granted ${claimed[name]}`);
    if (closed) throw new SlotViolation(`${name} is paused`);
    if (used + units > capacity)
      throw new SlotViolation(`${name} would be over capacity: ${used} of ${capacity} used, ${holder} takes ${units}`);
  }
}

export function mustPool(slots: Draft<Slots>, name: PoolName): Draft<Pool> {
  const pool = slots.pools[name];
  if (pool === undefined) throw new SlotViolation(`there is no pool ${name}`);
  return pool;
}
