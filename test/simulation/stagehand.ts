/** Does to the world what the plan says: deeds of people, and faults, each of which is over after its time. */
import type { AuditedWorld } from "../support/auditor-world.js";
import { SUBJECTS } from "./cluster.js";
import type { Link } from "./link.js";
import type { Loop } from "./loop.js";
import type { Member } from "./member.js";
import { Node } from "./node.js";
import type { CommandPlan, Fault, Happening, Moment, Way } from "./plan.js";
import type { ThawOrder } from "./program.js";
import type { Publisher } from "./publisher.js";
import type { Runs } from "./runs.js";
import type { SimServer } from "./sim-server.js";
import { spellCommand } from "./spell-command.js";
import type { Tally } from "./tally.js";
import type { Trace } from "./trace.js";

export interface Stage {
  readonly loop: Loop;
  readonly server: SimServer;
  readonly nodes: readonly Node[];
  readonly members: readonly Member[];
  readonly publishers: readonly Publisher[];
  readonly links: readonly Link[];
  readonly runs: Runs;
  readonly tally: Tally;
  readonly trace: Trace;
  /** What the ledger says, as the auditor reads it. */
  readonly audited: AuditedWorld;
  readonly decidedUpTo: () => number;
  readonly ask: (node: Node, verb: string, value: unknown) => void;
}

type Ambush = Extract<Fault, { kind: "ambush" }>;

/** What befalls one scheduler, or worker outside. */
interface Strike {
  readonly node: Member;
  readonly deed: Ambush["deed"];
  readonly forMs: number;
  readonly order?: ThawOrder;
}

export class Stagehand {
  readonly #stage: Stage;
  /** Faults that are not over: what ends each. */
  readonly #active = new Set<() => void>();
  readonly #ambushes: Ambush[] = [];
  /** After being told to stop, schedulers are started again after so many milliseconds. */
  readonly #restarts = new Map<Member, number>();
  #isHealed = false;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  perform(happening: Happening): void {
    const { tally, trace } = this.#stage;
    const { atMs, kind, ...more } = happening;
    trace.note("world", kind, () => JSON.stringify(more));
    switch (happening.kind) {
      case "publish":
        return this.#publisher(happening.publisher).publish(happening.subject, happening.text, happening.retries);
      case "command":
        return this.#command(happening.node, happening.command);
      case "reserve":
        return this.#publisher(happening.publisher).reserve(happening.wanted);
      case "trim":
        return this.#publisher(0).trim(this.#stage.decidedUpTo());
      default:
        tally.count(happening.kind);
        return this.#fault(happening);
    }
  }

  /** A moment of a scheduler's: whoever lies in wait for it strikes when this moment is over. */
  onMoment(node: Member, moment: Moment): void {
    const { loop, tally, members } = this.#stage;
    const index = this.#ambushes.findIndex(
      (ambush) => ambush.moment === moment && (ambush.node === null || members[ambush.node] === node),
    );
    const ambush = this.#ambushes[index];
    if (ambush === undefined) return;
    this.#ambushes.splice(index, 1);
    loop.after(0, () => {
      tally.count(`${ambush.deed} when ${moment}`);
      const beside = members[(members.indexOf(node) + 1) % members.length] ?? node;
      this.#strike({ ...ambush, node: ambush.victim === "itself" ? node : beside });
    });
  }

  /** A scheduler has stopped, as it was told. */
  onStopped(node: Member): void {
    const { loop } = this.#stage;
    const afterMs = this.#restarts.get(node);
    if (afterMs === undefined) return;
    this.#restarts.delete(node);
    loop.after(this.#isHealed ? 0 : afterMs * 1_000, () => node.start());
  }

  /** All faults are over, and whoever was down is up. */
  heal(): void {
    const { server, members, publishers, trace } = this.#stage;
    trace.note("world", "is healed");
    this.#isHealed = true;
    this.#ambushes.length = 0;
    for (const end of [...this.#active]) end();
    server.clockMs = 0;
    for (const member of members) {
      member.clockMs = 0;
      member.start();
    }
    for (const publisher of publishers) publisher.giveUpWaiting();
  }

  /** The world is at its end: whoever stops now is not started again. */
  stopAll(): void {
    this.#restarts.clear();
    for (const member of this.#stage.members) this.stop(member);
  }

  /** SIGTERM. */
  stop(member: Member): void {
    if (member instanceof Node) member.within((dispatcher) => this.#stage.audited.toldToStop(dispatcher.id));
    member.drain();
  }

  #fault(fault: Fault): void {
    const { server, links, members, publishers } = this.#stage;
    switch (fault.kind) {
      case "ambush":
        this.#ambushes.push(fault);
        return;
      case "drain": {
        const node = this.#member(fault.node);
        this.#restarts.set(node, fault.forMs);
        return this.stop(node);
      }
      case "cut":
        return this.#client(fault.client).cut();
      case "partition":
        return this.#partition(this.#client(fault.client).link, fault.way, fault.forMs);
      case "clock jump":
        if (fault.node === "server") server.clockMs += fault.byMs;
        else this.#member(fault.node).clockMs += fault.byMs;
        return;
      case "server restart":
        if (!server.isUp) return;
        for (const { connection } of [...members, ...publishers]) connection?.cut("none");
        server.kill();
        return this.#over(fault.forMs, () => {
          server.isUp = true;
        });
      case "server hangs":
        server.isHanging = true;
        for (const link of links) hold(link, "both");
        return this.#over(fault.forMs, () => {
          server.isHanging = false;
          for (const link of links) release(link, "both");
        });
      case "slow disk":
        server.diskUs = fault.diskMs * 1_000;
        return this.#over(fault.forMs, () => {
          server.diskUs = 0;
        });
      case "full disk":
        server.isFull = true;
        return this.#over(fault.forMs, () => {
          server.isFull = false;
        });
      default:
        return this.#strike({ ...fault, node: this.#member(fault.node), deed: fault.kind });
    }
  }

  #strike({ node, deed, forMs, order = "timers first" }: Strike): void {
    switch (deed) {
      case "crash":
        node.crash(false);
        return this.#over(forMs, () => node.start());
      case "machine crash": {
        const there = this.#stage.members.filter(({ machine }) => machine === node.machine);
        for (const each of there) each.crash(true);
        this.#stage.runs.endOn(node.machine.host);
        node.machine.reboot();
        return this.#over(forMs, () => {
          for (const each of there) each.start();
        });
      }
      case "freeze":
        node.freeze();
        return this.#over(forMs, () => node.thaw(order));
      case "cut":
        return node.cut();
      case "partition":
        return this.#partition(node.link, "both", forMs);
      default:
        return deed satisfies never;
    }
  }

  #partition(link: Link, way: Way, forMs: number): void {
    hold(link, way);
    this.#over(forMs, () => release(link, way));
  }

  #command(node: number | null, command: CommandPlan): void {
    const { verb, value } = spellCommand(command, this.#stage.audited);
    if (node !== null) return this.#stage.ask(this.#node(node), verb, value);
    this.#publisher(0).publish(`${SUBJECTS.namespace}.command.${verb}`, JSON.stringify(value), 0);
  }

  /** Ends a fault after its time, or when the world is healed. */
  #over(forMs: number, end: () => void): void {
    const once = () => {
      if (!this.#active.delete(once)) return;
      timer.cancel();
      end();
    };
    this.#active.add(once);
    const timer = this.#stage.loop.after(forMs * 1_000, once);
  }

  #node(index: number): Node {
    return mustBe(this.#stage.nodes[index]);
  }

  #member(index: number): Member {
    return mustBe(this.#stage.members[index]);
  }

  #publisher(index: number): Publisher {
    return mustBe(this.#stage.publishers[index]);
  }

  /** Schedulers, workers and publishers: all that have a connection. */
  #client(index: number): { readonly link: Link; cut(): void } {
    const { members } = this.#stage;
    const member = members[index];
    if (member !== undefined) return member;
    const publisher = this.#publisher(index - members.length);
    return { link: publisher.link, cut: () => publisher.connection.cut() };
  }
}

function hold(link: Link, way: Way): void {
  if (way !== "in") link.hold("out");
  if (way !== "out") link.hold("in");
}

function release(link: Link, way: Way): void {
  if (way !== "in") link.release("out");
  if (way !== "out") link.release("in");
}

function mustBe<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the plan names what is not there");
  return value;
}
