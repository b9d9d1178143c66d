/** Under other limits: times that were worked out by hand, and alternatives that hold every rule of a ledger. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeEntry } from "../../../events/codec.js";
import type { Limits } from "../../../events/limits.js";
import { jobId } from "../../../events/names.js";
import { Fold } from "../../../projections/fold.js";
import { stateOf } from "../../../projections/jobs.js";
import { Verification } from "../../../projections/verify/verification.js";
import { type Measured, Measures } from "../../../projections/whatif/measures.js";
import type { Workload } from "../../../projections/whatif/recorded.js";
import { PRIORITY_RULES, STRATEGIES, strategyLimits, type Variant } from "../../../projections/whatif/variant.js";
import { WorkloadReader } from "../../../projections/whatif/workload.js";
import { drawPlan } from "../../simulation/draw-plan.js";
import { World } from "../../simulation/world.js";
import { LEDGER_BEGINS } from "../../support/ledger-writer.js";
import { dayArbitrary, dayOf } from "../../support/random-turns.js";
import { shareOf } from "../../support/share.js";
import { TurnBook } from "../../support/turn-book.js";
import { checkRandomly, limitsArbitrary } from "../random-world.js";
import { placed, replayOf, workloadOf } from "./replayed.js";

const WORLDS = shareOf(20);
const FIRST_SEED = Number(process.env["SIGNALBOX_TEST_SEED"] ?? 1);
const began = Date.parse(LEDGER_BEGINS);
const done = { outcome: "completed", result: { inline: null }, exitCode: 0 } as const;
const broken = { code: "broken", message: "it broke" };
const failed = { outcome: "failed", error: broken, retryable: true, exitCode: 1, retryAfterMs: null } as const;

/** A scheduler with these limits; `story` takes the ollama. */
function scheduler(limits: Limits, retryMs = 10_000): TurnBook {
  const types = { story: { resources: { ollama: 1 } }, thumbs: {} };
  const settings = (fold: Fold) =>
    fold.settings.limitsKnown ? [] : [{ type: "LimitsChanged", limits, source: "configuration" } as const];
  return new TurnBook({ types, settings, retryMs }).lead();
}

/** Each start: who, which attempt, and in which second of the ledger. */
function startsOf(workload: Workload, variant: Partial<Variant>): string[] {
  return replayOf(workload, variant).flatMap(({ entry: { at, facts } }) =>
    facts.flatMap((fact) =>
      fact.type === "StartGranted" ? [`${fact.job}.${fact.attempt} ${(Date.parse(at) - began) / 1_000}`] : [],
    ),
  );
}

function measuredOf(workload: Workload, variant: Partial<Variant>): Measured {
  const measures = new Measures(LEDGER_BEGINS);
  const fold = new Fold();
  for (const { position, entry } of replayOf(workload, variant)) {
    fold.apply(position, entry);
    measures.entry(entry.at, entry.facts, fold);
  }
  return measures.measured;
}

const with2 = (recorded: Limits): Limits => ({ ...recorded, resources: { ...recorded.resources, ollama: 2 } });

/** Ten stories at once, for an ollama of one; so many seconds does each take. */
const SECONDS = [10, 20, 30, 10, 40, 20, 10, 30, 20, 10] as const;

function tenStories(): Workload {
  const book = scheduler({ resources: { ollama: 1 } });
  book.submit(
    null,
    SECONDS.map((_, index) => ({ type: "story", id: `s${index}` })),
  );
  book.decide();
  for (const [index, seconds] of SECONDS.entries()) {
    book
      .later(seconds * 1_000)
      .end(`s${index}`, done)
      .decide();
  }
  return workloadOf(placed(book.entries));
}

describe("ten stories for an ollama of one", () => {
  test("given the past, when it is measured, then the waits are the sums of what was ahead", () => {
    // One after the other: waits of 0, 10, 30, 60, 70, 110, 130, 140, 170 and 190 s. Of ten values the fifth is the median, and the
    // tenth is the 95th percentile. 200 s of work in 200 s.
    expect(tenStories().measured).toEqual({
      waits: [{ type: "story", starts: 10, p50Ms: 70_000, p95Ms: 190_000, maxMs: 190_000 }],
      pools: [{ pool: "resource:ollama", capacity: 1, busy: 1 }],
      makespanMs: 200_000,
      starts: 10,
      overtakes: 0,
      waiting: 0,
    });
  });

  test("given an ollama of two, when they are decided again, then they start when whoever was ahead leaves one of two places", () => {
    // place A   s0 0-10  s2 10-40            s5 40-60  s6 60-70  s7 70-100
    // place B   s1 0-20  s3 20-30  s4 30-70                      s8 70-90   s9 90-100
    const workload = tenStories();
    expect(startsOf(workload, { limits: with2 })).toEqual([
      ...["s0.1 0", "s1.1 0", "s2.1 10", "s3.1 20", "s4.1 30"],
      ...["s5.1 40", "s6.1 60", "s7.1 70", "s8.1 70", "s9.1 90"],
    ]);
    // Waits of 0, 0, 10, 20, 30, 40, 60, 70, 70 and 90 s; 200 s of work in 100 s of two.
    expect(measuredOf(workload, { limits: with2 })).toEqual({
      waits: [{ type: "story", starts: 10, p50Ms: 30_000, p95Ms: 90_000, maxMs: 90_000 }],
      pools: [{ pool: "resource:ollama", capacity: 2, busy: 1 }],
      makespanMs: 100_000,
      starts: 10,
      overtakes: 0,
      waiting: 0,
    });
  });

  test("given the shortest first, when they are decided again, then they start in the order of their times", () => {
    // When the shortest go first: s0, s3, s6, s9 of 10 s, s1, s5, s8 of 20 s, s2, s7 of 30 s, s4 of 40 s.
    expect(startsOf(tenStories(), { priority: "shortest-first" })).toEqual([
      ...["s0.1 0", "s3.1 10", "s6.1 20", "s9.1 30", "s1.1 40"],
      ...["s5.1 60", "s8.1 80", "s2.1 100", "s7.1 130", "s4.1 160"],
    ]);
  });

  test("given an ollama of two from the 60th second on, when they are decided again, then nothing is other before", () => {
    // Until 60 one by one: s0 0-10, s1 10-30, s2 30-60. At 60 a second place: s3 60-70 and s4 60-100; s5 70-90, s6 90-100;
    // at 100 both are free: s7 100-130, s8 100-120, s9 120-130.
    const from = new Date(began + 60_000).toISOString();
    expect(startsOf(tenStories(), { limits: with2, from })).toEqual([
      ...["s0.1 0", "s1.1 10", "s2.1 30", "s3.1 60", "s4.1 60"],
      ...["s5.1 70", "s6.1 90", "s7.1 100", "s8.1 100", "s9.1 120"],
    ]);
  });
});

describe("what is begun at another time", () => {
  test("given a failure, when it comes sooner, then the next attempt comes sooner by as much, and takes as long as it took", () => {
    // Then: a 0-10; b 10-30, fails, is due at 35; c 30-40; b again, which was there before d, 40-45; d 45-50.
    const book = scheduler({ resources: { ollama: 1 } }, 5_000);
    book.submit(
      null,
      [..."abcd"].map((id) => ({ type: "story", id })),
    );
    book.decide();
    book.later(10_000).end("a", done).decide();
    book.later(20_000).end("b", failed).decide();
    book.later(5_000).decide();
    book.later(5_000).end("c", done).decide();
    book.later(5_000).end("b", done).decide();
    book.later(5_000).end("d", done).decide();
    const workload = workloadOf(placed(book.entries));
    expect(startsOf(workload, {})).toEqual(["a.1 0", "b.1 10", "c.1 30", "b.2 40", "d.1 45"]);
    // With two: a 0-10, b 0-20, c 10-20, d 20-25; b is due at 20 + 5 and runs 25-30.
    expect(startsOf(workload, { limits: with2 })).toEqual(["a.1 0", "b.1 0", "c.1 10", "d.1 20", "b.2 25"]);
  });

  test("given a cancel of a job that waited, when it runs by then, then it ends at the cancel, and its place is free", () => {
    // Then: a 0-100, b is cancelled at 50 while it waits, c 100-200.
    const book = scheduler({ resources: { ollama: 1 } });
    book.submit(
      null,
      [..."abc"].map((id) => ({ type: "story", id })),
    );
    book.decide();
    book.later(50_000).command("cancel", { id: "b" }).decide();
    book.later(50_000).end("a", done).decide();
    book.later(100_000).end("c", done).decide();
    const workload = workloadOf(placed(book.entries));
    // With two: b, which never ran, would take the usual 100 s, and is cancelled at 50; then c.
    expect(startsOf(workload, { limits: with2 })).toEqual(["a.1 0", "b.1 0", "c.1 50"]);
    const facts = replayOf(workload, { limits: with2 }).flatMap(({ entry }) => entry.facts);
    expect(facts.flatMap((fact) => (fact.type === "RunCancelled" ? [fact.job] : []))).toEqual(["b"]);
  });

  test("given a run that is cancelled then and here, when it has time to end by itself before, then it does", () => {
    // Then: a 0-40, b 40-, cancelled at 60, over at 65. Here b runs from 0 on.
    const book = scheduler({ resources: { ollama: 1 } });
    book.submit(
      null,
      [..."abc"].map((id) => ({ type: "story", id })),
    );
    book.decide();
    book.later(40_000).end("a", done).decide();
    book.later(20_000).command("cancel", { id: "b" }).decide();
    book.later(5_000).end("b", { outcome: "lost", error: broken }).decide();
    book.later(100_000).end("c", done).decide();
    const workload = workloadOf(placed(book.entries));
    // b: what was seen of it is 25 s, the usual is 40 s (of 40 and 100): so it ends by itself at 40, before the cancel.
    expect(startsOf(workload, { limits: with2 })).toEqual(["a.1 0", "b.1 0", "c.1 40"]);
    const fold = new Fold();
    for (const { position, entry } of replayOf(workload, { limits: with2 })) fold.apply(position, entry);
    const row = fold.jobs.get(jobId("b"));
    expect(row === undefined ? null : stateOf(row)).toBe("completed");
  });

  test("given a reservation, when it gets its slots sooner, then it has them as long as it had them", () => {
    // Then: a 0-30, r 30-50, b 50-60.
    const book = scheduler({ resources: { ollama: 1 } });
    book.submit(
      null,
      [..."ab"].map((id) => ({ type: "story", id })),
    );
    book.decide();
    book.request("reserve", { id: "r", resources: { ollama: 1 } });
    book.decide();
    book.later(30_000).end("a", done).decide();
    book.later(20_000).request("release", { id: "r" });
    book.decide();
    book.later(10_000).end("b", done).decide();
    const workload = workloadOf(placed(book.entries));
    expect(startsOf(workload, {})).toEqual(["a.1 0", "b.1 50"]);
    // Both places are asked for in order: a and b stand first here, since they were there before it was.
    expect(startsOf(workload, { limits: with2 })).toEqual(["a.1 0", "b.1 0"]);
    const released = replayOf(workload, { limits: with2 }).flatMap(({ entry: { at, facts } }) =>
      facts.some(({ type }) => type === "ReservationReleased") ? [(Date.parse(at) - began) / 1_000] : [],
    );
    // b 0-10, then r 10-30.
    expect(released).toEqual([30]);
  });

  test("given work that is left when the scheduler stops, when it takes longer here, then its workers go on until it is done", () => {
    const book = scheduler({ resources: { ollama: 2 } });
    book.submit(
      null,
      [..."abc"].map((id) => ({ type: "story", id })),
    );
    book.decide();
    book.later(10_000).end("a", done).end("b", done).decide();
    book.later(10_000).end("c", done).decide();
    book.mayStart = false;
    book.leave().decide();
    const one = (): Limits => ({ resources: { ollama: 1 } });
    expect(startsOf(workloadOf(placed(book.entries)), { limits: one })).toEqual(["a.1 0", "b.1 10", "c.1 20"]);
  });
});

describe("strategies as limits", () => {
  test("given a workload, when a strategy has no limits of its kind, then it gets the least with which every job can run", () => {
    const book = scheduler({ global: 3 });
    book.submit(null, [
      { type: "story", id: "a" },
      { type: "thumbs", id: "b", resources: { cpu: 2 } },
    ]);
    book.decide();
    const workload = workloadOf(placed(book.entries));
    const limits = STRATEGIES.map((strategy) => strategyLimits(strategy, workload)({ global: 3, maxOvertakes: 2 }));
    expect(limits).toEqual([
      { global: 3, maxOvertakes: 2 },
      { types: { story: 1, thumbs: 1 }, maxOvertakes: 2 },
      { resources: { ollama: 1, cpu: 2 }, maxOvertakes: 2 },
    ]);
  });
});

describe("any alternative", () => {
  test("given simulated worlds, when each is decided again under the limits of the next, then the alternative is a ledger in which all is right", {
    timeout: 300_000,
  }, async () => {
    const workloads: Workload[] = [];
    for (let seed = FIRST_SEED; seed < FIRST_SEED + WORLDS; seed += 1) {
      const { lines } = await new World(drawPlan(seed)).run();
      workloads.push(workloadOf(placed(lines.map((line) => decodeEntry(line)))));
    }
    let starts = 0;
    for (const [index, workload] of workloads.entries()) {
      const other = workloads[(index + 1) % workloads.length]?.limits ?? {};
      const verification = new Verification();
      for (const { position, entry } of replayOf(workload, { limits: () => other }))
        verification.apply(position, entry);
      starts += verification.verified.grants;
    }
    expect(starts).toBeGreaterThan(WORLDS * 5);
  });

  test("given any day and any other limits or order, when it is decided again, then the alternative is a ledger in which all is right", {
    timeout: 300_000,
  }, () => {
    const limits = limitsArbitrary(fc.constantFrom(0, 0, 2));
    let starts = 0;
    const given = fc.record({
      day: dayArbitrary(limits),
      other: fc.option(limits, { nil: undefined }),
      priority: fc.constantFrom(...PRIORITY_RULES),
      fromMs: fc.option(fc.nat({ max: 400_000 })),
    });
    checkRandomly("whatif of other limits", 150, given, ({ day, other, priority, fromMs }) => {
      const reader = new WorkloadReader();
      for (const [at, entry] of placed(dayOf(day).entries)) reader.read(at, entry);
      const from = fromMs === null ? null : new Date(began + fromMs).toISOString();
      const verification = new Verification();
      for (const { position, entry } of replayOf(reader.workload, {
        limits: (recorded) => other ?? recorded,
        priority,
        from,
      }))
        verification.apply(position, entry);
      starts += verification.verified.grants;
      // Whoever runs ends, if it is known at all how long something takes.
      const isKnown = reader.workload.lives.some(({ attempts }) =>
        attempts.some(
          ({ ended, cancelledMs }) => ended !== null && cancelledMs === null && ended.fact.type !== "LeaseExpired",
        ),
      );
      if (isKnown) expect(Object.keys(verification.fold.slots.holdings)).toEqual([]);
    });
    process.stdout.write(`${starts} other starts verified\n`);
  });
});
