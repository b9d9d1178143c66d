/**
 * A reign: what exists only while a dispatcher leads. It follows the intake, owns the worker inside, looks after those outside, and
 * ends by being deposed, or by draining (CON-003). It brings things to decide to the mailbox; it decides nothing.
 */
import { type DispatcherId, epoch } from "../../events/names.js";
import type { Fold } from "../../projections/fold.js";
import type { DrawRetryTime, Report } from "../../projections/reports.js";
import { aborted } from "../worker/ending.js";
import { LeaseGuard, type Moment } from "../worker/lease-guard.js";
import type { RunningAnswer } from "../worker/protocol.js";
import { Worker } from "../worker/worker.js";
import { type IntakeItem, type Order, readMessage } from "./arrivals.js";
import { type Accession, type FactsOf, firstFacts, workerOf } from "./first-facts.js";
import { type InFlight, LeaseExpiry } from "./lease-expiry.js";
import { LeaseWatch } from "./lease-watch.js";
import type { Mailbox } from "./mailbox.js";
import type { Effect, Input, Settled } from "./messages.js";
import type { DispatcherOptions } from "./options.js";
import { RemoteWorkers } from "./remote-workers.js";
import type { Inheritance } from "./standby.js";

/** How long the word that a run has started may wait to be recorded together with something else. */
const STARTED_WAITS_MS_MAX = 5;
/** The intake is trimmed no more often than every so many messages. */
const TRIM_EVERY_MESSAGES = 10_000;
/** After an abort at shutdown, runs have this long to settle before they are handed back as they are. */
const ABORTED_SETTLE_MS = 6_000;

export interface ReignOptions extends Inheritance {
  readonly dispatcher: DispatcherId;
  readonly options: DispatcherOptions;
  readonly fold: Fold;
  /** The ledger's identity. */
  readonly ledger: string;
  readonly mailbox: Mailbox<Input>;
  readonly drawRetryTime: DrawRetryTime;
  /** Something may be to decide. */
  readonly wake: () => void;
  /** An order with what must be read from the ledger for it; to be asked when all before it is stored. */
  readonly complete: (order: Order) => Promise<Order>;
  /** The entry that is being stored; null if none is. */
  readonly inFlight: () => InFlight | null;
  /** The ledger has an entry that is not ours. */
  readonly deposed: () => void;
}

export class Reign {
  /** Two, because a reservation may be called like a worker. */
  readonly workerLeases: LeaseWatch;
  readonly reservationLeases: LeaseWatch;
  readonly remote: RemoteWorkers;
  readonly #of: ReignOptions;
  readonly #worker: Worker;
  readonly #guard: LeaseGuard;
  readonly #expiry: LeaseExpiry;
  readonly #ending = new AbortController();
  readonly #stopAnswering: () => void;
  #trimmed = 0;
  #isGraceOver = false;
  #onStored: (() => void)[] = [];
  #cancelAlarm = () => {};
  #cancelPatience: (() => void) | null = null;

  /** Puts into the mailbox what the first turn records: the election, and what became of the reigns before (DEC-008). */
  constructor(of: ReignOptions) {
    this.#of = of;
    const { dispatcher, options, fold, drawRetryTime, wake } = of;
    const { runners, progress, results, clock, workerCapacity, workerTypes, version, leaseMs, system } = options;
    const worker = workerOf(dispatcher, fold);
    const report = (word: Report, settled?: Settled) => this.#takeReport(word, settled);
    const own = (facts: FactsOf, settled?: Settled) => this.#own(facts, settled);
    const mayRun = () => !this.#guard.isNearEnd;
    this.#worker = new Worker(worker, runners, { report, progress, results, clock, mayRun });
    // If the ledger cannot be reached for long, somebody else may lead by now, and give these slots to others.
    this.#guard = new LeaseGuard(clock, leaseMs, () => {
      if (this.#worker.busy > 0)
        options.log.error({ running: this.#worker.busy }, "the lease nears its end: aborting runs");
      this.#worker.abortAll("lease");
    });
    const accession: Accession = {
      ...{ dispatcher, version, worker, workerCapacity, workerTypes, drawRetryTime },
      process: system.ownProcess(),
      isGone: ({ id }) => of.gone.has(id),
      intakeStream: of.intakeStream,
      settingsFacts: options.settingsFacts,
    };
    for (const facts of firstFacts(fold, accession)) this.#own(facts);
    this.workerLeases = new LeaseWatch(clock);
    this.reservationLeases = new LeaseWatch(clock);
    this.remote = new RemoteWorkers({
      ...{ fold, epoch: epoch(fold.head.epoch + 1), ledger: of.ledger, leaseMs, results, clock },
      leases: this.workerLeases,
      link: options.workerLink,
      types: () => options.catalogue.types.keys(),
      own: (facts, settled) => {
        own(facts, settled);
        wake();
      },
      report,
    });
    this.#expiry = new LeaseExpiry({
      ...{
        options,
        fold,
        own,
        wake,
        drawRetryTime,
        worker,
        workerLeases: this.workerLeases,
        reservationLeases: this.reservationLeases,
        remote: this.remote,
        inFlight: of.inFlight,
        deposed: of.deposed,
      },
      confirmed: (asked) => this.#guard.renewed(asked),
    });
    this.#stopAnswering = options.answerAsLeader();
    options.log.info({ epoch: fold.head.epoch + 1, dispatcher }, "leading");
  }

  /** Brings what publishers submit and command, from where the ledger says that it was decided. Settles when the reign ends. */
  async followIntake(): Promise<void> {
    const { options, fold, mailbox, wake } = this.#of;
    const { signal } = this.#ending;
    const { sequence, taken } = fold.head.intake;
    for await (const batch of options.intake.follow(sequence, signal)) {
      for (const message of batch) {
        if (signal.aborted) return;
        const skip = message.sequence === sequence + 1 ? taken : 0;
        for (const item of readMessage(message, options.subjects, skip))
          mailbox.push(isRetry(item) ? await this.#completed(item) : item);
        if (mailbox.isFull) {
          wake();
          await mailbox.room();
        }
      }
      wake();
    }
  }

  get fold(): Fold {
    return this.#of.fold;
  }

  /** Of workers in processes of their own; each reservation has its own. */
  get leaseMs(): number {
    return this.#of.options.leaseMs;
  }

  /** What the worker inside says that it runs, by its own seats. Only to be asked when no entry is in flight. */
  get inside(): RunningAnswer {
    const { id: worker, running } = this.#worker;
    return { worker, running };
  }

  /** We led still when that was asked: an entry is stored. */
  renewed(asked: Moment): void {
    this.#guard.renewed(asked);
  }

  /** Everything was performed that waited for an entry. */
  stored(): void {
    this.#trimIntake();
    for (const told of this.#onStored.splice(0)) told();
  }

  /** Wakes the dispatcher when the next job or schedule is due. */
  setAlarm(): void {
    const { options, fold, wake } = this.#of;
    this.#cancelAlarm();
    let due = fold.due.first?.dueAt ?? null;
    for (const { nextAt } of Object.values<Fold["schedules"][string]>(fold.schedules))
      if (nextAt !== null && (due === null || nextAt < due)) due = nextAt;
    if (due !== null) this.#cancelAlarm = options.clock.after(Date.parse(due) - options.clock.now(), wake);
  }

  perform(effect: Effect): void {
    switch (effect.kind) {
      case "start":
        if (effect.assignment.worker !== this.#worker.id) return this.remote.start(effect.assignment);
        this.#worker.start(effect.assignment);
        if (this.#isGraceOver) this.#endRuns();
        return;
      case "abort":
        this.#worker.abort(effect.job, effect.grant, effect.cause);
        return this.remote.abort(effect.job, effect.grant);
      case "recorded":
        return this.#worker.recorded(effect.job, effect.grant);
      case "settled":
        return effect.settled("recorded");
      case "reply":
        return effect.reply(effect.answer);
      default:
        return effect satisfies never;
    }
  }

  /** Gives running jobs their grace, then aborts them; what would not even settle then is handed back as lost. */
  drain(): void {
    const { options, wake } = this.#of;
    const { graceMs, clock, log } = options;
    const worker = this.#worker;
    log.info({ running: worker.busy, graceMs }, "stopping: no new starts; running jobs have the grace to end");
    clock.after(graceMs, () => {
      this.#isGraceOver = true;
      this.#endRuns();
    });
    wake();
  }

  /** What an entry starts that was on its way when the grace ended has none. */
  #endRuns(): void {
    const { clock, log } = this.#of.options;
    if (this.#worker.busy === 0) return;
    log.warn({ running: this.#worker.busy }, "the grace is over: aborting what still runs");
    this.#worker.abortAll("shutdown");
    clock.after(ABORTED_SETTLE_MS, () => this.#handBack());
  }

  /** When nothing runs any more the worker leaves; true when that is on record, and so everything is. */
  hasLeft(): boolean {
    if (this.#worker.busy > 0) return false;
    const { id } = this.#worker;
    if (this.#of.fold.slots.workers[id] === undefined) return true;
    this.#own(() => [{ type: "WorkerLeft", worker: id, reason: "shutdown" }]);
    this.#of.wake();
    return false;
  }

  /** It is over: runs are aborted, and nothing of them is reported any more. */
  end(): void {
    this.#ending.abort();
    this.#guard.stop();
    this.#expiry.stop();
    this.remote.end();
    this.#cancelAlarm();
    this.#cancelPatience?.();
    this.#stopAnswering();
    this.#worker.abandonAll();
    for (const told of this.#onStored.splice(0)) told();
  }

  /** A command that repeats an ended job, with what it needs to know: all before it must be on record first. */
  async #completed(item: OrderItem): Promise<OrderItem> {
    const { fold, wake, complete } = this.#of;
    while (fold.head.intake.sequence < item.sequence - 1 && !this.#ending.signal.aborted) {
      wake();
      await new Promise<void>((told) => this.#onStored.push(told));
    }
    return { ...item, order: await complete(item.order) };
  }

  /** Forgets what of the intake is decided: the ledger has it (D3). */
  #trimIntake(): void {
    const { options, fold } = this.#of;
    const { sequence } = fold.head.intake;
    if (sequence - this.#trimmed < TRIM_EVERY_MESSAGES) return;
    this.#trimmed = sequence;
    options.intake
      .trim(sequence)
      .catch((error: unknown) => options.log.warn({ err: error }, "the intake was not trimmed; it will be later"));
  }

  #handBack(): void {
    for (const assignment of this.#worker.abandonAll()) {
      const { job, grant } = assignment;
      this.#takeReport({ job, grant, said: { ended: aborted("shutdown", assignment) } });
    }
  }

  /**
   * That a run has started decides nothing, so it waits a moment for company: a short run's start and end then stand in
   * one entry, and the next grant does not wait behind an entry that says only "started".
   */
  #takeReport(report: Report, settled?: Settled): void {
    const { mailbox, wake, options } = this.#of;
    const isPatient = "started" in report.said;
    mailbox.push({ kind: "report", report, ...(settled !== undefined && { settled }) }, { patient: isPatient });
    if (!isPatient) return wake();
    this.#cancelPatience ??= options.clock.after(STARTED_WAITS_MS_MAX, () => {
      this.#cancelPatience = null;
      mailbox.endPatience();
      wake();
    });
  }

  #own(facts: FactsOf, settled?: Settled): void {
    this.#of.mailbox.push({ kind: "own", facts, ...(settled !== undefined && { settled }) });
  }
}

type OrderItem = Extract<IntakeItem, { kind: "order" }>;
const isRetry = (item: IntakeItem): item is OrderItem => item.kind === "order" && item.order.verb === "retry";
