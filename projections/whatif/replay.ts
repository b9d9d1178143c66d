/**
 * The recorded workload decided again, under a variant: an alternative ledger, entry by entry, by the shipped grant rule and fold.
 * Turns are taken where they were taken, and beside them where something comes at another time than it did. Time is data here as
 * everywhere: nothing waits.
 */
import type { Fact, FactOf } from "../../events/facts.js";
import { canonicalJson } from "../../events/json.js";
import { DEFAULT_LIMITS, type Limits } from "../../events/limits.js";
import type { WorkerId } from "../../events/names.js";
import type { Fold } from "../fold.js";
import { groupFacts } from "../group-facts.js";
import { type JobRow, stateOf } from "../jobs.js";
import type { Worker } from "../slots.js";
import { reservationGranted, startGranted } from "../start-facts.js";
import { type AlternativeEntry, AlternativeLedger } from "./alternative-ledger.js";
import { type Coming, Course, type Running } from "./course.js";
import { endFact } from "./end-facts.js";
import { passOf } from "./grant-pass.js";
import type { Input, RecordedTurn, Workload } from "./recorded.js";
import { factsOf, freeName, isDue } from "./replayed-inputs.js";
import type { Variant } from "./variant.js";

/** What grants of an alternative say of their leases; nobody renews them. */
const LEASE_MS = 30_000;

export class Replay {
  readonly #workload: Workload;
  readonly #variant: Variant;
  readonly #ledger = new AlternativeLedger();
  readonly #course: Course;
  /** The workers' names here: one that joins again while its former self has not gone yet is another one. */
  readonly #workers = new Map<WorkerId, WorkerId>();
  #recordedLimits: Limits = DEFAULT_LIMITS;
  #isInForce: boolean;
  /** The last pass left starts over. */
  #unfinished = false;
  /** The recorded scheduler held starts back in its last turn: here, too, nobody starts until its next one. */
  #holdsBack = false;
  #isOver = false;

  constructor(workload: Workload, variant: Variant) {
    this.#workload = workload;
    this.#variant = variant;
    this.#course = new Course(workload, (job, at) => {
      const row = this.fold.jobs.get(job);
      return row !== undefined && isDue(this.fold, row, at);
    });
    this.#isInForce = variant.from === null;
    if (variant.from !== null) this.#course.variantAt(Date.parse(variant.from));
  }

  get fold(): Fold {
    return this.#ledger.fold;
  }

  /** How much of the workload was taken in, from 0 to 1. */
  get share(): number {
    return (this.#course.turn + 1) / Math.max(1, this.#workload.turns.length);
  }

  /** The entries of the alternative, up to when nothing more comes. */
  *entries(): IterableIterator<AlternativeEntry> {
    const { turns, end } = this.#workload;
    for (const [index, turn] of turns.entries()) {
      yield* this.#ownTurns(Date.parse(turn.at));
      this.#course.turn = index;
      yield* given(this.#recordedTurn(turn));
    }
    if (end === null) return;
    // After the end of the ledger those who worked then go on until the work is done.
    this.#isOver = true;
    this.#holdsBack = false;
    this.#ledger.begin(end.at);
    if (this.fold.waiting.size > 0 || this.#course.nextMs !== null) this.#callBack();
    yield* given(this.#closeTurn(null));
    yield* this.#ownTurns(Number.POSITIVE_INFINITY);
  }

  /** Turns at times of their own, up to then; of what comes at one time all in one. */
  *#ownTurns(untilMs: number): IterableIterator<AlternativeEntry> {
    for (;;) {
      if (this.#unfinished && !this.#holdsBack) {
        this.#ledger.begin(this.fold.head.at);
        yield* given(this.#closeTurn(null));
        continue;
      }
      const { nextMs } = this.#course;
      if (nextMs === null || nextMs > untilMs) return;
      this.#ledger.begin(new Date(nextMs).toISOString());
      for (let coming = this.#course.take(nextMs); coming !== null; coming = this.#course.take(nextMs))
        this.#come(coming, nextMs);
      yield* given(this.#closeTurn(null));
    }
  }

  #recordedTurn(turn: RecordedTurn): AlternativeEntry | null {
    this.#ledger.begin(turn.at);
    for (const input of turn.inputs) this.#take(input);
    return this.#closeTurn(turn);
  }

  /** What follows from what has come in: groups that end or stop, times that have come, and who starts now. */
  #closeTurn(turn: RecordedTurn | null): AlternativeEntry | null {
    const { fold } = this;
    const { at } = this.#ledger;
    if (turn?.leavesGroups !== true) for (const fact of groupFacts(fold)) this.#record(fact);
    if (turn?.leavesDues !== true) {
      for (let row = fold.due.first; row?.dueAt != null && row.dueAt <= at; row = fold.due.first)
        this.#record({ type: "JobDue", job: row.id });
    }
    if (turn !== null) this.#holdsBack = turn.startsMax !== null;
    if (this.#ledger.hasFacts || this.#unfinished) this.#grant(turn);
    return this.#ledger.end(turn?.position ?? (this.#isOver ? "after" : "between"));
  }

  #grant(turn: RecordedTurn | null): void {
    const max =
      turn === null ? (this.#holdsBack ? 0 : Number.POSITIVE_INFINITY) : (turn.startsMax ?? Number.POSITIVE_INFINITY);
    this.#unfinished = true;
    if (max === 0) return;
    const { reserved, starts, more } = passOf(this.fold);
    const facts = [...reserved.map(reservationGranted), ...starts.map((start) => startGranted(start, LEASE_MS))];
    for (const fact of facts.slice(0, max)) this.#record(fact);
    this.#unfinished = more || facts.length > max;
  }

  #take(input: Input): void {
    if (input.kind === "limits") {
      this.#recordedLimits = input.limits;
      this.#record({ type: "LimitsChanged", limits: this.#limits, source: input.source });
      return;
    }
    if (input.kind === "end") {
      const running = this.#course.boundHere(input.life, input.attempt);
      if (running !== null) this.#endBound(running);
      return;
    }
    const context = { fold: this.fold, course: this.#course, workers: this.#workers, at: this.#ledger.at };
    for (const fact of factsOf(input, { ...context, priority: this.#isInForce ? this.#variant.priority : "recorded" }))
      this.#record(fact);
    const isFirst = input.kind === "plain" && input.fact.type === "DispatcherElected" && input.fact.epoch === 1;
    if (isFirst) this.#changeLimits();
  }

  #endBound(running: Running): void {
    const { life, attempt } = running;
    const row = this.#rowOf(running);
    const wasCancelled = life.attempts[attempt - 1]?.cancelledMs != null;
    if (wasCancelled && stateOf(row) !== "cancelling") this.#course.goesOn(running);
    else this.#end(running, Date.parse(this.#ledger.at));
  }

  #end(running: Running, atMs: number): void {
    const fact = endFact(running, this.#rowOf(running), atMs);
    this.#course.ended(running);
    this.#record(fact);
  }

  #rowOf({ life }: Running): JobRow {
    const row = this.fold.jobs.get(life.id);
    if (row === undefined) throw new Error(`${life.id} holds slots and is not there`);
    return row;
  }

  #come(coming: Coming, atMs: number): void {
    switch (coming.kind) {
      case "end":
        return this.#end(coming.running, atMs);
      case "give-back": {
        const { life } = coming.staying;
        const fact = life.ended?.fact;
        this.#course.gaveBack(life);
        if (fact !== undefined) this.#record(fact);
        return;
      }
      case "due":
        // Taken with all others whose time has come.
        return;
      case "variant":
        this.#isInForce = true;
        this.#changeLimits();
        return;
      default:
        return coming satisfies never;
    }
  }

  get #limits(): Limits {
    return this.#isInForce ? this.#variant.limits(this.#recordedLimits) : this.#recordedLimits;
  }

  /** Says the limits of the variant where they are not those that hold already. */
  #changeLimits(): void {
    if (this.fold.head.epoch === 0 && !this.#ledger.hasFacts) return;
    const limits = this.#limits;
    if (canonicalJson(limits) === canonicalJson(this.fold.slots.limits)) return;
    this.#record({ type: "LimitsChanged", limits, source: "command" });
  }

  /** The workers that took jobs when the last start was recorded, as far as they have left, and no other scheduler has taken over. */
  #callBack(): void {
    for (const fact of this.#workload.lastWorkers) {
      const { workers } = this.fold.slots;
      const there = workers[this.#workers.get(fact.worker) ?? fact.worker];
      const hasSuccessor = Object.values<Worker>(workers).some(({ remote, leaving }) => !remote && !leaving);
      const isMissed = fact.remote === true || !hasSuccessor;
      if ((there === undefined || there.leaving) && isMissed)
        this.#record({ ...fact, worker: freeName(this.fold, fact.worker) });
    }
  }

  /** Whatever is recorded goes on by itself from here. */
  #record(fact: Fact): void {
    this.#ledger.record(fact);
    const course = this.#course;
    const atMs = Date.parse(this.#ledger.at);
    switch (fact.type) {
      case "StartGranted":
        return course.granted(fact.job, fact.attempt, this.#ledger.position, atMs);
      case "ReservationGranted":
        return course.reserved(fact.reservation, atMs);
      case "CancelRequested":
        return course.aborted(fact.job, atMs);
      case "JobSubmitted":
        return this.#waitsFor(fact);
      case "RunFailed":
      case "RunTimedOut":
      case "LeaseExpired":
        if (fact.retryAt !== null) course.dueAt(fact.job, fact.retryAt);
        return;
      default:
        return;
    }
  }

  /** A job whose own time is after the end of the ledger is none of its work. */
  #waitsFor({ job, runAt }: FactOf<"JobSubmitted">): void {
    const { end } = this.#workload;
    if (runAt !== null && end !== null && runAt <= end.at) this.#course.dueAt(job, runAt);
  }
}

function* given(entry: AlternativeEntry | null): IterableIterator<AlternativeEntry> {
  if (entry !== null) yield entry;
}
