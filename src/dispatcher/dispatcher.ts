/**
 * The dispatcher: the only actor that decides, with one mailbox. The machine in machines/dispatcher.ts says what happens next,
 * and each action that it names is one method here. It is stepped like the job machine, not run as a live XState actor:
 * the same machine, and a turn costs microseconds less where the next job waits for it.
 */
import type { Fact } from "../../events/facts.js";
import { type DispatcherId, type EntryId, position } from "../../events/names.js";
import {
  DISPATCHER_EVENTS,
  type DispatcherAction,
  type DispatcherEvent,
  dispatcherMachine,
} from "../../machines/dispatcher.js";
import { Stepper } from "../../machines/stepper.js";
import type { Fold } from "../../projections/fold.js";
import type { DrawRetryTime } from "../../projections/reports.js";
import type { Order } from "./arrivals.js";
import { retryTimes } from "./backoff.js";
import { appendEntry, type CommitPort, settleEntry } from "./commit.js";
import { completeOrder } from "./complete-order.js";
import { Mailbox } from "./mailbox.js";
import { type Answer, drop, type Effect, type Input, NOT_LEADING } from "./messages.js";
import type { DispatcherOptions } from "./options.js";
import { Questions } from "./questions.js";
import { Reign } from "./reign.js";
import { type Inheritance, Standby } from "./standby.js";
import { SteppedActor } from "./stepped-actor.js";
import { type Proposal, takeTurn } from "./turn.js";

/** Undecided items kept in memory; the rest waits in the intake stream. */
const MAILBOX_ITEMS_MAX = 2_000;

/** How the dispatcher ended. `error` is there when it had to stop: the message says what is wrong with the ledger, and where. */
export interface Ended {
  readonly error: Error | null;
}

const stepper = new Stepper<DispatcherEvent>(dispatcherMachine);

export class Dispatcher {
  readonly id: DispatcherId;
  readonly #options: DispatcherOptions;
  readonly #actor: SteppedActor<DispatcherEvent, DispatcherAction>;
  readonly #port: CommitPort;
  readonly #drawRetryTime: DrawRetryTime;
  readonly #mailbox = new Mailbox<Input>(MAILBOX_ITEMS_MAX);
  readonly #standby: Standby;
  readonly #complete: (order: Order) => Promise<Order>;
  #reign: Reign | null = null;
  #woken = false;
  /** Ends what belongs to following the ledger, when leading begins or ends. */
  #role = new AbortController();
  /** The entry in flight, and what is to be done when it is stored. */
  #proposal: Proposal | null = null;
  #effects: readonly Effect[] = [];
  #unfinished = false;
  #draining = false;
  readonly #questions = new Questions();
  #entries = 0;
  #inheritance: Inheritance = { intakeStream: "", gone: new Set() };
  #error: Error | null = null;
  #onEnded: (ended: Ended) => void = () => {};

  constructor(options: DispatcherOptions) {
    this.#options = options;
    // What an entry starts begins with the lease as it was when that was asked.
    this.#port = { ...options, storedAsOf: (asked) => this.#reign?.renewed(asked) };
    this.#standby = new Standby(options);
    this.#complete = (order) => completeOrder(order, (ask) => this.query(ask), options.ledger);
    this.#drawRetryTime = retryTimes(options);
    this.id = `${options.system.ownProcess().pid}-${options.system.randomWord()}` as DispatcherId;
    const actions: Record<DispatcherAction, () => void> = {
      connect: () => this.#inRole((signal) => this.#connect(signal)),
      catchUp: () => this.#catchUp(),
      watchLeader: () => this.#inRole((signal) => this.#watchLeader(signal)),
      beginReign: () => this.#beginReign(),
      decide: () => this.#decide(),
      append: () => this.#inRole(() => this.#append()),
      settle: () => this.#inRole((signal) => this.#settle(signal)),
      performEffects: () => this.#performEffects(),
      stepDown: () => this.#stepDown(),
      drain: () => this.#drain(),
      release: () => this.#stepDown(),
    };
    this.#actor = new SteppedActor({
      stepper,
      actions,
      // An action that throws is a mistake in this program, or in the ledger: no more is written then.
      onError: (error) => this.#halt(error),
      onDone: () => this.#onEnded({ error: this.#error }),
      onTransition: options.onTransition,
    });
  }

  /** Starts connecting. The promise settles when the dispatcher has stopped, by `stop` or by itself. */
  run(): Promise<Ended> {
    const ended = new Promise<Ended>((resolve) => {
      this.#onEnded = resolve;
    });
    this.#actor.start();
    return ended;
  }

  /** No new start from now on; settles `run` when what runs has ended or the grace is over (CON-003). */
  stop(): void {
    this.#send("STOP");
  }

  /** The state's name in the dispatcher machine, such as `standby` or `leading.waiting`. */
  get state(): string {
    return this.#actor.state;
  }

  get leads(): boolean {
    return this.#reign !== null;
  }

  /** Carries out a command; the answer comes after its facts are stored. */
  async request(order: Order): Promise<Answer> {
    const completed = await this.#complete(order);
    if (this.#reign === null) return { ok: false, refusal: NOT_LEADING };
    return new Promise((reply) => {
      this.#mailbox.push({ kind: "request", order: completed, reply });
      this.#wake();
    });
  }

  /** Records facts that this scheduler has reason for. True when they are stored; false if it does not lead, or no longer. */
  record(facts: readonly Fact[]): Promise<boolean> {
    if (this.#reign === null) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.#mailbox.push({ kind: "own", facts: () => facts, settled: (outcome) => resolve(outcome === "recorded") });
      this.#wake();
    });
  }

  /** Asks the projection. It is never shown ahead of what is stored. */
  query<T>(ask: (fold: Fold) => T): Promise<T> {
    const answer = this.#questions.ask(() => ask(this.#standby.fold));
    if (this.#proposal === null) this.#questions.answerAll();
    return answer;
  }

  /** Asks what belongs to the reign, when no entry is in flight; null if this scheduler does not lead. */
  inReign<T>(ask: (reign: Reign) => T): Promise<T | null> {
    return this.query(() => (this.#reign === null ? null : ask(this.#reign)));
  }

  #send(type: DispatcherEvent["type"]): void {
    this.#actor.send(DISPATCHER_EVENTS[type]);
  }

  /** Does something that belongs to the present role: it ends with the role, and what goes wrong in it before is fatal. */
  #inRole(act: (signal: AbortSignal) => Promise<void>): void {
    const { signal } = this.#role;
    act(signal).catch((error: unknown) => {
      if (!signal.aborted) this.#halt(error);
    });
  }

  #newRole(): void {
    this.#role.abort();
    this.#role = new AbortController();
  }

  #halt(error: unknown): void {
    this.#error = error instanceof Error ? error : new Error(String(error));
    this.#options.log.fatal({ err: this.#error }, "stopping: the ledger cannot be trusted");
    this.#send("CORRUPT");
  }

  /** Something may be to decide: looked at when everything that is happening at this moment has happened, all of it in one turn. */
  #wake(): void {
    if (this.#woken) return;
    this.#woken = true;
    this.#options.system.soon(() => {
      this.#woken = false;
      this.#send("INPUT");
    });
  }

  // Following

  async #connect(signal: AbortSignal): Promise<void> {
    await this.#standby.reach(position(0), signal);
    this.#send("CONNECTED");
  }

  #catchUp(): void {
    this.#newRole();
    this.#inRole((signal) => this.#standby.foldAll(signal, () => this.#send("CAUGHT_UP")));
  }

  async #watchLeader(signal: AbortSignal): Promise<void> {
    this.#inheritance = await this.#standby.untilLeaderless(this.id, signal);
    if (!signal.aborted) this.#send("LEADER_SILENT");
  }

  // Leading

  #beginReign(): void {
    this.#newRole();
    const { signal } = this.#role;
    const deposed = () => {
      this.#options.log.warn("somebody else writes the ledger: stepping down");
      this.#send("DEPOSED");
    };
    this.#mailbox.clear();
    const reign = new Reign({
      dispatcher: this.id,
      options: this.#options,
      fold: this.#standby.fold,
      ledger: this.#standby.ledger,
      ...this.#inheritance,
      mailbox: this.#mailbox,
      drawRetryTime: this.#drawRetryTime,
      wake: () => this.#wake(),
      // What came by the intake has nobody to tell that the ledger could not be read just then.
      complete: (order) => this.#standby.retrying(() => this.#complete(order), signal),
      inFlight: () => this.#proposal,
      deposed,
    });
    this.#reign = reign;
    const intake = () => reign.followIntake();
    const folded = () => this.query(({ head }) => head.position);
    this.#inRole(() => this.#standby.follow({ intake, folded, deposed }, signal));
  }

  #decide(): void {
    const { catalogue, leaseMs, clock, nextFiring } = this.#options;
    const desk = {
      fold: this.#standby.fold,
      catalogue,
      leaseMs,
      nextFiring,
      drawRetryTime: this.#drawRetryTime,
      mayStart: !this.#draining,
      unfinished: this.#unfinished,
    };
    const { proposal, effects } = takeTurn(desk, this.#mailbox, clock.nowIso(), this.#nextEntryId());
    this.#effects = effects;
    this.#proposal = proposal;
    this.#unfinished = proposal?.more ?? false;
    if (proposal !== null) return this.#send("PROPOSED");
    this.#performEffects();
    this.#reign?.setAlarm();
    this.#send("NOTHING_TO_DECIDE");
    if (this.#draining && this.#reign?.hasLeft() === true) this.#send("DRAINED");
  }

  async #append(): Promise<void> {
    this.#send(await appendEntry(this.#mustHaveProposal(), this.#port));
  }

  async #settle(signal: AbortSignal): Promise<void> {
    const settled = await settleEntry(this.#mustHaveProposal(), this.#standby, this.#port, signal);
    if (!signal.aborted) this.#send(settled);
  }

  /** After the entry is stored, and only then. The worker first: the next job waits for it, the watchers only look on. */
  #performEffects(): void {
    const proposal = this.#proposal;
    this.#proposal = null;
    for (const effect of this.#effects) this.#reign?.perform(effect);
    this.#effects = [];
    if (proposal !== null) this.#options.announce(proposal);
    this.#questions.answerAll();
    if (proposal !== null) this.#reign?.stored();
  }

  // Ending

  #drain(): void {
    this.#draining = true;
    this.#reign?.drain();
  }

  /** The role is over: whoever was promised an answer gets one or asks again, and no run is reported any more. */
  #stepDown(): void {
    this.#role.abort();
    this.#reign?.end();
    this.#reign = null;
    drop(this.#mailbox.clear(), this.#effects);
    this.#effects = [];
    if (this.#proposal === null) this.#questions.answerAll();
    else this.#questions.refuseAll(NOT_LEADING.reason);
    this.#proposal = null;
  }

  #nextEntryId(): EntryId {
    this.#entries += 1;
    return `${this.id}-${this.#entries}` as EntryId;
  }

  #mustHaveProposal(): Proposal {
    if (this.#proposal === null) throw new Error("there is no entry to append");
    return this.#proposal;
  }
}
