/** Durations: as people write them, and as they are told to people. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { durationSchema, formatDuration, parseDuration } from "../../events/duration.js";

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const unit = fc.constantFrom("ms", "s", "m", "h", "d");

describe("durations", () => {
  test.each([
    ["500ms", 500],
    ["30s", 30_000],
    ["10m", 600_000],
    ["2h", 7_200_000],
    ["1d", 86_400_000],
    ["250", 250],
    [250, 250],
    ["0s", 0],
    [0, 0],
  ])("given %j, when it is read, then it is %d ms", (written, ms) => {
    expect(parseDuration(written)).toBe(ms);
    expect(durationSchema.parse(written)).toBe(ms);
  });

  test.each([
    "",
    " 30s",
    "30 s",
    "1.5h",
    "-1s",
    "1m30s",
    "10 minutes",
    "s",
    "1w",
    "1S",
    "9007199254740991d",
    -1,
    0.5,
    Number.NaN,
    2 ** 53,
  ])("given %j, when it is read, then it is refused", (written) => {
    expect(parseDuration(written)).toBeNull();
    expect(durationSchema.safeParse(written).success).toBe(false);
  });

  test("given a text that is none, when it is refused, then the error repeats it and says the forms", () => {
    expect(durationSchema.safeParse("10 minutes").error?.issues.map((issue) => issue.message)).toEqual([
      '"10 minutes" is not a duration; write 500ms, 30s, 10m, 2h, 1d or a whole number of milliseconds',
    ]);
    expect(durationSchema.safeParse(0.5).error?.issues.map((issue) => issue.message)).toEqual([
      "0.5 is not a duration; write 500ms, 30s, 10m, 2h, 1d or a whole number of milliseconds",
    ]);
    // In the form of a duration, but more than can be counted.
    expect(durationSchema.safeParse("9007199254740991d").error?.issues).toMatchObject([
      { code: "custom", message: expect.stringMatching(/^"9007199254740991d" is not a duration; write 500ms/) },
    ]);
    expect(durationSchema.safeParse(["10m"]).error?.issues.map((issue) => issue.message)).toEqual([
      "must be a duration: 500ms, 30s, 10m, 2h, 1d or a whole number of milliseconds",
    ]);
  });

  test("given any number of any unit, when written and read, then it round-trips", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100_000_000 }), unit, (count, name) => {
        expect(parseDuration(`${count}${name}`)).toBe(count * (unitMs[name as keyof typeof unitMs] ?? Number.NaN));
      }),
    );
  });

  test.each([
    [-5, "0 ms"],
    [0, "0 ms"],
    [250.9, "250 ms"],
    [999, "999 ms"],
    [1_000, "1 s"],
    [9_540, "9.5 s"],
    [9_999, "9.9 s"],
    [10_000, "10 s"],
    [59_999, "59 s"],
    [60_000, "1 min"],
    [250_000, "4 min 10 s"],
    [3_599_999, "59 min 59 s"],
    [3_600_000, "1 h"],
    [7_200_000, "2 h"],
    [7_260_000, "2 h 1 min"],
    [86_399_999, "23 h 59 min"],
    [86_400_000, "1 d"],
    [97_200_000, "1 d 3 h"],
  ])("given %d ms, when told to people, then it is %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test("given any duration, when told to people, then it is never said to be longer, and is off by less than its last unit", () => {
    const shownMs = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 };
    fc.assert(
      fc.property(fc.oneof(fc.integer({ min: 0, max: 100_000 }), fc.integer({ min: 0, max: 2 ** 40 })), (ms) => {
        const parts = [...formatDuration(ms).matchAll(/([\d.]+) (\w+)/g)].map(([, count, name]) => ({
          count: Number(count),
          unit: shownMs[name as keyof typeof shownMs],
        }));
        const told = parts.reduce((sum, part) => sum + part.count * part.unit, 0);
        // A second unit of 0 is not written, hence up to one first unit's sixtieth (a day's: an hour).
        const first = parts[0]?.unit ?? 0;
        const slack =
          ms < 1_000 ? 1 : ms < 10_000 ? 100 : first === 1_000 ? 1_000 : first === 86_400_000 ? 3_600_000 : first / 60;
        expect(told).toBeLessThanOrEqual(ms + 1e-6);
        expect(ms - told).toBeLessThan(slack + 1e-6);
      }),
    );
  });
});
