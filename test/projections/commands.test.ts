/** Commands as decisions: what they record, what they refuse, and that a repeated one changes nothing. */
import { describe, expect, test } from "vitest";
import { jobId } from "../../events/names.js";
import type { JobState } from "../../events/states.js";
import { type Command, decideCommand, type Surroundings } from "../../projections/commands.js";
import { stateOf } from "../../projections/jobs.js";
import { type LedgerBuilder, ledger } from "../support/ledger-builder.js";

const begin = (): LedgerBuilder => ledger().elected().worker("w1", 10).limits({ global: 5 });
const FUTURE = "2030-01-01T00:00:00.000Z";

const around: Surroundings = {
  catalogue: { types: new Map([["task", {}]]), templates: new Map() },
  now: "2026-12-01T00:00:00.000Z",
  nextFiring: () => null,
  intake: null,
};

/** A ledger in which `a` is in each state. */
const inState: Record<JobState, () => LedgerBuilder> = {
  scheduled: () => begin().submitted("a", { runAt: FUTURE }),
  queued: () => begin().submitted("a"),
  granted: () => begin().submitted("a").granted("a"),
  running: () => begin().submitted("a").granted("a").started("a"),
  cancelling: () => begin().submitted("a").granted("a").started("a").cancelRequested("a"),
  retrying: () => begin().submitted("a").granted("a").failed("a", FUTURE),
  completed: () => begin().submitted("a").granted("a").started("a").completed("a"),
  skipped: () => begin().submitted("a").granted("a").started("a").skipped("a"),
  failed: () => begin().submitted("a").granted("a").failed("a"),
  cancelled: () => begin().submitted("a").cancelled("a"),
  rejected: () => begin().rejected("a", "no such type"),
};

/** Decides and folds; what the decision was. */
function carryOut(book: LedgerBuilder, command: Command): string {
  const decided = decideCommand(book.fold, command, around);
  if ("refused" in decided) return `${decided.refused}: ${decided.reason}`;
  for (const fact of decided.facts) book.fact(fact);
  return decided.facts.map(({ type }) => type).join(" ") || "nothing";
}

describe("cancel", () => {
  const cancel: Command = { verb: "cancel", id: jobId("a"), reason: "not wanted" };
  test.each<[JobState, string, JobState]>([
    ["scheduled", "JobCancelled", "cancelled"],
    ["queued", "JobCancelled", "cancelled"],
    ["retrying", "JobCancelled", "cancelled"],
    ["granted", "CancelRequested", "cancelling"],
    ["running", "CancelRequested", "cancelling"],
    ["cancelling", "nothing", "cancelling"],
    ["completed", "conflict: a is completed already", "completed"],
    ["skipped", "conflict: a is skipped already", "skipped"],
    ["failed", "conflict: a is failed already", "failed"],
    ["cancelled", "conflict: a is cancelled already", "cancelled"],
    ["rejected", "conflict: a is rejected already", "rejected"],
  ])("given a job that is %s, when it is cancelled, then the answer is '%s' and it is %s", (state, answer, after) => {
    const book = inState[state]();
    expect(stateOf(book.row("a"))).toBe(state);
    expect(carryOut(book, cancel)).toBe(answer);
    expect(stateOf(book.row("a"))).toBe(after);
  });

  test("given a granted job, when it is cancelled, then its slots stay held until the worker says that nothing runs any more", () => {
    const book = inState.granted();
    carryOut(book, cancel);
    expect(book.fold.slots.pools).toMatchObject({ global: { used: 1 } });
    book.failed("a");
    expect([stateOf(book.row("a")), book.row("a").reason]).toEqual(["cancelled", "not wanted"]);
    expect(book.fold.slots.pools).toMatchObject({ global: { used: 0 } });
  });

  test("given no such job, when it is cancelled, then it is not found", () => {
    for (const id of ["b", "constructor", "toString"])
      expect(carryOut(begin(), { verb: "cancel", id: jobId(id), reason: "" })).toBe(`not-found: there is no job ${id}`);
  });
});

describe("amend (INV-001)", () => {
  const amend: Command = { verb: "amend", id: jobId("a"), params: { tone: "dark" }, priority: 5 };
  test.each<[JobState, string]>([
    ["scheduled", "JobAmended"],
    ["queued", "JobAmended"],
    ["granted", "conflict: a was granted a start and is fixed since then (INV-001)"],
    ["running", "conflict: a was granted a start and is fixed since then (INV-001)"],
    ["cancelling", "conflict: a was granted a start and is fixed since then (INV-001)"],
    ["retrying", "conflict: a was granted a start and is fixed since then (INV-001)"],
    ["completed", "conflict: a was granted a start and is fixed since then (INV-001)"],
    ["cancelled", "conflict: a is cancelled; only a waiting job can be amended"],
    ["rejected", "conflict: a is rejected; only a waiting job can be amended"],
  ])("given a job that is %s, when it is amended, then the answer is '%s'", (state, answer) => {
    const book = inState[state]();
    const before = book.row("a").spec;
    expect(carryOut(book, amend)).toBe(answer);
    if (answer === "JobAmended") expect(book.row("a").spec).toMatchObject({ params: { tone: "dark" }, priority: 5 });
    else expect(book.row("a").spec).toEqual(before);
  });

  test("given a job that waits for its second attempt, when it is amended, then it is refused", () => {
    const book = inState.retrying().due("a");
    expect(stateOf(book.row("a"))).toBe("queued");
    expect(carryOut(book, amend)).toMatch(/^conflict: .*INV-001/);
  });

  test("given only one of params and priority, when a job is amended, then the other stays; neither is refused", () => {
    const book = begin().submitted("a", { params: { tone: "light" }, priority: 3 });
    expect(carryOut(book, { verb: "amend", id: jobId("a"), priority: 0 })).toBe("JobAmended");
    expect(book.row("a").spec).toMatchObject({ params: { tone: "light" }, priority: 0 });
    expect(carryOut(book, { verb: "amend", id: jobId("a"), params: {} })).toBe("JobAmended");
    expect(book.row("a").spec).toMatchObject({ params: {}, priority: 0 });
    expect(carryOut(book, { verb: "amend", id: jobId("a") })).toBe(
      "invalid: nothing to amend: give params or priority",
    );
    expect(carryOut(book, { verb: "amend", id: jobId("b"), priority: 1 })).toBe("not-found: there is no job b");
  });
});

describe("limits", () => {
  test("given limits that are in force, when they are set again, then nothing is recorded, however they are written", () => {
    const book = ledger().elected();
    const set = (limits: Extract<Command, { verb: "limits" }>["limits"]) =>
      carryOut(book, { verb: "limits", limits, source: "configuration" });
    // The default limits are recorded once, so that decisions are tied to them (D7).
    expect(set({ global: 1 })).toBe("LimitsChanged");
    expect(set({ global: 1 })).toBe("nothing");
    expect(set({ types: { a: 1, b: 2 }, resources: { x: 1 } })).toBe("LimitsChanged");
    expect(set({ resources: { x: 1 }, types: { b: 2, a: 1 } })).toBe("nothing");
    expect(set({})).toBe("LimitsChanged");
    expect(Object.keys(book.fold.slots.pools)).toEqual([]);
  });
});

describe("pause and resume", () => {
  const pools = () => begin().limits({ global: 2, types: { ollama: 1, story: 1 }, resources: { ollama: 1, cpu: 1 } });
  test.each([
    ["global", "PoolPaused"],
    ["resource:cpu", "PoolPaused"],
    ["cpu", "PoolPaused"],
    ["story", "PoolPaused"],
    ["ollama", "invalid: ollama is ambiguous: type:ollama or resource:ollama"],
    [
      "nope",
      "not-found: there is no pool nope; pools are global, type:ollama, type:story, resource:cpu, resource:ollama",
    ],
    [
      "constructor",
      "not-found: there is no pool constructor; pools are global, type:ollama, type:story, resource:cpu, resource:ollama",
    ],
    ["", "not-found: there is no pool ; pools are global, type:ollama, type:story, resource:cpu, resource:ollama"],
  ])("given pools, when '%s' is paused, then the answer is '%s'", (pool, answer) => {
    expect(carryOut(pools(), { verb: "pause", pool })).toBe(answer);
  });

  test("given a pool that is paused, when it is paused again or resumed twice, then only what changes is recorded", () => {
    const book = pools();
    const answers = (["resume", "pause", "pause", "resume", "resume"] as const).map((verb) =>
      carryOut(book, { verb, pool: "cpu" }),
    );
    expect(answers).toEqual(["nothing", "PoolPaused", "nothing", "PoolResumed", "nothing"]);
    expect(carryOut(begin().limits({}), { verb: "pause", pool: "global" })).toBe(
      "not-found: there is no pool global; pools are none",
    );
  });
});
