/** What a job demands of each pool under the limits in force (CC-1). Which pools exist may change; the job does not (CC-5). */
import { capacities, type Limits } from "../events/limits.js";
import { GLOBAL_POOL, type PoolName, resourcePool, typePool } from "../events/names.js";
import { remember } from "../events/remember.js";

/** Pool → units, in a fixed order: global, type, then resources by name. Only configured pools occur. */
export type Demand = ReadonlyMap<PoolName, number>;

/** The part of a job that its demand follows from. */
export interface Demanding {
  readonly type: string;
  /** Tag → units. */
  readonly resources: Readonly<Record<string, number>>;
}

/** Jobs with equal keys have equal demands under any limits. Tags are compared in order: admission sorts them. */
export const demandKey = (job: Demanding): string => `${job.type} ${JSON.stringify(job.resources)}`;

/** Distinct demands are few and asked for at every grant, so each is worked out once for the limits in force. */
const known = new WeakMap<Limits, Map<string, Demand>>();

export function demandOf(job: Demanding, limits: Limits): Demand {
  let demands = known.get(limits);
  if (demands === undefined) {
    demands = new Map();
    known.set(limits, demands);
  }
  return remember(demands, demandKey(job), () => computeDemand(job, limits));
}

function computeDemand(job: Demanding, limits: Limits): Demand {
  const pools = capacities(limits);
  const demand = new Map<PoolName, number>();
  const add = (pool: PoolName, units: number) => {
    if (pools.has(pool)) demand.set(pool, units);
  };
  add(GLOBAL_POOL, 1);
  add(typePool(job.type), 1);
  for (const tag of Object.keys(job.resources).sort()) add(resourcePool(tag), job.resources[tag] ?? 0);
  return demand;
}
