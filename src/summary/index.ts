/**
 * What a ledger tells about the work that it records: how full each pool was, how long jobs waited and ran, and whether
 * a pool was ever over capacity. Pure, and written from the facts alone: it shares no code with the fold, so that the two
 * check each other.
 */
import type { Entry } from "../../events/entry.js";
import { type Fact, type FactOf, isJobFact } from "../../events/facts.js";
import { type FactAddress, factAddress, type JobId, type Position } from "../../events/names.js";
import { TERMINAL_STATES, type TerminalState } from "../../events/states.js";
import { type PoolSummary, PoolUse } from "./pools.js";
import { type Spread, spreadOf } from "./spread.js";

export type { PoolSummary } from "./pools.js";
export { summaryLines } from "./text.js";

export interface LedgerSummary {
  /** Entries read, and facts in them. */
  readonly entries: number;
  readonly facts: number;
  /** The time of the first and of the last fact about a job, ISO 8601; null if there is none. */
  readonly from: string | null;
  readonly to: string | null;
  readonly jobs: number;
  /** How the jobs ended. */
  readonly ended: Readonly<Record<TerminalState, number>>;
  /** Jobs that have not ended by the last entry. */
  readonly open: number;
  /** In a fixed order: global, types, resources. */
  readonly pools: readonly PoolSummary[];
  /** In the order of their names. */
  readonly types: readonly TypeSummary[];
  /** Grants after which a pool was over capacity. Empty, or something is wrong (INV-003). */
  readonly overCapacityAt: readonly { readonly pool: string; readonly address: FactAddress }[];
}

export interface TypeSummary {
  readonly type: string;
  readonly jobs: number;
  readonly ended: Readonly<Record<TerminalState, number>>;
  readonly attempts: number;
  /** Milliseconds from being ready to start until the grant, one value for each attempt; null if nothing was granted. */
  readonly waitMs: Spread | null;
  /** Milliseconds from the start of a run to its end, one value for each attempt that started and ended. */
  readonly runMs: Spread | null;
}

/** An entry with the position at which it stands. */
export type PlacedEntry = readonly [Position, Entry];

interface Job {
  readonly type: string;
  /** Since when it could start; null while it is scheduled, holds slots or has ended. */
  readySince: string | null;
  startedAt: string | null;
  cancelling: boolean;
  ended: TerminalState | null;
}

interface TypeTally {
  jobs: number;
  attempts: number;
  readonly waitsMs: number[];
  readonly runsMs: number[];
}

/** The summary of the entries from the first one of a ledger on, in order. */
export function summarize(entries: Iterable<PlacedEntry>): LedgerSummary {
  const reading = new Reading();
  for (const [position, entry] of entries) reading.read(position, entry);
  return reading.summary();
}

class Reading {
  #entries = 0;
  #facts = 0;
  #from: string | null = null;
  #to: string | null = null;
  readonly #jobs = new Map<JobId, Job>();
  readonly #types = new Map<string, TypeTally>();
  readonly #pools = new PoolUse();

  read(position: Position, { at, facts }: Entry): void {
    this.#entries += 1;
    for (const [index, fact] of facts.entries()) {
      this.#facts += 1;
      if (isJobFact(fact)) {
        this.#from ??= at;
        this.#to = at;
      }
      this.#take(fact, at, factAddress(position, index));
    }
  }

  #take(fact: Fact, at: string, address: FactAddress): void {
    switch (fact.type) {
      case "LimitsChanged":
        return this.#pools.limit(fact.limits, at);
      case "JobSubmitted":
        return this.#submitted(fact, at);
      case "JobRejected":
        this.#jobs.set(fact.job, { ...unstarted(fact.jobType ?? NO_TYPE), ended: "rejected" });
        this.#tally(fact.jobType ?? NO_TYPE).jobs += 1;
        return;
      case "JobDue":
        this.#job(fact.job).readySince = at;
        return;
      case "StartGranted":
        return this.#granted(fact, at, address);
      case "RunStarted":
        this.#job(fact.job).startedAt = fact.startedAt;
        return;
      case "CancelRequested":
        this.#job(fact.job).cancelling = true;
        return;
      case "RunCompleted":
        return this.#attemptEnded(fact.job, at, "completed");
      case "RunSkipped":
        return this.#attemptEnded(fact.job, at, "skipped");
      case "JobCancelled":
        return this.#attemptEnded(fact.job, at, "cancelled");
      case "RunFailed":
      case "RunTimedOut":
      case "LeaseExpired": {
        if (this.#job(fact.job).cancelling) return this.#attemptEnded(fact.job, at, "cancelled");
        return this.#attemptEnded(fact.job, at, fact.retryAt === null ? "failed" : null);
      }
      default:
        // The other facts change neither who holds slots nor how a job ended.
        return;
    }
  }

  #submitted({ job, spec, runAt, createdAt }: FactOf<"JobSubmitted">, at: string): void {
    this.#jobs.set(job, { ...unstarted(spec.type), readySince: runAt === null ? createdAt : null });
    this.#pools.know(job, spec, at);
    this.#tally(spec.type).jobs += 1;
  }

  #granted({ job }: FactOf<"StartGranted">, at: string, address: FactAddress): void {
    const known = this.#job(job);
    const tally = this.#tally(known.type);
    tally.attempts += 1;
    if (known.readySince !== null) tally.waitsMs.push(msBetween(known.readySince, at));
    known.readySince = null;
    known.startedAt = null;
    this.#pools.take(job, at, address);
  }

  /** `state` is null if the job is tried again. */
  #attemptEnded(id: JobId, at: string, state: TerminalState | null): void {
    const job = this.#job(id);
    if (job.startedAt !== null) this.#tally(job.type).runsMs.push(msBetween(job.startedAt, at));
    job.startedAt = null;
    job.readySince = null;
    job.ended = state;
    this.#pools.giveBack(id, at);
  }

  summary(): LedgerSummary {
    const jobs = [...this.#jobs.values()];
    const types = [...this.#types].sort(([one], [other]) => (one < other ? -1 : 1));
    return {
      entries: this.#entries,
      facts: this.#facts,
      from: this.#from,
      to: this.#to,
      jobs: jobs.length,
      ended: countEnded(jobs),
      open: jobs.filter(({ ended }) => ended === null).length,
      pools: this.#pools.summary(this.#to),
      types: types.map(([type, { attempts, waitsMs, runsMs, ...tally }]) => ({
        type,
        jobs: tally.jobs,
        ended: countEnded(jobs.filter((job) => job.type === type)),
        attempts,
        waitMs: spreadOf(waitsMs),
        runMs: spreadOf(runsMs),
      })),
      overCapacityAt: this.#pools.overCapacityAt,
    };
  }

  #job(id: JobId): Job {
    const job = this.#jobs.get(id);
    if (job === undefined)
      throw new Error(`the entries do not begin with the first one: job ${id} was never submitted`);
    return job;
  }

  #tally(type: string): TypeTally {
    const known = this.#types.get(type) ?? { jobs: 0, attempts: 0, waitsMs: [], runsMs: [] };
    this.#types.set(type, known);
    return known;
  }
}

/** Shown for rejected submissions that named no type. */
const NO_TYPE = "(no type)";

const unstarted = (type: string): Job => ({
  type,
  readySince: null,
  startedAt: null,
  cancelling: false,
  ended: null,
});

function countEnded(jobs: readonly Job[]): Record<TerminalState, number> {
  const counts: Record<TerminalState, number> = { completed: 0, skipped: 0, failed: 0, cancelled: 0, rejected: 0 };
  for (const state of TERMINAL_STATES) counts[state] = jobs.filter(({ ended }) => ended === state).length;
  return counts;
}

/** Not below 0: the times of a worker, of the server and of the dispatcher come from different clocks. */
function msBetween(from: string, to: string): number {
  return Math.max(0, Date.parse(to) - Date.parse(from));
}
