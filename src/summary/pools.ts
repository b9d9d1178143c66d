/** How full each pool was over time, counted from grants and releases; for the summary, by other code than the fold's. */
import type { JobSpec } from "../../events/facts.js";
import { capacities, DEFAULT_LIMITS, type Limits } from "../../events/limits.js";
import {
  type FactAddress,
  GLOBAL_POOL,
  type JobId,
  type PoolName,
  resourcePool,
  typePool,
} from "../../events/names.js";

export interface PoolSummary {
  readonly name: string;
  /** By the limits in force at the end. */
  readonly capacity: number;
  /** The most units ever in use at once, and the grant that made it so; 0 and null if it was never used. */
  readonly peak: number;
  readonly peakAt: FactAddress | null;
  /** The mean share of the capacity in use between the first and the last fact about a job, from 0 to 1. */
  readonly busyShare: number;
}

interface Pool {
  capacity: number;
  used: number;
  peak: number;
  peakAt: FactAddress | null;
  /** Unit-milliseconds in use, and of capacity offered, up to `countedTo`. */
  usedMs: number;
  offeredMs: number;
}

/** What a job demands: which of its pools exist is a matter of the limits (CC-1). */
type Demanding = Pick<JobSpec, "type" | "resources">;

export class PoolUse {
  readonly overCapacityAt: { readonly pool: string; readonly address: FactAddress }[] = [];
  readonly #pools = new Map<PoolName, Pool>();
  readonly #specs = new Map<JobId, Demanding>();
  readonly #holders = new Set<JobId>();
  /** In milliseconds since 1970; null until the first job. */
  #countedTo: number | null = null;

  constructor() {
    this.#configure(DEFAULT_LIMITS);
  }

  /** A job is there from now on; the time of the first one is when the counting begins. */
  know(job: JobId, spec: Demanding, at: string): void {
    this.#specs.set(job, spec);
    this.#countTo(at);
  }

  /** New limits hold from now on. Whoever holds slots keeps them, counted in the new pools (CC-5). */
  limit(limits: Limits, at: string): void {
    this.#countTo(at);
    this.#configure(limits);
    for (const pool of this.#pools.values()) pool.used = 0;
    for (const job of this.#holders) this.#use(job, 1);
  }

  take(job: JobId, at: string, address: FactAddress): void {
    this.#countTo(at);
    this.#holders.add(job);
    this.#use(job, 1);
    for (const [name, pool] of this.#pools) {
      if (pool.used > pool.peak) {
        pool.peak = pool.used;
        pool.peakAt = address;
      }
      // A lowered limit preempts nobody (CC-5): only a grant into a pool that it makes too full is wrong.
      if (pool.used > pool.capacity && this.#units(job, name) > 0) this.overCapacityAt.push({ pool: name, address });
    }
  }

  giveBack(job: JobId, at: string): void {
    this.#countTo(at);
    if (this.#holders.delete(job)) this.#use(job, -1);
  }

  /** Counted up to `to`, the time of the last fact about a job; null if there was none. */
  summary(to: string | null): PoolSummary[] {
    if (to !== null) this.#countTo(to);
    return [...this.#pools].map(([name, { capacity, peak, peakAt, usedMs, offeredMs }]) => ({
      name,
      capacity,
      peak,
      peakAt,
      busyShare: offeredMs === 0 ? 0 : usedMs / offeredMs,
    }));
  }

  #configure(limits: Limits): void {
    const wanted = capacities(limits);
    for (const name of this.#pools.keys()) if (!wanted.has(name)) this.#pools.delete(name);
    for (const [name, capacity] of wanted) {
      const pool = this.#pools.get(name);
      if (pool !== undefined) pool.capacity = capacity;
      else this.#pools.set(name, { capacity, used: 0, peak: 0, peakAt: null, usedMs: 0, offeredMs: 0 });
    }
  }

  #use(job: JobId, sign: 1 | -1): void {
    for (const [name, pool] of this.#pools) pool.used += sign * this.#units(job, name);
  }

  #units(job: JobId, pool: PoolName): number {
    const spec = this.#specs.get(job);
    if (spec === undefined) throw new Error(`job ${job} was never submitted`);
    if (pool === GLOBAL_POOL || pool === typePool(spec.type)) return 1;
    const tag = Object.keys(spec.resources).find((name) => resourcePool(name) === pool);
    return tag === undefined ? 0 : (spec.resources[tag] ?? 0);
  }

  /** Time before the first job was there does not count: nobody could have used the pools. */
  #countTo(at: string): void {
    const now = Date.parse(at);
    const elapsedMs = this.#countedTo === null ? 0 : now - this.#countedTo;
    if (this.#specs.size > 0) this.#countedTo = now;
    for (const pool of this.#pools.values()) {
      pool.usedMs += pool.used * elapsedMs;
      pool.offeredMs += pool.capacity * elapsedMs;
    }
  }
}
