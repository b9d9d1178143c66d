/** The two paths by which slots are recomputed give the same after every entry; and a difference is told with its address. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeEntry } from "../../../events/codec.js";
import type { Entry } from "../../../events/entry.js";
import { position } from "../../../events/names.js";
import { slotDifferences } from "../../../projections/audit/differences.js";
import { suspectedRuns } from "../../../projections/audit/run-differences.js";
import { SlotCount, type StatedPool } from "../../../projections/audit/slot-count.js";
import { Fold } from "../../../projections/fold.js";
import { slotsView } from "../../../projections/views/views.js";
import { drawPlan } from "../../simulation/draw-plan.js";
import { World } from "../../simulation/world.js";
import { ledger } from "../../support/ledger-builder.js";
import { dayArbitrary, dayOf } from "../../support/random-turns.js";
import { shareOf } from "../../support/share.js";
import { checkRandomly, limitsArbitrary } from "../random-world.js";

const DAYS = 100;
const WORLDS = shareOf(20);
const FIRST_SEED = Number(process.env["SIGNALBOX_TEST_SEED"] ?? 1);

/** How often somebody held something. */
function compareAll(entries: readonly Entry[]): number {
  const [fold, count] = [new Fold(), new SlotCount()];
  let holders = 0;
  for (const [index, entry] of entries.entries()) {
    fold.apply(position(index + 1), entry);
    count.read(position(index + 1), entry);
    expect(slotDifferences(count.pools, slotsView(fold).pools, "the projection")).toEqual([]);
    holders += count.held;
  }
  return holders;
}

describe("the count of slots", () => {
  test("given any day of a dispatcher, when slots are counted from grants and ends, then it is what the projection says, at each entry", {
    timeout: 120_000,
  }, () => {
    let holders = 0;
    const runs = checkRandomly("slot counts", DAYS, dayArbitrary(limitsArbitrary(fc.constant(0))), (day) => {
      holders += compareAll(dayOf(day).entries);
    });
    if (runs === DAYS) expect(holders).toBeGreaterThan(DAYS);
  });

  test("given simulated worlds, when slots are counted, then it is what the projection says, at each entry", {
    timeout: 120_000,
  }, async () => {
    let holders = 0;
    for (let seed = FIRST_SEED; seed < FIRST_SEED + WORLDS; seed += 1) {
      const { lines } = await new World(drawPlan(seed)).run();
      holders += compareAll(lines.map((line) => decodeEntry(line)));
    }
    expect(holders).toBeGreaterThan(WORLDS);
  });
});

describe("what differs", () => {
  /** a holds one of two by grant 5, and b, behind it, the other by grant 6. */
  const book = ledger()
    .elected()
    .worker("w1", 5)
    .limits({ resources: { ollama: 2 } })
    .submitted("a", { resources: { ollama: 1 } })
    .decided()
    .together((one) => one.submitted("b", { resources: { ollama: 1 } }).granted("b"));
  const stated: StatedPool[] = slotsView(book.fold).pools.map((pool) => ({ ...pool }));
  const count = new SlotCount();
  for (const { position: at, entry } of book.entries) count.read(at, entry);
  const altered = (change: Partial<StatedPool>) => [{ ...(stated[0] as StatedPool), ...change }];
  const holders = stated[0]?.holders ?? [];
  const of = (job: string | null, grant: number | null) =>
    expect.objectContaining({ pool: "resource:ollama", job, grant });

  test.each<[string, readonly StatedPool[], readonly unknown[]]>([
    ["the truth", stated, []],
    ["a slot too few", altered({ used: 1 }), [of(null, null)]],
    ["another capacity", altered({ capacity: 3 }), [of(null, null)]],
    ["a pause that is none", altered({ paused: true }), [of(null, null)]],
    ["a holder that is forgotten", altered({ holders: holders.slice(1) }), [of("a", 5)]],
    ["more units", altered({ holders: holders.map((one) => ({ ...one, units: 2 })) }), [of("a", 5), of("b", 6)]],
    [
      "another grant",
      altered({ holders: holders.map((one) => (one.job === "a" ? { ...one, grant: 4 } : one)) }),
      [of("a", 5), of("a", 4)],
    ],
    ["no pools", [], [of(null, null)]],
  ])("given %s, when it is compared, then each difference has its address", (_what, pools, differences) => {
    expect(slotDifferences(count.pools, pools, "somebody")).toEqual(differences);
  });

  test("given what a worker runs, when it is compared with two looks at the ledger, then only what neither explains is suspected", () => {
    const { holdings } = book.fold.slots;
    const { a, ...without } = { ...holdings } as Record<string, (typeof holdings)[keyof typeof holdings]>;
    const runs = (...running: { job: string; grant: number }[]) => ({ worker: "w1", running });
    const all = [
      { job: "a", grant: 5 },
      { job: "b", grant: 6 },
    ];
    const granteeOf = ({ grant }: { grant: number }) => (grant === 4 ? "w2" : grant === 3 ? "w1" : null);
    const textsOf = (said: ReturnType<typeof runs>, before = holdings, after = holdings) =>
      suspectedRuns(said, { before, after, granteeOf }).map(({ text }) => text);
    expect(textsOf(runs(...all))).toEqual([]);
    // One that was granted, or that ended, between the looks.
    expect(textsOf(runs(...all.slice(1)), without, holdings)).toEqual([]);
    expect(textsOf(runs(...all), without, holdings)).toEqual([]);
    expect(textsOf(runs(...all.slice(1)), holdings, without)).toEqual([]);
    expect(a?.grant).toBe(5);
    expect(textsOf(runs())).toEqual([
      "grant 5: a holds its slots, and w1 does not run it",
      "grant 6: b holds its slots, and w1 does not run it",
    ]);
    expect(textsOf(runs(...all, { job: "c", grant: 2 }, { job: "c", grant: 3 }, { job: "c", grant: 4 }))).toEqual([
      "grant 2: w1 runs c, which was never granted there",
      "grant 3: w1 still runs c, and that attempt is over",
      "grant 4: w1 runs c, which was granted to w2",
    ]);
  });
});
