/**
 * A scheduler as a process on a machine: the dispatcher that ships, on simulated logs. It can crash, freeze, drain and be started
 * again; each start is another process, with its own identity, connection and clock.
 */
import type { Fact, ProcessIdentity } from "../../events/facts.js";
import type { Catalogue } from "../../projections/admission.js";
import type { Fold } from "../../projections/fold.js";
import { type Clock, isoTime } from "../../src/clock.js";
import type { Configuration } from "../../src/config/index.js";
import { settingsFacts } from "../../src/configured.js";
import { nextFiring } from "../../src/cron.js";
import { Dispatcher } from "../../src/dispatcher/dispatcher.js";
import type { System } from "../../src/dispatcher/system.js";
import { createLogger } from "../../src/logger.js";
import type { Subjects } from "../../src/nats/subjects.js";
import { functionRunner } from "../../src/runners/index.js";
import { Chance } from "./chance.js";
import { SimConnection } from "./connection.js";
import type { Link } from "./link.js";
import type { Loop } from "./loop.js";
import type { Machine } from "./machine.js";
import type { Moment } from "./plan.js";
import type { Planted } from "./planted.js";
import { Program, type ThawOrder } from "./program.js";
import type { Place, Runs } from "./runs.js";
import { SimLog } from "./sim-log.js";
import type { SimServer } from "./sim-server.js";
import type { SimStream } from "./sim-stream.js";
import type { Tally } from "./tally.js";
import type { Trace } from "./trace.js";

const log = createLogger("silent");
/** Looking for orphans takes a moment, and is done twice. */
const ORPHANS_ROUND_MS = 20;

export interface NodeOptions {
  readonly name: string;
  readonly seed: number;
  readonly machine: Machine;
  readonly loop: Loop;
  readonly link: Link;
  readonly server: SimServer;
  readonly runs: Runs;
  readonly tally: Tally;
  readonly trace: Trace;
  readonly subjects: Subjects;
  readonly configuration: Configuration;
  readonly catalogue: Catalogue;
  readonly planted: Planted;
  readonly onMoment: (node: Node, moment: Moment) => void;
  /** It has stopped, as it was told. */
  readonly onStopped: (node: Node) => void;
  /** It stopped by itself, which it never should. */
  readonly onHalted: (node: Node, error: Error) => void;
}

interface Incarnation {
  readonly place: Place;
  readonly program: Program;
  readonly connection: SimConnection;
  readonly dispatcher: Dispatcher;
}

export class Node {
  readonly #of: NodeOptions;
  readonly link: Link;
  /** What its wall clock is ahead of true time. */
  clockMs = 0;
  #starts = 0;
  #now: Incarnation | null = null;

  constructor(options: NodeOptions) {
    this.#of = options;
    this.link = options.link;
  }

  get name(): string {
    return this.#of.name;
  }
  get machine(): Machine {
    return this.#of.machine;
  }
  get dispatcher(): Dispatcher | null {
    return this.#now?.dispatcher ?? null;
  }
  get connection(): SimConnection | null {
    return this.#now?.connection ?? null;
  }
  get isFrozen(): boolean {
    return this.#now?.program.isFrozen ?? false;
  }
  get hasEnded(): boolean {
    return this.#now === null;
  }
  isAt(place: Place): boolean {
    return this.#now?.place === place;
  }

  start(): void {
    if (this.#now !== null) return;
    this.#starts += 1;
    const { loop, machine, seed, name, runs, server, tally, link, trace } = this.#of;
    const program = new Program(loop);
    const identity: ProcessIdentity = machine.newProcess();
    const place: Place = { program, host: identity.host, process: `${identity.host}/${identity.pid}` };
    const chance = new Chance(seed, `${name} start ${this.#starts}`);
    const connection = new SimConnection({
      loop,
      chance: new Chance(seed, `${name} connection ${this.#starts}`),
      program,
      link,
      server,
      tally,
      onMoment: (moment) => this.#of.onMoment(this, moment),
    });
    const logOf = (stream: SimStream) => new SimLog({ connection, program, server, stream });
    const { configuration, catalogue, subjects } = this.#of;
    const types = [...catalogue.types.keys()].sort();
    const clock = this.#clock(program);
    const dispatcher = new Dispatcher({
      subjects,
      ledger: logOf(server.ledger),
      intake: logOf(server.intake),
      catalogue,
      runners: new Map(types.map((type) => [type, functionRunner(runs.functionAt(place))])),
      results: { keep: (result, { job, grant }) => runs.keep(place, result, { job, grant }) },
      workerCapacity: configuration.workerCapacity,
      workerTypes: types,
      leaseMs: configuration.leaseMs,
      graceMs: configuration.graceMs,
      backoffOf: (type) => mustBe(configuration.types[type]).backoff,
      nextFiring,
      settingsFacts: (fold: Fold): readonly Fact[] =>
        settingsFacts(configuration, fold, { now: clock.nowIso(), nextFiring }),
      announce: () => {},
      progress: () => {},
      // Nobody is outside: there are no workers but those inside.
      workerLink: { start: async () => null, abort: async () => null },
      askLeader: () => connection.askLeader(),
      answerAsLeader: () => connection.answerAsLeader(),
      endOrphans: (isLost) => this.#endOrphans(program, isLost),
      clock,
      system: this.#system(identity, chance),
      random: () => chance.fraction(),
      log,
      version: "simulation",
      onTransition: ({ from, event, to }) => trace.note(name, "step", () => `${event} ${from} → ${to}`),
    });
    const incarnation: Incarnation = { place, program, connection, dispatcher };
    this.#now = incarnation;
    trace.note(name, "starts", () => `${identity.host} pid ${identity.pid}`);
    program.deliver(() => {
      void dispatcher.run().then(({ error }) => {
        if (this.#now !== incarnation) return;
        trace.note(name, error === null ? "has stopped" : "has halted", () => error?.message ?? "");
        this.#end(false);
        if (error === null) this.#of.onStopped(this);
        else this.#of.onHalted(this, error);
      });
    });
  }

  /** The process ends in this moment; with its whole machine, nobody tells the server. */
  crash(withTheMachine: boolean): void {
    if (this.#now === null) return;
    this.#of.trace.note(this.name, withTheMachine ? "is gone with its machine" : "crashes");
    this.#end(withTheMachine);
  }

  freeze(): void {
    if (this.#now === null) return;
    this.#of.trace.note(this.name, "freezes");
    this.#now.program.freeze();
  }

  thaw(order: ThawOrder): void {
    if (this.#now === null || !this.#now.program.isFrozen) return;
    this.#of.trace.note(this.name, "thaws", () => order);
    this.#now.program.thaw(order);
  }

  /** SIGTERM. */
  drain(): void {
    this.#of.trace.note(this.name, "is told to stop");
    this.#now?.program.deliver(() => this.#now?.dispatcher.stop());
  }

  cut(): void {
    this.#of.trace.note(this.name, "connection breaks");
    this.#now?.connection.cut();
  }

  /** Does something inside the process, when it is there and runs. */
  inside(act: (dispatcher: Dispatcher) => void): void {
    const now = this.#now;
    now?.program.deliver(() => act(now.dispatcher));
  }

  #end(withTheMachine: boolean): void {
    const now = mustBe(this.#now);
    this.#now = null;
    now.program.end();
    now.connection.close(withTheMachine);
    this.machine.ended(now.place.process);
    this.#of.runs.endAt(now.place);
  }

  #clock(program: Program): Clock {
    const now = () => this.#of.server.trueNow() + this.clockMs;
    const elapsedMs = () => this.#of.loop.now / 1_000;
    return { now, nowIso: () => isoTime(now()), elapsedMs, after: (ms, act) => program.after(ms, act) };
  }

  #system(identity: ProcessIdentity, chance: Chance): System {
    const { machine, loop, planted } = this.#of;
    const isTakenForDead = (other: ProcessIdentity) => planted.takesAllForDead === true && other.pid !== identity.pid;
    return {
      ownProcess: () => identity,
      isProvablyGone: (other) => isTakenForDead(other) || machine.isProvablyGone(other),
      randomWord: () => chance.word(),
      soon: (act) => loop.soon(act),
    };
  }

  #endOrphans(program: Program, isLost: Parameters<Runs["endOrphans"]>[1]): Promise<number> {
    const { runs, machine, tally } = this.#of;
    const look = () => runs.endOrphans(machine.host, isLost);
    this.#of.onMoment(this, "takes over");
    return new Promise((resolve) => {
      const first = look();
      program.after(ORPHANS_ROUND_MS, () => {
        const ended = first + look();
        tally.count("orphan ended", ended);
        program.after(ORPHANS_ROUND_MS, () => resolve(ended));
      });
    });
  }
}

function mustBe<T>(value: T | null | undefined): T {
  if (value == null) throw new Error("the plan is not what it should be");
  return value;
}
