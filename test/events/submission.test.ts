/** What may be submitted, on both sides of each bound; and what is said of what may not. */
import { describe, expect, test } from "vitest";
import {
  amendmentSchema,
  boundedReason,
  PARAMS_DEPTH_MAX,
  readAs,
  type Submission,
  submissionSchema,
} from "../../events/submission.js";

const read = (submission: unknown) => readAs(submissionSchema, submission);
const reasonOf = (submission: unknown) => {
  const reading = read(submission);
  return reading.ok ? null : reading.reason;
};
/** An object of so many members. */
const many = <T>(count: number, value: T) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`m${index}`, value]));
const nested = (depth: number): unknown => (depth === 0 ? 1 : { deeper: nested(depth - 1) });

describe("a submission", () => {
  test.each<[string, Submission]>([
    ["nothing at all", {}],
    ["the lowest priority", { priority: -1_000 }],
    ["the highest priority", { priority: 1_000 }],
    ["one attempt", { maxAttempts: 1 }],
    ["a hundred attempts", { maxAttempts: 100 }],
    ["as many tags as may be", { resources: many(64, 1) }],
    ["no and many units", { resources: { a: 0, b: 1_000_000 } }],
    ["as many labels as may be", { labels: many(64, "x") }],
    ["a label of each length", { labels: { ["k".repeat(64)]: "v".repeat(256), k: "" } }],
    ["a group at the last place", { group: { id: "book-9" as never, order: 1_000_000, sequential: true } }],
  ])("given %s, when it is read, then it is as it was", (_, submission) => {
    expect(read(submission)).toEqual({ ok: true, value: submission });
  });

  test("given durations at their bounds, when they are read, then they are milliseconds", () => {
    expect(read({ delay: "3650d", timeout: 1 })).toEqual({ ok: true, value: { delay: 315_360_000_000, timeout: 1 } });
    expect(read({ delay: 0 })).toMatchObject({ ok: true, value: { delay: 0 } });
  });

  test("given params nested as deep as may be, when they are read, then they are taken; one deeper, and they are not", () => {
    expect(reasonOf({ params: nested(PARAMS_DEPTH_MAX) })).toBeNull();
    expect(reasonOf({ params: nested(PARAMS_DEPTH_MAX + 1) })).toMatch(/^params: must not be nested deeper than 100/);
  });

  test.each<[string, unknown, string]>([
    ["a priority too low", { priority: -1_001 }, "priority: must be a whole number from -1000 to 1000, got -1001"],
    ["a priority too high", { priority: 1_001 }, "priority: must be a whole number from -1000 to 1000, got 1001"],
    ["half a priority", { priority: 0.5 }, "priority: must be a whole number from -1000 to 1000, got 0.5"],
    ["no attempt", { maxAttempts: 0 }, "maxAttempts: must be a whole number from 1 to 100, got 0"],
    ["too many tags", { resources: many(65, 1) }, "resources: must not be more than 64"],
    ["less than no unit", { resources: { a: -1 } }, "resources.a: must be a whole number from 0 to 1000000, got -1"],
    ["tags that are a list", { resources: ["a"] }, "resources: must be an object of tag: units"],
    ["too many labels", { labels: many(65, "x") }, "labels: must not be more than 64"],
    ["a label that is a number", { labels: { a: 1 } }, "labels.a: must be text, got 1"],
    ["a delay too long", { delay: "3651d" }, 'delay: must not be longer than 3650d, got "3651d"'],
    ["no time at all", { timeout: 0 }, "timeout: must be longer than 0, got 0"],
    [
      "an id like a default one",
      { id: "j42-7" },
      'id: looks like a default id (j42, j42-7); choose another, got "j42-7"',
    ],
    [
      "a group that is text",
      { group: "book-9" },
      'group: must be an object such as {id: book-9, order: 7, sequential: true}, got "book-9"',
    ],
    ["params that are a list", { params: [] }, "params: must be a JSON object"],
  ])("given %s, when it is read, then the reason says what is wrong and what is allowed", (_, submission, reason) => {
    expect(reasonOf(submission)).toBe(reason);
  });

  test("given what is no object, when it is read, then that is said of the whole", () => {
    expect(reasonOf(5)).toMatch(/^submission: .*, got 5$/);
    expect(reasonOf(null)).toMatch(/^submission: /);
  });

  test("given unknown keys, when it is read, then all are named, short enough to be read, with those that are allowed", () => {
    const long = "k".repeat(41);
    expect(readAs(amendmentSchema, { a: 1, [long]: 2, ["k".repeat(40)]: 3 })).toEqual({
      ok: false,
      reason: `"a", "${"k".repeat(40)}…", "${"k".repeat(40)}": unknown; allowed are params, priority`,
    });
  });

  test("given a value longer than is shown, when it is refused, then its beginning is shown", () => {
    // With its quotation marks, 40 letters are shown.
    const whole = "x".repeat(38);
    expect(reasonOf({ priority: whole })).toMatch(new RegExp(`, got "${whole}"$`));
    expect(reasonOf({ priority: `${whole}y` })).toMatch(new RegExp(`, got "${whole}y…$`));
  });

  test("given more that is wrong than is told, when it is refused, then three are told, and how many more there are", () => {
    const wrong = { priority: "x", maxAttempts: 0, params: 1, delay: "soon", labels: 7 };
    const reason = reasonOf(wrong) ?? "";
    expect(reason.split("; ").at(-1)).toBe("and 2 more");
    expect(reason.split(", got ")).toHaveLength(4);
  });
});

describe("a reason", () => {
  test("given a reason of any length, when it is bounded, then a thousand letters are kept", () => {
    expect(boundedReason("r".repeat(1_000))).toBe("r".repeat(1_000));
    expect(boundedReason("r".repeat(1_001))).toBe(`${"r".repeat(1_000)}…`);
  });
});
