/** Room in pools, as a pass of the grant rule counts it down. */
import type { PoolName } from "../events/names.js";
import type { Demand } from "./demand.js";
import type { Shortage } from "./jobs.js";
import type { Slots } from "./slots.js";

export function fits(demand: Demand, room: ReadonlyMap<PoolName, number>): boolean {
  for (const [pool, units] of demand) if ((room.get(pool) ?? 0) < units) return false;
  return true;
}

export function subtract(demand: Demand, room: Map<PoolName, number>): void {
  for (const [pool, units] of demand) room.set(pool, (room.get(pool) ?? 0) - units);
}

/** Pools for which a demand cannot be met whatever ends: they are paused, or too small since the limits changed. */
export function stuckPools(demand: Demand, slots: Slots): Shortage[] {
  const shortages: Shortage[] = [];
  for (const [name, units] of demand) {
    const pool = slots.pools[name];
    if (pool?.paused === true) shortages.push({ pool: name, cause: "paused" });
    else if (units > (pool?.capacity ?? 0)) shortages.push({ pool: name, cause: "over-capacity" });
  }
  return shortages;
}
