/** Two rules in the auditor's own words: what a job demands (CC-1), and who may start before whom (INV-004). */
import type { AuditedJob } from "./auditor-jobs.js";
import type { AuditedWorld, Raw } from "./auditor-world.js";

/** Pools with their capacities, from limits as they stand in the ledger. */
export function poolsOf(limits: Raw): ReadonlyMap<string, number> {
  const pools = new Map<string, number>();
  if (limits["global"] !== undefined) pools.set("global", Number(limits["global"]));
  for (const [name, capacity] of Object.entries((limits["types"] ?? {}) as Raw))
    pools.set(`type:${name}`, Number(capacity));
  for (const [name, capacity] of Object.entries((limits["resources"] ?? {}) as Raw))
    pools.set(`resource:${name}`, Number(capacity));
  return pools;
}

/** Asked for at every fact, so worked out once per job and limits. */
const known = new WeakMap<ReadonlyMap<string, number>, Map<AuditedJob, ReadonlyMap<string, number>>>();

/** 1 of `global`, 1 of the type's pool, its units of each tag; wherever such a pool is configured. */
export function demandUnder(job: AuditedJob, pools: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const demands = known.get(pools) ?? new Map<AuditedJob, ReadonlyMap<string, number>>();
  known.set(pools, demands);
  const demand = demands.get(job) ?? workOut(job, pools);
  demands.set(job, demand);
  return demand;
}

function workOut(job: AuditedJob, pools: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const wanted: readonly (readonly [string, number])[] = [
    ["global", 1],
    [`type:${job.type}`, 1],
    ...Object.entries(job.resources).map(([tag, units]) => [`resource:${tag}`, units] as const),
  ];
  return new Map(wanted.filter(([pool]) => pools.has(pool)));
}

/** Priority descending, place ascending, created-at ascending, id. */
function goesBefore(a: AuditedJob, b: AuditedJob): number {
  if (a.priority !== b.priority) return b.priority - a.priority;
  if (a.place !== b.place) return a.place - b.place;
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}

/** Cannot start whatever ends: a paused pool, a demand above a capacity, nobody who runs its type. */
export function isStuck(world: AuditedWorld, job: AuditedJob): boolean {
  const demand = [...demandUnder(job, world.capacities)];
  if (demand.some(([pool, units]) => world.paused.has(pool) || units > (world.capacities.get(pool) ?? 0))) return true;
  return ![...world.workers.values()].some(
    ({ leaving, types }) => !leaving && (types === null || types.includes(job.type)),
  );
}

/** Why this start may delay somebody ahead; null if it cannot. Those named in `overtook` may be delayed, and are counted. */
export function grantedOutOfOrder(
  world: AuditedWorld,
  job: AuditedJob,
  demand: ReadonlyMap<string, number>,
  overtook: ReadonlySet<string>,
): string | null {
  const ahead = [...world.jobs.waiting()].filter(
    (other) => goesBefore(other, job) < 0 && !overtook.has(other.id) && !isStuck(world, other),
  );
  for (const [pool, units] of demand) {
    const rivals = ahead.filter((other) => demandUnder(other, world.capacities).has(pool));
    if (rivals.length === 0) continue;
    const wanted = rivals.reduce((sum, other) => sum + (demandUnder(other, world.capacities).get(pool) ?? 0), 0);
    const capacity = world.capacities.get(pool) ?? 0;
    if (world.used(pool) + wanted + units > capacity)
      return `${job.id} was started before ${rivals[0]?.id}, for whom ${pool} has no room left beside it`;
  }
  return null;
}

/** Waiting jobs that nothing keeps from starting, as the world is at the end of an entry. */
export function startableNow(world: AuditedWorld): readonly AuditedJob[] {
  const room = new Map([...world.capacities].map(([pool, capacity]) => [pool, capacity - world.used(pool)]));
  // A full house needs no sorting: most entries end like that.
  if (room.size > 0 && [...room.values()].every((units) => units <= 0)) return [];
  const busy = new Map<string, number>();
  for (const job of world.jobs.holding())
    if (job.worker !== null) busy.set(job.worker, (busy.get(job.worker) ?? 0) + 1);
  const seats = [...world.workers].map(([name, worker]) => ({ worker, free: worker.capacity - (busy.get(name) ?? 0) }));
  const startable: AuditedJob[] = [];
  for (const job of [...world.jobs.waiting()].sort(goesBefore)) {
    if (room.size > 0 && [...room.values()].every((units) => units <= 0)) break;
    if (isStuck(world, job)) continue;
    const demand = [...demandUnder(job, world.capacities)];
    const fits = demand.every(([pool, units]) => (room.get(pool) ?? 0) >= units);
    const seat = seats.find(
      ({ worker, free }) => free > 0 && !worker.leaving && (worker.types === null || worker.types.includes(job.type)),
    );
    if (fits && seat !== undefined) startable.push(job);
    for (const [pool, units] of demand) room.set(pool, (room.get(pool) ?? 0) - units);
  }
  return startable;
}
