/**
 * Twenty-four hours in virtual time: two schedules, three types, functions that fail, workers in processes of their own that die, and
 * two changes of leader, one by a crash and one by an orderly end. Nothing is lost, nothing leaks, each firing comes once.
 */
import { expect, test } from "vitest";
import type { Limits } from "../../events/limits.js";
import { isTerminal } from "../../events/states.js";
import { stateOf } from "../../projections/jobs.js";
import type { ScheduleDefinition } from "../../projections/schedule-commands.js";
import { scheduleSet } from "../../projections/schedule-commands.js";
import { nextFiring } from "../../src/cron.js";
import type { Dispatcher } from "../../src/dispatcher/dispatcher.js";
import type { DispatcherOptions } from "../../src/dispatcher/options.js";
import { MemoryLog } from "../../src/log/memory.js";
import { functionRunner, type JobFunction } from "../../src/runners/index.js";
import { audit, describeViolation } from "../support/auditor.js";
import { atRest, VirtualClock } from "../support/virtual-clock.js";
import { chanceFrom } from "./chance.js";
import { linesOf, makeDispatcher, subjects } from "./dispatcher-stage.js";
import { MortalProcess } from "./mortal-process.js";
import { ScriptedWorker } from "./scripted-worker.js";

const BEGIN = "2026-03-28T18:00:00.000Z";
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const SEED = Number(process.env["SEED"] ?? Date.now() % 100_000);
const realMsMax = 120_000;

const limits: Limits = { global: 6, types: { story: 2 }, resources: { ollama: 1 } };
/** Both in a zone that changes to summer time in this very night. */
const schedules: Readonly<Record<string, ScheduleDefinition>> = {
  digest: { template: "digest", cron: "*/30 * * * *", timezone: "Europe/Berlin", missed: "skip", enabled: true },
  nightly: { template: "nightly", cron: "30 2 * * *", timezone: "Europe/Berlin", missed: "skip", enabled: true },
};

test(`given a day with two schedules, three types, failing workers and two changes of leader (seed ${SEED}), when it is over, then every job has ended, every slot is free, and the auditor is content`, {
  timeout: realMsMax,
}, async () => {
  const clock = new VirtualClock(BEGIN);
  const chance = chanceFrom(SEED);
  const log = (identity: string, appendOnly: boolean) =>
    new MemoryLog({ identity, appendOnly, now: () => clock.nowIso() });
  const [ledger, intake] = [log("ledger", true), log("intake", false)];

  const work: JobFunction = async (_params, run) => {
    await new Promise<void>((resolve) => {
      const cancel = clock.after(chance.between(1_000, 4 * MINUTE_MS), resolve);
      run.signal.addEventListener("abort", () => {
        cancel();
        resolve();
      });
    });
    if (chance.oneIn(4)) throw new Error("it broke");
    return null;
  };
  const runners = new Map(["story", "digest"].map((type) => [type, functionRunner(work)]));
  const workers: ScriptedWorker[] = [];
  const lead: { by: Dispatcher | null } = { by: null };

  function start(process: MortalProcess): Dispatcher {
    const options: Partial<DispatcherOptions> = {
      clock: process.clock,
      runners,
      workerTypes: ["digest", "story"],
      catalogue: {
        types: new Map([
          ["story", { resources: { ollama: 1 } }],
          ["digest", {}],
          ["thumbs", { maxAttempts: 5 }],
        ]),
        templates: new Map([
          ["digest", { type: "digest" }],
          ["nightly", { type: "story", priority: 5 }],
        ]),
      },
      leaseMs: 30_000,
      backoffOf: () => ({ baseMs: 10_000, capMs: 600_000, factor: 2, jitter: true }),
      random: () => chance.next(),
      settingsFacts: (fold) => [
        ...(fold.settings.limitsKnown
          ? []
          : [{ type: "LimitsChanged" as const, limits, source: "configuration" as const }]),
        ...Object.entries(schedules)
          .filter(([name]) => fold.schedules[name] === undefined)
          .map(([name, one]) => scheduleSet(name, one, "configuration", { nextFiring, now: clock.nowIso() })),
      ],
      askLeader: async () => (lead.by?.leads === true ? "leads" : "nobody"),
      answerAsLeader: () => {
        lead.by = dispatcher;
        return () => {
          if (lead.by === dispatcher) lead.by = null;
        };
      },
      workerLink: {
        start: async (id, order) => workers.find((one) => one.id === id)?.start(order) ?? null,
        abort: async (id, order) => workers.find((one) => one.id === id)?.abort(order) ?? null,
      },
    };
    const dispatcher = makeDispatcher(process.log(ledger), process.log(intake), work, limits, options);
    // Whoever crashes never ends; nothing of it outlives the virtual clock.
    void dispatcher.run();
    return dispatcher;
  }

  const [first, second, third] = [new MortalProcess(clock), new MortalProcess(clock), new MortalProcess(clock)];
  start(first);
  await atRest();
  const orderly = start(second);
  await atRest();
  const hire = async () => {
    const worker = new ScriptedWorker({ clock, chance, leader: () => lead.by });
    workers.push(worker);
    await worker.join(["thumbs"]);
  };

  // Publishers, workers that come and die, and the two changes of leader, each at its time.
  let submitted = 0;
  for (let minute = 0; minute < 24 * 60; minute += 1) {
    if (minute === 8 * 60 + 7) {
      first.crash();
      lead.by = null;
    }
    if (minute === 16 * 60 + 11) {
      orderly.stop();
      start(third);
    }
    if (minute % 180 === 0) await hire();
    if (minute % 180 === 100) workers[workers.length - 1]?.die();
    if (chance.oneIn(2)) {
      const type = chance.pick(["story", "digest", "thumbs"]);
      const delay = chance.oneIn(5) ? { delay: "20m" } : {};
      const body = JSON.stringify({ priority: chance.between(-3, 4), ...delay });
      await intake.append({ subject: `${subjects.submit}.${type}`, data: Buffer.from(body) });
      submitted += 1;
    }
    await clock.pass(MINUTE_MS);
  }
  // Whoever died is replaced, so that everything can end; the schedules end with the day.
  await hire();
  for (const name of Object.keys(schedules))
    await lead.by?.request({ verb: "schedule", content: { value: { name, action: "disable" } } });
  for (let hour = 0; hour < 6; hour += 1) await clock.pass(HOUR_MS);

  const lines = await linesOf(ledger);
  const audited = audit(lines.map((line, index) => JSON.stringify({ ...JSON.parse(line), position: index + 1 })));
  expect(audited.violations.map(describeViolation)).toEqual([]);
  const dispatcher = lead.by;
  if (dispatcher === null) throw new Error("nobody leads");
  await dispatcher.query((fold) => {
    const open = [...fold.jobs.values()]
      .filter((row) => !isTerminal(stateOf(row)))
      .map(({ id, node }) => `${id} ${node.state}`);
    expect(open).toEqual([]);
    expect(Object.values(fold.slots.pools).map(({ used }) => used)).toEqual([0, 0, 0]);
    expect(Object.keys(fold.slots.holdings)).toEqual([]);
  });
  const facts = lines.flatMap(
    (line) => JSON.parse(line).facts as { type: string; schedule?: string; dueAt?: string }[],
  );
  const firings = (name: string) =>
    facts.filter((fact) => fact.type === "ScheduleFired" && fact.schedule === name).map(({ dueAt }) => dueAt);
  const halfHours = Array.from({ length: 48 }, (_, n) =>
    new Date(Date.parse(BEGIN) + (n + 1) * 30 * MINUTE_MS).toISOString(),
  );
  expect(firings("digest")).toEqual(halfHours);
  // Half past two is left out that night: the clocks go from two to three, and it comes right after the gap.
  expect(firings("nightly")).toEqual(["2026-03-29T01:00:00.000Z"]);
  expect(facts.filter(({ type }) => type === "DispatcherElected")).toHaveLength(3);
  expect(facts.filter(({ type }) => type === "JobSubmitted")).toHaveLength(submitted + 49);
  expect(facts.filter(({ type }) => type === "LeaseExpired").length).toBeGreaterThan(0);
});
