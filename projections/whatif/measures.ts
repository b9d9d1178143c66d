/**
 * What is measured of a ledger, the recorded one and each alternative alike: how long jobs waited, how full the pools were, how long
 * it all took. Fed entry by entry, after each is folded.
 */
import type { Fact } from "../../events/facts.js";
import type { JobId, PoolName } from "../../events/names.js";
import { remember } from "../../events/remember.js";
import type { Fold } from "../fold.js";
import { compareText } from "../jobs.js";
import { quantile } from "../quantile.js";
import type { Pool, Slots } from "../slots.js";

/** Waits of one type, a value for each start: from being ready until the grant. Milliseconds. */
export interface WaitMeasure {
  readonly type: string;
  readonly starts: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly maxMs: number;
}

export interface PoolMeasure {
  readonly pool: PoolName;
  /** By the limits in force at the end. */
  readonly capacity: number;
  /** The mean share of it in use, from 0 to 1, while there was work. */
  readonly busy: number;
}

export interface Measured {
  /** By type, in the order of their names. */
  readonly waits: readonly WaitMeasure[];
  /** In a fixed order: global, types, resources. */
  readonly pools: readonly PoolMeasure[];
  /** From the first submission to the last end of an attempt; null if none ended. */
  readonly makespanMs: number | null;
  readonly starts: number;
  /** How often a job that waited ahead was overtaken, as `limits.maxOvertakes` allows. */
  readonly overtakes: number;
  /** Jobs that wait for their slots at the end. */
  readonly waiting: number;
}

interface PoolSum {
  capacity: number;
  usedMs: number;
  offeredMs: number;
  /** `usedMs / offeredMs` when an attempt ended last: what comes after it is not work. */
  busy: number;
}

export class Measures {
  #fromMs: number;
  readonly #ready = new Map<JobId, { readonly type: string; sinceMs: number }>();
  readonly #waits = new Map<string, number[]>();
  readonly #pools = new Map<PoolName, PoolSum>();
  #slots: Slots["pools"] | null = null;
  #countedToMs = 0;
  #firstMs: number | null = null;
  #lastEndMs: number | null = null;
  #starts = 0;
  #overtakes = 0;
  #waiting = 0;

  /** What starts before is not measured, nor is the use of pools; null: nothing is, until it is said from when on. */
  constructor(from: string | null) {
    this.#fromMs = from === null ? Number.POSITIVE_INFINITY : Date.parse(from);
  }

  from(at: string): void {
    this.#fromMs = Date.parse(at);
  }

  entry(at: string, facts: readonly Fact[], fold: Fold): void {
    const atMs = Date.parse(at);
    this.#countTo(atMs);
    let isEnd = false;
    for (const fact of facts) isEnd = this.#take(fact, atMs) || isEnd;
    this.#slots = fold.slots.pools;
    this.#waiting = fold.waiting.size;
    if (!isEnd || atMs < this.#fromMs) return;
    this.#lastEndMs = atMs;
    for (const sum of this.#pools.values()) sum.busy = sum.offeredMs === 0 ? 0 : sum.usedMs / sum.offeredMs;
  }

  get measured(): Measured {
    const types = [...this.#waits].sort(([a], [b]) => compareText(a, b));
    const pools = Object.values<Pool>(this.#slots ?? {});
    return {
      waits: types.map(([type, waits]) => spreadOf(type, waits)),
      pools: pools.map(({ name, capacity }) => ({ pool: name, capacity, busy: this.#pools.get(name)?.busy ?? 0 })),
      makespanMs: this.#lastEndMs === null ? null : this.#lastEndMs - this.#beganMs(this.#lastEndMs),
      starts: this.#starts,
      overtakes: this.#overtakes,
      waiting: this.#waiting,
    };
  }

  #beganMs(otherwise: number): number {
    return this.#firstMs === null ? otherwise : Math.max(this.#firstMs, this.#fromMs);
  }

  /** True if an attempt has ended. */
  #take(fact: Fact, atMs: number): boolean {
    switch (fact.type) {
      case "JobSubmitted":
        this.#firstMs ??= atMs;
        // A publisher's clock and ours are two: nobody waits less than not at all.
        this.#ready.set(fact.job, { type: fact.spec.type, sinceMs: Math.min(atMs, Date.parse(fact.createdAt)) });
        return false;
      case "JobDue": {
        const ready = this.#ready.get(fact.job);
        if (ready !== undefined) ready.sinceMs = atMs;
        return false;
      }
      case "StartGranted": {
        const ready = this.#ready.get(fact.job);
        if (ready === undefined || atMs < this.#fromMs) return false;
        remember(this.#waits, ready.type, () => [] as number[]).push(atMs - ready.sinceMs);
        this.#starts += 1;
        this.#overtakes += fact.overtook?.length ?? 0;
        return false;
      }
      case "RunFailed":
      case "RunTimedOut":
      case "LeaseExpired":
        if (fact.retryAt === null) this.#ready.delete(fact.job);
        return true;
      case "RunCompleted":
      case "RunSkipped":
      case "RunCancelled":
        this.#ready.delete(fact.job);
        return true;
      case "JobCancelled":
        this.#ready.delete(fact.job);
        return false;
      default:
        return false;
    }
  }

  /** How full the pools were since the entry before. Before the first job nobody could have used them. */
  #countTo(atMs: number): void {
    const fromMs = Math.max(this.#countedToMs, this.#fromMs);
    this.#countedToMs = Math.max(atMs, this.#countedToMs);
    const elapsedMs = atMs - fromMs;
    if (this.#slots === null || this.#firstMs === null || elapsedMs <= 0) return;
    for (const { name, capacity, used } of Object.values<Pool>(this.#slots)) {
      const sum = remember(this.#pools, name, () => ({ capacity, usedMs: 0, offeredMs: 0, busy: 0 }));
      sum.usedMs += used * elapsedMs;
      sum.offeredMs += capacity * elapsedMs;
    }
  }
}

function spreadOf(type: string, waits: readonly number[]): WaitMeasure {
  const sorted = [...waits].sort((a, b) => a - b);
  const [p50Ms, p95Ms, maxMs] = [0.5, 0.95, 1].map((share) => quantile(sorted, share));
  return { type, starts: waits.length, p50Ms: p50Ms ?? 0, p95Ms: p95Ms ?? 0, maxMs: maxMs ?? 0 };
}
