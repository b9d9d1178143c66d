/** With nothing other than it was, what comes of a workload is what was: start by start, in the same turns. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeEntry } from "../../../events/codec.js";
import { drawPlan } from "../../simulation/draw-plan.js";
import { World } from "../../simulation/world.js";
import { dayArbitrary, dayOf } from "../../support/random-turns.js";
import { shareOf } from "../../support/share.js";
import { TurnBook } from "../../support/turn-book.js";
import { checkRandomly, limitsArbitrary } from "../random-world.js";
import { type Placed, placed, replayOf, startsIn, workloadOf } from "./replayed.js";

const DAYS = 200;
const WORLDS = shareOf(40);
const FIRST_SEED = Number(process.env["SIGNALBOX_TEST_SEED"] ?? 1);
const golden = fileURLToPath(new URL("../../golden/", import.meta.url));

/** What was started up to the end of the ledger: then, and decided again. */
function bothPasts(entries: readonly Placed[]): { readonly past: string[]; readonly again: string[] } {
  return {
    past: entries.flatMap(([at, entry]) => startsIn(at, entry)),
    again: replayOf(workloadOf(entries)).flatMap(({ entry, during }) =>
      during === "after" ? [] : startsIn(during, entry),
    ),
  };
}

describe("whatif with nothing other", () => {
  test("given any day of a dispatcher, when its workload is decided again, then the starts are those of the ledger", {
    timeout: 300_000,
  }, () => {
    const limits = limitsArbitrary(fc.constantFrom(0, 0, 2));
    let starts = 0;
    checkRandomly("whatif of days", DAYS, dayArbitrary(limits), (day) => {
      const { past, again } = bothPasts(placed(dayOf(day).entries));
      expect(again).toEqual(past);
      starts += past.length;
    });
    process.stdout.write(`${starts} starts decided again\n`);
  });

  test("given simulated worlds with their crashes, takeovers and stops, when the workload of each is decided again, then the starts are those of the ledger", {
    timeout: 300_000,
  }, async () => {
    let [starts, reigns] = [0, 0];
    for (let seed = FIRST_SEED; seed < FIRST_SEED + WORLDS; seed += 1) {
      const { lines } = await new World(drawPlan(seed)).run();
      const entries = lines.map((line) => decodeEntry(line));
      const { past, again } = bothPasts(placed(entries));
      expect(again, `seed ${seed}`).toEqual(past);
      starts += past.length;
      reigns += entries.filter(({ facts }) => facts.some(({ type }) => type === "DispatcherElected")).length;
    }
    process.stdout.write(`${starts} starts of ${reigns} reigns decided again\n`);
    expect(starts).toBeGreaterThan(WORLDS * 2);
    expect(reigns - WORLDS).toBeGreaterThan(WORLDS / 8);
  });

  test("given more starts than one entry holds, and urgent jobs that come between them, when the workload is decided again, then it is cut where it was", () => {
    const book = new TurnBook({
      types: { thumbs: {} },
      seats: 5_000,
      settings: () => [{ type: "LimitsChanged", limits: { global: 1_300 }, source: "configuration" }],
    }).lead();
    book.decide();
    // An entry takes about a thousand submissions, and a pass grants 500: the third thousand comes after two passes, and before the
    // first two have all that they would get of 1,300 places.
    const thousand = (priority: number) => Array.from({ length: 1_000 }, () => ({ type: "thumbs", priority }));
    for (const priority of [0, 0, 5]) book.submit(null, thousand(priority));
    book.decide();
    const urgent = [...book.fold.jobs.values()].filter(
      ({ attempts, spec }) => attempts.length > 0 && spec?.priority === 5,
    );
    expect(urgent).toHaveLength(1_300 - 2 * 500);
    const { past, again } = bothPasts(placed(book.entries));
    expect(past).toHaveLength(1_300);
    expect(again).toEqual(past);
  });

  test("given a group so large that its cancel takes two entries, when the workload is decided again, then it takes two", () => {
    const book = new TurnBook({ types: { thumbs: {} } }).lead();
    const member = { type: "thumbs", group: { id: "crowd" } };
    // Some 60 bytes for each cancel, and an entry of 900 kB is full.
    for (let thousand = 0; thousand < 16; thousand += 1)
      book.submit(
        null,
        Array.from({ length: 1_000 }, () => member),
      );
    book.submit("thumbs", { id: "alone" });
    book.decide();
    book.command("cancel", { group: "crowd", reason: "all of it" }).decide();
    book.later(1_000).end("j1-0", { outcome: "cancelled", reason: "as it was told" }).decide();
    const cancelling = book.entries.filter(({ facts }) => facts.some(({ type }) => type === "JobCancelled"));
    expect(cancelling).toHaveLength(2);
    const { past, again } = bothPasts(placed(book.entries));
    expect(past).toHaveLength(2);
    expect(again).toEqual(past);
    const ends = replayOf(workloadOf(placed(book.entries))).map(
      ({ entry: { facts } }) => facts.filter(({ type }) => type === "JobCancelled").length,
    );
    expect(ends.filter((cancels) => cancels > 0)).toHaveLength(2);
  });

  test.each(readdirSync(golden).filter((file) => file.endsWith(".jsonl")))(
    "given the golden ledger %s, when its workload is decided again, then the starts are those of the ledger",
    (file) => {
      const lines = readFileSync(`${golden}${file}`, "utf8").trimEnd().split("\n").slice(1);
      const entries = lines.map((line) => decodeEntry(JSON.stringify((JSON.parse(line) as { entry: unknown }).entry)));
      const { past, again } = bothPasts(placed(entries));
      expect(past.length).toBeGreaterThan(5);
      expect(again).toEqual(past);
    },
  );
});
