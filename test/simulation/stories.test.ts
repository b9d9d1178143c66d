/** Failures that the simulation has found once, each written down as the smallest plan that shows it. */
import { describe, expect, test } from "vitest";
import { behaviourOf } from "./behaviour.js";
import { plainSettings, publish, submit } from "./plain.js";
import type { Happening, Plan, Settings } from "./plan.js";
import { describeBroken } from "./verdict.js";
import { World } from "./world.js";

/** Seconds; minutes on a machine that is busy. */
const TIMEOUT_MS = 600_000;
const SEEDS = Array.from({ length: 40 }, (_, index) => index + 1);

/** The first scheduler comes to lead: the others are slow to start. */
const slowStart = (hosts: readonly string[]): Happening[] =>
  hosts.slice(1).map((_, index) => ({ atMs: 0, kind: "freeze", node: index + 1, forMs: 2_000, order: "as it came" }));

function planOf(seed: number, happenings: readonly Happening[], settings: Partial<Settings> = {}): Plan {
  return {
    seed,
    happenings: [...slowStart(settings.hosts ?? plainSettings.hosts), ...happenings],
    settings: { ...plainSettings, ...settings },
  };
}

/** Runs the plan with many seeds: latencies and jobs differ, what happens does not. */
async function expectSound(make: (seed: number) => Plan): Promise<void> {
  for (const seed of SEEDS) {
    const { broken } = await new World(make(seed), { comparesFolds: true }).run();
    expect(broken.map(describeBroken), `seed ${seed}`).toEqual([]);
  }
}

/** When each reign began, in milliseconds of the world. */
const electionsIn = (lines: readonly string[]): number[] =>
  lines.flatMap((line) => {
    const { at, facts } = JSON.parse(line) as { at: string; facts: readonly { type: string }[] };
    return facts[0]?.type === "DispatcherElected" ? [Date.parse(at) - Date.UTC(2026, 0, 1)] : [];
  });

describe("leadership", { timeout: TIMEOUT_MS }, () => {
  test("given two that stand by, when the leader is gone, then one of them takes over, and not the other one from it", async () => {
    const crash: Happening = { atMs: 4_000, kind: "crash", node: 0, forMs: 26_000 };
    for (const seed of SEEDS) {
      const plan = planOf(seed, [...submit(100, 5), crash], { hosts: ["m1", "m2", "m3"] });
      const { broken, lines } = await new World(plan).run();
      expect(broken).toEqual([]);
      expect(electionsIn(lines), `seed ${seed}`).toHaveLength(2);
    }
  });

  test("given a leader that freezes, when the clock of the one that stands by jumps back, then it takes over in time all the same", async () => {
    const happenings: readonly Happening[] = [
      ...submit(100, 3),
      { atMs: 4_000, kind: "freeze", node: 0, forMs: 26_000, order: "timers first" },
      { atMs: 3_000, kind: "clock jump", node: 1, byMs: 60_000 },
      { atMs: 8_000, kind: "clock jump", node: 1, byMs: -60_000 },
    ];
    for (const seed of SEEDS) {
      const { broken, lines } = await new World(planOf(seed, happenings)).run();
      expect(broken).toEqual([]);
      const [, second] = electionsIn(lines);
      expect(second, `seed ${seed}`).toBeLessThan(15_000);
    }
  });

  test("given one that has not seen what is stored, when it takes itself for the leader and the intake was trimmed meanwhile, then it does not take that for a loss", async () => {
    await expectSound((seed) =>
      planOf(seed, [
        ...submit(100, 3),
        { atMs: 4_000, kind: "partition", client: 1, way: "in", forMs: 9_000 },
        ...submit(5_000, 20),
        { atMs: 8_000, kind: "trim" },
      ]),
    );
  });
});

describe("what a dead scheduler leaves running", { timeout: TIMEOUT_MS }, () => {
  test("given a frozen leader with a process at work, when it dies while another one on its machine takes over, then its slot is free only when the process has ended", async () => {
    const hardness = { durationMsMax: 20_000, instant: 0, failing: 0 };
    const isLongProcess = (seed: number) => {
      const { isDetached, durationMs } = behaviourOf(seed, "x", 1, hardness);
      return isDetached && (durationMs ?? 0) > 15_000;
    };
    const seed = Array.from({ length: 1_000 }, (_, index) => index + 1).find(isLongProcess) ?? 0;
    const make = (...more: Happening[]) => {
      const happenings: Happening[] = [
        publish(3_000, "submit.story", '{"id":"x"}'),
        { atMs: 3_200, kind: "freeze", node: 0, forMs: 26_000, order: "timers first" },
        ...more,
      ];
      return planOf(seed, happenings, { hosts: ["m1", "m1"], hardness });
    };
    const [, takenOver = 0] = electionsIn((await new World(make()).run()).lines);
    expect(takenOver).toBeGreaterThan(8_000);
    for (let ms = 0; ms <= 60; ms += 1) {
      const plan = make({ atMs: takenOver - ms, kind: "crash", node: 0, forMs: 5_000 });
      const { broken } = await new World(plan).run();
      expect(broken.map(describeBroken), `${ms} ms before`).toEqual([]);
    }
  });
});

describe("a lease", { timeout: TIMEOUT_MS }, () => {
  test("given a leader that reads late that its entry is stored, when it cannot see that somebody else leads, then its runs end before their slots are given away", async () => {
    const lease = 30_000;
    const hardness = { durationMsMax: 60_000, instant: 0, failing: 0 };
    const isLongFunction = (seed: number) => {
      const { isDetached, durationMs, onAbort } = behaviourOf(seed, "x", 1, hardness);
      return !isDetached && (durationMs ?? 0) > 40_000 && onAbort === "ends at once";
    };
    const seeds = Array.from({ length: 1_000 }, (_, index) => index + 1).filter(isLongFunction);
    const submission: Happening = {
      ...{ atMs: 3_000, kind: "publish", publisher: 0, subject: "world.submit.story", text: '{"id":"x"}', retries: 0 },
    };
    const happenings: Happening[] = [
      { atMs: 2_900, kind: "slow disk", diskMs: 100, forMs: 1_000 },
      submission,
      // The acknowledgement comes when nobody is there to read it; then the server lets the connection go, and another one leads.
      { atMs: 3_150, kind: "freeze", node: 0, forMs: 18_000, order: "messages first" },
      { atMs: 4_000, kind: "server restart", forMs: 100 },
      { atMs: 5_000, kind: "partition", client: 0, way: "both", forMs: 60_000 },
    ];
    const configuration = { lease, limits: { global: 1 }, types: { story: { runner: "command", argv: ["true"] } } };
    expect(seeds.length).toBeGreaterThan(5);
    for (const seed of seeds.slice(0, 20)) {
      const plan = planOf(seed, happenings, { configuration, hardness, spanMs: 90_000 });
      const { broken, figures } = await new World(plan).run();
      expect(broken.map(describeBroken), `seed ${seed}`).toEqual([]);
      expect(figures.runs.executions, `seed ${seed}`).toBeGreaterThan(0);
    }
  });

  test("given a leader that is cut off for a moment with an entry on its way, when another one's election stands in the place of that entry, then the ledger does not tell it that it leads still", async () => {
    const ambush = { kind: "ambush", node: null, victim: "itself" } as const;
    const command = { runner: "command", argv: ["true"], backoff: { base: 18, cap: 5_000, factor: 2 } };
    const { broken, lines } = await new World({
      seed: 208_392,
      happenings: [
        { ...ambush, atMs: 9_513, moment: "stored", deed: "freeze", forMs: 10_128 },
        publish(13_189, "submit.research", "{}"),
        { ...ambush, atMs: 43_682, moment: "run begun", deed: "cut", forMs: 2 },
        publish(44_332, "submit.story", '{"id":"a9","delay":8}'),
      ],
      settings: {
        ...{ hosts: ["m1", "m1", "m1"], outside: [], insideTypes: ["story", "research", "thumbs"], publishers: 1 },
        ...{ latency: { minUs: 60, maxUs: 1_500 }, crowd: 0, isEarly: false, lastFiringMs: 0, spanMs: 51_985 },
        hardness: { durationMsMax: 6_498.125, instant: 0.15, failing: 0.2 },
        configuration: {
          limits: { types: { story: 3, research: 2, thumbs: 1 }, resources: { ollama: 2, api: 3 } },
          ...{ lease: 1_067, grace: 2_072, worker: { capacity: 2 } },
          types: {
            story: { ...command, maxAttempts: 3 },
            research: { ...command, maxAttempts: 2 },
            thumbs: { ...command, maxAttempts: 4 },
          },
        },
      },
    }).run();
    expect(broken.map(describeBroken)).toEqual([]);
    expect(electionsIn(lines)).toHaveLength(3);
  });

  test("given workers outside at work, when the leader's wall clock jumps by more than a lease, both ways, then nothing of theirs is given up", async () => {
    const outside = [{ host: "m5", types: ["story"], capacity: 2 }];
    const hardness = { durationMsMax: 10_000, instant: 0, failing: 0 };
    const happenings: readonly Happening[] = [
      ...submit(3_000, 4),
      { atMs: 4_000, kind: "clock jump", node: 0, byMs: 30_000 },
      { atMs: 6_000, kind: "clock jump", node: 0, byMs: -60_000 },
    ];
    for (const seed of SEEDS) {
      const plan = planOf(seed, happenings, { outside, insideTypes: [], hardness });
      const { broken, lines } = await new World(plan).run();
      expect(broken.map(describeBroken), `seed ${seed}`).toEqual([]);
      expect(
        lines.filter((line) => line.includes("LeaseExpired")),
        `seed ${seed}`,
      ).toEqual([]);
    }
  });

  test("given a worker outside that was given up in the middle of a job, when it goes on and reports, then the attempt that another one has begun goes on, too", async () => {
    const hardness = { durationMsMax: 60_000, instant: 0, failing: 0 };
    const isLong = (seed: number) =>
      [1, 2].every((attempt) => (behaviourOf(seed, "x", attempt, hardness).durationMs ?? 0) > 15_000);
    const seeds = Array.from({ length: 2_000 }, (_, index) => index + 1).filter(isLong);
    const outside = ["m4", "m5"].map((host) => ({ host, types: ["story"], capacity: 1 }));
    const happenings: readonly Happening[] = [
      publish(3_000, "submit.story", '{"id":"x"}'),
      { atMs: 3_000, kind: "ambush", node: null, moment: "run begun", victim: "itself", deed: "freeze", forMs: 8_000 },
    ];
    const story = { runner: "command", argv: ["true"], backoff: { base: 100, cap: 1_000, factor: 1 } };
    const configuration = { lease: 2_000, limits: { global: 2 }, types: { story } };
    expect(seeds.length).toBeGreaterThan(20);
    for (const seed of seeds.slice(0, 20)) {
      const plan = planOf(seed, happenings, { outside, insideTypes: [], hardness, configuration, spanMs: 60_000 });
      const { broken, lines } = await new World(plan).run();
      expect(broken.map(describeBroken), `seed ${seed}`).toEqual([]);
      const grants = lines.join("\n").match(/"StartGranted","job":"x"/g);
      expect(grants?.length ?? 0, `seed ${seed}`).toBeGreaterThanOrEqual(2);
    }
  });

  test("given a worker outside whose joining was answered too late, when it joins again under its name, then what it was told to start before is not started", async () => {
    const happenings: Happening[] = [
      { atMs: 744, kind: "ambush", node: null, moment: "stored", victim: "itself", deed: "freeze", forMs: 10_216 },
      ...submit(1_543),
    ];
    await expectSound((seed) => ({
      seed,
      happenings,
      settings: {
        ...planOf(seed, [], { hosts: ["m1", "m2", "m3"] }).settings,
        outside: [{ host: "m5", types: ["story"], capacity: 1 }],
        insideTypes: [],
        configuration: {
          ...{ lease: 1_500, limits: { global: 1 } },
          types: { story: { runner: "command", argv: ["true"], backoff: { base: 100, cap: 1_000, factor: 1 } } },
        },
      },
    }));
  });
});

describe("a server whose disk is slow", { timeout: TIMEOUT_MS }, () => {
  test("given a worker outside that refused a run, because its lease could not be renewed, when it is renewed before that is on record, then the run is not ordered again", async () => {
    const backoff = { base: 30, cap: 5_000, factor: 2 };
    // An entry takes so long that no renewal is answered; then comes the order of a run that it granted, and the next such entry.
    const { broken, lines } = await new World({
      seed: 115_642,
      happenings: [
        { atMs: 16_828, kind: "slow disk", diskMs: 2_330, forMs: 20_000 },
        publish(17_846, "submit", '[{"id":"crowd-305","type":"research","priority":0}]'),
        publish(18_930, "submit.thumbs", "{}"),
        { atMs: 19_565.5, kind: "command", node: null, command: { verb: "resume", of: 490 } },
        publish(19_984, "submit.research", '{"id":"a5","resources":{"cpu":4}}', 3),
      ],
      settings: {
        ...{
          hosts: ["m1", "m1", "m1"],
          outside: [{ host: "m1", types: ["story", "research", "thumbs"], capacity: 3 }],
        },
        ...{ insideTypes: [], publishers: 2, latency: { minUs: 60, maxUs: 1_500 }, crowd: 305, isEarly: false },
        ...{ hardness: { durationMsMax: 4_485.375, instant: 0.15, failing: 0.6 }, lastFiringMs: 0, spanMs: 35_883 },
        configuration: {
          limits: { types: { story: 3, research: 1, thumbs: 2 }, resources: { ollama: 1, cpu: 4 }, maxOvertakes: 2 },
          ...{ lease: 13_599, grace: 7 },
          types: {
            research: { runner: "command", argv: ["true"], backoff, maxAttempts: 3 },
            thumbs: { runner: "command", argv: ["true"], backoff, maxAttempts: 2 },
            story: { runner: "command", argv: ["true"] },
          },
        },
      },
    }).run();
    expect(broken.map(describeBroken)).toEqual([]);
    expect(lines.filter((line) => line.includes("refused it: its lease could not be renewed"))).toHaveLength(1);
  });
});

describe("a server that takes nothing", { timeout: TIMEOUT_MS }, () => {
  test("given a full disk, when entries are to be stored, then they are tried again and again, but not without a pause", async () => {
    const full: Happening = { atMs: 1_000, kind: "full disk", forMs: 20_000 };
    const plan = planOf(1, [
      ...submit(900),
      full,
      { atMs: 1_500, kind: "command", node: 0, command: { verb: "pause", of: 0 } },
    ]);
    const { broken, tally } = await new World(plan).run();
    expect(broken).toEqual([]);
    const tries = tally.get("append answered with an error");
    expect(tries).toBeGreaterThan(3);
    expect(tries).toBeLessThan(40);
  });
});
