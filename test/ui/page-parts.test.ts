/** The parts of the page that need no browser: moves between boards, spans in rows, spans in words, events out of a stream. */
import { describe, expect, test } from "vitest";
import { diagramOfMachine } from "../../machines/graph.js";
import { sinceText, spanText } from "../../src/ui/page/parts/times.js";
import { serverEvents } from "../../src/ui/page/source/server-events.js";
import { wayThrough } from "../../src/ui/page/state/board-moves.js";
import { placeSpans } from "../../src/ui/page/views/gantt-layout.js";
import { assumptionsOf, coursesOf } from "../../src/ui/page/views/whatif-report.js";
import type { SlotHistory } from "../../src/ui/protocol.js";

describe("moves between two boards", () => {
  const job = diagramOfMachine("job");
  test.each([
    ["new", "queued", ["new", "queued"]],
    ["new", "running", ["new", "queued", "granted", "running"]],
    ["retrying", "running", ["retrying", "queued", "granted", "running"]],
    ["completed", "queued", []],
  ])(
    "given a job that was %s and is %s, when the way is asked for, then it is the shortest of the machine",
    (from, to, way) => {
      expect(wayThrough(job, from, to)).toEqual(way);
    },
  );
});

describe("spans of slots", () => {
  const at = (seconds: number): string => new Date(Date.UTC(2026, 0, 1, 12, 0, seconds)).toISOString();
  const span = (holder: string, units: number, from: number, to: number | null) => ({
    ...{
      pool: "resource:cpu",
      units,
      holder,
      isReservation: false,
      type: "thumbs",
      attempt: 1,
      worker: "w",
      grant: from,
    },
    ...{ from: at(from), to: to === null ? null : at(to), end: to === null ? null : "RunCompleted" },
  });
  /** The shapes alone matter here: brands of names and positions are left out. */
  const historyOf = (spans: readonly object[]): SlotHistory =>
    JSON.parse(
      JSON.stringify({
        ...{
          from: { position: 1, at: at(0) },
          to: { position: 9, at: at(60) },
          completeFrom: null,
          spans,
          coarse: null,
        },
        capacities: [{ position: 1, at: at(0), pools: [{ name: "resource:cpu", capacity: 3, paused: false }] }],
      }),
    );

  test("given spans that overlap, when they are placed, then each has rows of its own, as many as it holds units, and the first free ones", () => {
    const [pool] = placeSpans(
      historyOf([span("a", 1, 0, 10), span("b", 2, 1, 5), span("c", 1, 5, 9), span("d", 3, 10, null)]),
      Date.parse(at(20)),
    );
    expect(pool?.rows).toBe(3);
    expect(pool?.spans.map(({ span: { holder }, row, rows }) => [holder, row, rows])).toEqual([
      ["a", 0, 1],
      ["b", 1, 2],
      ["c", 1, 1],
      ["d", 0, 3],
    ]);
    expect(pool?.spans.at(-1)?.to).toBe(Date.parse(at(20)));
  });

  test("given a pool with more units than rows, when its spans are placed, then the rows stay bounded", () => {
    const many = Array.from({ length: 40 }, (_, index) => span(`j${index}`, 5, index, 100));
    const [pool] = placeSpans(historyOf(many), Date.parse(at(60)));
    expect(pool?.rows).toBe(12);
    for (const { row, rows } of pool?.spans ?? []) expect(row + rows).toBeLessThanOrEqual(12);
  });
});

describe("spans of time in words", () => {
  test.each([
    [0, "0 ms"],
    [640, "640 ms"],
    [12_400, "12 s"],
    [184_000, "3 m 04 s"],
    [4_320_000, "1 h 12 m"],
    [200_000_000, "2 d 7 h"],
    [-5, "0 s"],
  ])("given %d ms, when they are told, then as %s", (ms, text) => {
    expect(spanText(ms)).toBe(text);
  });

  test("given less than a second that ticks, when it is told, then without its milliseconds", () => {
    expect(sinceText(999)).toBe("0 s");
    expect(sinceText(-3)).toBe("0 s");
    expect(sinceText(1_999)).toBe("1 s");
  });
});

describe("server-sent events", () => {
  test("given a stream that is cut at any place, when it is read, then the same events come out, and comments do not", async () => {
    const text =
      'id: 7\nevent: board\ndata: {"a":\ndata: "ü"}\n\n: still here\n\nevent: gone\r\ndata: {}\r\n\r\nevent: half\ndata: 1';
    const bytes = new TextEncoder().encode(text);
    for (let size = 1; size < bytes.length; size += 3) {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => {
          for (let from = 0; from < bytes.length; from += size) controller.enqueue(bytes.slice(from, from + size));
          controller.close();
        },
      });
      const events = [];
      for await (const event of serverEvents(body)) events.push(event);
      expect(events).toEqual([
        { name: "board", data: '{"a":\n"ü"}' },
        { name: "gone", data: "{}" },
      ]);
    }
  });
});

describe("the report of whatif", () => {
  const variant = (name: string, busy: number) => ({
    ...{ name, makespanMs: 1_000, limits: { global: 1 } },
    waits: [{ type: "story", starts: 2, p50Ms: 10, p95Ms: 20, maxMs: 20 }],
    pools: [{ pool: "global", capacity: 1, busy }],
  });

  test("given its variants, when it is read, then each is a course with its name, and its assumptions are told", () => {
    const report = {
      position: 4,
      assumptions: ["it is so"],
      variants: [variant("as it was", 0.5), variant("global=2", 0.2)],
    };
    expect(coursesOf(report).map(({ name, pools }) => [name, pools[0]?.busy])).toEqual([
      ["as it was", 0.5],
      ["global=2", 0.2],
    ]);
    expect(assumptionsOf(report)).toEqual(["it is so"]);
  });

  test("given anything else, when it is read, then there is no course", () => {
    for (const report of [
      null,
      7,
      "text",
      [],
      { waits: "none" },
      { a: { b: { c: { d: { e: variant("deep", 1) } } } } },
    ])
      expect(coursesOf(report)).toEqual([]);
  });
});
