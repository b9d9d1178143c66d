/** The grant rule's decision as facts: who starts, and why the others do not. */
import type { Block, FactOf } from "../events/facts.js";
import type { PoolName } from "../events/names.js";
import { remember } from "../events/remember.js";
import { type Demand, demandOf } from "./demand.js";
import { holdersOf } from "./holders.js";
import type { ReservedStart } from "./reserved-starts.js";
import type { Slots } from "./slots.js";
import type { Denial, Start } from "./starts.js";

/** How many holders a denial names per pool; `explain` names them all. */
export const HOLDERS_NAMED_MAX = 3;

export function startGranted(start: Start, leaseMs: number): FactOf<"StartGranted"> {
  const { row, worker, demand, overtook } = start;
  const fact: FactOf<"StartGranted"> = {
    type: "StartGranted",
    job: row.id,
    attempt: row.attempts.length + 1,
    worker,
    demand: Object.fromEntries(demand),
    leaseMs,
  };
  return overtook.length === 0 ? fact : { ...fact, overtook: [...overtook] };
}

export const reservationGranted = ({ reservation, demand }: ReservedStart): FactOf<"ReservationGranted"> => ({
  type: "ReservationGranted",
  reservation,
  demand: Object.fromEntries(demand),
});

/** Facts for denials, as of `slots`: after the starts of the same turn, whose holders are named already. */
export function startsDenied(denials: readonly Denial[], slots: Slots): FactOf<"StartDenied">[] {
  const holders = new Map<string, string[]>();
  const blocks = ({ row, shortages, ahead }: Denial) => {
    const demand: Demand = row.spec === null ? new Map() : demandOf(row.spec, slots.limits);
    return shortages.map(
      ({ pool, cause }): Block => ({
        ...figures(slots, pool, row.spec?.type ?? ""),
        needs: demand.get(pool as PoolName) ?? 1,
        holders: remember(holders, pool, () => holdersOf(slots, pool, HOLDERS_NAMED_MAX)),
        ahead: (ahead.get(pool) ?? []).map((other) => other.id),
        cause,
      }),
    );
  };
  // Denials that share who is ahead are of one line, and say the same.
  const known = new Map<Denial["ahead"], Block[]>();
  return denials.map((denial) => {
    const blockedBy = remember(known, denial.ahead, () => blocks(denial));
    return { type: "StartDenied", job: denial.row.id, blockedBy };
  });
}

/** A pool's figures; for `workers`, those of the seats of all workers that run the type. */
export function figures(slots: Slots, pool: string, type: string): { pool: string; capacity: number; used: number } {
  if (pool !== "workers") {
    const known = slots.pools[pool as PoolName];
    return { pool, capacity: known?.capacity ?? 0, used: known?.used ?? 0 };
  }
  const sum = { pool, capacity: 0, used: 0 };
  for (const worker of Object.values<Slots["workers"][keyof Slots["workers"]]>(slots.workers)) {
    if (worker.leaving || (worker.types !== null && !worker.types.includes(type))) continue;
    sum.capacity += worker.capacity;
    sum.used += worker.used;
  }
  return sum;
}
