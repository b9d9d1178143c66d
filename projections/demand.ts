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

/**
 * Worked out once per set of tags and limits: it is asked for at every grant. Jobs that wait in one line share their
 * `resources` object, by which the demand is found again; what is used no more is forgotten by itself.
 */
const known = new WeakMap<Limits, WeakMap<Demanding["resources"], Map<string, Demand>>>();

export function demandOf(job: Demanding, limits: Limits): Demand {
  let byResources = known.get(limits);
  if (byResources === undefined) {
    byResources = new WeakMap();
    known.set(limits, byResources);
  }
  let byType = byResources.get(job.resources);
  if (byType === undefined) {
    byType = new Map();
    byResources.set(job.resources, byType);
  }
  return remember(byType, job.type, () => computeDemand(job, limits));
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
