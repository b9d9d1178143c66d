/**
 * The job index in motion: what each job fact does to its row, and to the lists that rows stand in (waiting, due, finished).
 * Whether the fact may happen is the job machine's word; slots are only told what to take and to free.
 */
import type { FactOf, JobFact } from "../events/facts.js";
import type { JobId, Position } from "../events/names.js";
import { remember } from "../events/remember.js";
import { isSlotHolding, isTerminal, type JobState } from "../events/states.js";
import { newJob, stepJob } from "../machines/job.js";
import { checkFence, endAttempt, failAttempt, startAttempt } from "./attempts.js";
import type { KeptJobs } from "./checkpoint/kept.js";
import { Durations } from "./durations.js";
import { Groups } from "./groups.js";
import { compareDue, copyRow, type JobRow, liveAttempt, noJobs, shortageKey, stateOf } from "./jobs.js";
import { type Moment, Past } from "./past.js";
import type { SlotChange } from "./slots.js";
import { SortedList } from "./sorted-list.js";
import { Waiting } from "./waiting.js";

/** Where and when a fact stands in the ledger. */
export interface Stamp {
  readonly position: Position;
  readonly index: number;
  readonly at: string;
}

/** Places are so far apart, so that a job can be moved between two others without moving them too (DEC-005). */
export const PLACE_STRIDE = 1_000;

type Submission = FactOf<"JobSubmitted"> | FactOf<"JobRejected">;
type LaterFact = Exclude<JobFact, Submission>;

export class JobIndex {
  readonly jobs = new Map<JobId, JobRow>();
  readonly waiting: Waiting;
  /** The scheduled and the retrying, by the time they wait for. */
  readonly due: SortedList<JobRow>;
  readonly groups: Groups;
  /** How many jobs are in each state. */
  readonly counts: Record<JobState, number>;
  /** How many jobs are in a state that holds slots; the fold compares it with the slots held. */
  holding: number;
  /** The place at the end of the waiting order, for the next job submitted. */
  nextPlace: number;
  /** Ids of finished jobs, oldest first. */
  readonly finished: Set<JobId>;
  readonly past: Past;
  readonly durations: Durations;
  readonly #onSlotChange: (change: SlotChange) => void;
  readonly #overtakesMax: () => number;

  /** Empty, or a copy of `from` that goes its own way. */
  constructor(onSlotChange: (change: SlotChange) => void, overtakesMax: () => number, from: JobIndex | undefined) {
    this.#onSlotChange = onSlotChange;
    this.#overtakesMax = overtakesMax;
    const copies = new Map<JobRow, JobRow>();
    const copied = (row: JobRow) => remember(copies, row, () => copyRow(row));
    for (const [id, row] of from?.jobs ?? []) this.jobs.set(id, copied(row));
    this.waiting = from?.waiting.clone(copied) ?? new Waiting();
    this.due = from?.due.clone(copied) ?? new SortedList<JobRow>(compareDue);
    this.groups = from?.groups.clone(copied) ?? new Groups();
    this.finished = new Set(from === undefined ? [] : from.finished);
    this.counts = { ...(from?.counts ?? noJobs()) };
    this.past = new Past(from?.past);
    this.durations = new Durations(from?.durations);
    this.holding = from?.holding ?? 0;
    this.nextPlace = from?.nextPlace ?? PLACE_STRIDE;
  }

  /** Takes over what another index kept. This one must be empty. */
  restore({ rows, finished, undenied, groups, unsettled, nextPlace, past, durations }: KeptJobs): void {
    if (this.jobs.size > 0) throw new Error("only an empty index is restored");
    for (const row of rows) this.jobs.set(row.id, row);
    // Whose turn it is says who is held back, and so who is due.
    this.groups.restore(groups, unsettled, rows, this.jobs);
    for (const row of rows) {
      if (isTerminal(stateOf(row))) this.counts[stateOf(row)] += 1;
      else this.#enter(row, null);
    }
    for (const id of finished) this.finished.add(id);
    this.waiting.restoreUndenied(undenied);
    this.nextPlace = nextPlace;
    this.past.restore(past);
    this.durations.restore(durations);
  }

  /** A job's first fact. */
  create(fact: Submission, stamp: Stamp): void {
    if (this.jobs.has(fact.job)) throw new Error(`${fact.job} exists already`);
    const node = stepJob(newJob, fact);
    if (node === null) throw new Error(`${fact.job}: the job machine refuses it`);
    const submitted = fact.type === "JobSubmitted";
    const row: JobRow = {
      id: fact.job,
      createdAt: fact.createdAt,
      retryOf: submitted ? fact.retryOf : null,
      spec: submitted ? fact.spec : null,
      askedType: submitted ? fact.spec.type : fact.jobType,
      node,
      position: submitted ? fact.position : 0,
      line: null,
      dueAt: submitted ? fact.runAt : null,
      reason: submitted ? null : fact.reason,
      attempts: [],
      deniedBy: null,
      overtaken: 0,
      addresses: [stamp.position, stamp.index],
    };
    this.jobs.set(row.id, row);
    const held = row.spec?.group === undefined ? null : this.groups.join(row, row.spec.group);
    if (held !== null) this.due.delete(held);
    if (submitted) this.#appended(fact.position);
    this.#enter(row, stamp);
  }

  /** Any later fact of a job. */
  change(fact: LaterFact, stamp: Stamp): void {
    const row = this.jobs.get(fact.job);
    if (row === undefined) throw new Error(`${fact.job} is unknown`);
    const node = stepJob(row.node, fact);
    if (node === null) throw new Error(`${fact.job} is ${stateOf(row)}: the job machine refuses it`);
    if ("grant" in fact) checkFence(row, fact);
    row.addresses.push(stamp.position, stamp.index);
    if (fact.type === "StartDenied") {
      row.deniedBy = shortageKey(fact.blockedBy);
      this.waiting.denied(row);
      return;
    }
    const before = stateOf(row);
    // Rows are found by what they are ordered by, so a row leaves its list before it changes and enters one after.
    this.#leave(row, stamp);
    row.node = node;
    if (before !== "queued") {
      row.deniedBy = null;
      row.overtaken = 0;
    }
    this.#record(row, fact, stamp);
    if (isSlotHolding(before) && !isSlotHolding(stateOf(row))) this.#free(row, stamp);
    this.#enter(row, stamp);
    const next = this.groups.moved(row, before);
    // It was held back until now; if its own time has come, it is due at once.
    if (next !== null && stateOf(next) === "scheduled") this.due.add(next);
  }

  /** Drops the oldest finished jobs beyond `finishedMax`. They stay in the ledger. */
  forgetFinished(finishedMax: number): void {
    for (const id of this.finished) {
      if (this.finished.size <= finishedMax) return;
      this.finished.delete(id);
      const row = this.jobs.get(id);
      if (row === undefined) continue;
      this.groups.forget(row);
      this.counts[stateOf(row)] -= 1;
      this.jobs.delete(id);
    }
  }

  #record(row: JobRow, fact: Exclude<LaterFact, FactOf<"StartDenied">>, stamp: Stamp): void {
    switch (fact.type) {
      case "JobDue":
        if (this.groups.isHeld(row)) throw new Error(`it is not the turn of ${row.id} in its group (DEC-012)`);
        row.dueAt = null;
        return;
      case "JobAmended":
        if (row.spec === null || row.attempts.length > 0)
          throw new Error(`${row.id} was granted and is fixed (INV-001)`);
        row.spec = {
          ...row.spec,
          params: fact.params ?? row.spec.params,
          priority: fact.priority ?? row.spec.priority,
        };
        return;
      case "JobMoved":
        row.position = fact.position;
        return this.#appended(fact.position);
      case "StartGranted":
        return this.#grant(row, fact, stamp);
      case "RunStarted":
        return startAttempt(row, fact);
      case "RunCompleted":
        row.reason = null;
        this.durations.completed(row, stamp.at);
        return endAttempt(row, "completed", stamp.at, fact.exitCode, null);
      case "RunSkipped":
        row.reason = fact.reason;
        return endAttempt(row, "skipped", stamp.at, null, null);
      case "RunCancelled":
        row.reason = fact.reason;
        return endAttempt(row, "cancelled", stamp.at, null, null);
      case "RunFailed":
      case "RunTimedOut":
      case "LeaseExpired":
        return failAttempt(row, fact, stamp.at);
      case "CancelRequested":
        row.reason = fact.reason;
        return;
      case "JobCancelled":
        row.reason = fact.reason;
        if (liveAttempt(row) !== null) endAttempt(row, "cancelled", stamp.at, null, null);
        return;
      default:
        return fact satisfies never;
    }
  }

  #appended(place: number): void {
    this.nextPlace = Math.max(this.nextPlace, place + PLACE_STRIDE);
  }

  #free(row: JobRow, stamp: Moment): void {
    if (row.spec === null) throw new Error(`${row.id} was rejected and holds nothing`);
    const { type, resources } = row.spec;
    const last = row.attempts[row.attempts.length - 1];
    if (last === undefined) throw new Error(`${row.id} was never granted and holds nothing`);
    const { worker, grant, grantedAt: since } = last;
    this.#onSlotChange({ kind: "free", job: row.id, demanding: { type, resources }, worker });
    this.past.freed({ job: row.id, type, resources, grant, since, worker }, stamp);
  }

  #grant(row: JobRow, fact: FactOf<"StartGranted">, stamp: Stamp): void {
    const { job, attempt: number, worker, leaseMs } = fact;
    const { position: grant, at: grantedAt } = stamp;
    if (row.spec === null || number !== row.attempts.length + 1)
      throw new Error(`attempt ${number} does not follow ${row.attempts.length}`);
    const { type, resources } = row.spec;
    // Frozen here, so that the slots need not walk into it.
    const holding = Object.freeze({ job, type, resources: Object.freeze(resources), grant, since: grantedAt, worker });
    this.#onSlotChange({ kind: "take", holding, claimed: fact.demand });
    const open = { startedAt: null, finishedAt: null, outcome: null, exitCode: null, error: null };
    row.attempts.push({ number, worker, grant, grantedAt, leaseMs, ...open });
    for (const id of fact.overtook ?? []) {
      const passed = this.jobs.get(id);
      if (passed === undefined || stateOf(passed) !== "queued")
        throw new Error(`${id} does not wait and cannot be overtaken`);
      this.past.left(passed, stamp);
      passed.overtaken += 1;
      this.past.came(passed, stamp);
      if (passed.overtaken > this.#overtakesMax())
        throw new Error(`${id} was overtaken more often than allowed (INV-004)`);
    }
  }

  /** Takes a row out of the list of its state. */
  #leave(row: JobRow, stamp: Moment): void {
    const state = stateOf(row);
    this.counts[state] -= 1;
    if (state === "queued") {
      this.waiting.delete(row);
      this.past.left(row, stamp);
    } else if (state === "scheduled" || state === "retrying") this.due.delete(row);
    else if (isSlotHolding(state)) this.holding -= 1;
  }

  /** Puts a row into the list of its state. `stamp`: null if it came to its state before, and is only restored. */
  #enter(row: JobRow, stamp: Moment | null): void {
    const state = stateOf(row);
    this.counts[state] += 1;
    if (state === "queued") {
      this.waiting.add(row);
      if (stamp !== null) this.past.came(row, stamp);
    } else if (state === "scheduled" || state === "retrying") {
      if (row.dueAt === null) throw new Error(`${row.id} is ${state} without a time`);
      if (!this.groups.isHeld(row)) this.due.add(row);
    } else if (isSlotHolding(state)) {
      this.holding += 1;
    } else if (isTerminal(state)) {
      // What a finished job was asked and has answered stays in the ledger; the index keeps what lists show.
      if (row.spec !== null) row.spec = { ...row.spec, params: {} };
      this.finished.add(row.id);
    }
  }
}
