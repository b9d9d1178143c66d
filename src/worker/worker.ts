/**
 * A worker, inside a scheduler or in a process of its own: executes granted attempts and says how they ended. One seat per
 * attempt, each seat with the worker machine's state; what the machine names as actions happens here.
 */
import type { Json } from "../../events/json.js";
import type { JobId, Position, WorkerId } from "../../events/names.js";
import type { Node } from "../../machines/stepper.js";
import { Stepper } from "../../machines/stepper.js";
import { SEAT_EVENTS, type SeatAction, type SeatEvent, workerMachine } from "../../machines/worker.js";
import type { Ending, Report } from "../../projections/reports.js";
import type { Clock } from "../clock.js";
import type { Outcome, Run, Runner } from "../runners/index.js";
import type { Assignment } from "./assignment.js";
import { type AbortCause, endingOf } from "./ending.js";
import type { ResultStore } from "./results.js";

export interface WorkerPorts {
  readonly report: (report: Report) => void;
  readonly progress: (job: JobId, update: Json) => void;
  readonly results: ResultStore;
  readonly clock: Clock;
  /**
   * False when the lease is nearly over. Asked when a runner is about to start something: a process that was stopped may be in the
   * middle of that, and no timer has told it yet how late it is.
   */
  readonly mayRun?: () => boolean;
}

const stepper = new Stepper<SeatEvent>(workerMachine);

class Seat {
  readonly assignment: Assignment;
  node: Node = stepper.initial;
  cause: AbortCause | null = null;
  ending: Ending | null = null;
  stopTimer = () => {};
  #controller: AbortController | null = null;
  #aborted: Error | null = null;

  constructor(assignment: Assignment) {
    this.assignment = assignment;
  }

  /** Made when the runner first asks for it: many short runs never do. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#aborted !== null) this.#controller.abort(this.#aborted);
    return this.#controller.signal;
  }

  abort(reason: string): void {
    this.#aborted = new Error(reason);
    this.#controller?.abort(this.#aborted);
  }
}

export class Worker {
  readonly id: WorkerId;
  readonly #runners: ReadonlyMap<string, Runner>;
  readonly #ports: WorkerPorts;
  readonly #seats = new Map<JobId, Seat>();

  constructor(id: WorkerId, runners: ReadonlyMap<string, Runner>, ports: WorkerPorts) {
    this.id = id;
    this.#runners = runners;
    this.#ports = ports;
  }

  /** Attempts that are not over yet, as far as this worker knows. */
  get busy(): number {
    return this.#seats.size;
  }

  /** They, by job and grant. */
  get running(): { readonly job: JobId; readonly grant: Position }[] {
    return [...this.#seats.values()].map(({ assignment: { job, grant } }) => ({ job, grant }));
  }

  /** Attempts whose code may still be running; the others wait for their ends to be recorded. */
  get executing(): number {
    let count = 0;
    for (const { ending } of this.#seats.values()) if (ending === null) count += 1;
    return count;
  }

  /** Whether code of an attempt of this job may still be running. */
  executes(job: JobId): boolean {
    const seat = this.#seats.get(job);
    return seat !== undefined && seat.ending === null;
  }

  start(assignment: Assignment): void {
    const seat = new Seat(assignment);
    this.#seats.set(assignment.job, seat);
    this.#send(seat, SEAT_EVENTS.START);
  }

  /** Asks a run to end. Harmless if it has ended already, or if the grant is not the one that runs here. */
  abort(job: JobId, grant: Position, cause: AbortCause): void {
    const seat = this.#seats.get(job);
    if (seat?.assignment.grant === grant) this.#abort(seat, cause);
  }

  abortAll(cause: AbortCause): void {
    for (const seat of [...this.#seats.values()]) this.#abort(seat, cause);
  }

  /** The ledger has the end of this attempt: its seat is free. */
  recorded(job: JobId, grant: Position): void {
    const seat = this.#seats.get(job);
    if (seat?.assignment.grant === grant) this.#send(seat, SEAT_EVENTS.RECORDED);
  }

  /** Gives up every attempt: nobody is left to report to, or the process is about to end. Returns those given up. */
  abandonAll(): readonly Assignment[] {
    const seats = [...this.#seats.values()];
    for (const seat of seats) {
      seat.abort("abandoned");
      this.#send(seat, SEAT_EVENTS.ABANDON);
    }
    return seats.filter((seat) => seat.ending === null).map((seat) => seat.assignment);
  }

  #abort(seat: Seat, cause: AbortCause): void {
    seat.cause ??= cause;
    this.#send(seat, SEAT_EVENTS.ABORT);
  }

  /** An event that the seat's state does not take is late, and nothing happens. */
  #send(seat: Seat, event: SeatEvent): void {
    const step = stepper.step(seat.node, event);
    if (step === null) return;
    seat.node = step.to;
    for (const action of step.actions) this.#act(seat, action as SeatAction);
  }

  #act(seat: Seat, action: SeatAction): void {
    const { job, grant } = seat.assignment;
    switch (action) {
      case "callRunner":
        return this.#callRunner(seat);
      case "reportStarted":
        return this.#ports.report({ job, grant, said: { started: this.#ports.clock.nowIso() } });
      case "abortRunner":
        return seat.abort(seat.cause ?? "aborted");
      case "reportEnding":
        seat.stopTimer();
        if (seat.ending !== null) this.#ports.report({ job, grant, said: { ended: seat.ending } });
        return;
      case "leaveSeat":
        seat.stopTimer();
        if (this.#seats.get(job) === seat) this.#seats.delete(job);
        return;
      default:
        return action satisfies never;
    }
  }

  #callRunner(seat: Seat): void {
    const { assignment } = seat;
    const { job, grant, attempt, type, params, timeoutMs } = assignment;
    if (timeoutMs !== null) seat.stopTimer = this.#ports.clock.after(timeoutMs, () => this.#abort(seat, "timeout"));
    const progress = (update: Json) => this.#ports.progress(job, update);
    const mayStart = () => {
      if (this.#ports.mayRun?.() === false) this.#abort(seat, "lease");
      return seat.cause === null;
    };
    const runner = this.#runners.get(type);
    const view: Run = {
      job,
      grant,
      attempt,
      type,
      params,
      progress,
      mayStart,
      get signal() {
        return seat.signal;
      },
    };
    void run(runner, view)
      .then((outcome) => endingOf(outcome, seat.cause, assignment, this.#ports.results))
      .then((ending) => {
        seat.ending = ending;
        this.#send(seat, SEAT_EVENTS.SETTLED);
      });
    this.#send(seat, SEAT_EVENTS.BEGAN);
  }
}

/** Calls the runner. A runner that throws has failed; that must not take the scheduler with it. */
async function run(runner: Runner | undefined, attempt: Run): Promise<Outcome> {
  if (runner === undefined) {
    const message = `this scheduler has no runner for type ${attempt.type}; configure one, or start a worker for it`;
    return { outcome: "failed", retryable: false, error: { code: "no-runner", message } };
  }
  try {
    return await runner.run(attempt);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { outcome: "failed", retryable: true, error: { code: "runner-threw", message } };
  }
}
