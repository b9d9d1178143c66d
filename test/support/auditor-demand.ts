/** What jobs and reservations demand, in the auditor's own words (CC-1). */
import type { Raw } from "./auditor-world.js";

/** Who takes slots. A reservation belongs to no type. */
export interface Demander {
  readonly id: string;
  readonly type: string | null;
  readonly resources: Readonly<Record<string, number>>;
}

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

/** Asked for at every fact, so worked out once per demander and limits. */
const known = new WeakMap<ReadonlyMap<string, number>, Map<Demander, ReadonlyMap<string, number>>>();

/** 1 of `global`, 1 of the type's pool, its units of each tag; wherever such a pool is configured. */
export function demandUnder(demander: Demander, pools: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  let demands = known.get(pools);
  if (demands === undefined) {
    demands = new Map();
    known.set(pools, demands);
  }
  let demand = demands.get(demander);
  if (demand === undefined) {
    demand = workOut(demander, pools);
    demands.set(demander, demand);
  }
  return demand;
}

function workOut({ type, resources }: Demander, pools: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const wanted: readonly (readonly [string, number])[] = [
    ["global", 1],
    ...(type === null ? [] : [[`type:${type}`, 1] as const]),
    ...Object.entries(resources).map(([tag, units]) => [`resource:${tag}`, units] as const),
  ];
  return new Map(wanted.filter(([pool]) => pools.has(pool)));
}

/** Equal for demands of the same pools, whatever the units and the order of the tags. */
export const poolSetOf = (demand: ReadonlyMap<string, number>): string => [...demand.keys()].sort().join(" ");
