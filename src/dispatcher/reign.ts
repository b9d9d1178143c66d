/**
 * A reign: what exists only while a dispatcher leads. It follows the intake, owns the worker inside, and ends by being
 * deposed, or by draining (CON-003). It brings things to decide to the mailbox; it decides nothing.
 */
import type { DispatcherId } from "../../events/names.js";
import type { Fold } from "../../projections/fold.js";
import type { DrawRetryTime, Report } from "../../projections/reports.js";
import { aborted } from "../worker/ending.js";
import { Worker } from "../worker/worker.js";
import { readMessage } from "./arrivals.js";
import { type Accession, type FactsOf, firstFacts, graceIsOver, workerOf } from "./first-facts.js";
import type { Mailbox } from "./mailbox.js";
import type { DispatcherOptions } from "./options.js";
import { isProvablyGone, ownProcess } from "./process-identity.js";
import type { Effect, Input } from "./turn.js";

/** How long the word that a run has started may wait to be recorded together with something else. */
const STARTED_WAITS_MS_MAX = 5;
/** The intake is trimmed no more often than every so many messages. */
const TRIM_EVERY_MESSAGES = 10_000;
/** After an abort at shutdown, runs have this long to settle before they are handed back as they are. */
const ABORTED_SETTLE_MS = 6_000;

export interface ReignOptions {
  readonly dispatcher: DispatcherId;
  readonly options: DispatcherOptions;
  readonly fold: Fold;
  /** The intake's identity, as the ledger knows it, or as it is to know it. */
  readonly intakeStream: string;
  readonly mailbox: Mailbox<Input>;
  readonly drawRetryTime: DrawRetryTime;
  /** Something may be to decide. */
  readonly wake: () => void;
}

export class Reign {
  readonly #of: ReignOptions;
  readonly #worker: Worker;
  readonly #ending = new AbortController();
  readonly #stopAnswering: () => void;
  #trimmed = 0;
  #cancelAlarm = () => {};
  #cancelPatience: (() => void) | null = null;
  readonly #cancelExpiry: () => void;

  /** Puts into the mailbox what the first turn records: the election, and what became of the reigns before (DEC-008). */
  constructor(of: ReignOptions) {
    this.#of = of;
    const { dispatcher, options, fold, drawRetryTime } = of;
    const { runners, progress, results, clock, workerCapacity, workerTypes, version, leaseMs } = options;
    const worker = workerOf(dispatcher, fold);
    this.#worker = new Worker(worker, runners, {
      report: (report) => this.#takeReport(report),
      progress,
      results,
      clock,
    });
    const accession: Accession = {
      dispatcher,
      process: ownProcess(),
      version,
      worker,
      workerCapacity,
      workerTypes,
      intakeStream: of.intakeStream,
      isProvablyGone,
      settingsFacts: options.settingsFacts,
      drawRetryTime,
    };
    for (const facts of firstFacts(fold, accession)) this.#own(facts);
    this.#cancelExpiry = clock.after(leaseMs, () => {
      this.#own(graceIsOver(accession));
      of.wake();
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
        for (const item of readMessage(message, options.subjects, skip)) mailbox.push(item);
        if (mailbox.isFull) {
          wake();
          await mailbox.room();
        }
      }
      wake();
    }
  }

  /** Forgets what of the intake is decided: the ledger has it (D3). */
  trimIntake(): void {
    const { options, fold } = this.#of;
    const { sequence } = fold.head.intake;
    if (sequence - this.#trimmed < TRIM_EVERY_MESSAGES) return;
    this.#trimmed = sequence;
    options.intake
      .trim(sequence)
      .catch((error: unknown) => options.log.warn({ err: error }, "the intake was not trimmed; it will be later"));
  }

  /** Wakes the dispatcher when the next job is due. */
  setAlarm(): void {
    const { options, fold, wake } = this.#of;
    this.#cancelAlarm();
    const due = fold.due.first?.dueAt;
    if (due != null) this.#cancelAlarm = options.clock.after(Date.parse(due) - options.clock.now(), wake);
  }

  perform(effect: Effect): void {
    switch (effect.kind) {
      case "start":
        return this.#worker.start(effect.assignment);
      case "abort":
        return this.#worker.abort(effect.job, effect.grant, effect.cause);
      case "recorded":
        return this.#worker.recorded(effect.job, effect.grant);
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
      if (worker.busy === 0) return;
      log.warn({ running: worker.busy }, "the grace is over: aborting what still runs");
      worker.abortAll("shutdown");
      clock.after(ABORTED_SETTLE_MS, () => this.#handBack());
    });
    wake();
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
    this.#cancelExpiry();
    this.#cancelAlarm();
    this.#cancelPatience?.();
    this.#stopAnswering();
    this.#worker.abandonAll();
  }

  #handBack(): void {
    for (const assignment of this.#worker.abandonAll()) {
      const { job, grant } = assignment;
      this.#of.mailbox.push({
        kind: "report",
        report: { job, grant, said: { ended: aborted("shutdown", assignment) } },
      });
    }
    this.#of.wake();
  }

  /**
   * That a run has started decides nothing, so it waits a moment for company: a short run's start and end then stand in
   * one entry, and the next grant does not wait behind an entry that says only "started".
   */
  #takeReport(report: Report): void {
    const { mailbox, wake, options } = this.#of;
    const isPatient = "started" in report.said;
    mailbox.push({ kind: "report", report }, { patient: isPatient });
    if (!isPatient) return wake();
    this.#cancelPatience ??= options.clock.after(STARTED_WAITS_MS_MAX, () => {
      this.#cancelPatience = null;
      mailbox.endPatience();
      wake();
    });
  }

  #own(facts: FactsOf): void {
    this.#of.mailbox.push({ kind: "own", facts });
  }
}
