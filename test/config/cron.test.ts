/** Cron expressions: what the configuration takes, the library that works the times out takes too; else a turn would stop on it. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cronProblem } from "../../src/config/cron.js";
import { nextFiring } from "../../src/cron.js";
import { checkRandomly } from "../projections/random-world.js";

const number = (max: number) => fc.integer({ min: 0, max }).map(String);
const padded = (max: number) => number(max).map((text) => text.padStart(2, "0"));
const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });

/** Items a little beyond what is allowed, with and without steps. */
function item(max: number, names: readonly string[]): fc.Arbitrary<string> {
  const one = fc.oneof(number(max), padded(max), ...(names.length === 0 ? [] : [fc.constantFrom(...names)]));
  const range = fc.oneof(
    fc.constant("*"),
    one,
    fc.tuple(one, one).map(([from, to]) => `${from}-${to}`),
  );
  return fc.tuple(range, orNull(number(max))).map(([text, step]) => (step === null ? text : `${text}/${step}`));
}
const field = (max: number, names: readonly string[] = []) =>
  fc.array(item(max, names), { minLength: 1, maxLength: 3 }).map((items) => items.join(","));

const fields = [
  field(61),
  field(25),
  field(32),
  field(13, ["JAN", "jun", "Dec"]),
  field(8, ["SUN", "mon", "Sat"]),
] as const;
/** One field at random, the others plain, so that a good part is sound. */
const expression = fc.oneof(
  fc.tuple(...fields).map((all) => all.join(" ")),
  ...fields.map((one, place) =>
    one.map((text) => ["0", "0", "1", "*", "*"].map((other, at) => (at === place ? text : other)).join(" ")),
  ),
);
const time = fc
  .date({ min: new Date("2026-01-01T00:00:00.000Z"), max: new Date("2036-01-01T00:00:00.000Z"), noInvalidDate: true })
  .map((date) => date.toISOString());

describe("cron expressions", () => {
  test("given any expression that is taken, when its next time is worked out, then it is after now, and no error comes", () => {
    let [taken, refused] = [0, 0];
    const input = fc.tuple(expression, time, fc.constantFrom("UTC", "Europe/Berlin", "America/New_York"));
    checkRandomly("cron", 1_500, input, ([cron, now, timezone]) => {
      if (cronProblem(cron) !== null) {
        refused += 1;
        return;
      }
      taken += 1;
      const next = nextFiring({ cron, timezone }, now);
      expect(next === null || next > now, `${cron} in ${timezone} after ${now}: ${next}`).toBe(true);
    });
    expect(Math.min(taken, refused)).toBeGreaterThan(100);
  });

  test.each([
    [
      "5/10 * * * *",
      '"5/10" is not valid as minute: allowed are * and 0 to 59, lists (1,3), ranges (1-5) and steps (*/2)',
    ],
    [
      "0 */25 * * *",
      '"*/25" is not valid as hour: allowed are * and 0 to 23, lists (1,3), ranges (1-5) and steps (*/2)',
    ],
    ["0 0 * * */8", "steps cannot be greater than maximum value of part (7)"],
  ])("given %s, which the library refuses, when it is checked, then it is refused with a reason", (cron, reason) => {
    expect(cronProblem(cron)).toContain(reason);
    expect(() => nextFiring({ cron, timezone: "UTC" }, "2026-01-01T00:00:00.000Z")).toThrow();
  });

  test.each(["* * * * *", "0 6 * * *", "*/15 9-17 * JAN-jun MON-Fri", "0,30 0-23/2 1,15 */3 0,7", "59 23 31 12 7"])(
    "given %s, when it is checked, then it is sound",
    (cron) => {
      expect(cronProblem(cron)).toBeNull();
    },
  );
});
