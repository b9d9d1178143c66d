/**
 * A process on a machine that takes part in the cluster: a scheduler, or a worker outside of one. It can crash, freeze, be told to
 * stop and be started again; each start is another process, with its own identity, connection and clock.
 */
import type { ProcessIdentity } from "../../events/facts.js";
import { type Clock, isoTime } from "../../src/clock.js";
import { Chance } from "./chance.js";
import { SimConnection } from "./connection.js";
import type { Link } from "./link.js";
import type { Loop } from "./loop.js";
import type { Machine } from "./machine.js";
import type { Moment } from "./plan.js";
import { Program, type ThawOrder } from "./program.js";
import type { Place, Runs } from "./runs.js";
import type { SimServer } from "./sim-server.js";
import type { Tally } from "./tally.js";
import type { Trace } from "./trace.js";

export interface MemberOptions {
  readonly name: string;
  readonly seed: number;
  readonly machine: Machine;
  readonly loop: Loop;
  readonly link: Link;
  readonly server: SimServer;
  readonly runs: Runs;
  readonly tally: Tally;
  readonly trace: Trace;
  readonly onMoment: (member: Member, moment: Moment) => void;
  /** It has stopped, as it was told. */
  readonly onStopped: (member: Member) => void;
  /** It stopped by itself, which it never should. */
  readonly onHalted: (member: Member, error: Error) => void;
}

/** What runs in the process. */
export interface Inside {
  /** Settles when it has ended by itself. */
  run(): Promise<{ readonly error: Error | null }>;
  stop(): void;
}

/** One start of a member. */
export interface Life {
  /** The so-many-th. */
  readonly number: number;
  readonly identity: ProcessIdentity;
  readonly place: Place;
  readonly program: Program;
  readonly connection: SimConnection;
  readonly clock: Clock;
}

export abstract class Member<I extends Inside = Inside> {
  readonly #of: MemberOptions;
  readonly link: Link;
  /** What its wall clock is ahead of true time. */
  clockMs = 0;
  #starts = 0;
  #now: (Life & { readonly inside: I }) | null = null;

  constructor(options: MemberOptions) {
    this.#of = options;
    this.link = options.link;
  }

  /** What is to run in a new process of it. */
  protected abstract make(life: Life): I;

  get name(): string {
    return this.#of.name;
  }
  get machine(): Machine {
    return this.#of.machine;
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
  protected get inside(): I | null {
    return this.#now?.inside ?? null;
  }
  isAt(place: Place): boolean {
    return this.#now?.place === place;
  }

  start(): void {
    if (this.#now !== null) return;
    this.#starts += 1;
    const { loop, machine, seed, name, server, tally, link, trace } = this.#of;
    const program = new Program(loop);
    const identity: ProcessIdentity = machine.newProcess();
    const place: Place = { program, host: identity.host, process: `${identity.host}/${identity.pid}` };
    const connection = new SimConnection({
      ...{ loop, program, link, server, tally },
      chance: new Chance(seed, `${name} connection ${this.#starts}`),
      onMoment: (moment) => this.#of.onMoment(this, moment),
    });
    const life: Life = { number: this.#starts, identity, place, program, connection, clock: this.#clock(program) };
    const inside = this.make(life);
    const now = { ...life, inside };
    this.#now = now;
    trace.note(name, "starts", () => `${identity.host} pid ${identity.pid}`);
    program.deliver(() => {
      void inside.run().then(({ error }) => {
        if (this.#now !== now) return;
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
    this.#now?.program.deliver(() => this.#now?.inside.stop());
  }

  cut(): void {
    this.#of.trace.note(this.name, "connection breaks");
    this.#now?.connection.cut();
  }

  /** Does something inside the process, when it is there and runs. */
  within(act: (inside: I) => void): void {
    const now = this.#now;
    now?.program.deliver(() => act(now.inside));
  }

  #end(withTheMachine: boolean): void {
    const now = this.#now;
    if (now === null) return;
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
}
