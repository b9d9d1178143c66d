/** Limits: the capacities in force. They are facts in the ledger (D7), so each decision is tied to them. */
import { z } from "zod";
import { GLOBAL_POOL, NAME_PATTERN, type PoolName, resourcePool, typePool } from "./names.js";

/** No pool is ever larger; a number above this is a typing error, and said to be one. */
export const CAPACITY_MAX = 1_000_000;
/** A bound on the bound: more overtakes per job than this would be no bound to speak of. */
export const OVERTAKES_MAX = 10_000;

const wanted = `a positive whole number up to ${CAPACITY_MAX}`;
export const capacitySchema = z
  .number({ error: `must be ${wanted}` })
  .int({ error: `must be ${wanted}` })
  .min(1, { error: `must be ${wanted}` })
  .max(CAPACITY_MAX, { error: `must be ${wanted}` });

/** More pools than this would be no limits but a list of jobs; and they must fit into one fact. */
const POOLS_MAX = 1_000;
const capacitiesSchema = z
  .record(z.string().regex(NAME_PATTERN, { error: "is not a valid name" }), capacitySchema)
  .refine((value) => Object.keys(value).length <= POOLS_MAX, { error: `must not be more than ${POOLS_MAX}` });

/** As in `signalbox.yaml`: absent parts put no cap (CC-3: `limits` without `global` removes the global cap). */
export const limitsSchema = z.strictObject({
  global: capacitySchema.optional(),
  types: capacitiesSchema.optional(),
  resources: capacitiesSchema.optional(),
  maxOvertakes: z.number().int().min(0).max(OVERTAKES_MAX).optional(),
});
export type Limits = z.infer<typeof limitsSchema>;

/** Strategy A with N = 1: what holds when nothing is configured (CC-3, DEC-011). */
export const DEFAULT_LIMITS: Limits = { global: 1 };

/** The pools that limits configure, with their capacities, in a fixed order. */
export function capacities(limits: Limits): ReadonlyMap<PoolName, number> {
  const pools = new Map<PoolName, number>();
  if (limits.global !== undefined) pools.set(GLOBAL_POOL, limits.global);
  for (const name of Object.keys(limits.types ?? {}).sort()) pools.set(typePool(name), limits.types?.[name] ?? 0);
  for (const name of Object.keys(limits.resources ?? {}).sort())
    pools.set(resourcePool(name), limits.resources?.[name] ?? 0);
  return pools;
}
