/**
 * A dispatcher as it ships, on streams of a real NATS server. Each event of its machine is brought about by what brings it about: an
 * answer of the server or none, a rival, a submission, a stop, a ledger that cannot be.
 */
import { LedgerCorrupt } from "../../projections/fold.js";
import type { Dispatcher, Ended } from "../../src/dispatcher/dispatcher.js";
import { thisSystem } from "../../src/dispatcher/system.js";
import { JetStreamLog } from "../../src/log/jetstream.js";
import { type Log, LogGap } from "../../src/log/log.js";
import { Publisher } from "../../src/log/publisher.js";
import type { NatsConnection } from "../../src/nats/door.js";
import { openStreams } from "../../src/nats/streams.js";
import { subjectsOf } from "../../src/nats/subjects.js";
import { makeDispatcher } from "../log/dispatcher-stage.js";
import { VirtualClock } from "../support/virtual-clock.js";
import type { EventType, Taken, Way } from "./dispatcher-ways.js";
import { GatedLog } from "./gated-log.js";
import type { PowerFailure } from "./power-failure.js";
import { writeRival } from "./rival.js";

const LEASE_MS = 6_000;
const waitMsMax = 20_000;
/** Of a lease each, by its clock. */
const CLOSING_ROUNDS_MAX = 1_000;

const corrupt = () => new LedgerCorrupt("1", "it is not what it was");

/** Reads the time for a turn: then something may happen in the middle of it. */
class TurnClock extends VirtualClock {
  onTurn: (() => void) | null = null;

  override nowIso(): string {
    const act = this.onTurn;
    this.onTurn = null;
    act?.();
    return super.nowIso();
  }
}

export class DispatcherLane {
  readonly transitions: Taken[] = [];
  readonly dispatcher: Dispatcher;
  ended: Promise<Ended> | null = null;
  readonly #ledger: GatedLog;
  readonly #intake: GatedLog;
  readonly #rawLedger: Log;
  readonly #nc: NatsConnection;
  readonly #subjects: ReturnType<typeof subjectsOf>;
  readonly #clock = new TurnClock();
  readonly #soon: (() => void)[] = [];
  #onChange = () => {};
  /** Inputs are handed over as they come; else when a step says so. */
  #isFree = false;
  readonly #failure: PowerFailure | null;
  /** Somebody else has written. */
  #isRivalled = false;

  private constructor(
    nc: NatsConnection,
    namespace: string,
    [ledger, intake]: readonly [Log, Log],
    failure: PowerFailure | null,
  ) {
    this.#nc = nc;
    this.#failure = failure;
    this.#subjects = subjectsOf(namespace);
    this.#rawLedger = ledger;
    this.#ledger = new GatedLog(ledger);
    this.#intake = new GatedLog(intake);
    this.dispatcher = makeDispatcher(
      this.#ledger,
      this.#intake,
      () => new Promise(() => {}),
      { global: 1 },
      {
        subjects: this.#subjects,
        clock: this.#clock,
        leaseMs: LEASE_MS,
        system: { ...thisSystem, soon: (act) => this.#takeSoon(act) },
        onTransition: (transition) => {
          this.transitions.push({ ...transition, led: this.dispatcher.leads });
          this.#onChange();
        },
      },
    );
  }

  /** With a power failure to strike if a way needs one; only it then uses that server. */
  static async open(
    nc: NatsConnection,
    namespace: string,
    failure: PowerFailure | null = null,
  ): Promise<DispatcherLane> {
    const subjects = subjectsOf(namespace);
    const jsm = await openStreams(nc, subjects);
    const publisher = new Publisher(nc);
    const logOf = (stream: string) => new JetStreamLog({ nc, jsm, stream, publisher });
    const logs = [logOf(subjects.ledgerStream), logOf(subjects.intakeStream)] as const;
    const lane = new DispatcherLane(nc, namespace, logs, failure);
    lane.ended = lane.dispatcher.run();
    return lane;
  }

  /** Brings the events about, one after the other; settles when all that was wanted has happened. */
  async drive(way: Way): Promise<void> {
    const before = this.transitions.length;
    for (const [index, type] of way.entries()) {
      this.#prepare(way.slice(index));
      // What follows within a turn has happened already.
      if (this.transitions.length <= before + index) await this.#bringAbout(type, way.slice(index + 1));
      await this.until(() => this.transitions.length > before + index);
    }
  }

  /** An event is sent in the middle of the next turn. */
  duringNextTurn(act: () => void): void {
    this.#clock.onTurn = act;
  }

  /** Settles when it holds. */
  async until(holds: () => boolean): Promise<void> {
    const began = performance.now();
    while (!holds()) {
      if (performance.now() - began > waitMsMax)
        throw new Error(
          `it did not come to it; it is ${this.dispatcher.state} after ${JSON.stringify(this.transitions)}`,
        );
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
        setTimeout(resolve, 200);
      });
    }
  }

  /** So much time goes by. */
  pass(ms: number): Promise<void> {
    return this.#clock.pass(ms);
  }

  /** Everything goes its way from now on, and it ends. */
  async close(): Promise<void> {
    this.#clock.onTurn = null;
    this.#isFree = true;
    this.#letSoon();
    this.#ledger.open();
    this.#intake.open();
    this.dispatcher.stop();
    // What it waits for by its clock: another look, and the pauses between them.
    let isOver = false;
    void this.ended?.finally(() => {
      isOver = true;
      this.#onChange();
    });
    for (let rounds = 0; !isOver; rounds += 1) {
      if (rounds > CLOSING_ROUNDS_MAX)
        throw new Error(
          `it does not end; it is ${this.dispatcher.state} after ${JSON.stringify(this.transitions.slice(-12))}`,
        );
      await this.#clock.pass(LEASE_MS);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** What happens within a turn must be laid ready before it. */
  #prepare([now, ...next]: Way): void {
    if (now === undefined || !DECIDES.has(now)) return;
    const isStopped = next[0] === "STOP";
    const isCorrupt = next[isStopped ? 1 : 0] === "CORRUPT";
    if (!isStopped && !isCorrupt) return;
    this.#clock.onTurn = () => {
      if (isStopped) this.dispatcher.stop();
      if (isCorrupt) throw corrupt();
    };
  }

  async #bringAbout(type: EventType, next: Way): Promise<void> {
    const { state } = this.dispatcher;
    const isTurning = state.endsWith("deciding");
    const isSettling = state.endsWith("settling");
    /** How an entry is to be found whose answer says too little. */
    const settled = next.find((event) => event !== "STOP");
    switch (type) {
      case "CONNECTED":
      case "CAUGHT_UP":
        return this.#ledger.let("state", "goes through");
      case "LEADER_SILENT":
        return this.#intake.let("state", "goes through");
      case "INPUT":
        if (state.startsWith("leading") && this.#soon.length === 0) await this.#submit();
        await this.until(() => this.#soon.length > 0);
        return this.#soon.shift()?.();
      case "PROPOSED":
      case "NOTHING_TO_DECIDE":
        // It follows by itself from what there was to decide.
        return;
      case "DRAINED":
        // It has followed by itself, or something is left to decide.
        return this.#letSoon();
      case "STORED":
        if (next[0] === "PROPOSED") await this.#submitAhead();
        return this.#ledger.let(isSettling ? "state" : "append", "goes through");
      case "REFUSED":
        if (!isSettling && settled === "STORED") return this.#ledger.let("append", "comes twice");
        if (settled === "ABSENT") await this.#mustHaveFailure().keep();
        await this.#rival();
        return this.#ledger.let(isSettling ? "state" : "append", "goes through");
      case "UNKNOWN":
        return this.#ledger.let("append", settled === "STORED" ? "is stored without an answer" : "is lost");
      case "ABSENT":
        // The rival's entry, by which ours was refused, was not on the disk yet.
        if (this.#isRivalled) await this.#mustHaveFailure().strike();
        return this.#ledger.let("state", "goes through");
      case "STOP":
        if (!isTurning) this.dispatcher.stop();
        return;
      case "DEPOSED":
        await this.#rival();
        await this.#clock.pass(1_000);
        return this.#ledger.let("state", "goes through");
      case "CORRUPT":
        return this.#corrupt(state);
      default:
        return type satisfies never;
    }
  }

  async #corrupt(state: string): Promise<void> {
    if (state.endsWith("deciding")) return;
    if (state === "standby") {
      await this.#rawLedger.append({ subject: this.#subjects.ledger, data: Buffer.from("no entry") });
      return;
    }
    if (state.endsWith("waiting")) {
      // Of the intake, something is gone that was not decided; and nobody else has written who could have trimmed it.
      this.#intake.breakFollowing(new LogGap("a message is gone"));
      return this.#ledger.let("state", "goes through");
    }
    return this.#ledger.let(state.endsWith("committing") ? "append" : "state", { error: corrupt() });
  }

  async #submit(): Promise<void> {
    await this.#nc.jetstream().publish(`${this.#subjects.namespace}.submit.task`, "{}");
  }

  /** Something to decide comes while an entry is on its way: the next turn will have it. */
  async #submitAhead(): Promise<void> {
    this.#letSoon();
    await this.#submit();
    await this.until(() => this.#soon.length > 0);
  }

  async #rival(): Promise<void> {
    this.#isRivalled = true;
    await writeRival(this.#rawLedger, this.#subjects.ledger, this.#clock.nowIso());
  }

  #mustHaveFailure(): PowerFailure {
    if (this.#failure === null) throw new Error("this way needs a power failure");
    return this.#failure;
  }

  #letSoon(): void {
    for (const act of this.#soon.splice(0)) act();
  }

  #takeSoon(act: () => void): void {
    if (this.#isFree) thisSystem.soon(act);
    else this.#soon.push(act);
    this.#onChange();
  }
}

/** After these a turn is taken at once. */
const DECIDES: ReadonlySet<EventType> = new Set(["LEADER_SILENT", "INPUT", "STORED"]);
