/**
 * Schedules over an hour in which leaders stop, are killed and come back: each time fires exactly once, or is left out exactly once
 * (DEC-010). Real dispatchers on logs in memory, on a clock that the test moves.
 */
import { describe, expect, test } from "vitest";
import { decodeEntry } from "../../events/codec.js";
import type { Entry } from "../../events/entry.js";
import type { FactOf, FactType, MissedPolicy } from "../../events/facts.js";
import type { Clock } from "../../src/clock.js";
import type { Answer } from "../../src/dispatcher/messages.js";
import type { Append, AppendOutcome, Log, LogState, StoredMessage } from "../../src/log/log.js";
import { MemoryLog } from "../../src/log/memory.js";
import { audit, describeViolation } from "../support/auditor.js";
import { VirtualClock } from "../support/virtual-clock.js";
import { factsOf, linesOf, type Started, startDispatcher } from "./dispatcher-stage.js";

const MINUTE_MS = 60_000;
const LEASE_MS = 30_000;

/** What becomes of the entry with which a machine dies. */
type LastWord = "stored" | "lost";

/** A machine with one scheduler on it. Killed, it does nothing any more, and hears nothing; revived, it goes on where it was. */
class Machine {
  readonly started: Started;
  isAlive = true;
  /** It dies while it writes the next entry of which this is true. */
  dies: { readonly on: (entry: string) => boolean; readonly lastWord: LastWord } | null = null;
  #parked: (() => void)[] = [];

  constructor(hour: Hour) {
    const { ledger, intake, clock } = hour;
    const own: Clock = {
      now: () => clock.now(),
      nowIso: () => clock.nowIso(),
      elapsedMs: () => clock.elapsedMs(),
      after: (ms, act) => clock.after(ms, () => (this.isAlive ? act() : this.#parked.push(act))),
    };
    const catalogue = { types: new Map([["task", {}]]), templates: new Map([["tick", { type: "task" }]]) };
    const more = { clock: own, leaseMs: LEASE_MS, catalogue, askLeader: async () => hour.askLeader() };
    this.started = startDispatcher(new Link(ledger, this), new Link(intake, this), () => {}, { global: 9 }, more);
  }

  get leads(): boolean {
    return this.isAlive && this.started.dispatcher.leads;
  }

  kill(): void {
    this.isAlive = false;
  }

  revive(): void {
    this.isAlive = true;
    this.dies = null;
    for (const act of this.#parked.splice(0)) act();
  }
}

/** The way from a machine to a log: nothing passes while the machine is dead. */
class Link implements Log {
  readonly #inner: Log;
  readonly #machine: Machine;

  constructor(inner: Log, machine: Machine) {
    this.#inner = inner;
    this.#machine = machine;
  }

  async state(): Promise<LogState> {
    this.#mustLive();
    return await this.#inner.state();
  }

  async append(append: Append): Promise<AppendOutcome> {
    const machine = this.#machine;
    if (!machine.isAlive) return { outcome: "unknown", reason: "dead" };
    if (machine.dies?.on(Buffer.from(append.data).toString("utf8")) !== true) return await this.#inner.append(append);
    if (machine.dies.lastWord === "stored") await this.#inner.append(append);
    machine.kill();
    return { outcome: "unknown", reason: "dead" };
  }

  async read(sequence: number): Promise<StoredMessage | null> {
    this.#mustLive();
    return await this.#inner.read(sequence);
  }

  async *follow(after: number, signal: AbortSignal): AsyncIterable<readonly StoredMessage[]> {
    for await (const batch of this.#inner.follow(after, signal)) yield batch;
  }

  async trim(sequence: number): Promise<void> {
    await this.#inner.trim(sequence);
  }

  #mustLive(): void {
    if (!this.#machine.isAlive) throw new Error("dead");
  }
}

/** The first hour of 2026, from half a minute past midnight on. */
class Hour implements AsyncDisposable {
  readonly clock = new VirtualClock("2026-01-01T00:00:30.000Z");
  readonly ledger = new MemoryLog({ identity: "ledger", appendOnly: true, now: () => this.clock.nowIso() });
  readonly intake = new MemoryLog({ identity: "intake", appendOnly: false, now: () => this.clock.nowIso() });
  readonly #machines: Machine[] = [];

  start(): Machine {
    const machine = new Machine(this);
    this.#machines.push(machine);
    return machine;
  }

  askLeader(): "leads" | "nobody" {
    return this.#machines.some(({ leads }) => leads) ? "leads" : "nobody";
  }

  /** Lets it become `00:17`, or `00:44:59`. */
  async until(time: string): Promise<void> {
    const ms = Date.parse(`2026-01-01T${time.length === 5 ? `${time}:00` : time}.000Z`);
    await this.clock.pass(ms - this.clock.now());
  }

  /** Sets the schedule `tick` of every five minutes, by whoever leads. */
  async schedule(missed: MissedPolicy): Promise<Answer> {
    const schedule = { template: "tick", cron: "*/5 * * * *", missed };
    const leader = this.#machines.find(({ leads }) => leads);
    if (leader === undefined) throw new Error("nobody leads");
    const { dispatcher } = leader.started;
    return await dispatcher.request({
      verb: "schedule",
      content: { value: { name: "tick", action: "set", schedule } },
    });
  }

  async entries(): Promise<readonly Entry[]> {
    return (await linesOf(this.ledger)).map(decodeEntry);
  }

  async facts<T extends FactType>(type: T): Promise<FactOf<T>[]> {
    return factsOf(await this.entries()).filter((fact): fact is FactOf<T> => fact.type === type);
  }

  /** The times of day for which the schedule has fired. */
  async fired(): Promise<string[]> {
    return (await this.facts("ScheduleFired")).map(({ dueAt }) => dueAt.slice(11, 16));
  }

  /** What the auditor finds wrong. */
  async complaints(): Promise<string[]> {
    return audit(await linesOf(this.ledger)).violations.map(describeViolation);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const machine of this.#machines) {
      if (!machine.isAlive) machine.revive();
      machine.started.dispatcher.stop();
    }
    await this.clock.pass(2 * LEASE_MS);
  }
}

const fires = (time: string) => (entry: string) => entry.includes(`"dueAt":"2026-01-01T${time}:00.000Z"`);

describe("an hour of changing leaders", () => {
  test.each<[MissedPolicy, readonly string[], number]>([
    ["skip", [], 5],
    ["catch-up-one", ["00:40"], 4],
    ["catch-up-all", ["00:20", "00:25", "00:30", "00:35", "00:40"], 0],
  ])(
    "given %s and a schedule of every five minutes, when leaders stop, are killed and come back, then each time is done with once, and %j of the outage are made up for",
    async (missed, madeUpFor, leftOut) => {
      await using hour = new Hour();
      const stopped = hour.start();
      await hour.until("00:01");
      expect(await hour.schedule(missed)).toMatchObject({ ok: true, id: "tick" });
      await hour.until("00:11");
      // One stops in order, and the next one takes over.
      const killed = hour.start();
      stopped.started.dispatcher.stop();
      await hour.until("00:16");
      expect(await hour.fired()).toEqual(["00:05", "00:10", "00:15"]);
      expect(killed.leads).toBe(true);
      // It is killed, and nobody leads for 25 minutes.
      killed.kill();
      await hour.until("00:42");
      const again = hour.start();
      await hour.until("00:44");
      expect((await hour.fired()).slice(3)).toEqual(madeUpFor);
      // A second before a time the leader is killed; a standby is there.
      const standby = hour.start();
      await hour.until("00:44:59");
      again.kill();
      await hour.until("00:46");
      // The next dies of firing: its entry is not stored, so the one after it fires.
      standby.dies = { on: fires("00:50"), lastWord: "lost" };
      const heir = hour.start();
      await hour.until("00:51");
      expect([standby.isAlive, heir.leads]).toEqual([false, true]);
      // And that one too, but its entry is stored: so nobody fires again, and what it had started is lost and tried again.
      heir.dies = { on: fires("00:55"), lastWord: "stored" };
      const last = hour.start();
      await hour.until("00:58");
      expect([heir.isAlive, last.leads]).toEqual([false, true]);
      // All the dead come back, each believing that it leads.
      for (const machine of [killed, again, standby, heir]) machine.revive();
      await hour.until("01:01");

      const times = ["00:05", "00:10", "00:15", ...madeUpFor, "00:45", "00:50", "00:55", "01:00"];
      expect(await hour.fired()).toEqual(times);
      const submitted = (await hour.facts("JobSubmitted")).map(({ job }) => job);
      expect(submitted).toEqual(times.map((time) => `tick-20260101T${time.replace(":", "")}00Z`));
      expect((await hour.facts("ScheduleFired")).map(({ submits }) => submits)).toEqual(submitted);
      const left = await hour.facts("ScheduleMissed");
      expect(left.reduce((sum, { count }) => sum + count, 0)).toBe(leftOut);
      const completed = (await hour.facts("RunCompleted")).map(({ job }) => job);
      expect([...completed].sort()).toEqual([...submitted].sort());
      expect((await hour.facts("LeaseExpired")).map(({ job }) => job)).toEqual(["tick-20260101T005500Z"]);
      expect(await hour.complaints()).toEqual([]);
    },
  );

  test("given a schedule, when the leader is started anew again and again within a minute of its time, then it fires once", async () => {
    await using hour = new Hour();
    let leader = hour.start();
    await hour.until("00:01");
    await hour.schedule("catch-up-all");
    await hour.until("00:04:58");
    for (let n = 0; n < 8; n += 1) {
      leader.kill();
      leader = hour.start();
      await hour.clock.pass(1_000);
    }
    await hour.until("00:09");
    expect(await hour.fired()).toEqual(["00:05"]);
    expect((await hour.facts("DispatcherElected")).length).toBe(9);
    expect((await hour.facts("JobSubmitted")).map(({ job }) => job)).toEqual(["tick-20260101T000500Z"]);
  });

  test("given a schedule that was changed, when another leads, then it fires as changed, and the job of before is as it was", async () => {
    await using hour = new Hour();
    const first = hour.start();
    await hour.until("00:01");
    await hour.schedule("skip");
    await hour.until("00:06");
    const value = { name: "tick", action: "set", schedule: { template: "tick", cron: "12 * * * *" } };
    await first.started.dispatcher.request({ verb: "schedule", content: { value } });
    first.kill();
    hour.start();
    await hour.until("00:16");
    expect(await hour.fired()).toEqual(["00:05", "00:12"]);
    const [before, after] = await hour.facts("JobSubmitted");
    expect(before?.spec).toEqual(after?.spec);
    expect(MINUTE_MS * 7).toBe(Date.parse(String(after?.createdAt)) - Date.parse(String(before?.createdAt)));
  });
});

describe("a schedule that is told in words that cannot be", () => {
  test.each<[string, object]>([
    ["a step beyond its field", { template: "tick", cron: "*/99 * * * *" }],
    ["a step after a single value", { template: "tick", cron: "5/15 * * * *" }],
    ["a date that never is", { template: "tick", cron: "0 0 30 2 *" }],
    ["more characters than an entry holds", { template: "tick", cron: `0 0 * * ${"1,".repeat(400_000)}1` }],
    ["a zone that nobody knows", { template: "tick", cron: "* * * * *", timezone: "Mars/Base" }],
  ])("given %s, when it is set, then it is refused, and the scheduler leads on", async (_, schedule) => {
    await using hour = new Hour();
    const leader = hour.start();
    await hour.until("00:01");
    const set = (what: object) =>
      leader.started.dispatcher.request({
        verb: "schedule",
        content: { value: { name: "tick", action: "set", schedule: what } },
      });
    expect(await set(schedule)).toMatchObject({ ok: false, refusal: { refused: "invalid" } });
    expect(leader.leads).toBe(true);
    expect(await set({ template: "tick", cron: "* * * * *" })).toMatchObject({ ok: true });
  });
});
