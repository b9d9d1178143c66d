/**
 * The dispatcher: the only actor that decides, with one mailbox. The machine in machines/dispatcher.ts says what happens next,
 * and each action that it names is one method here. It is stepped like the job machine, not run as a live XState actor:
 * the same machine, and a turn costs microseconds less where the next job waits for it.
 */
import { randomBytes } from "node:crypto";
import { decodeEntry } from "../../events/codec.js";
import type { Fact } from "../../events/facts.js";
import {
  type DispatcherId,
  type EntryId,
  epoch,
  type JobId,
  type Position,
  position,
  type WorkerId,
} from "../../events/names.js";
import {
  DISPATCHER_EVENTS,
  type DispatcherAction,
  type DispatcherEvent,
  dispatcherMachine,
} from "../../machines/dispatcher.js";
import { type Node, Stepper } from "../../machines/stepper.js";
import { Fold, LedgerCorrupt } from "../../projections/fold.js";
import type { JobRow } from "../../projections/jobs.js";
import { expireLeases, retireWorkers } from "../../projections/recovery.js";
import type { Report } from "../../projections/reports.js";
import { LogGap } from "../log/log.js";
import { aborted } from "../worker/ending.js";
import { Worker } from "../worker/worker.js";
import type { Order } from "./arrivals.js";
import { readMessage } from "./arrivals.js";
import { backoffMs } from "./backoff.js";
import { Mailbox } from "./mailbox.js";
import type { DispatcherOptions } from "./options.js";
import { isProvablyGone, ownProcess } from "./process-identity.js";
import { type Answer, type Effect, type Input, type Proposal, takeTurn } from "./turn.js";

/** Undecided items kept in memory; the rest waits in the intake stream. */
const MAILBOX_ITEMS_MAX = 5_000;
/** Between two questions to a leader that answers, and after a silence, how much of it is enough to take over. */
const LEADER_ASKED_EVERY_MS = 1_000;
const LEADER_SILENCE_MS = 5_000;
/** Between attempts to reach the streams. */
const RETRY_MS = 500;
/** The intake is trimmed this far behind, and no more often than every so many messages (D3). */
const TRIM_EVERY_MESSAGES = 10_000;
/** How long the word that a run has started may wait to be recorded together with something else. */
const STARTED_WAITS_MS_MAX = 5;
/** After an abort at shutdown, runs have this long to settle before they are handed back as they are. */
const ABORTED_SETTLE_MS = 6_000;

const stepper = new Stepper<DispatcherEvent>(dispatcherMachine);
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** How the dispatcher ended. `error` is there when it had to stop: the message says what is wrong with the ledger, and where. */
export interface Ended {
  readonly error: Error | null;
}

export class Dispatcher {
  readonly id: DispatcherId;
  readonly #options: DispatcherOptions;
  readonly #actions: Record<DispatcherAction, () => void>;
  #node: Node = stepper.initial;
  /** Events that came while another was being handled: one after the other, as an actor does. */
  readonly #events: DispatcherEvent["type"][] = [];
  #handling = false;
  readonly #mailbox = new Mailbox<Input>(MAILBOX_ITEMS_MAX);
  readonly #process = ownProcess();
  #onEnded: (ended: Ended) => void = () => {};
  #entries = 0;
  #fold = new Fold();
  /** The ledger that was folded; if it is another one after a reconnect, we stop. */
  #ledgerIdentity: string | null = null;
  #proposal: Proposal | null = null;
  #effects: readonly Effect[] = [];
  #unfinished = false;
  #draining = false;
  #error: Error | null = null;
  #worker: Worker | null = null;
  /** Ends what belongs to the present role: following the ledger, or following the intake and answering for the leader. */
  #role = new AbortController();
  #woken = false;
  #cancelAlarm = () => {};
  #cancelPatience: (() => void) | null = null;
  /** Questions about the projection that came while an entry was in flight; answered when it is stored. */
  #questions: (() => void)[] = [];
  #trimmed = 0;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.id = `${process.pid}-${randomBytes(4).toString("hex")}` as DispatcherId;
    this.#actions = this.#makeActions();
  }

  /** Starts connecting. The promise settles when the dispatcher has stopped, by `stop` or by itself. */
  run(): Promise<Ended> {
    const ended = new Promise<Ended>((resolve) => {
      this.#onEnded = resolve;
    });
    for (const action of stepper.initialActions) this.#act(action as DispatcherAction);
    return ended;
  }

  /** No new start from now on; settles `run` when what runs has ended or the grace is over (CON-003). */
  stop(): void {
    this.#send({ type: "STOP" });
  }

  /** The state's name in the dispatcher machine, such as `standby` or `leading.waiting`. */
  get state(): string {
    return this.#node.state;
  }

  get leads(): boolean {
    return this.state.startsWith("leading") || this.state.startsWith("draining");
  }

  /** Carries out a command; the answer comes after its facts are stored. */
  request(order: Order): Promise<Answer> {
    if (!this.leads) return Promise.resolve({ ok: false, refusal: NOT_LEADING });
    return new Promise((reply) => this.#take({ kind: "request", order, reply }));
  }

  /** Asks the projection. It is never shown ahead of what is stored. */
  query<T>(ask: (fold: Fold) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const answer = () => {
        try {
          resolve(ask(this.#fold));
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      if (this.#proposal === null) answer();
      else this.#questions.push(answer);
    });
  }

  #makeActions(): Record<DispatcherAction, () => void> {
    return {
      connect: () => void this.#connect(),
      catchUp: () => this.#followLedger(),
      watchLeader: () => this.#inRole((signal) => this.#watchLeader(signal)),
      beginReign: () => this.#beginReign(),
      decide: () => this.#decide(),
      append: () => void this.#append(),
      settle: () => this.#inRole((signal) => this.#settle(signal)),
      performEffects: () => this.#performEffects(),
      stepDown: () => this.#stepDown(),
      drain: () => this.#drain(),
      release: () => this.#stepDown(),
    };
  }

  /** An action that throws is a mistake in this program: no more is written then. */
  #act(action: DispatcherAction): void {
    try {
      this.#actions[action]();
    } catch (error) {
      this.#halt(error);
    }
  }

  /** Does something that belongs to the present role: it ends with the role, and what goes wrong in it before is fatal. */
  #inRole(act: (signal: AbortSignal) => Promise<void>): void {
    const { signal } = this.#role;
    act(signal).catch((error: unknown) => {
      if (!signal.aborted) this.#halt(error);
    });
  }

  /** Takes an event to the machine. One that its state does not take is late, and nothing happens. */
  #send({ type }: DispatcherEvent): void {
    this.#events.push(type);
    if (this.#handling) return;
    this.#handling = true;
    for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
      const step = stepper.step(this.#node, DISPATCHER_EVENTS[next]);
      if (step === null) continue;
      this.#options.onTransition?.({ from: this.#node.state, event: next, to: step.to.state });
      this.#node = step.to;
      for (const action of step.actions) this.#act(action as DispatcherAction);
    }
    this.#handling = false;
    if (this.#node.snapshot.status === "done") this.#onEnded({ error: this.#error });
  }

  #halt(error: unknown): void {
    this.#error = error instanceof Error ? error : new Error(String(error));
    this.#options.log.fatal({ err: this.#error }, "stopping: the ledger cannot be trusted");
    this.#send({ type: "CORRUPT" });
  }

  // Connecting and following

  async #connect(): Promise<void> {
    for (;;) {
      try {
        await this.#checkLedger();
        return this.#send({ type: "CONNECTED" });
      } catch (error) {
        if (error instanceof LedgerCorrupt) return this.#halt(error);
        this.#options.log.warn({ err: error }, "cannot reach the ledger; trying again");
        await this.#pause(RETRY_MS);
        if (this.state !== "connecting") return;
      }
    }
  }

  /** The stream must be the one that was folded, and not shorter than that. */
  async #checkLedger(): Promise<number> {
    const { identity, last } = await this.#options.ledger.state();
    this.#ledgerIdentity ??= identity;
    if (identity !== this.#ledgerIdentity) {
      throw new LedgerCorrupt(
        "0",
        `the stream is ${identity}, and ${this.#ledgerIdentity} was folded: it was deleted and made anew`,
      );
    }
    if (last < this.#fold.head.position && this.#proposal === null) {
      throw new LedgerCorrupt(
        String(last + 1),
        `the stream ends at ${last}, and ${this.#fold.head.position} entries were folded: it was restored from an older copy`,
      );
    }
    return last;
  }

  #followLedger(): void {
    this.#role.abort();
    this.#role = new AbortController();
    this.#fold = new Fold();
    this.#proposal = null;
    this.#unfinished = false;
    this.#inRole((signal) => this.#foldEntries(signal));
  }

  async #foldEntries(signal: AbortSignal): Promise<void> {
    const last = await this.#retrying(() => this.#checkLedger(), signal);
    if (signal.aborted) return;
    if (last === 0) this.#send({ type: "CAUGHT_UP" });
    for await (const batch of this.#options.ledger.follow(0, signal)) {
      for (const message of batch) {
        if (signal.aborted) return;
        const before = this.#fold.head.position;
        this.#foldMessage(message.sequence, message.data);
        if (before < last && this.#fold.head.position >= last) this.#send({ type: "CAUGHT_UP" });
      }
    }
  }

  #foldMessage(sequence: number, data: Uint8Array): void {
    try {
      this.#fold.apply(position(sequence), decodeEntry(utf8.decode(data)));
    } catch (error) {
      if (error instanceof LedgerCorrupt) throw error;
      throw new LedgerCorrupt(String(sequence), error instanceof Error ? error.message : String(error));
    }
  }

  /** Asks after the leader until there is none, or it has been silent for too long. Safety does not rest on this: the append does. */
  async #watchLeader(signal: AbortSignal): Promise<void> {
    let silentSince: number | null = null;
    while (!signal.aborted) {
      const { leader } = this.#fold;
      if (leader === null || isProvablyGone(leader.process)) break;
      if (leader.dispatcher === this.id) break;
      const answer = await this.#options.askLeader();
      if (answer === "nobody") break;
      const now = this.#options.clock.now();
      if (answer === "leads") silentSince = null;
      else silentSince ??= now;
      if (silentSince !== null && now - silentSince >= LEADER_SILENCE_MS) break;
      await this.#pause(LEADER_ASKED_EVERY_MS);
    }
    await this.#endOrphans();
    if (!signal.aborted) this.#send({ type: "LEADER_SILENT" });
  }

  /** Whatever a dead scheduler's runs have left running on this machine ends before their slots are given to others. */
  async #endOrphans(): Promise<void> {
    const { holdings, workers } = this.#fold.slots;
    const isLost = (job: JobId, grant: Position) => {
      const holding = holdings[job];
      const worker = holding?.grant === grant ? workers[holding.worker] : undefined;
      return worker !== undefined && isProvablyGone(worker.process);
    };
    const ended = await this.#options.endOrphans(isLost).catch((error: unknown) => {
      this.#options.log.error({ err: error }, "processes of lost runs could not be ended");
      return 0;
    });
    if (ended > 0) this.#options.log.warn({ ended }, "ended processes that a dead scheduler left behind");
  }

  // Leading

  /** The first turn of a reign: the election, the worker inside, the configured limits, and what became of the runs before. */
  #beginReign(): void {
    this.#role.abort();
    this.#role = new AbortController();
    const { signal } = this.#role;
    const reign = epoch(this.#fold.head.epoch + 1);
    const workerId = `${this.id}-${reign}` as WorkerId;
    const { runners, progress, results, clock, workerCapacity } = this.#options;
    const report = (said: Report) => this.#takeReport(said);
    this.#worker = new Worker(workerId, runners, { report, progress, results, clock });
    const elected: Fact = {
      type: "DispatcherElected",
      epoch: reign,
      dispatcher: this.id,
      process: this.#process,
      version: this.#options.version,
    };
    const joined: Fact = {
      type: "WorkerJoined",
      worker: workerId,
      process: this.#process,
      capacity: workerCapacity,
      types: this.#options.workerTypes,
    };
    this.#mailbox.clear();
    this.#own(() => [elected]);
    this.#own((now) => retireWorkers(now, workerId));
    this.#own((now) =>
      expireLeases(
        now,
        (worker) => worker.id !== workerId && isProvablyGone(worker.process),
        LOST,
        this.#drawRetryTime,
      ),
    );
    this.#own(() => [joined]);
    this.#own((now) => this.#options.settingsFacts(now));
    this.#expireSilentWorkers(workerId, signal);
    this.#inRole((inRole) => this.#followIntake(inRole));
    signal.addEventListener("abort", this.#options.answerAsLeader(), { once: true });
    this.#options.log.info({ epoch: reign, dispatcher: this.id }, "leading");
  }

  #own(facts: (fold: Fold) => readonly Fact[]): void {
    this.#mailbox.push({ kind: "own", facts });
  }

  /** Runs of workers that may still live get a fresh grace of one lease; then they are lost (D8). */
  #expireSilentWorkers(own: WorkerId, signal: AbortSignal): void {
    const cancel = this.#options.clock.after(this.#options.leaseMs, () => {
      this.#own((now) => expireLeases(now, (worker) => worker.id !== own, LOST, this.#drawRetryTime));
      this.#wake();
    });
    signal.addEventListener("abort", cancel, { once: true });
  }

  async #followIntake(signal: AbortSignal): Promise<void> {
    const { sequence, taken } = this.#fold.head.intake;
    for await (const batch of this.#options.intake.follow(sequence, signal)) {
      for (const message of batch) {
        if (signal.aborted) return;
        const skip = message.sequence === sequence + 1 ? taken : 0;
        for (const item of readMessage(message, this.#options.subjects, skip)) this.#mailbox.push(item);
      }
      this.#wake();
      await this.#mailbox.room();
    }
  }

  /** Something may be to decide: looked at when everything that is happening at this moment has happened, all of it in one turn. */
  #wake(): void {
    if (this.#woken) return;
    this.#woken = true;
    process.nextTick(() => {
      this.#woken = false;
      this.#send({ type: "INPUT" });
    });
  }

  #take(input: Input): void {
    this.#mailbox.push(input);
    this.#wake();
  }

  /**
   * That a run has started decides nothing, so it waits a moment for company: a short run's start and end then stand in
   * one entry, and the next grant does not wait behind an entry that says only "started".
   */
  #takeReport(report: Report): void {
    if ("ended" in report.said) return this.#take({ kind: "report", report });
    this.#mailbox.push({ kind: "report", report }, { patient: true });
    this.#cancelPatience ??= this.#options.clock.after(STARTED_WAITS_MS_MAX, () => {
      this.#cancelPatience = null;
      this.#mailbox.endPatience();
      this.#wake();
    });
  }

  #decide(): void {
    const { catalogue, leaseMs, clock } = this.#options;
    const desk = {
      fold: this.#fold,
      catalogue,
      leaseMs,
      drawRetryTime: this.#drawRetryTime,
      mayStart: !this.#draining,
      unfinished: this.#unfinished,
    };
    const turned = takeTurn(desk, this.#mailbox, clock.nowIso(), this.#nextEntryId());
    this.#effects = turned.effects;
    this.#proposal = turned.proposal;
    this.#unfinished = turned.proposal?.more ?? false;
    if (turned.proposal !== null) return this.#send({ type: "PROPOSED" });
    this.#performEffects();
    this.#setAlarm();
    this.#send({ type: "NOTHING_TO_DECIDE" });
    if (this.#draining && this.#worker?.busy === 0) this.#leave(this.#worker.id);
  }

  async #append(): Promise<void> {
    const { ledger, subjects } = this.#options;
    const proposal = this.#mustHaveProposal();
    const data = Buffer.from(proposal.text);
    const appended = await ledger.append({ subject: subjects.ledger, data, expectedLast: proposal.position - 1 });
    if (appended.outcome === "stored" && appended.sequence === proposal.position) return this.#send({ type: "STORED" });
    this.#options.log.warn(
      { appended, position: proposal.position },
      "an entry was not stored at once; reading the ledger",
    );
    this.#send({ type: appended.outcome === "refused" ? "REFUSED" : "UNKNOWN" });
  }

  /** What became of the entry is read from the ledger, never inferred (D9): by its id, at the place where it would stand. */
  async #settle(signal: AbortSignal): Promise<void> {
    const proposal = this.#mustHaveProposal();
    const last = await this.#retrying(() => this.#checkLedger(), signal);
    const found = await this.#retrying(() => this.#options.ledger.read(proposal.position), signal);
    if (signal.aborted) return;
    if (found === null && last >= proposal.position)
      throw new LedgerCorrupt(String(proposal.position), "the entry is missing from the stream");
    if (found === null) return this.#send({ type: "ABSENT" });
    const { id } = decodeEntry(utf8.decode(found.data));
    this.#send({ type: id === proposal.id ? "STORED" : "REFUSED" });
  }

  /** After the entry is stored, and only then: tell the watchers, the worker and whoever waits for an answer. */
  #performEffects(): void {
    const proposal = this.#proposal;
    this.#proposal = null;
    // The worker first: the next job waits for it, the watchers only look on.
    for (const effect of this.#effects) this.#perform(effect);
    this.#effects = [];
    if (proposal !== null) this.#options.announce(proposal);
    for (const answer of this.#questions.splice(0)) answer();
    this.#trimIntake();
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case "start":
        return this.#worker?.start(effect.assignment);
      case "abort":
        return this.#worker?.abort(effect.job, effect.grant, effect.cause);
      case "recorded":
        return this.#worker?.recorded(effect.job, effect.grant);
      case "reply":
        return effect.reply();
      default:
        return effect satisfies never;
    }
  }

  #trimIntake(): void {
    const { sequence } = this.#fold.head.intake;
    if (sequence - this.#trimmed < TRIM_EVERY_MESSAGES) return;
    this.#trimmed = sequence;
    this.#options.intake
      .trim(sequence)
      .catch((error: unknown) =>
        this.#options.log.warn({ err: error }, "the intake was not trimmed; it will be later"),
      );
  }

  /** Wakes the dispatcher when the next job is due. */
  #setAlarm(): void {
    this.#cancelAlarm();
    const due = this.#fold.due.first?.dueAt;
    if (due == null) return;
    const { clock } = this.#options;
    this.#cancelAlarm = clock.after(Date.parse(due) - clock.now(), () => this.#wake());
  }

  // Ending

  /** The role is over: whoever was promised an answer gets one, runs are aborted, and nothing of them is reported. */
  #stepDown(): void {
    this.#role.abort();
    this.#cancelAlarm();
    const unanswered = this.#effects.filter((effect) => effect.kind === "reply").length;
    for (const input of this.#mailbox.clear())
      if (input.kind === "request") input.reply({ ok: false, refusal: NOT_LEADING });
    if (unanswered > 0)
      this.#options.log.warn(
        { unanswered },
        "stepping down with requests unanswered; their callers will time out and ask again",
      );
    this.#effects = [];
    this.#proposal = null;
    for (const answer of this.#questions.splice(0)) answer();
    this.#worker?.abandonAll();
    this.#worker = null;
  }

  #drain(): void {
    this.#draining = true;
    const { graceMs, clock, log } = this.#options;
    const worker = this.#worker;
    if (worker === null) return;
    log.info({ running: worker.busy, graceMs }, "stopping: no new starts; running jobs have the grace to end");
    clock.after(graceMs, () => {
      if (worker.busy > 0) log.warn({ running: worker.busy }, "the grace is over: aborting what still runs");
      worker.abortAll("shutdown");
      clock.after(ABORTED_SETTLE_MS, () => this.#handBack(worker));
    });
    this.#wake();
  }

  /** Nothing runs any more: the worker leaves, and when that is on record the reign is over. */
  #leave(worker: WorkerId): void {
    if (this.#fold.slots.workers[worker] === undefined) return this.#send({ type: "DRAINED" });
    this.#own(() => [{ type: "WorkerLeft", worker, reason: "shutdown" }]);
    this.#wake();
  }

  /** What would not even settle after its abort is handed back as lost; it ends with this process. */
  #handBack(worker: Worker): void {
    for (const assignment of worker.abandonAll()) {
      const { job, grant } = assignment;
      this.#mailbox.push({ kind: "report", report: { job, grant, said: { ended: aborted("shutdown", assignment) } } });
    }
    this.#wake();
  }

  readonly #drawRetryTime = (row: JobRow, retryAfterMs: number | null): string => {
    const { backoffOf, random, clock } = this.#options;
    const wait = backoffMs(backoffOf(row.spec?.type ?? ""), row.attempts.length, random(), retryAfterMs);
    return new Date(clock.now() + wait).toISOString();
  };

  #nextEntryId(): EntryId {
    this.#entries += 1;
    return `${this.id}-${this.#entries}` as EntryId;
  }

  #mustHaveProposal(): Proposal {
    if (this.#proposal === null) throw new Error("there is no entry to append");
    return this.#proposal;
  }

  async #retrying<T>(act: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      try {
        return await act();
      } catch (error) {
        if (error instanceof LedgerCorrupt || error instanceof LogGap || signal.aborted) throw error;
        await this.#pause(RETRY_MS);
      }
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#options.clock.after(ms, resolve));
  }
}

const LOST = "its worker is gone: the scheduler that ran it ended or does not answer";
const NOT_LEADING = { refused: "conflict", reason: "this scheduler does not lead; ask again" } as const;
