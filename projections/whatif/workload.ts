/** Reads the recorded workload out of a ledger, entry by entry, with the fold beside it: a ledger that cannot be is refused. */
import type { Entry } from "../../events/entry.js";
import type { Fact, FactOf, JobFact } from "../../events/facts.js";
import type { JobId, Position, ReservationId } from "../../events/names.js";
import { Fold } from "../fold.js";
import { groupFacts } from "../group-facts.js";
import { compareText, liveAttempt } from "../jobs.js";
import type { Worker } from "../slots.js";
import { passOf } from "./grant-pass.js";
import { Measures } from "./measures.js";
import type { EndFact, Input, JobLife, RecordedTurn, ReservationLife, Workload } from "./recorded.js";

/** Where something begins: with an entry, or at a time. */
export type From = { readonly position: number } | { readonly time: string };

const BEFORE_ALL = "0000-01-01T00:00:00.000Z";

export class WorkloadReader {
  readonly #fold = new Fold();
  readonly #measures: Measures;
  readonly #turns: RecordedTurn[] = [];
  readonly #lives: JobLife[] = [];
  readonly #jobs = new Map<JobId, JobLife>();
  readonly #reservations = new Map<ReservationId, ReservationLife>();
  readonly #types = new Set<string>();
  readonly #unitsMax = new Map<string, number>();
  readonly #from: From | null;
  #fromAt: string | null;
  #lastWorkers: readonly Worker[] = [];
  #inputs: Input[] = [];
  #starts = 0;

  /** What is before `from` is read, and not measured. Null: all is. */
  constructor(from: From | null = null) {
    this.#from = from;
    this.#fromAt = from !== null && "time" in from ? from.time : null;
    this.#measures = new Measures(from === null ? BEFORE_ALL : this.#fromAt);
  }

  /** The next entry. Throws `LedgerCorrupt` at the first thing in it that cannot be. */
  read(position: Position, entry: Entry): void {
    const { at, facts } = entry;
    const fold = this.#fold;
    const atMs = Date.parse(at);
    this.#inputs = [];
    this.#starts = 0;
    if (this.#from !== null && "position" in this.#from && position >= this.#from.position && this.#fromAt === null) {
      this.#fromAt = at;
      this.#measures.from(at);
    }
    this.#noteDues(at);
    fold.open(position, entry);
    for (const fact of facts) {
      this.#take(fact, atMs);
      fold.applyFact(fact);
    }
    fold.close(entry.intake);
    this.#measures.entry(at, facts, fold);
    if (this.#starts > 0)
      this.#lastWorkers = Object.values<Worker>(fold.slots.workers).filter(({ leaving }) => !leaving);
    const { reserved, starts } = passOf(fold);
    const leavesGroups = groupFacts(fold).next().done !== true;
    this.#turns.push({
      position,
      at,
      inputs: leavesGroups ? this.#inputs : this.#inputs.filter((input) => !isOfGroup(input)),
      startsMax: reserved.length + starts.length > 0 ? this.#starts : null,
      leavesDues: fold.due.first?.dueAt != null && fold.due.first.dueAt <= at,
      leavesGroups,
    });
  }

  get workload(): Workload {
    const { position, at } = this.#fold.head;
    return {
      turns: this.#turns,
      lives: this.#lives,
      lastWorkers: this.#lastWorkers.map(joinedAs),
      limits: this.#fold.slots.limits,
      types: [...this.#types].sort(compareText),
      unitsMax: this.#unitsMax,
      end: position === 0 ? null : { position, at },
      from: this.#fromAt,
      measured: this.#measures.measured,
    };
  }

  /** What a fact says of what came from outside, asked before it is folded. */
  #take(fact: Fact, atMs: number): void {
    switch (fact.type) {
      case "DispatcherElected":
      case "RetentionChanged":
      case "WorkerJoined":
      case "WorkerLeft":
      case "PoolPaused":
      case "PoolResumed":
      case "JobRejected":
        this.#inputs.push({ kind: "plain", fact });
        return;
      case "LimitsChanged":
        this.#inputs.push({ kind: "limits", limits: fact.limits, source: fact.source });
        return;
      case "GroupCancelRequested":
        this.#inputs.push({ kind: "group-cancel", group: fact.group, reason: fact.reason });
        return;
      case "GroupEnded":
        this.#inputs.push({ kind: "group-end", group: fact.group });
        return;
      case "ReservationRequested": {
        const life: ReservationLife = { id: fact.reservation, grantedMs: null, ended: null };
        this.#reservations.set(life.id, life);
        this.#inputs.push({ kind: "reservation", fact, life });
        return;
      }
      case "ReservationGranted":
        this.#reservation(fact.reservation).grantedMs = atMs;
        this.#starts += 1;
        return;
      case "ReservationReleased":
      case "ReservationExpired": {
        const life = this.#reservation(fact.reservation);
        life.ended = { turn: this.#turns.length, atMs, fact };
        this.#inputs.push({ kind: "give-back", life });
        return;
      }
      case "SubmissionDuplicated":
      case "WebhookFailed":
      case "CommandRefused":
      case "IntakeOpened":
      case "IntakeReplaced":
      case "ScheduleSet":
      case "ScheduleRemoved":
      case "ScheduleEnabled":
      case "ScheduleDisabled":
      case "ScheduleFired":
      case "ScheduleMissed":
        return;
      default:
        return this.#takeOfJob(fact, atMs);
    }
  }

  #takeOfJob(fact: Exclude<JobFact, FactOf<"JobRejected">>, atMs: number): void {
    if (fact.type === "JobSubmitted") return this.#submitted(fact);
    const life = this.#jobs.get(fact.job);
    // The fold says what is wrong with it.
    if (life === undefined) return;
    const turn = this.#turns.length;
    const attempt = life.attempts.length;
    switch (fact.type) {
      case "StartDenied":
      case "RunStarted":
        return;
      case "JobDue":
        this.#inputs.push({ kind: "due", life });
        return;
      case "JobAmended":
        if (fact.priority !== undefined) this.#inputs.push({ kind: "amendment", priority: fact.priority, life });
        return;
      case "JobMoved":
        this.#inputs.push({ kind: "move", place: fact.position, life });
        return;
      case "StartGranted":
        life.attempts.push({ grantedMs: atMs, cancelledMs: null, ended: null });
        this.#starts += 1;
        return;
      case "CancelRequested": {
        const live = life.attempts[attempt - 1];
        if (live !== undefined) live.cancelledMs = atMs;
        this.#inputs.push({ kind: "cancel", reason: fact.reason, life, byGroup: this.#isStopped(fact.job) });
        return;
      }
      case "JobCancelled":
        this.#inputs.push({ kind: "cancel", reason: fact.reason, life, byGroup: this.#isStopped(fact.job) });
        return;
      case "RunCompleted":
      case "RunSkipped":
      case "RunCancelled":
      case "RunFailed":
      case "RunTimedOut":
      case "LeaseExpired": {
        const live = life.attempts[attempt - 1];
        const row = this.#fold.jobs.get(fact.job);
        if (live === undefined || row === undefined || liveAttempt(row) === null) return;
        live.ended = { turn, atMs, fact: withoutResult(fact) };
        this.#inputs.push({ kind: "end", life, attempt });
        return;
      }
      default:
        return fact satisfies never;
    }
  }

  /** Whose time has come since the turn before: this turn sees to them, however late it is. */
  #noteDues(at: string): void {
    for (const { id, dueAt } of this.#fold.due) {
      if (dueAt === null || dueAt > at) return;
      this.#jobs.get(id)?.dues.push({ dueAt, turn: this.#turns.length });
    }
  }

  #submitted(fact: FactOf<"JobSubmitted">): void {
    const { type, resources } = fact.spec;
    const life: JobLife = { id: fact.job, type, attempts: [], dues: [] };
    this.#jobs.set(life.id, life);
    this.#lives.push(life);
    this.#types.add(type);
    for (const [tag, units] of Object.entries(resources))
      this.#unitsMax.set(tag, Math.max(units, this.#unitsMax.get(tag) ?? 0));
    const spec = { ...fact.spec, params: {}, labels: {} };
    this.#inputs.push({ kind: "submission", fact: { ...fact, spec, intake: null }, life });
  }

  #reservation(id: ReservationId): ReservationLife {
    return this.#reservations.get(id) ?? { id, grantedMs: null, ended: null };
  }

  /** True if the rest of its group is to be cancelled. */
  #isStopped(id: JobId): boolean {
    const group = this.#fold.jobs.get(id)?.spec?.group;
    return group !== undefined && this.#fold.groups.all.get(group.id)?.stopReason != null;
  }
}

/** What a turn decides of groups by itself, if it comes to the end of that. */
const isOfGroup = (input: Input): boolean => input.kind === "group-end" || (input.kind === "cancel" && input.byGroup);

/** Results and errors may be long, and decide nothing. */
function withoutResult(fact: EndFact): EndFact {
  if (fact.type === "RunCompleted") return { ...fact, result: { inline: null } };
  return "error" in fact ? { ...fact, error: { ...fact.error, message: "" } } : fact;
}

function joinedAs({ id, process, capacity, types, remote }: Worker): FactOf<"WorkerJoined"> {
  const kinds = types === null ? null : [...types];
  return { type: "WorkerJoined", worker: id, process, capacity, types: kinds, ...(remote && { remote: true }) };
}
