/**
 * A dispatcher as it ships, on streams of a real NATS server. Each event of its machine is brought about by what brings it about: an
 * answer of the server or none, a rival, a submission, a stop, a ledger that cannot be.
 */
import type { DispatcherEvent } from "../../machines/dispatcher.js";
import { LedgerCorrupt } from "../../projections/fold.js";
import type { Dispatcher, Ended } from "../../src/dispatcher/dispatcher.js";
import type { Transition } from "../../src/dispatcher/stepped-actor.js";
import { thisSystem } from "../../src/dispatcher/system.js";
import { JetStreamLog } from "../../src/log/jetstream.js";
import { type Log, LogGap } from "../../src/log/log.js";
import { Publisher } from "../../src/log/publisher.js";
import type { NatsConnection } from "../../src/nats/door.js";
import { openStreams } from "../../src/nats/streams.js";
import { subjectsOf } from "../../src/nats/subjects.js";
import { makeDispatcher } from "../log/dispatcher-stage.js";
import { VirtualClock } from "../support/virtual-clock.js";
import { GatedLog } from "./gated-log.js";

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
  readonly transitions: Transition[] = [];
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

  private constructor(nc: NatsConnection, namespace: string, [ledger, intake]: readonly [Log, Log]) {
    this.#nc = nc;
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
          this.transitions.push(transition);
          this.#onChange();
        },
      },
    );
  }

  static async open(nc: NatsConnection, namespace: string): Promise<DispatcherLane> {
    const subjects = subjectsOf(namespace);
    const jsm = await openStreams(nc, subjects);
    const publisher = new Publisher(nc);
    const logOf = (stream: string) => new JetStreamLog({ nc, jsm, stream, publisher });
    const lane = new DispatcherLane(nc, namespace, [logOf(subjects.ledgerStream), logOf(subjects.intakeStream)]);
    lane.ended = lane.dispatcher.run();
    return lane;
  }

  /** Brings the events about, one after the other; settles when all that was wanted has happened. */
  async drive(way: readonly DispatcherEvent["type"][]): Promise<void> {
    const before = this.transitions.length;
    for (const [index, type] of way.entries()) {
      this.#prepare(way.slice(index));
      // What follows within a turn has happened already.
      if (this.transitions.length <= before + index) await this.#bringAbout(type);
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
    for (const act of this.#soon.splice(0)) act();
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
  #prepare([now, ...next]: readonly DispatcherEvent["type"][]): void {
    if (now === undefined || !DECIDES.has(now)) return;
    const isStopped = next[0] === "STOP";
    const isCorrupt = next[isStopped ? 1 : 0] === "CORRUPT";
    if (!isStopped && !isCorrupt) return;
    this.#clock.onTurn = () => {
      if (isStopped) this.dispatcher.stop();
      if (isCorrupt) throw corrupt();
    };
  }

  async #bringAbout(type: DispatcherEvent["type"]): Promise<void> {
    const { state } = this.dispatcher;
    const isTurning = state.endsWith("deciding");
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
      case "DRAINED":
        // It follows by itself from what there was to decide.
        return;
      case "STORED":
        return state.endsWith("settling")
          ? this.#ledger.let("state", "goes through")
          : this.#ledger.let("append", "goes through");
      case "REFUSED":
        if (state.endsWith("settling")) {
          await this.#rival();
          return this.#ledger.let("state", "goes through");
        }
        await this.#rival();
        return this.#ledger.let("append", "goes through");
      case "UNKNOWN":
        return this.#ledger.let("append", this.#isToBeStored ? "is stored without an answer" : "is lost");
      case "ABSENT":
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

  /** The next append of unknown fate is stored. */
  storeUnanswered(): void {
    this.#isToBeStored = true;
  }
  #isToBeStored = false;

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

  /** Somebody else writes: another one's election, which follows on what is stored. */
  async #rival(): Promise<void> {
    const { last } = await this.#rawLedger.state();
    const before = last === 0 ? null : await this.#rawLedger.read(last);
    const previous =
      before === null
        ? null
        : (JSON.parse(Buffer.from(before.data).toString("utf8")) as {
            id: string;
            epoch: number;
            at: string;
            intake: object;
          });
    const epoch = (previous?.epoch ?? 0) + 1;
    const process = { host: "elsewhere", pid: 1, startedAt: "1" };
    const entry = {
      ...{ v: 1, id: `rival-${epoch}`, prev: previous?.id ?? null, epoch },
      at: previous?.at ?? this.#clock.nowIso(),
      intake: previous?.intake ?? { sequence: 0, taken: 0 },
      facts: [{ type: "DispatcherElected", epoch, dispatcher: "rival", process, version: "test" }],
    };
    await this.#rawLedger.append({
      subject: this.#subjects.ledger,
      data: Buffer.from(JSON.stringify(entry)),
      expectedLast: last,
    });
  }

  #takeSoon(act: () => void): void {
    if (this.#isFree) thisSystem.soon(act);
    else this.#soon.push(act);
    this.#onChange();
  }
}

/** After these a turn is taken at once. */
const DECIDES: ReadonlySet<DispatcherEvent["type"]> = new Set(["LEADER_SILENT", "INPUT", "STORED"]);
