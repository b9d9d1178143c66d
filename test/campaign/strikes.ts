/** Performs the faults of a round: waits for their moments, strikes, and heals what is to be healed. */
import { setTimeout as delay } from "node:timers/promises";
import { describeFault, type Fault } from "./faults.js";
import type { Member } from "./member.js";
import { untilMoment } from "./moment.js";
import { type MarkedProcess, processesOfLedger, signalProcess } from "./processes.js";
import type { Story, Struck } from "./story.js";
import type { World } from "./world.js";

/** A leader that is away and heard by nobody is followed by another within this, on a busy machine; it takes about eight seconds. */
const TAKEOVER_MS_MAX = 45_000;
const ELECTION_MS_MAX = 12_000;
/** A run to be struck is looked for this long; most are there for no longer than it takes to find them. */
const RUN_MS_MAX = 4_000;
const RUN_LOOK_MS = 10;

/** What struck, in words, and what sets it right; null: there was nothing to strike. */
type Blow = { readonly text: string; readonly tookLeader?: boolean; readonly heal?: () => void | Promise<void> } | null;

export class Strikes {
  readonly #world: World;
  readonly #story: Story;
  readonly #healing = new Set<Promise<void>>();
  #serverIsDown = false;

  constructor(world: World, story: Story) {
    this.#world = world;
    this.#story = story;
  }

  /** Settles when all of them have struck and are healed. */
  async perform(faults: readonly Fault[]): Promise<void> {
    let electedBefore = this.#elections;
    for (const fault of faults) {
      if (fault.kind === "terminate-leader") await this.#allHealed();
      const isInTime = await this.#untilMoment(fault, electedBefore);
      electedBefore = this.#elections;
      const blow = await this.#strike(fault);
      const late = isInTime ? "" : " (its moment did not come)";
      if (blow === null) {
        this.#story.tell(`nothing to strike for ${describeFault(fault)}`);
        continue;
      }
      this.#story.tell(`STRIKE ${blow.text}: ${describeFault(fault)}${late}`);
      const struck = this.#story.strike(fault.kind, blow.tookLeader === true);
      const healing = this.#heal(fault, blow, struck, electedBefore);
      this.#healing.add(healing);
      void healing.finally(() => this.#healing.delete(healing));
      if (!fault.overlaps) await this.#allHealed();
    }
    await this.#allHealed();
  }

  /** Whatever is still away or out of step is set right. */
  async setRight(): Promise<void> {
    const { server, members } = this.#world;
    await this.#restartServer();
    server.resume();
    for (const member of members) {
      member.gate.mend();
      member.thaw();
      member.start();
    }
  }

  get #elections(): number {
    return this.#world.watch.ofType("DispatcherElected").length;
  }

  async #allHealed(): Promise<void> {
    while (this.#healing.size > 0) await Promise.all(this.#healing);
  }

  async #untilMoment({ moment }: Fault, electedBefore: number): Promise<boolean> {
    if (moment === "at once") return true;
    const { watch } = this.#world;
    if (moment !== "election") return await untilMoment(watch, moment);
    return await untilMoment(watch, { fact: "DispatcherElected", nth: electedBefore + 1 }, ELECTION_MS_MAX);
  }

  async #heal(fault: Fault, blow: NonNullable<Blow>, struck: Struck, electedBefore: number): Promise<void> {
    if (fault.untilTakeover) {
      const nth = electedBefore + 1;
      const { watch } = this.#world;
      const isTaken = await untilMoment(watch, { fact: "DispatcherElected", nth }, TAKEOVER_MS_MAX);
      // With other faults at the same time there may have been nobody to take over.
      if (!isTaken && this.#story.struck.every((other) => other === struck || other.healedMs !== null))
        this.#story.complain(`nobody took over within ${TAKEOVER_MS_MAX} ms of: ${blow.text}`);
    }
    if (blow.heal !== undefined) {
      await delay(fault.lastsMs);
      await blow.heal();
    }
    struck.healedMs = this.#story.ms;
    if (blow.heal === undefined) return;
    this.#story.tell(`healed: ${blow.text}`);
  }

  async #strike(fault: Fault): Promise<Blow> {
    const { leader, standby } = this.#world;
    const worker = this.#pick(this.#world.membersOf("worker"), fault.which);
    switch (fault.kind) {
      case "kill-leader":
        return this.#kill(leader, true);
      case "kill-standby":
        return this.#kill(standby, false);
      case "kill-worker":
        return this.#kill(worker, false);
      case "kill-both":
        return this.#killAll(this.#world.membersOf("scheduler"));
      case "terminate-leader":
        return this.#terminate(leader);
      case "kill-server":
        return this.#killServer();
      case "stop-server":
        return this.#stopServer();
      case "stop-leader":
        return this.#freeze(leader, true);
      case "stop-standby":
        return this.#freeze(standby, false);
      case "stop-worker":
        return this.#freeze(worker, false);
      case "partition-leader":
        return this.#part(leader, fault, { requests: true, answers: true });
      case "partition-standby":
        return this.#part(standby, fault, { requests: true, answers: true });
      case "partition-worker":
        return this.#part(worker, fault, { requests: true, answers: true });
      case "deafen-leader":
        return this.#part(leader, fault, { requests: false, answers: true });
      case "cut-leader":
        leader?.gate.cut();
        return leader && { text: `${leader.name}, which leads, loses its connections` };
      case "kill-run":
      case "stop-run":
        return this.#strikeRun(fault);
      default:
        return fault.kind satisfies never;
    }
  }

  async #kill(member: Member | null, tookLeader: boolean): Promise<Blow> {
    if (member?.pid == null) return null;
    const text = `SIGKILL to ${member.name} (process ${member.pid})`;
    await member.kill();
    return { text, tookLeader, heal: () => member.start() };
  }

  async #killAll(members: readonly Member[]): Promise<Blow> {
    const living = members.filter(({ pid }) => pid !== null);
    await Promise.all(living.map((member) => member.kill()));
    return {
      text: `SIGKILL to ${living.map(({ name }) => name).join(" and ")}`,
      tookLeader: true,
      heal: () => {
        for (const member of members) member.start();
      },
    };
  }

  async #terminate(member: Member | null): Promise<Blow> {
    if (member === null || !member.isReady) return null;
    const text = `SIGTERM to ${member.name} (process ${member.pid})`;
    await member.terminate();
    return { text, tookLeader: true, heal: () => member.start() };
  }

  #freeze(member: Member | null, tookLeader: boolean): Blow {
    if (member === null || !member.isAble) return null;
    member.freeze();
    return { text: `SIGSTOP to ${member.name} (process ${member.pid})`, tookLeader, heal: () => member.thaw() };
  }

  #part(member: Member | null, { kind, breaks }: Fault, which: { requests: boolean; answers: boolean }): Blow {
    if (member === null) return null;
    member.gate.part(which);
    const way = which.requests ? "nothing passes" : "no answer passes";
    return {
      text: `${way} between ${member.name} (process ${member.pid}) and the server`,
      tookLeader: kind.endsWith("leader"),
      heal: () => member.gate.mend({ breaks }),
    };
  }

  async #killServer(): Promise<Blow> {
    const { server } = this.#world;
    if (this.#serverIsDown) return null;
    this.#serverIsDown = true;
    const text = `SIGKILL to the NATS server (process ${server.pid})`;
    await server.kill();
    return { text, heal: () => this.#restartServer() };
  }

  async #restartServer(): Promise<void> {
    if (!this.#serverIsDown) return;
    await this.#world.server.restart();
    this.#serverIsDown = false;
  }

  async #stopServer(): Promise<Blow> {
    const { server } = this.#world;
    if (this.#serverIsDown) return null;
    await server.pause();
    return { text: `SIGSTOP to the NATS server (process ${server.pid})`, heal: () => server.resume() };
  }

  /** All of one run, by its process group. */
  async #strikeRun({ kind, which }: Fault): Promise<Blow> {
    const run = await this.#findRun(which);
    if (run === null) return null;
    const signal = kind === "kill-run" ? "SIGKILL" : "SIGSTOP";
    const text = `${signal} to ${run.job}@${run.grant} (process group ${run.group})`;
    if (!signalProcess(-run.group, signal)) return null;
    return { text, ...(signal === "SIGSTOP" && { heal: () => void signalProcess(-run.group, "SIGCONT") }) };
  }

  /** One of those that run; the first, if it has to be waited for. */
  async #findRun(which: number): Promise<MarkedProcess | null> {
    const deadline = performance.now() + RUN_MS_MAX;
    for (;;) {
      const run = this.#pick(await processesOfLedger(this.#world.ledger), which);
      if (run !== null || performance.now() > deadline) return run;
      await delay(RUN_LOOK_MS);
    }
  }

  #pick<T>(all: readonly T[], which: number): T | null {
    return all[Math.floor(which * all.length)] ?? null;
  }
}
