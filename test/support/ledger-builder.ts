/**
 * Ledgers for tests, written fact by fact: each word is one entry (or, inside `together`, a part of one), chained as the
 * dispatcher chains them and folded at once. So a test begins with a believable past, and cannot begin with an impossible one:
 * the fold throws.
 *
 *     const { fold } = ledger().elected().worker("w1", 100).submitted("a").submitted("b").granted("a");
 */
import type { Block, FactOf, JobSpec, Result } from "../../events/facts.js";
import type { Json, JsonObject } from "../../events/json.js";
import type { Limits } from "../../events/limits.js";
import {
  dispatcherId,
  epoch,
  groupId,
  intakeSequence,
  type JobId,
  jobId,
  type Position,
  poolName,
  reservationId,
  workerId,
} from "../../events/names.js";
import { demandOf } from "../../projections/demand.js";
import { sizeOf, statusOf } from "../../projections/groups.js";
import { liveAttempt } from "../../projections/jobs.js";
import { reservationGranted, startGranted, startsDenied } from "../../projections/start-facts.js";
import { type Decision, decideStarts } from "../../projections/starts.js";
import { LEDGER_BEGINS, LedgerWriter } from "./ledger-writer.js";

export type { StoredEntry } from "./ledger-writer.js";

/** What a submission may say about its job; everything else is plain. */
export interface SubmittedJob extends Partial<JobSpec> {
  readonly position?: number;
  readonly runAt?: string | null;
  readonly retryOf?: string;
  readonly createdAt?: string;
}

const LEASE_MS = 30_000;
const SOMEWHERE = { host: "test", pid: 1, startedAt: LEDGER_BEGINS };

export const ledger = (): LedgerBuilder => new LedgerBuilder();

export class LedgerBuilder extends LedgerWriter {
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

  /** A worker in a process of its own, for all types. */
  remoteWorker(id: string, capacity = 1): this {
    const joined = { type: "WorkerJoined", worker: workerId(id), process: SOMEWHERE, capacity, types: null } as const;
    return this.fact({ ...joined, remote: true });
  }

  workerLeft(id = "w1", reason = "stopped"): this {
    return this.fact({ type: "WorkerLeft", worker: workerId(id), reason });
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

  /** Denied by the test, for these pools and causes. */
  denied(id: string, blockedBy: readonly Pick<Block, "pool" | "cause">[] = []): this {
    const figures = { capacity: 1, used: 1, needs: 1, holders: [], ahead: [] };
    const blocks = blockedBy.map((block) => ({ ...figures, ...block }));
    return this.fact({ type: "StartDenied", job: jobId(id), blockedBy: blocks });
  }

  /** Granted by the test, not by the grant rule: with its demand under the limits in force, to the first worker unless told. */
  granted(id: string, worker = Object.keys(this.fold.slots.workers)[0] ?? "w1"): this {
    const row = this.row(id);
    const demand = row.spec === null ? new Map() : demandOf(row.spec, this.fold.slots.limits);
    return this.fact(startGranted({ row, worker: workerId(worker), demand, overtook: [] }, LEASE_MS));
  }

  /** What the grant rule decides now, reservations first, then starts, then denials, in one entry; none if it decides nothing. */
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

  /** The runner itself ends the job. */
  runCancelled(id: string, reason = "not worth it"): this {
    return this.fact({ type: "RunCancelled", ...this.#attempt(id), reason });
  }

  cancelRequested(id: string, reason = "cancelled on request"): this {
    return this.fact({ type: "CancelRequested", ...this.#attempt(id), reason });
  }

  cancelled(id: string, reason = "cancelled on request"): this {
    return this.fact({ type: "JobCancelled", job: jobId(id), reason });
  }

  // Groups, reservations, schedules

  groupCancelRequested(id: string, reason = "not wanted"): this {
    return this.fact({ type: "GroupCancelRequested", group: groupId(id), reason });
  }

  /** As it has ended, unless the test says otherwise. */
  groupEnded(id: string, said: Partial<FactOf<"GroupEnded">> = {}): this {
    const group = this.fold.groups.all.get(groupId(id));
    const status = group === undefined ? "running" : statusOf(group);
    if (group === undefined || status === "running") throw new Error(`group ${id} has not ended in this ledger`);
    return this.fact({ type: "GroupEnded", group: groupId(id), status, members: sizeOf(group), ...said });
  }

  reserved(id: string, resources: Readonly<Record<string, number>> = {}, holder = `holder of ${id}`): this {
    const reservation = reservationId(id);
    const asked = { reservation, resources: { ...resources }, leaseMs: LEASE_MS, holder };
    return this.fact({ type: "ReservationRequested", ...asked });
  }

  /** Granted by the test, with its demand under the limits in force. */
  reservationGranted(id: string): this {
    const reservation = this.fold.slots.reservations[reservationId(id)];
    if (reservation === undefined) throw new Error(`no reservation ${id} in this ledger`);
    const demand = demandOf(reservation, this.fold.slots.limits);
    return this.fact(reservationGranted({ reservation: reservation.id, demand }));
  }

  released(id: string, reason = "released"): this {
    return this.fact({ type: "ReservationReleased", reservation: reservationId(id), reason });
  }

  expired(id: string, reason = "its holder is gone"): this {
    return this.fact({ type: "ReservationExpired", reservation: reservationId(id), reason });
  }

  scheduleSet(schedule: string, nextAt: string | null, more: Partial<FactOf<"ScheduleSet">> = {}): this {
    const definition = { template: "nightly", cron: "* * * * *", timezone: "UTC", missed: "skip" } as const;
    const enabled = nextAt !== null;
    return this.fact({ type: "ScheduleSet", schedule, ...definition, enabled, source: "command", nextAt, ...more });
  }

  scheduleEnabled(schedule: string, nextAt: string | null): this {
    return this.fact({ type: "ScheduleEnabled", schedule, nextAt });
  }

  scheduleDisabled(schedule: string): this {
    return this.fact({ type: "ScheduleDisabled", schedule });
  }

  scheduleRemoved(schedule: string): this {
    return this.fact({ type: "ScheduleRemoved", schedule });
  }

  /** Only the word that it fired at its time; the job is submitted by the test. */
  fired(schedule: string, submits: string, nextAt: string | null, more: Partial<FactOf<"ScheduleFired">> = {}): this {
    const dueAt = this.fold.schedules[schedule]?.nextAt ?? this.now;
    const fired = { schedule, dueAt, submits: jobId(submits), triggered: false, nextAt };
    return this.fact({ type: "ScheduleFired", ...fired, ...more });
  }

  missed(schedule: string, said: Pick<FactOf<"ScheduleMissed">, "from" | "to" | "count" | "nextAt">): this {
    return this.fact({ type: "ScheduleMissed", schedule, ...said });
  }

  #attempt(id: string): { readonly job: JobId; readonly grant: Position } {
    const live = liveAttempt(this.row(id));
    if (live === null) throw new Error(`${id} has no live attempt in this ledger`);
    return { job: jobId(id), grant: live.grant };
  }
}
