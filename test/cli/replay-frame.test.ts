/** The frame of a replay: a function of scene, controls and size. What keys and speeds mean, too. */

import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import picocolors from "picocolors";
import { describe, expect, test } from "vitest";
import { position } from "../../events/names.js";
import type { PlayerState } from "../../machines/player.js";
import { type Controls, frameOf } from "../../src/cli/replay/frame.js";
import { erased, KEYS, meaningOf, typed } from "../../src/cli/replay/keys.js";
import { faster, readSpeed, SPEED_MAX, slower, speedText } from "../../src/cli/replay/speed.js";
import { textWidth } from "../../src/cli/text-width.js";
import { Reel } from "../../src/replay/reel.js";
import { type Scene, sceneOf } from "../../src/replay/scene.js";
import { goldenDay } from "../golden/scenario.js";
import { checkRandomly } from "../projections/random-world.js";
import { dayArbitrary, dayOf } from "../support/random-turns.js";
import { TurnBook } from "../support/turn-book.js";

const plain = picocolors.createColors(false);
const coloured = picocolors.createColors(true);
const controls: Controls = {
  ...{ state: "paused", speed: 60, clock: "2026-01-01T00:00:01.000Z", from: 1, to: 9, namespace: "signalbox" },
  ...{ typed: "", notice: null, work: null },
};

function sceneAt({ entries }: TurnBook, at = entries.length): Scene {
  const reel = new Reel(null);
  for (const [index, entry] of entries.slice(0, at).entries()) reel.apply(position(index + 1), entry);
  return sceneOf(reel);
}

function bookOf(): TurnBook {
  const limits = { global: 3, resources: { gpu: 1 } };
  const settings = () => [{ type: "LimitsChanged", limits, source: "configuration" }] as const;
  const book = new TurnBook({ types: { story: { resources: { gpu: 1 } }, mail: {} }, settings }).lead();
  book.decide();
  for (const id of ["s1", "s2", "s3"]) book.submit("story", { id });
  for (const id of ["m1", "m2"]) book.submit("mail", { id });
  book.decide();
  book
    .later(1_000)
    .started("s1")
    .end("s1", { outcome: "completed", result: { inline: 1 }, exitCode: 0 })
    .decide();
  return book;
}

describe("the frame", () => {
  test("given a wide terminal, then lanes, counts, clock and the latest facts stand where they should", () => {
    const frame = frameOf(sceneAt(bookOf()), { ...controls, to: 3 }, { columns: 100, rows: 20 }, plain);
    expect(frame.map((line) => line.trimEnd())).toEqual([
      "2026-01-01 00:00:01.000 UTC  position 3 of 3                                            ‖ paused ×60",
      "━".repeat(100),
      "2 queued, 2 granted, 1 completed  signalbox",
      "",
      "                 WAITING   POOL             SLOTS                              LEFT",
      "                   m2 s3 ▸ global       2/3 [s2][m1][ ]                      ▸ ✓s1",
      "                      s3 ▸ resource:gpu 1/1 [s2]                             ▸ ✓s1",
      "",
      "2.3  00:00:00.000  m1 is submitted: mail",
      "2.4  00:00:00.000  m2 is submitted: mail",
      "2.5  00:00:00.000  s1 starts on d1-1: global 1, gpu 1",
      "2.6  00:00:00.000  s2 must wait: resource:gpu 1 of 1 used by s1",
      "2.7  00:00:00.000  s3 must wait: resource:gpu 1 of 1 used by s1",
      "2.8  00:00:00.000  m1 must wait: global 1 of 3 used by s1",
      "2.9  00:00:00.000  m2 must wait: global 1 of 3 used by s1",
      "3.0  00:00:01.000  s1 runs",
      "3.1  00:00:01.000  s1 completes: exit code 0",
      "3.2  00:00:01.000  s2 starts on d1-1: global 1, gpu 1",
      "3.3  00:00:01.000  m1 starts on d1-1: global 1",
      "space pause  ← → step  g go to  + - speed  ? keys  q quit",
    ]);
  });

  test("given whoever moved in the last entry, then they are bright; and so are its facts", () => {
    const frame = frameOf(sceneAt(bookOf()), controls, { columns: 100, rows: 24 }, coloured).join("\n");
    expect(frame).toContain(coloured.bold(coloured.green("✓s1 ")));
    expect(frame).toContain(coloured.bold(coloured.cyan("[s2]")));
  });

  test("given a pool with more than there is room for, then the others are counted", () => {
    const settings = () => [{ type: "LimitsChanged", limits: { global: 300 }, source: "configuration" }] as const;
    const book = new TurnBook({ types: { story: {} }, settings, seats: 120 }).lead();
    book.decide();
    book
      .submit(
        null,
        Array.from({ length: 500 }, () => ({ type: "story" })),
      )
      .decide();
    const lane = frameOf(sceneAt(book), controls, { columns: 90, rows: 20 }, plain)[5];
    expect(lane).toMatch(/^ *\+\d+ (j1-\d+ )*j1-\d+ ▸ global 120\/300 (\[j1-\d+\])+ \+\d+ +▸ *$/);
    const [, hiddenWaiting, waiting = "", slots = "", hiddenSlots] =
      /^ *\+(\d+) (.*) ▸ global 120\/300 (.*) \+(\d+) +▸/.exec(lane ?? "") ?? [];
    expect(Number(hiddenWaiting) + waiting.split(" ").length).toBe(380);
    expect(Number(hiddenSlots) + slots.split("][").length).toBe(120);
    // The next to start stands beside the pool.
    expect(waiting.endsWith("j1-120")).toBe(true);
  });

  test("given jobs that demand of no pool, then they have a lane while there are any", () => {
    const settings = () =>
      [{ type: "LimitsChanged", limits: { resources: { gpu: 1 } }, source: "configuration" }] as const;
    const book = new TurnBook({ types: { free: {} }, settings }).lead();
    book.submit("free", { id: "bird" }).decide();
    expect(frameOf(sceneAt(book), controls, { columns: 100, rows: 20 }, plain).join("\n")).toMatch(
      /no pool +1 +\[bird\]/,
    );
  });

  test("given any day at any position, in a terminal of any size, then no line is too long, and there are no more than rows", () => {
    const shape = fc.record({
      columns: fc.integer({ min: 1, max: 220 }),
      rows: fc.integer({ min: 1, max: 60 }),
      state: fc.constantFrom<PlayerState>("playing", "paused", "asking", "helping"),
      notice: fc.constantFrom(null, "stopped at 14.0"),
      work: fc.constantFrom(null, "folding"),
      at: fc.nat(1_000),
    });
    checkRandomly("frames", 100, fc.tuple(dayArbitrary(), shape), ([day, { columns, rows, at, ...more }]) => {
      const book = dayOf(day);
      const scene = sceneAt(book, at % (book.entries.length + 1));
      const frame = frameOf(
        scene,
        { ...controls, ...more, typed: "812", to: book.entries.length },
        { columns, rows },
        coloured,
      );
      expect(frame).toHaveLength(rows);
      for (const line of frame) expect(textWidth(stripVTControlCharacters(line))).toBeLessThanOrEqual(columns);
    });
  });

  test("given the golden day, when every scene of it is drawn, then no control character comes from a fact", () => {
    const book = goldenDay();
    book.submit("story", { id: "evil", params: {} });
    book.command("cancel", { id: "evil", reason: "\u001b]0;evil\u0007\nnext" }).decide();
    const namespace = "evil\u001b[2J";
    for (const line of frameOf(sceneAt(book), { ...controls, namespace }, { columns: 120, rows: 40 }, plain))
      expect(line).not.toMatch(/\p{Cc}/u);
  });
});

describe("keys", () => {
  test.each([
    ["playing", { name: "space", sequence: " " }, "PAUSE"],
    ["paused", { name: "right", sequence: "\x1b[C" }, "FORWARD"],
    ["paused", { name: "h", sequence: "h" }, "BACK"],
    ["paused", { sequence: "+" }, "FASTER"],
    ["playing", { sequence: "-" }, "SLOWER"],
    ["paused", { name: "g", sequence: "g" }, "ASK"],
    ["paused", { sequence: "?" }, "HELP"],
    ["paused", { name: "c", ctrl: true, sequence: "\x03" }, "QUIT"],
    ["asking", { name: "q", sequence: "q" }, "TYPE"],
    ["asking", { name: "backspace", sequence: "\x7f" }, "ERASE"],
    ["asking", { name: "return", sequence: "\r" }, "GO"],
    ["asking", { name: "escape", sequence: "\x1b" }, "CLOSE"],
    ["asking", { name: "c", ctrl: true, sequence: "\x03" }, "QUIT"],
    ["helping", { name: "x", sequence: "x" }, "CLOSE"],
    ["helping", { name: "q", sequence: "q" }, "QUIT"],
    ["paused", { name: "x", sequence: "x" }, undefined],
    ["paused", { name: "constructor", sequence: "toString" }, undefined],
    ["asking", { name: "up", sequence: "\x1b[A" }, undefined],
    ["left", { name: "q", sequence: "q" }, undefined],
  ] as const)("given the state %s, when %j is pressed, then it means %s", (state, key, meaning) => {
    expect(meaningOf(key, state)?.type).toBe(meaning);
  });

  test("given what is typed, then it is bounded, and can be taken back", () => {
    expect(typed("81", "2")).toBe("812");
    expect(typed("", "x".repeat(100))).toHaveLength(40);
    expect(erased("812")).toBe("81");
    expect(erased("")).toBe("");
    expect(KEYS.length).toBeGreaterThan(5);
  });
});

describe("speeds", () => {
  test("given a speed, when it is made faster and slower, then it goes through the steps, up to max", () => {
    const up = [1];
    for (let speed = 1; speed !== SPEED_MAX; speed = faster(speed)) up.push(faster(speed));
    expect(up.map(speedText)).toEqual("×1 ×2 ×5 ×10 ×30 ×60 ×300 ×1800 ×3600 ×21600 ×86400 max".split(" "));
    expect([faster(SPEED_MAX), slower(SPEED_MAX), slower(0.1), slower(7), faster(7)]).toEqual([
      SPEED_MAX,
      86_400,
      0.1,
      5,
      10,
    ]);
  });

  test.each([
    ["1", 1],
    ["0.5", 0.5],
    ["max", SPEED_MAX],
  ])("given %s, then it is read", (text, speed) => {
    expect(readSpeed(text)).toBe(speed);
  });

  test.each(["0", "-1", "fast", "1e3", "", "0.001", "9999999", "Infinity"])("given %j, then it is refused", (text) => {
    expect(() => readSpeed(text)).toThrow(/Give a number from 0\.01 to 1000000/);
  });
});
