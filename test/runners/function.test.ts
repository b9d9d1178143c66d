/** The runner of plain functions: what counts as a result, an outcome, or a mistake. */
import { describe, expect, it } from "vitest";
import { functionRunner, type JobFunction, NotRetryable } from "../../src/runners/function.js";
import type { Outcome } from "../../src/runners/runner.js";
import { aRun, failed, result } from "./a-run.js";

const run = (jobFunction: JobFunction): Promise<Outcome> => functionRunner(jobFunction).run(aRun({ words: 3 }));
const returning = (value: unknown): Promise<Outcome> => run(async () => value);

describe("a job's function", () => {
  it("given params and the run, when it is called, then it gets both and what it returns is the result", async () => {
    const outcome = await run(async ({ words }, { attempt, progress }) => {
      progress({ done: 0.5 });
      return { words: words ?? null, attempt };
    });
    expect(result(outcome)).toEqual({ words: 3, attempt: 2 });
  });

  it.each([
    [undefined, null],
    [null, null],
    ["text 🚂", "text 🚂"],
    [
      [1, { a: false }],
      [1, { a: false }],
    ],
    [{ a: 1, left: undefined }, { a: 1 }],
    [{ outcome: "sunny" }, { outcome: "sunny" }],
  ])("given the return value %j, when it is read, then the result is %j", async (value, expected) => {
    expect(await returning(value)).toEqual({ outcome: "completed", result: expected });
  });

  const circle: { self?: unknown } = {};
  circle.self = circle;
  it.each<[string, unknown, string]>([
    ["a date", { when: [new Date(0)] }, "the returned value.when[0] is a Date"],
    ["a map", new Map(), "the returned value is a Map"],
    ["a function", { f: () => 1 }, "the returned value.f is a function"],
    ["a bigint", [10n], "the returned value[0] is a bigint"],
    ["not a number", { a: Number.NaN }, "the returned value.a is NaN"],
    ["a hole", [undefined], "the returned value[0] is a undefined"],
    ["a circle", circle, "is nested more than 200 deep, or holds itself"],
  ])(
    "given %s as return value, when it is read, then the run has failed for good and says where",
    async (_what, value, expected) => {
      const outcome = failed(await returning(value));
      expect(outcome).toMatchObject({ retryable: false, error: { code: "not-json" } });
      expect(outcome.error.message).toContain(expected);
    },
  );

  it("given a result, when the function changes it later, then the result stays", async () => {
    const value = { list: [1] };
    const outcome = await returning(value);
    value.list.push(2);
    expect(result(outcome)).toEqual({ list: [1] });
  });

  it.each<Outcome>([
    { outcome: "completed", result: { a: 1 }, exitCode: 0 },
    { outcome: "skipped", reason: "nothing new" },
    { outcome: "failed", error: { code: "quota", message: "no quota" }, retryable: true, retryAfterMs: 5_000 },
  ])("given the outcome %j, when it is returned, then it is the outcome", async (outcome) => {
    expect(await returning(outcome)).toEqual(outcome);
  });

  it.each([
    { outcome: "failed" },
    { outcome: "failed", eror: "x" },
    { outcome: "completed" },
    { outcome: "skipped", reason: 7 },
  ])(
    "given %j, which is not quite an outcome, when it is returned, then it never passes for a result",
    async (value) => {
      expect(failed(await returning(value))).toMatchObject({ retryable: false, error: { code: "not-an-outcome" } });
    },
  );

  it("given an error, when it is thrown, then the run may be retried and keeps code and message", async () => {
    const throwing =
      (error: unknown): JobFunction =>
      () => {
        throw error;
      };
    expect(failed(await run(throwing(new Error("disk full"))))).toMatchObject({
      retryable: true,
      error: { code: "threw", message: "disk full" },
    });
    expect(failed(await run(throwing(Object.assign(new Error("x"), { code: "ENOSPC" })))).error.code).toBe("ENOSPC");
    expect(failed(await run(throwing("just text"))).error).toEqual({ code: "threw", message: "just text" });
    expect(failed(await run(async () => Promise.reject(new TypeError(""))))).toMatchObject({
      error: { message: "TypeError" },
    });
  });

  it("given a NotRetryable, when it is thrown, then the job fails for good", async () => {
    const outcome = await run(() => Promise.reject(new NotRetryable("no such book")));
    expect(failed(outcome)).toMatchObject({
      retryable: false,
      error: { code: "not-retryable", message: "no such book" },
    });
  });
});
