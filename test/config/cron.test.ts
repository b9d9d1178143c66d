/** Cron expressions are checked when they are read: what passes must be understood, and must come true, when it is decided. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cronProblem } from "../../src/config/cron.js";
import { scheduleSchema } from "../../src/config/schedule.js";
import { nextFiring } from "../../src/cron.js";

const FIVE = 'must have five fields (minute hour day month weekday), for example "0 6 * * *" for six every morning';

describe("a cron expression that is wrong", () => {
  test.each<[string, string | RegExp]>([
    ["", FIVE],
    ["   ", FIVE],
    ["0 6 * *", FIVE],
    ["0 0 6 * * *", FIVE],
    ["@daily", FIVE],
    ["0 25 * * *", /^"25" is not valid as hour/],
    ["60 * * * *", /^"60" is not valid as minute/],
    ["0 0 0 * *", /^"0" is not valid as day of the month/],
    ["0 0 * 13 *", /^"13" is not valid as month/],
    ["0 0 * * 8", /^"8" is not valid as weekday/],
    ["mon * * * *", /^"mon" is not valid as minute/],
    ["0 0 * * SAT-SUN", /^"SAT-SUN" is not valid as weekday/],
    ["0 0 * * \u017fun", /is not valid as weekday/],
    ["5-1 * * * *", /^"5-1" is not valid as minute/],
    ["1-2-3 * * * *", /^"1-2-3" is not valid as minute/],
    ["1,,2 * * * *", /^"" is not valid as minute/],
    ["-1 * * * *", /^"-1" is not valid as minute/],
    ["*/0 * * * *", /^"\*\/0" is not valid as minute/],
    ["*/99 * * * *", /^"\*\/99" is not valid as minute/],
    ["0 0 */32 * *", /^"\*\/32" is not valid as day of the month/],
    ["0 0 * * */8", /^"\*\/8" is not valid as weekday/],
    ["5/15 * * * *", /^"5\/15" is not valid as minute: .*steps \(\*\/2, 1-9\/2\)$/],
    ["*/2/2 * * * *", /^"\*\/2\/2" is not valid as minute/],
    ["0 0 L * *", /^"L" is not valid as day of the month/],
    ["0 0 * * 1#2", /^"1#2" is not valid as weekday/],
    ["0 0 30 2 *", "never comes true: no such month has a day 30"],
    ["0 0 31 APR,jun,9-11/2 *", "never comes true: no such month has a day 31"],
    [`0 0 * * ${"1,".repeat(300)}1`, "must not be longer than 500 characters"],
  ])("given '%s', when it is checked, then it is said what is wrong", (expression, problem) => {
    const found = cronProblem(expression);
    if (typeof problem === "string") expect(found).toBe(problem);
    else expect(found).toMatch(problem);
  });

  test.each(["+01:00", "Europe/Berln", "", "UTC+1", "Europe/Berlin ", "../etc", "Z"])(
    "given '%s' as time zone, when it is checked, then it is refused",
    (timezone) => {
      const read = scheduleSchema.safeParse({ template: "t", cron: "0 6 * * *", timezone });
      expect(read.error?.issues.map(({ message }) => message)).toEqual([
        "is not a known time zone; write one such as Europe/Berlin or UTC",
      ]);
    },
  );
});

describe("a cron expression that is sound", () => {
  test.each<[string, string]>([
    ["* * * * *", "2026-01-01T00:01:00.000Z"],
    [" 0\t6  * * * ", "2026-01-01T06:00:00.000Z"],
    ["*/15 * * * *", "2026-01-01T00:15:00.000Z"],
    ["07 08 * * *", "2026-01-01T08:07:00.000Z"],
    ["10-50/20 23 * * *", "2026-01-01T23:10:00.000Z"],
    ["0 0 1 jan-Dec/3 *", "2026-04-01T00:00:00.000Z"],
    ["0 0 * * 7", "2026-01-04T00:00:00.000Z"],
    ["0 0 * * SUN", "2026-01-04T00:00:00.000Z"],
    ["0 0 * * 5-7", "2026-01-02T00:00:00.000Z"],
    ["0 0 29 2 *", "2028-02-29T00:00:00.000Z"],
    ["0 0 31 2,3 *", "2026-03-31T00:00:00.000Z"],
    // A day and a weekday: on either.
    ["0 0 30 2 MON", "2026-02-02T00:00:00.000Z"],
    ["0 0 13 * 5", "2026-01-02T00:00:00.000Z"],
  ])("given '%s', when it is asked after the New Year of 2026, then it comes true at %s", (cron, at) => {
    expect(cronProblem(cron)).toBeNull();
    expect(nextFiring({ cron, timezone: "UTC" }, "2026-01-01T00:00:00.000Z")).toBe(at);
  });

  test("given any expression, when the check lets it pass, then it is understood and comes true one day: a decision never fails of it", () => {
    const seed = Number(process.env["SIGNALBOX_TEST_SEED"]) || Math.floor(Math.random() * 2 ** 31);
    process.stdout.write(`cron expressions: seed ${seed}\n`);
    const expression = fc
      .tuple(
        ...(
          [
            [0, 59],
            [0, 23],
            [1, 31],
            [1, 12],
            [0, 7],
          ] as const
        ).map(([min, max]) => fieldArbitrary(min, max)),
      )
      .map((parts) => parts.join(" "));
    let passed = 0;
    fc.assert(
      fc.property(expression, fc.constantFrom("UTC", "Europe/Berlin", "America/New_York"), (cron, timezone) => {
        if (cronProblem(cron) !== null) return;
        passed += 1;
        expect(nextFiring({ cron, timezone }, "2026-01-01T00:00:00.000Z"), cron).not.toBeNull();
      }),
      { seed, numRuns: 4_000 },
    );
    expect(passed).toBeGreaterThan(100);
  });
});

/** A field that is sound more often than not. */
function fieldArbitrary(min: number, max: number): fc.Arbitrary<string> {
  const number = fc.oneof(
    { weight: 30, arbitrary: fc.integer({ min, max }).map(String) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(String(min - 1), String(max + 1), "JAN", "feb", "MON", "sun", "L", "?", ""),
    },
  );
  const range = fc.oneof(
    { weight: 4, arbitrary: fc.constant("*") },
    { weight: 4, arbitrary: number },
    { weight: 3, arbitrary: fc.tuple(number, number).map((ends) => [...ends].sort((a, b) => +a - +b).join("-")) },
  );
  const item = fc.oneof(
    { weight: 4, arbitrary: range },
    { weight: 1, arbitrary: fc.tuple(range, number).map(([ends, step]) => `${ends}/${step}`) },
  );
  return fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => items.join(","));
}
