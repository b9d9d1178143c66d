/** A cluster in virtual time, in the short form: a hundred worlds. `npm run simulate` runs as many as you like. */
import { describe, expect, test } from "vitest";
import { type Batch, runSeeds } from "./batch.js";
import { drawPlan } from "./draw-plan.js";
import { FAULTS } from "./plan.js";
import { World } from "./world.js";

const FIRST_SEED = Number(process.env["SIGNALBOX_TEST_SEED"] ?? 1);
const WORLDS = 100;
/** Some ten seconds; minutes on a machine that is busy. */
const TIMEOUT_MS = 600_000;
const again = (seed: number) => `npm run simulate -- --seed ${seed}`;

describe("a simulated cluster", () => {
  let batch: Batch;
  test(
    `given ${WORLDS} seeds, when their worlds run, then no rule is broken, and each comes to rest`,
    async () => {
      batch = await runSeeds(FIRST_SEED, FIRST_SEED + WORLDS);
      const { failure, sums } = batch;
      if (failure !== null) expect.fail(`${failure.text}\nSee it as a story: ${again(failure.seed)}`);
      expect(sums.jobs).toBeGreaterThan(WORLDS * 5);
    },
    TIMEOUT_MS,
  );

  test("given those worlds, when their faults are counted, then every kind was among them, and led to what it should", () => {
    const counts = new Map(batch.sums.counts);
    const missing = [...FAULTS].filter((kind) => (counts.get(kind) ?? 0) === 0);
    expect(missing).toEqual([]);
    const ledTo = ["acknowledgement lost", "append landed late", "append lost or late", "connection given up"];
    expect(ledTo.filter((name) => (counts.get(name) ?? 0) === 0)).toEqual([]);
    // Each comes several times as often.
    const kinds = [
      "recorded: GroupEnded",
      "recorded: ScheduleFired",
      "recorded: ReservationGranted",
      "worker outside joined",
    ];
    expect(kinds.filter((name) => (counts.get(name) ?? 0) < 5)).toEqual([]);
    expect(batch.sums.reigns).toBeGreaterThan(WORLDS);
    expect(counts.get("recorded: LeaseExpired") ?? 0).toBeGreaterThan(WORLDS / 2);
  });
});

describe("determinism", () => {
  const seeds = [3, 14, 159];
  const runOf = async (seed: number) => {
    const { lines, trace, figures } = await new World(drawPlan(seed), { isTold: true }).run();
    return { lines, told: trace.lines, hash: trace.hash, figures };
  };

  test.for(seeds)(
    "given seed %i, when its world runs twice, then ledger and trace are the same, byte for byte",
    async (seed) => {
      const first = await runOf(seed);
      expect(first.lines.length).toBeGreaterThan(5);
      expect(await runOf(seed)).toEqual(first);
    },
  );

  test("given several worlds, when they run at the same time in one process, then each is as it is alone", async () => {
    const alone = [];
    for (const seed of seeds) alone.push(await runOf(seed));
    expect(await Promise.all(seeds.map(runOf))).toEqual(alone);
  });

  test("given a world that is told and one that is not, when they have run, then their traces have the same hash", async () => {
    const [seed = 0] = seeds;
    const { trace } = await new World(drawPlan(seed)).run();
    expect(trace.lines).toEqual([]);
    expect(trace.hash).toBe((await runOf(seed)).hash);
  });

  test("given two seeds, when their worlds have run, then their traces differ", async () => {
    const hashes = await Promise.all(seeds.map(async (seed) => (await runOf(seed)).hash));
    expect(new Set(hashes).size).toBe(seeds.length);
  });
});
