/** Pages of the log and charts of the slots: nothing left out, nothing twice, bounded, and honest about what is missing. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { position } from "../../events/names.js";
import {
  type FactsWanted,
  factAt,
  factsPage,
  type PagedLedger,
  type Place,
  parsePlace,
} from "../../src/ui/fact-pages.js";
import type { FactLine } from "../../src/ui/protocol.js";
import { Recording } from "../../src/ui/recording.js";
import { slotHistory } from "../../src/ui/slot-history.js";
import { checkRandomlyAsync } from "../projections/random-world.js";
import { ledger } from "../support/ledger-builder.js";
import { dayArbitrary, dayOf } from "../support/random-turns.js";
import { logOfLines, messagesOf } from "./messages.js";

async function pagedOf(lines: readonly string[]): Promise<PagedLedger & { recording: Recording }> {
  const recording = new Recording();
  for (const message of messagesOf(lines)) recording.apply(message);
  return { ledger: await logOfLines(lines), begins: 0, now: recording.fold, recording };
}

const wanted = (given: Partial<FactsWanted>): FactsWanted => ({
  ...{ from: null, limit: 100, text: null, types: [], job: null },
  ...given,
});

/** All pages in one direction, from one end to the other. */
async function allPages(paged: PagedLedger, way: "before" | "after", given: Partial<FactsWanted>): Promise<FactLine[]> {
  const all: FactLine[] = [];
  let from: FactsWanted["from"] = way === "before" ? null : { way, place: { position: 0, index: null } };
  for (let pages = 0; pages < 10_000; pages += 1) {
    const page = await factsPage(paged, wanted({ ...given, from }));
    if (way === "before") all.unshift(...page.facts);
    else all.push(...page.facts);
    const next = page[way];
    if (next === null) return all;
    from = { way, place: mustPlace(next) };
  }
  throw new Error("the pages have no end");
}

function mustPlace(text: string): Place {
  const place = parsePlace(text);
  if (place === null) throw new Error(`${text} is no place`);
  return place;
}

describe("pages of the log", () => {
  test("given any day, when its log is turned page by page in either direction, of all or of some facts, then each is there once and in order", async () => {
    const input = fc.record({
      day: dayArbitrary(undefined, 40),
      way: fc.constantFrom("before" as const, "after" as const),
      limit: fc.integer({ min: 1, max: 9 }),
      filter: fc.constantFrom<Partial<FactsWanted>>(
        {},
        { types: ["StartGranted", "JobDue"] },
        { text: "STORY" },
        { job: "chapter-1" },
      ),
    });
    await checkRandomlyAsync("pages of a day", 25, input, async ({ day, way, limit, filter }) => {
      const book = dayOf(day);
      const paged = await pagedOf(book.lines);
      const once = await factsPage(paged, wanted({ limit: 10_000, ...filter }));
      expect(await allPages(paged, way, { limit, ...filter })).toEqual(once.facts);
      if (Object.keys(filter).length > 0) return;
      expect(once.facts).toHaveLength(book.lines.flatMap((line) => JSON.parse(line).facts).length);
    });
  });

  test("given a search that finds nothing, when it is asked, then it looks at a bounded part and says where to go on", async () => {
    const book = ledger().elected().worker();
    for (let i = 0; i < 30; i += 1)
      book.together(() => {
        for (let j = 0; j < 1_000; j += 1) book.submitted(`k${i}-x${j}`);
      });
    const paged = await pagedOf(book.lines);
    const { facts, before } = await factsPage(paged, wanted({ text: "nowhere" }));
    expect(facts).toEqual([]);
    expect(Number(before)).toBeGreaterThan(1);
    const found = await allPages(paged, "before", { text: 'k0-x7"' });
    expect(found.map(({ job }) => job)).toEqual(["k0-x7"]);
  });

  test("given an address far behind the end, when facts before it are asked for, then the last ones come at once", async () => {
    const paged = await pagedOf(ledger().elected().worker().submitted("a").lines);
    const page = await factsPage(paged, wanted({ from: { way: "before", place: { position: 1_000, index: null } } }));
    expect(page.facts.map(({ type }) => type)).toEqual(["DispatcherElected", "WorkerJoined", "JobSubmitted"]);
  });

  test("given a fact's address, when it is asked for, then it comes whole, with its entry and what it came from", async () => {
    const book = ledger()
      .elected()
      .worker()
      .submitted("a", { params: { ask: "<script>" } })
      .granted("a")
      .started("a");
    const { ledger: log } = await pagedOf(book.lines);
    expect(await factAt(log, mustPlace("3.0"))).toMatchObject({
      fact: { type: "JobSubmitted", spec: { params: { ask: "<script>" } } },
      entry: { position: 3, epoch: 1, facts: 1, id: "e3", prev: "e2" },
    });
    expect(await factAt(log, mustPlace("5"))).toMatchObject({ cause: { kind: "grant", position: 4 } });
    await expect(factAt(log, mustPlace("5.1"))).rejects.toMatchObject({ code: "not-found" });
  });
});

describe("charts of the slots", () => {
  test("given any day, when all spans are asked for, then those without an end are what the slots say is held", async () => {
    await checkRandomlyAsync("spans of a day", 40, dayArbitrary(), async (day) => {
      const { recording, now } = await pagedOf(dayOf(day).lines);
      const open = recording.spans.spans.filter(({ end }) => end === null);
      const holding = Object.values(now.slots.holdings).map(({ job, grant }) => `${job} ${grant}`);
      const granted = Object.values(now.slots.reservations)
        .filter(({ grant }) => grant !== null)
        .map(({ id, grant }) => `${id} ${grant}`);
      expect(open.map(({ holder, grant }) => `${holder} ${grant}`).sort()).toEqual([...holding, ...granted].sort());
      expect(recording.spans.completeFrom).toBeNull();
    });
  });

  test("given a moment in the past, when spans up to it are asked for, then what ended later had not ended then", async () => {
    const book = ledger().elected().worker().limits({ global: 2 }).submitted("a").submitted("b");
    book.granted("a").granted("b").started("a").completed("a").paused("global");
    const { recording } = await pagedOf(book.lines);
    const at = (position: number) => ({
      position: book.entries[position - 1]?.position ?? book.fold.head.position,
      at: book.entries[position - 1]?.entry.at ?? "",
    });
    const then = slotHistory(recording.spans, { from: at(1), to: at(8), pools: [] });
    expect(then.spans.map(({ holder, to }) => [holder, to])).toEqual([
      ["a", null],
      ["b", null],
    ]);
    expect(then.capacities).toMatchObject([
      { position: 1 },
      { position: 3, pools: [{ name: "global", capacity: 2, paused: false }] },
    ]);
    const now = slotHistory(recording.spans, { from: at(9), to: at(10), pools: [] });
    expect(now.spans.map(({ holder, end }) => [holder, end])).toEqual([
      ["a", "RunCompleted"],
      ["b", null],
    ]);
    expect(now.capacities).toMatchObject([{ position: 3 }, { position: 10, pools: [{ paused: true }] }]);
  });

  test("given more spans than a chart can show, when they are asked for, then units over time come instead, and add up to the same", async () => {
    const book = ledger().elected().worker("w", 10).limits({ global: 10 });
    for (let i = 0; i < 1_000; i += 1) {
      book.together(() => {
        for (const j of [1, 2, 3]) book.submitted(`k${i}-x${j}`).granted(`k${i}-x${j}`);
      });
      book.together(() => {
        for (const j of [1, 2, 3]) book.started(`k${i}-x${j}`).completed(`k${i}-x${j}`);
      });
    }
    const { recording, now } = await pagedOf(book.lines);
    const { spans, coarse } = slotHistory(recording.spans, {
      from: recording.first ?? now.head,
      to: now.head,
      pools: [],
    });
    expect(spans).toEqual([]);
    expect(coarse?.spans).toBe(3_000);
    const [use] = coarse?.pools ?? [];
    const sum = (numbers: readonly number[] = []) => numbers.reduce((total, number) => total + number, 0);
    expect(sum(use?.grants)).toBe(3_000);
    // 3 units for one second each time.
    expect((sum(use?.used) * (coarse?.stepMs ?? 0)) / 1_000).toBeCloseTo(3_000, -1);
  });

  test("given a long past with one job that is held all the time, when a stretch of it is asked about again and again, then just those come that were held in it", async () => {
    const book = ledger().elected().worker("w", 10).limits({ global: 10 }).submitted("long").granted("long");
    for (let i = 0; i < 700; i += 1) {
      const id = `k${i}`;
      book.submitted(id).granted(id).completed(id);
    }
    const { recording, now } = await pagedOf(book.lines);
    const at = (place: number) => ({ position: position(place), at: recording.first?.at ?? "" });
    const last = now.head.position;
    // Twice: what is known of spans that have ended is remembered.
    for (const [from, to] of [1, 2].flatMap(
      () =>
        [
          [last - 10, last],
          [1_000, 1_040],
          [1, 12],
          [last, last],
        ] as const,
    )) {
      const asked = slotHistory(recording.spans, { from: at(from), to: at(to), pools: [] });
      const held = recording.spans.spans.filter(
        ({ grant, end }) => grant <= to && (end === null || end.position >= from),
      );
      expect(asked.spans.map(({ holder }) => holder)).toEqual(held.map(({ holder }) => holder));
      expect(asked.spans[0]?.holder).toBe("long");
      expect(asked.spans.length).toBeLessThan(20);
    }
  });
});
