/**
 * A world: a server, schedulers and publishers made from a plan, and run in virtual time. When all faults are over it must come to
 * rest, with one leader, every job ended that can end, and every slot free; and when everybody is told to stop, everybody must end.
 */
import { position } from "../../events/names.js";
import { Fold } from "../../projections/fold.js";
import { entryOf } from "../../src/log/entry.js";
import { dump } from "../projections/state-dump.js";
import type { AuditedJob } from "../support/auditor-jobs.js";
import { isStuck } from "../support/auditor-rules.js";
import { Chance } from "./chance.js";
import { type Cluster, makeCluster, SUBJECTS } from "./cluster.js";
import { Loop } from "./loop.js";
import type { Node } from "./node.js";
import type { OutsideWorker } from "./outside-worker.js";
import type { Plan } from "./plan.js";
import type { Planted } from "./planted.js";
import { SimServer } from "./sim-server.js";
import { Stagehand } from "./stagehand.js";
import { Tally } from "./tally.js";
import { Trace } from "./trace.js";
import type { Verdict } from "./verdict.js";
import { Watch } from "./watch.js";

export interface WorldOptions {
  /** Keeps what happens as text. */
  readonly isTold?: boolean;
  readonly planted?: Planted;
  /** Whether the leader's projection is compared with a fold from zero. */
  readonly comparesFolds?: boolean;
}

/** When a world begins, by its own clock. */
const EPOCH_MS = Date.UTC(2026, 0, 1);
/** After healing: by then somebody leads, and whoever else believed to has noticed. */
const LEADER_MS_MAX = 30_000;
const PROBE_MS_MAX = 5_000;
/** A standby may just have been told that nobody leads; it has acted on that by then. */
const LED_MS = 2_000;
/** After healing: for each job that has not ended, as long as its attempts can take one after the other; and this once. */
const REST_MS_MAX = 120_000;
const REST_PER_JOB_MS_MAX = 60_000;
/** What a schedule submits at its time is on record by then. */
const FIRED_MS = 1_000;
/** The last acknowledgement may still be on its way. */
const QUIET_MS = 1_000;
/** With nothing running, a scheduler that is told to stop has ended by then. */
const STOP_MS_MAX = 20_000;
const EVENTS_MAX = 2_000_000;
/** The type of what is submitted after healing: the way from a publisher to an end is open again. */
const PROBE_TYPE = "story";

export class World {
  readonly #plan: Plan;
  readonly #comparesFolds: boolean;
  readonly #loop = new Loop();
  readonly #tally = new Tally();
  readonly #trace: Trace;
  readonly #server: SimServer;
  readonly #watch: Watch;
  readonly #cluster: Cluster;
  readonly #stagehand: Stagehand;

  constructor(plan: Plan, { isTold = false, planted = {}, comparesFolds = false }: WorldOptions = {}) {
    this.#plan = plan;
    this.#comparesFolds = comparesFolds;
    const loop = this.#loop;
    const tally = this.#tally;
    const trace = new Trace(isTold, () => loop.now);
    const leaseMs = Number(plan.settings.configuration["lease"]);
    const watch = new Watch({ loop, trace, planted, tally, leaseMs });
    const server = new SimServer({ loop, chance: new Chance(plan.seed, "server"), epochMs: EPOCH_MS, planted });
    server.ledger.onStored = (message) => watch.entry(message);
    server.intake.onStored = ({ sequence, subject }) => trace.note("intake", "stored", () => `${sequence} ${subject}`);
    const cluster = makeCluster({
      ...{ plan, loop, server, tally, trace, planted },
      record: watch.record,
      slots: watch.slots,
      onMoment: (node, moment) => this.#stagehand.onMoment(node, moment),
      onStopped: (node) => this.#stagehand.onStopped(node),
      onHalted: (node, error) => watch.break("halted", `${node.name}: ${error.message}`),
    });
    this.#stagehand = new Stagehand({
      ...{ loop, server, tally, trace },
      ...cluster,
      links: [...cluster.members, ...cluster.publishers].map(({ link }) => link),
      audited: watch.audited,
      decidedUpTo: () => watch.decidedUpTo,
      ask: (node, verb, value) => this.#ask(node, verb, value),
    });
    this.#trace = trace;
    this.#watch = watch;
    this.#server = server;
    this.#cluster = cluster;
  }

  async run(): Promise<Verdict> {
    const { settings, happenings } = this.#plan;
    const { members, publishers } = this.#cluster;
    for (const member of members) member.start();
    for (const happening of happenings) this.#loop.at(happening.atMs * 1_000, () => this.#stagehand.perform(happening));
    this.#loop.at(settings.spanMs * 1_000, () => {
      this.#stagehand.heal();
      this.#probe();
    });
    await this.#stepUntil(settings.spanMs);
    await this.#comeToRest();
    await this.#stop();
    const { broken, lines, audited, record } = this.#watch;
    if (broken.length === 0)
      this.#watch.readTheBooks(
        this.#server.intake.messages,
        publishers.flatMap(({ acknowledged }) => acknowledged),
      );
    const { jobs, epoch } = audited;
    return {
      broken,
      lines,
      tally: this.#tally,
      trace: this.#trace,
      figures: {
        jobs: jobs.accounts().size - jobs.open().size,
        entries: lines.length,
        events: this.#loop.events,
        virtualMs: this.#loop.now / 1_000,
        epochs: epoch,
        runs: record.figures,
      },
    };
  }

  /** After healing: one leads, and everything that can end ends. */
  async #comeToRest(): Promise<void> {
    const { spanMs, lastFiringMs = 0 } = this.#plan.settings;
    const { broken, audited } = this.#watch;
    await this.#untilLed(spanMs + LEADER_MS_MAX);
    if (!this.#isLedByOne()) {
      // Whoever still believes that it leads is refused when it decides this one.
      this.#loop.after(0, () => this.#probe());
      await this.#untilLed(this.#loop.now / 1_000 + PROBE_MS_MAX);
    }
    if (broken.length > 0) return;
    const leaders = this.#cluster.nodes.filter(({ dispatcher }) => dispatcher?.leads === true).map(({ name }) => name);
    if (leaders.length === 0) return this.#watch.break("no-leader", this.#states());
    if (leaders.length > 1) return this.#watch.break("two-leaders", `${leaders.join(" and ")} lead`);
    this.#watch.expectSteadyLeader(true);
    const deadlineMs = Math.max(spanMs, lastFiringMs) + REST_MS_MAX + audited.jobs.open().size * REST_PER_JOB_MS_MAX;
    await this.#stepUntil(deadlineMs, () => this.#isAtRest());
    if (broken.length > 0) return;
    if (this.#isAtRest()) return this.#checkRest();
    const open = [...audited.jobs.open()].map(({ id, state }) => `${id} ${state}`).join(", ");
    const intake = `intake decided to ${this.#watch.decidedUpTo} of ${this.#server.intake.last}`;
    this.#watch.break("stuck", `not at rest; open: ${open || "none"}; ${intake}; ${this.#states()}`);
  }

  async #untilLed(untilMs: number): Promise<void> {
    const { broken, audited } = this.#watch;
    let epoch: number;
    do {
      await this.#stepUntil(untilMs, () => this.#isLedByOne());
      epoch = audited.epoch;
      await this.#stepUntil(this.#loop.now / 1_000 + LED_MS);
    } while (broken.length === 0 && this.#isLedByOne() && epoch !== audited.epoch);
  }

  /** One leads and is not about to stop, has written since the healing, and nobody else believes to lead. */
  #isLedByOne(): boolean {
    const { lastEntryUs, audited } = this.#watch;
    if (lastEntryUs < this.#plan.settings.spanMs * 1_000) return false;
    const [leader, other] = this.#cluster.nodes.filter(({ dispatcher }) => dispatcher?.leads === true);
    const isLeading = leader?.dispatcher?.state.startsWith("leading.") === true;
    return isLeading && other === undefined && leader?.dispatcher?.id === audited.leader;
  }

  #probe(): void {
    this.#cluster.publishers[0]?.publish(`${SUBJECTS.submit}.${PROBE_TYPE}`, "{}", 10);
  }

  #isAtRest(): boolean {
    const { audited, decidedUpTo } = this.#watch;
    if (!this.#isLedByOne() || decidedUpTo < this.#server.intake.last) return false;
    if (this.#cluster.publishers.some(({ isBusy }) => isBusy)) return false;
    const { lastFiringMs = 0 } = this.#plan.settings;
    if (audited.reservations.size > 0 || this.#loop.now < (lastFiringMs + FIRED_MS) * 1_000) return false;
    const isBack = ({ joinedAs }: OutsideWorker) => joinedAs !== null && audited.workers.isHere(joinedAs);
    if (!this.#cluster.workers.every(isBack)) return false;
    const { jobs } = audited;
    // Who waits for a turn in a group waits for somebody who is here, too.
    const waitsForTurn = (job: AuditedJob) => job.state === "scheduled" && jobs.groups.isHeld(job);
    for (const job of jobs.open())
      if (!waitsForTurn(job) && (job.state !== "queued" || !isStuck(audited, job))) return false;
    return true;
  }

  /** Nothing runs: no slot is taken, in the ledger or in what its leader believes. */
  async #checkRest(): Promise<void> {
    for (const { id, state } of this.#watch.audited.jobs.holding())
      this.#watch.break("slot-leak", `${id} holds slots and is ${state}`);
    await this.#stepUntil(this.#loop.now / 1_000 + QUIET_MS);
    const leader = this.#cluster.nodes.find(({ dispatcher }) => dispatcher?.leads === true);
    let believed: { readonly upTo: number; readonly text: string } | null = null;
    const look = (fold: Fold) => {
      for (const { name, used } of Object.values(fold.slots.pools))
        if (used > 0) this.#watch.break("slot-leak", `${used} of ${name} are taken, for nothing`);
      if (this.#comparesFolds) believed = { upTo: fold.head.position, text: dump(fold) };
    };
    this.#loop.after(0, () => leader?.within((dispatcher) => void dispatcher.query(look)));
    await this.#stepUntil(this.#loop.now / 1_000 + QUIET_MS);
    const { upTo, text } = believed ?? { upTo: 0, text: null };
    if (text !== null && text !== dump(this.#foldAnew(upTo)))
      this.#watch.break("astray", "the leader believes something else than its ledger says");
  }

  #foldAnew(upTo: number): Fold {
    const fold = new Fold();
    for (const message of this.#server.ledger.messages.slice(0, upTo))
      fold.apply(position(message.sequence), entryOf(message));
    return fold;
  }

  /** Everybody is told to stop, and has ended soon: nothing runs any more. */
  async #stop(): Promise<void> {
    const { broken } = this.#watch;
    if (broken.length > 0) return;
    this.#watch.expectSteadyLeader(false);
    const { members } = this.#cluster;
    this.#loop.after(0, () => this.#stagehand.stopAll());
    await this.#stepUntil(this.#loop.now / 1_000 + STOP_MS_MAX, () => members.every((member) => member.hasEnded));
    const left = members.filter((member) => !member.hasEnded).map(({ name }) => name);
    if (left.length > 0 && broken.length === 0)
      this.#watch.break("no-end", `${left.join(", ")} were told to stop; ${this.#states()}`);
  }

  /** Until a moment (milliseconds), something that is waited for, or the first thing that is broken. */
  async #stepUntil(untilMs: number, isReached: () => boolean = () => false): Promise<void> {
    const untilUs = untilMs * 1_000;
    while (this.#watch.broken.length === 0 && this.#loop.nextAt <= untilUs && !isReached()) {
      await this.#loop.step();
      if (this.#loop.events > EVENTS_MAX)
        this.#watch.break("runaway", `${EVENTS_MAX} events, and no end; ${this.#states()}`);
    }
  }

  /** A command asked of a scheduler, and its answer checked. */
  #ask(node: Node, verb: string, value: unknown): void {
    node.within((dispatcher) => {
      const answered = dispatcher.request({ verb, content: { value } }).then((answer) => {
        if (node.dispatcher !== dispatcher) return;
        this.#trace.note(node.name, "answers", () => JSON.stringify(answer));
        if (answer.ok && answer.position !== null) this.#watch.answered(verb, answer.position);
      });
      // What needs reading the ledger first has no answer while that cannot be had.
      answered.catch(() => this.#tally.count("command without an answer"));
    });
  }

  #states(): string {
    return this.#cluster.nodes.map((node) => `${node.name} ${node.dispatcher?.state ?? "is down"}`).join(", ");
  }
}
