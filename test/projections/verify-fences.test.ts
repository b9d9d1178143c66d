/** The fences by themselves, without the fold: words about attempts that are live, and such as are not (INV-002, INV-007). */
import { describe, expect, test } from "vitest";
import type { Fact } from "../../events/facts.js";
import { jobId, position } from "../../events/names.js";
import { FenceCheck } from "../../projections/verify/verify-fences.js";
import { completed, granted } from "./sound-ledger.js";

describe("the fences by themselves, without the fold", () => {
  const at = position(10);
  const grant = granted("a", "global");

  test("given words about the live grant, then nothing is wrong, and after a failure the next attempt follows", () => {
    const fences = new FenceCheck();
    const failed: Fact = {
      type: "RunFailed",
      job: jobId("a"),
      grant: at,
      exitCode: 1,
      error: { code: "x", message: "" },
      retryAt: "2026-01-01T00:00:00.000Z",
    };
    const facts: readonly Fact[] = [grant, { type: "RunStarted", job: jobId("a"), grant: at, startedAt: "" }, failed];
    expect(facts.map((fact) => fences.faultOf(fact, at))).toEqual([null, null, null]);
    expect(fences.faultOf(granted("a", "global", { attempt: 2 }), position(12))).toBeNull();
    expect(fences.faultOf(completed("a", 12), position(13))).toBeNull();
  });

  const ofGrant = { job: jobId("a"), grant: at };
  const error = { code: "x", message: "" };
  test.each<Fact>([
    completed("a", 10),
    { type: "RunSkipped", ...ofGrant, reason: "" },
    { type: "RunCancelled", ...ofGrant, reason: "" },
    { type: "RunFailed", ...ofGrant, exitCode: 1, error, retryAt: null },
    { type: "RunTimedOut", ...ofGrant, error, retryAt: null },
    { type: "LeaseExpired", ...ofGrant, error, retryAt: null },
    { type: "JobCancelled", job: jobId("a"), reason: "" },
  ])("given $type, then the grant is not live any more", (end) => {
    const fences = new FenceCheck();
    expect([grant, end].map((fact) => fences.faultOf(fact, at))).toEqual([null, null]);
    expect(fences.faultOf(completed("a", 10), at)).toBe("a: grant 10 is not live, none is");
  });

  test.each<[string, readonly Fact[], RegExp]>([
    ["a second grant", [grant, granted("a", "global", { attempt: 2 })], /a has a live grant already, 10/],
    ["an attempt that skips a number", [granted("a", "global", { attempt: 2 })], /attempt 2 of a does not follow 0/],
    ["a word about another grant", [grant, completed("a", 9)], /a: grant 9 is not live, 10 is/],
    ["a word about no grant", [completed("a", 9)], /a: grant 9 is not live, none is/],
    ["a word after the end", [grant, completed("a", 10), completed("a", 10)], /a: grant 10 is not live, none is/],
  ])("given %s, then it is told", (_what, facts, fault) => {
    const fences = new FenceCheck();
    const faults = facts.map((fact) => fences.faultOf(fact, at));
    expect(faults.slice(0, -1).every((one) => one === null)).toBe(true);
    expect(faults.at(-1)).toMatch(fault);
  });
});
