/** Tables and texts for people: widths, cuts, times, and nothing from outside that could steer a terminal. */
import { describe, expect, test } from "vitest";
import { pagesOf } from "../../src/cli/pages.js";
import { drawPairs, drawTable } from "../../src/cli/table.js";
import { createTerminal, type Terminal } from "../../src/cli/terminal.js";
import { cutToWidth, fillToWidth, oneLine, textWidth } from "../../src/cli/text-width.js";
import { relativeTime, span } from "../../src/cli/wording.js";
import { parseUntil } from "../../src/client/until.js";

const terminal = (width: number): Terminal => ({ ...createTerminal(process), width });

describe("width of a text", () => {
  test.each([
    ["plain", 5],
    ["日本語", 6],
    ["e\u0301te", 3],
    ["👩‍🚒 ok", 5],
    ["", 0],
  ])("of %j is %i columns", (text, width) => expect(textWidth(text)).toBe(width));

  test("given less room, then a text is cut so that it fits with its ellipsis", () => {
    expect(cutToWidth("signalbox", 5)).toBe("sign…");
    expect(cutToWidth("日本語", 5)).toBe("日本…");
    expect(cutToWidth("日本語", 4)).toBe("日…");
    expect(cutToWidth("fits", 4)).toBe("fits");
    expect(cutToWidth("nothing", 0)).toBe("");
  });

  test("given more room, then it is filled at the end, or before a number", () => {
    expect(fillToWidth("日", 4)).toBe("日  ");
    expect(fillToWidth("42", 4, "right")).toBe("  42");
  });

  test("given control characters, then they are shown and do nothing", () => {
    expect(oneLine("a\nb\r\n c\u001b[31m\u0007\u202e")).toBe("a ⏎ b ⏎ c\uFFFD[31m\uFFFD\uFFFD");
  });
});

describe("a table", () => {
  const rows = [
    { name: "short", text: "x" },
    { name: "日本", text: "a text that is rather long for a narrow terminal" },
  ];
  const columns = [
    { title: "NAME", text: (row: (typeof rows)[number]) => row.name },
    { title: "N", text: () => "7", align: "right" as const },
    { title: "TEXT", text: (row: (typeof rows)[number]) => row.text, mayShrink: true },
  ];

  test("has columns under each other, whatever they hold", () => {
    const lines = drawTable(rows, columns, terminal(Number.POSITIVE_INFINITY)).split("\n");
    expect(lines).toEqual(["NAME   N  TEXT", "short  7  x", `日本   7  ${rows[1]?.text}`]);
  });

  test("is no wider than the terminal", () => {
    for (const width of [20, 30, 45]) {
      const lines = drawTable(rows, columns, terminal(width)).split("\n");
      expect(Math.max(...lines.map(textWidth))).toBeLessThanOrEqual(width);
      expect(lines[2]).toMatch(/…$/);
    }
  });

  test("of names and values leaves out what has no value", () => {
    const pairs = [
      ["a", "1"],
      ["long", "2"],
      ["none", null],
    ] as const;
    expect(drawPairs(pairs, terminal(80))).toBe("a     1\nlong  2");
  });
});

describe("words", () => {
  const now = Date.parse("2026-01-01T00:01:00.000Z");
  test.each([
    ["2026-01-01T00:00:48.000Z", "12 s ago"],
    ["2026-01-01T00:06:00.000Z", "in 5 min"],
    ["2026-01-01T00:00:59.500Z", "now"],
    [null, "–"],
  ])("a minute past midnight, %s is %s", (at, words) => expect(relativeTime(at, now)).toBe(words));

  test("a span has two ends, or goes to now", () => {
    expect(span("2026-01-01T00:00:00.000Z", "2026-01-01T00:00:03.000Z", now)).toBe("3 s");
    expect(span("2026-01-01T00:00:00.000Z", null, now)).toBe("1 min");
    expect(span(null, null, now)).toBe("–");
  });

  test.each([
    ["812", { position: 812 }],
    ["812.3", { position: 812 }],
    ["812.", null],
    ["2026-12-01T08:00:00Z", { time: "2026-12-01T08:00:00.000Z" }],
    ["2026-12-01T09:00:00+01:00", { time: "2026-12-01T08:00:00.000Z" }],
    ["yesterday", null],
    ["-1", null],
    ["2026-13-01", null],
  ])("--at %s", (text, until) => expect(parseUntil(text)).toEqual(until));
});

describe("pages", () => {
  const all = Array.from({ length: 1_234 }, (_, index) => `job${index}`);

  test("given pages shorter than asked for, then all items come, each once and in order", async () => {
    const items = await pagesOf(
      async ({ limit, offset }) => all.slice(offset, offset + Math.min(limit, 100)),
      Number.POSITIVE_INFINITY,
      String,
    );
    expect(items).toEqual(all);
  });

  test("given a limit, then no more than that is asked for", async () => {
    const asked: number[] = [];
    const ask = async ({ limit, offset }: { limit: number; offset: number }) => {
      asked.push(limit);
      return all.slice(offset, offset + limit);
    };
    expect(await pagesOf(ask, 700, String)).toEqual(all.slice(0, 700));
    expect(asked).toEqual([500, 200]);
  });

  test("given an item that moves to the next page meanwhile, then it is there once", async () => {
    const pages = [["a", "b"], ["b", "c"], []];
    expect(await pagesOf(async () => pages.shift() ?? [], Number.POSITIVE_INFINITY, String)).toEqual(["a", "b", "c"]);
  });
});
