/**
 * A world: a server, schedulers and publishers made from a plan, and run in virtual time. While it runs, the auditors read along;
 * when all faults are over it must come to rest, with every job ended that can end, every slot free, and one leader.
 */
import type { FactType } from "../../events/facts.js";
import { position } from "../../events/names.js";
import { Fold } from "../../projections/fold.js";
import { configurationSchema } from "../../src/config/schema.js";
import { catalogueOf } from "../../src/configured.js";
import { entryOf } from "../../src/log/entry.js";
import type { StoredMessage } from "../../src/log/log.js";
import { subjectsOf } from "../../src/nats/subjects.js";
import { dump } from "../projections/state-dump.js";
import { LedgerAuditor } from "../support/auditor.js";
import { isStuck } from "../support/auditor-rules.js";
import { PhysicalRecord } from "../support/auditor-runs.js";
import { Chance } from "./chance.js";
import { Link } from "./link.js";
import { Loop } from "./loop.js";
import { Machine } from "./machine.js";
import { Node } from "./node.js";
import type { Plan } from "./plan.js";
import type { Planted } from "./planted.js";
import { Publisher } from "./publisher.js";
import { Runs } from "./runs.js";
import { SimServer } from "./sim-server.js";
import { type Stage, Stagehand } from "./stagehand.js";
import { Tally } from "./tally.js";
import { Trace } from "./trace.js";
import type { Broken, Verdict } from "./verdict.js";

export interface WorldOptions {
  /** Keeps what happens as text. */
  readonly isTold?: boolean;
  readonly planted?: Planted;
  /** Whether the leader's projection is compared with a fold from zero. */
  readonly comparesFolds?: boolean;
}

/** When a world begins, by its own clock. */
const EPOCH_MS = Date.UTC(2026, 0, 1);
/** After healing: by then somebody leads, whoever else believed to has noticed. */
const LEADER_MS_MAX = 30_000;
const PROBE_MS_MAX = 5_000;
const LED_MS = 2_000;
/** After healing: for each job that has not ended, as long as its attempts can take one after the other; and this once. */
const REST_MS_MAX = 120_000;
const REST_PER_JOB_MS_MAX = 60_000;
/** With nothing running, a scheduler that is told to stop has ended by then. */
const STOP_MS_MAX = 20_000;
const EVENTS_MAX = 2_000_000;

export class World {
  readonly #plan: Plan;
  readonly #options: WorldOptions;
  readonly #loop = new Loop();
  readonly #tally = new Tally();
  readonly #trace: Trace;
  readonly #server: SimServer;
  readonly #auditor = new LedgerAuditor();
  readonly #record: PhysicalRecord;
  readonly #nodes: readonly Node[];
  readonly #publishers: readonly Publisher[];
  readonly #stagehand: Stagehand;
  readonly #broken: Broken[] = [];
  readonly #lines: string[] = [];
  #lastEntryUs = 0;
  /** The reign that has begun after the healing: no other one should follow it. */
  #settledEpoch: number | null = null;
  readonly #subjects = subjectsOf("world");

  constructor(plan: Plan, options: WorldOptions = {}) {
    this.#plan = plan;
    this.#options = options;
    const { seed, settings } = plan;
    const loop = this.#loop;
    const tally = this.#tally;
    const trace = new Trace(options.isTold ?? false, () => loop.now);
    this.#trace = trace;
    const server = new SimServer({
      loop,
      chance: new Chance(seed, "server"),
      epochMs: EPOCH_MS,
      planted: options.planted ?? {},
    });
    this.#server = server;
    server.ledger.onStored = (message) => this.#onEntry(message);
    server.intake.onStored = ({ sequence, subject }) => trace.note("intake", "stored", () => `${sequence} ${subject}`);
    this.#record = new PhysicalRecord(
      () => loop.now,
      (rule, text) => this.#break({ rule, address: "", text }),
    );
    const runs = new Runs({
      loop,
      seed,
      hardness: settings.hardness,
      record: this.#record,
      trace,
      planted: options.planted ?? {},
      onMoment: (moment, place) => {
        const node = this.#nodes.find((each) => each.isAt(place));
        if (node !== undefined) this.#stagehand.onMoment(node, moment);
      },
    });
    const configuration = configurationSchema.parse(settings.configuration);
    const catalogue = catalogueOf(configuration, []);
    const linkOf = (name: string) => new Link(loop, new Chance(seed, `link of ${name}`), settings.latency);
    const machines = new Map(settings.hosts.map((host) => [host, new Machine(host)]));
    this.#nodes = settings.hosts.map((host, index) => {
      const name = `s${index + 1}`;
      return new Node({
        name,
        seed,
        machine: mustBe(machines.get(host)),
        loop,
        link: linkOf(name),
        server,
        runs,
        tally,
        trace,
        subjects: this.#subjects,
        configuration,
        catalogue,
        planted: options.planted ?? {},
        onMoment: (node, moment) => this.#stagehand.onMoment(node, moment),
        onStopped: (node) => this.#stagehand.onStopped(node),
        onHalted: (node, error) => this.#break({ rule: "halted", address: "", text: `${node.name}: ${error.message}` }),
      });
    });
    this.#publishers = Array.from({ length: settings.publishers }, (_, index) => {
      const name = `p${index + 1}`;
      return new Publisher({ name, seed, loop, link: linkOf(name), server, tally });
    });
    const stage: Stage = {
      loop,
      server,
      nodes: this.#nodes,
      publishers: this.#publishers,
      links: [...this.#nodes, ...this.#publishers].map(({ link }) => link),
      runs,
      tally,
      trace,
      audited: this.#auditor.world,
      namespace: this.#subjects.namespace,
      decidedUpTo: () => this.#auditor.decidedUpTo,
      ask: (node, verb, value) => this.#ask(node, verb, value),
    };
    this.#stagehand = new Stagehand(stage);
  }

  async run(): Promise<Verdict> {
    const { settings, happenings } = this.#plan;
    for (const node of this.#nodes) node.start();
    for (const happening of happenings) this.#loop.at(happening.atMs * 1_000, () => this.#stagehand.perform(happening));
    this.#loop.at(settings.spanMs * 1_000, () => {
      this.#stagehand.heal();
      this.#probe();
    });
    await this.#stepUntil(settings.spanMs);
    await this.#comeToRest();
    await this.#stop();
    if (this.#broken.length === 0) this.#readTheBooks();
    const { jobs } = this.#auditor.world;
    return {
      broken: this.#broken,
      tally: this.#tally,
      trace: this.#trace,
      lines: this.#lines,
      figures: {
        jobs: jobs.accounts().size - jobs.open().size,
        entries: this.#lines.length,
        events: this.#loop.events,
        virtualMs: this.#loop.now / 1_000,
        epochs: this.#auditor.world.epoch,
        runs: this.#record.figures,
      },
    };
  }

  /** After healing: one leads, and everything that can end ends. */
  async #comeToRest(): Promise<void> {
    const { spanMs } = this.#plan.settings;
    await this.#untilLed(spanMs + LEADER_MS_MAX);
    if (!this.#isLedByOne()) {
      // Whoever still believes that it leads is refused when it decides this one.
      this.#loop.after(0, () => this.#probe());
      await this.#untilLed(this.#loop.now / 1_000 + PROBE_MS_MAX);
    }
    if (this.#broken.length > 0) return;
    const leaders = this.#leaders();
    if (leaders.length === 0) this.#break({ rule: "no-leader", address: "", text: this.#states() });
    if (leaders.length > 1) this.#break({ rule: "two-leaders", address: "", text: `${leaders.join(" and ")} lead` });
    this.#settledEpoch = this.#auditor.world.epoch;
    const deadlineMs = spanMs + REST_MS_MAX + this.#auditor.world.jobs.open().size * REST_PER_JOB_MS_MAX;
    await this.#stepUntil(deadlineMs, () => this.#isAtRest());
    if (this.#broken.length > 0) return;
    if (this.#isAtRest()) return this.#checkRest();
    const open = [...this.#auditor.world.jobs.open()].map(({ id, state }) => `${id} ${state}`);
    const { last } = this.#server.intake.state();
    const text = `not at rest; open: ${open.join(", ") || "none"}; intake decided to ${this.#auditor.decidedUpTo} of ${last}; ${this.#states()}`;
    this.#break({ rule: "stuck", address: "", text });
  }

  /** One leads, and leads still a moment later: a standby may just have been told that nobody does. */
  async #untilLed(untilMs: number): Promise<void> {
    let epoch: number;
    do {
      await this.#stepUntil(untilMs, () => this.#isLedByOne());
      epoch = this.#auditor.world.epoch;
      await this.#stepUntil(this.#loop.now / 1_000 + LED_MS);
    } while (this.#broken.length === 0 && this.#isLedByOne() && epoch !== this.#auditor.world.epoch);
  }

  /** One leads and is not about to stop, has written since the healing, and nobody else believes to lead. */
  #isLedByOne(): boolean {
    if (this.#lastEntryUs < this.#plan.settings.spanMs * 1_000) return false;
    const [leader, other] = this.#nodes.filter(({ dispatcher }) => dispatcher?.leads === true);
    const isLeading = leader?.dispatcher?.state.startsWith("leading.") === true;
    return isLeading && other === undefined && leader?.dispatcher?.id === this.#auditor.world.leader;
  }

  #leaders(): readonly string[] {
    return this.#nodes.filter(({ dispatcher }) => dispatcher?.leads === true).map(({ name }) => name);
  }

  #probe(): void {
    this.#publishers[0]?.publish(`${this.#subjects.submit}.${PROBE_TYPE}`, "{}", 10);
  }

  #isAtRest(): boolean {
    const { world, decidedUpTo } = this.#auditor;
    if (!this.#isLedByOne() || decidedUpTo < this.#server.intake.last || this.#publishers.some(({ isBusy }) => isBusy))
      return false;
    for (const job of world.jobs.open()) if (job.state !== "queued" || !isStuck(world, job)) return false;
    return true;
  }

  async #checkRest(): Promise<void> {
    const { world } = this.#auditor;
    for (const job of world.jobs.holding())
      this.#break({ rule: "slot-leak", address: "", text: `${job.id} holds slots and is ${job.state}` });
    // The acknowledgement of the last entry may still be on its way.
    await this.#stepUntil(this.#loop.now / 1_000 + 1_000);
    const leader = this.#nodes.find(({ dispatcher }) => dispatcher?.leads === true);
    let believed: string | null = null;
    const look = (fold: Fold) => {
      for (const { name, used } of Object.values(fold.slots.pools))
        if (used > 0)
          this.#break({ rule: "slot-leak", address: "", text: `${used} of ${name} are taken, for nothing` });
      if (this.#options.comparesFolds === true) believed = dump(fold);
    };
    this.#loop.after(0, () => leader?.inside((dispatcher) => void dispatcher.query(look)));
    await this.#stepUntil(this.#loop.now / 1_000 + 1_000);
    if (believed !== null && believed !== dump(this.#foldAnew()))
      this.#break({ rule: "astray", address: "", text: "the leader believes something else than its ledger says" });
  }

  #foldAnew(): Fold {
    const fold = new Fold();
    for (const message of this.#server.ledger.messages) fold.apply(position(message.sequence), entryOf(message));
    return fold;
  }

  /** Everybody is told to stop, and has ended soon: nothing runs any more. */
  async #stop(): Promise<void> {
    if (this.#broken.length > 0) return;
    this.#settledEpoch = null;
    this.#loop.after(0, () => this.#stagehand.stopAll());
    await this.#stepUntil(this.#loop.now / 1_000 + STOP_MS_MAX, () => this.#nodes.every((node) => node.hasEnded));
    const left = this.#nodes.filter((node) => !node.hasEnded).map(({ name }) => name);
    if (left.length > 0 && this.#broken.length === 0)
      this.#break({ rule: "no-end", address: "", text: `${left.join(", ")} were told to stop; ${this.#states()}` });
  }

  /** What was promised to publishers, against what is there. */
  #readTheBooks(): void {
    const { intake } = this.#server;
    for (const { acknowledged, name } of this.#publishers)
      for (const { sequence, text } of acknowledged)
        if (textOf(intake.messages[sequence - 1]) !== text)
          this.#break({
            rule: "lost-message",
            address: "",
            text: `${name} was told that intake ${sequence} is stored`,
          });
    const messages = intake.messages.map((message) => ({
      sequence: message.sequence,
      subject: message.subject,
      text: textOf(message),
    }));
    this.#auditor.end(messages);
    this.#takeViolations();
  }

  /** Until a moment (milliseconds), something that is waited for, or the first thing that is broken. */
  async #stepUntil(untilMs: number, isReached: () => boolean = () => false): Promise<void> {
    const untilUs = untilMs * 1_000;
    while (this.#broken.length === 0 && this.#loop.nextAt <= untilUs && !isReached()) {
      await this.#loop.step();
      if (this.#loop.events > EVENTS_MAX)
        this.#break({ rule: "runaway", address: "", text: `${EVENTS_MAX} events, and no end; ${this.#states()}` });
    }
  }

  #onEntry(message: StoredMessage): void {
    const text = textOf(message);
    this.#lines.push(text);
    this.#lastEntryUs = this.#loop.now;
    this.#trace.note("ledger", "stored", () => `${message.sequence} ${gistOf(text)}`);
    const shown = this.#options.planted?.shown?.(text, message.sequence) ?? text;
    const entry = this.#auditor.entry(shown);
    this.#takeViolations();
    if (entry !== null) this.#record.entry(message.sequence, entry);
    const { epoch } = this.#auditor.world;
    if (this.#settledEpoch !== null && epoch !== this.#settledEpoch)
      this.#break({ rule: "needless-election", address: String(message.sequence), text: `epoch ${epoch} begins` });
  }

  #takeViolations(): void {
    for (const { rule, address, text } of this.#auditor.violations.splice(0)) this.#break({ rule, address, text });
  }

  #ask(node: Node, verb: string, value: unknown): void {
    node.inside((dispatcher) => {
      const isStillThere = () => node.dispatcher === dispatcher;
      void dispatcher.request({ verb, content: { value } }).then((answer) => {
        if (!isStillThere()) return;
        this.#trace.note(node.name, "answers", () => JSON.stringify(answer));
        if (answer.ok && answer.position !== null) this.#checkAnswer(verb, answer.position);
      });
    });
  }

  /** Whoever was told where the fact stands finds it there, at once. */
  #checkAnswer(verb: string, address: string): void {
    const [at, index] = address.split(".").map(Number);
    const entry: unknown = JSON.parse(this.#lines[(at ?? 0) - 1] ?? "{}");
    const type = (entry as { facts?: readonly { type: FactType }[] }).facts?.[index ?? 0]?.type;
    if (type === undefined || !FACTS_OF[verb]?.includes(type))
      this.#break({
        rule: "false-answer",
        address,
        text: `${verb} is said to stand here; there is ${type ?? "nothing"}`,
      });
  }

  #break(broken: Omit<Broken, "atMs">): void {
    this.#trace.note("auditor", broken.rule, () => broken.text);
    this.#broken.push({ ...broken, atMs: this.#loop.now / 1_000 });
  }

  #states(): string {
    return this.#nodes.map((node) => `${node.name} ${node.dispatcher?.state ?? "is down"}`).join(", ");
  }
}

/** Submitted after healing: the way from a publisher to an end is open again. */
export const PROBE_TYPE = "story";

const FACTS_OF: Readonly<Record<string, readonly FactType[]>> = {
  cancel: ["CancelRequested", "JobCancelled"],
  amend: ["JobAmended"],
  pause: ["PoolPaused"],
  resume: ["PoolResumed"],
  limits: ["LimitsChanged"],
};

const textOf = (message: StoredMessage | undefined): string => Buffer.from(message?.data ?? []).toString("utf8");

/** An entry in one line, for the story. */
function gistOf(line: string): string {
  const entry = JSON.parse(line) as {
    id: string;
    epoch: number;
    at: string;
    facts: readonly Record<string, unknown>[];
  };
  const facts = entry.facts.map(({ type, job, grant, worker, dispatcher }) =>
    [type, job, grant === undefined ? undefined : `@${String(grant)}`, worker, dispatcher]
      .filter((part) => part !== undefined)
      .join(" "),
  );
  return `by ${entry.id} in epoch ${entry.epoch}, ${entry.at}: ${facts.join("; ")}`;
}

function mustBe<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the plan is not what it should be");
  return value;
}
