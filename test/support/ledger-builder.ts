/**
 * Ledgers for tests, written fact by fact: each word is one entry (or, inside `together`, a part of one), chained as the
 * dispatcher chains them and folded at once. So a test begins with a believable past, and cannot begin with an impossible one:
 * the fold throws.
 *
 *     const { fold } = ledger().elected().worker("w1", 100).submitted("a").submitted("b").granted("a");
 */
import { ENTRY_VERSION, type Entry, type EntryHeader } from "../../events/entry.js";
import type { Fact, JobFact, JobSpec, Result } from "../../events/facts.js";
import type { Json, JsonObject } from "../../events/json.js";
import type { Limits } from "../../events/limits.js";
import {
  dispatcherId,
  entryId,
  epoch,
  type FactAddress,
  factAddress,
  intakeSequence,
  type JobId,
  jobId,
  type Position,
  poolName,
  position,
  reservationId,
  workerId,
} from "../../events/names.js";
import { demandOf } from "../../projections/demand.js";
import { Fold } from "../../projections/fold.js";
import { type JobRow, liveAttempt } from "../../projections/jobs.js";
import { reservationGranted, startGranted, startsDenied } from "../../projections/start-facts.js";
import { type Decision, decideStarts } from "../../projections/starts.js";

/** An entry and where it stands. */
export interface StoredEntry {
  readonly position: Position;
  readonly entry: Entry;
}

/** A fact of one job, as a reader of the ledger finds it. */
export interface AddressedJobFact {
  readonly position: FactAddress;
  readonly at: string;
  readonly fact: JobFact;
}

/** What a submission may say about its job; everything else is plain. */
export interface SubmittedJob extends Partial<JobSpec> {
  readonly position?: number;
  readonly runAt?: string | null;
  readonly retryOf?: string;
  readonly createdAt?: string;
}

export const LEDGER_BEGINS = "2026-01-01T00:00:00.000Z";
const ENTRY_EVERY_MS = 1_000;
const LEASE_MS = 30_000;
const SOMEWHERE = { host: "test", pid: 1, startedAt: LEDGER_BEGINS };

export const ledger = (): LedgerBuilder => new LedgerBuilder();

export class LedgerBuilder {
  readonly fold = new Fold();
  readonly entries: StoredEntry[] = [];
  #nowMs = Date.parse(LEDGER_BEGINS);
  #isTogether = false;
  #open: { header: EntryHeader; facts: Fact[] } | null = null;

  // The scheduler's own facts

  elected(dispatcher = "d1"): this {
    const reign = epoch(this.fold.head.epoch + 1);
    return this.fact({
      type: "DispatcherElected",
      epoch: reign,
      dispatcher: dispatcherId(dispatcher),
      process: SOMEWHERE,
      version: "0.0.0",
    });
  }

  /** A worker with so many seats, for these job types (null: all). */
  worker(id = "w1", capacity = 100, types: readonly string[] | null = null): this {
    const kinds = types === null ? null : [...types];
    return this.fact({ type: "WorkerJoined", worker: workerId(id), process: SOMEWHERE, capacity, types: kinds });
  }

  workerLeft(id = "w1"): this {
    return this.fact({ type: "WorkerLeft", worker: workerId(id), reason: "stopped" });
  }

  limits(limits: Limits): this {
    return this.fact({ type: "LimitsChanged", limits, source: "configuration" });
  }

  paused(pool: string): this {
    return this.fact({ type: "PoolPaused", pool: poolName(pool) });
  }

  resumed(pool: string): this {
    return this.fact({ type: "PoolResumed", pool: poolName(pool) });
  }

  // A job's life

  submitted(id: string, job: SubmittedJob = {}): this {
    const { position: place, runAt, retryOf, createdAt, ...spec } = job;
    return this.fact({
      type: "JobSubmitted",
      job: jobId(id),
      spec: {
        type: "story",
        params: {},
        priority: 0,
        resources: {},
        maxAttempts: 3,
        timeoutMs: null,
        labels: {},
        template: null,
        ...spec,
      },
      position: place ?? this.fold.nextPlace,
      createdAt: createdAt ?? this.now,
      runAt: runAt ?? null,
      retryOf: retryOf === undefined ? null : jobId(retryOf),
      intake: null,
    });
  }

  rejected(id: string, reason: string, jobType: string | null = "story"): this {
    return this.fact({
      type: "JobRejected",
      job: jobId(id),
      jobType,
      createdAt: this.now,
      reason,
      intake: { sequence: intakeSequence(1), index: null },
    });
  }

  due(id: string): this {
    return this.fact({ type: "JobDue", job: jobId(id) });
  }

  amended(id: string, change: { readonly params?: JsonObject; readonly priority?: number }): this {
    return this.fact({ type: "JobAmended", job: jobId(id), ...change });
  }

  moved(id: string, place: number): this {
    return this.fact({ type: "JobMoved", job: jobId(id), position: place });
  }

  /** Granted by the test, not by the grant rule: with its demand under the limits in force, to the first worker unless told. */
  granted(id: string, worker = Object.keys(this.fold.slots.workers)[0] ?? "w1"): this {
    const row = this.row(id);
    const demand = row.spec === null ? new Map() : demandOf(row.spec, this.fold.slots.limits);
    return this.fact(startGranted({ row, worker: workerId(worker), demand, overtook: [] }, LEASE_MS));
  }

  /** What the grant rule decides now, reservations and starts first, then denials, in one entry; no entry if it decides nothing. */
  decided(): this {
    this.decide();
    return this;
  }

  /** As `decided`; returns the decision. */
  decide(): Decision {
    const decision = decideStarts(this.fold.waiting, this.fold.slots);
    this.together(() => {
      for (const start of decision.reserved) this.fact(reservationGranted(start));
      for (const start of decision.starts) this.fact(startGranted(start, LEASE_MS));
      for (const denial of startsDenied(decision.denials, this.fold.slots)) this.fact(denial);
    });
    return decision;
  }

  started(id: string): this {
    return this.fact({ type: "RunStarted", ...this.#attempt(id), startedAt: this.now });
  }

  completed(id: string, value: Json = null, exitCode: number | null = null): this {
    return this.completedWith(id, { inline: value }, exitCode);
  }

  completedWith(id: string, result: Result, exitCode: number | null = null): this {
    return this.fact({ type: "RunCompleted", ...this.#attempt(id), exitCode, result });
  }

  skipped(id: string, reason = "nothing to do"): this {
    return this.fact({ type: "RunSkipped", ...this.#attempt(id), reason });
  }

  /** `retryAt`: when the next attempt is due; null: the failure is final. */
  failed(id: string, retryAt: string | null = null, message = "it broke", exitCode: number | null = null): this {
    const error = { code: "failed", message };
    return this.fact({ type: "RunFailed", ...this.#attempt(id), exitCode, error, retryAt });
  }

  timedOut(id: string, retryAt: string | null = null): this {
    const error = { code: "timed-out", message: "it took too long" };
    return this.fact({ type: "RunTimedOut", ...this.#attempt(id), error, retryAt });
  }

  lost(id: string, retryAt: string | null = null): this {
    const error = { code: "worker-lost", message: "its worker is gone" };
    return this.fact({ type: "LeaseExpired", ...this.#attempt(id), error, retryAt });
  }

  cancelRequested(id: string, reason = "cancelled on request"): this {
    return this.fact({ type: "CancelRequested", ...this.#attempt(id), reason });
  }

  cancelled(id: string, reason = "cancelled on request"): this {
    return this.fact({ type: "JobCancelled", job: jobId(id), reason });
  }

  // Direct execution

  reserves(id: string, resources: Readonly<Record<string, number>> = {}, leaseMs = LEASE_MS): this {
    const holder = `holder of ${id}`;
    return this.fact({ type: "ReservationRequested", reservation: reservationId(id), resources, leaseMs, holder });
  }

  released(id: string): this {
    return this.fact({ type: "ReservationReleased", reservation: reservationId(id), reason: "released" });
  }

  expired(id: string): this {
    return this.fact({ type: "ReservationExpired", reservation: reservationId(id), reason: "silent" });
  }

  // Writing

  /** Any fact, as it is. */
  fact(fact: Fact): this {
    this.#open ??= this.#begin(fact);
    this.fold.applyFact(fact);
    this.#open.facts.push(fact);
    if (!this.#isTogether) this.#end();
    return this;
  }

  /** What is written inside becomes one entry; none if nothing is written. */
  together(write: (ledger: this) => void): this {
    if (this.#isTogether) throw new Error("together is open already");
    this.#isTogether = true;
    write(this);
    this.#isTogether = false;
    if (this.#open !== null) this.#end();
    return this;
  }

  /** Lets time pass before the next entry. */
  later(ms: number): this {
    this.#nowMs += ms;
    return this;
  }

  // Reading

  /** The time of the next entry, or of the one that is being written. */
  get now(): string {
    return new Date(this.#nowMs).toISOString();
  }

  /** The header that the next entry has to have. */
  get nextHeader(): EntryHeader {
    const { position: last, entryId: prev, epoch: reign, intake } = this.fold.head;
    return { v: ENTRY_VERSION, id: entryId(`e${last + 1}`), prev, epoch: reign, at: this.now, intake };
  }

  row(id: string): JobRow {
    const row = this.fold.jobs.get(jobId(id));
    if (row === undefined) throw new Error(`no job ${id} in this ledger`);
    return row;
  }

  /** One job's facts with their addresses, oldest first. */
  factsOf(id: string): AddressedJobFact[] {
    return this.entries.flatMap(({ position: at, entry }) =>
      entry.facts.flatMap((fact, index) =>
        isJobFact(fact) && fact.job === id ? [{ position: factAddress(at, index), at: entry.at, fact }] : [],
      ),
    );
  }

  #begin(first: Fact): { header: EntryHeader; facts: Fact[] } {
    const reign = first.type === "DispatcherElected" ? first.epoch : this.fold.head.epoch;
    const header = { ...this.nextHeader, epoch: reign };
    this.fold.open(position(this.fold.head.position + 1), header);
    return { header, facts: [] };
  }

  #end(): void {
    if (this.#open === null) return;
    const { header, facts } = this.#open;
    this.#open = null;
    this.fold.close(header.intake);
    this.entries.push({ position: this.fold.head.position, entry: { ...header, facts } });
    this.#nowMs += ENTRY_EVERY_MS;
  }

  #attempt(id: string): { readonly job: JobId; readonly grant: Position } {
    const live = liveAttempt(this.row(id));
    if (live === null) throw new Error(`${id} has no live attempt in this ledger`);
    return { job: jobId(id), grant: live.grant };
  }
}

function isJobFact(fact: Fact): fact is JobFact {
  return "job" in fact && fact.type !== "SubmissionDuplicated";
}
