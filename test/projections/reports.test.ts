/** Reports of workers as decisions: whatever is reported, in whatever state, the fold takes what is decided (INV-007, D8). */
import { describe, expect, test } from "vitest";
import { jobId, position } from "../../events/names.js";
import { isTerminal } from "../../events/states.js";
import { type JobRow, liveAttempt, stateOf } from "../../projections/jobs.js";
import { decideReport, type Ending, type Report } from "../../projections/reports.js";
import { type LedgerBuilder, ledger } from "../support/ledger-builder.js";

const RETRY_AT = "2030-01-01T00:00:00.000Z";
const error = { code: "broken", message: "it broke" };
const failed = (retryable: boolean, retryAfterMs: number | null = null): Ending => ({
  outcome: "failed",
  error,
  retryable,
  exitCode: 7,
  retryAfterMs,
});
const endings: Record<string, Ending> = {
  completed: { outcome: "completed", result: { inline: 42 }, exitCode: 0 },
  skipped: { outcome: "skipped", reason: "nothing to do" },
  "failed for now": failed(true),
  "failed for good": failed(false),
  "timed out": { outcome: "timed-out", error },
  lost: { outcome: "lost", error },
};
const begin = (maxAttempts = 3): LedgerBuilder =>
  ledger().elected().worker("w1", 10).limits({ global: 1 }).submitted("a", { maxAttempts }).granted("a");
const live: Record<string, () => LedgerBuilder> = {
  granted: () => begin(),
  running: () => begin().started("a"),
  cancelling: () => begin().cancelRequested("a"),
  "cancelling after it started": () => begin().started("a").cancelRequested("a"),
};

const grantOf = (row: JobRow) => liveAttempt(row)?.grant ?? position(0);
function decide(book: LedgerBuilder, said: Report["said"], grant = grantOf(book.row("a"))) {
  return decideReport(book.fold, { job: jobId("a"), grant, said }, () => RETRY_AT);
}

describe("what becomes of a report", () => {
  const cases = Object.keys(live).flatMap((state) => Object.keys(endings).map((ending) => [state, ending] as const));
  test.each(cases)(
    "given an attempt that is %s, when its end is reported as %s, then the fold takes what is decided",
    (state, name) => {
      const book = live[state]?.();
      const ended = endings[name];
      if (book === undefined || ended === undefined) throw new Error("no such case");
      const fact = decide(book, { ended });
      if (fact !== null) book.fact(fact);
      const row = book.row("a");
      expect(liveAttempt(row)).toBeNull();
      expect(book.fold.slots.pools).toMatchObject({ global: { used: 0 } });
      const after = stateOf(row);
      const wasCancelling = state.startsWith("cancelling");
      expect(isTerminal(after) || after === "retrying").toBe(true);
      if (wasCancelling) expect(["completed", "skipped", "cancelled"]).toContain(after);
    },
  );

  test.each(Object.keys(live))(
    "given an attempt that is %s, when its start is reported, then the fold takes what is decided",
    (state) => {
      const book = live[state]?.() ?? begin();
      const before = liveAttempt(book.row("a"))?.startedAt;
      const fact = decide(book, { started: "2026-06-01T00:00:00.000Z" });
      if (fact !== null) book.fact(fact);
      // A start time never changes once it is written (INV-002).
      expect(liveAttempt(book.row("a"))?.startedAt).toBe(before ?? "2026-06-01T00:00:00.000Z");
    },
  );
});

describe("tries and retries (DEC-007)", () => {
  test("given three attempts, when each fails, then the first two are tried again and the third is final", () => {
    const book = begin(3);
    const seen: string[] = [];
    for (let i = 1; i <= 3; i += 1) {
      const fact = decide(book, { ended: failed(true) });
      if (fact === null) throw new Error("a report about a live attempt was dropped");
      book.fact(fact);
      seen.push(stateOf(book.row("a")));
      if (i < 3) book.due("a").granted("a");
    }
    expect(seen).toEqual(["retrying", "retrying", "failed"]);
    expect(
      book.row("a").attempts.map(({ number, outcome, exitCode, error: why }) => [number, outcome, exitCode, why]),
    ).toEqual([1, 2, 3].map((number) => [number, "failed", 7, "it broke"]));
  });

  test.each<[string, Ending, boolean]>([
    ["a failure that may be tried again", failed(true), true],
    ["a failure that may not", failed(false), false],
    ["a timeout", { outcome: "timed-out", error }, true],
    ["a loss", { outcome: "lost", error }, true],
  ])("given attempts are left, when %s is reported, then it is as it should be tried again", (_, ended, retries) => {
    expect(decide(begin().started("a"), { ended })).toMatchObject({ retryAt: retries ? RETRY_AT : null });
    expect(decide(begin(1).started("a"), { ended })).toMatchObject({ retryAt: null });
    expect(decide(begin().started("a").cancelRequested("a"), { ended })).toMatchObject({ retryAt: null });
  });

  test("given the other side asked to wait, when a retry time is drawn, then it is told; for a loss it is not", () => {
    const asked: (number | null)[] = [];
    const draw = (_: JobRow, retryAfterMs: number | null) => {
      asked.push(retryAfterMs);
      return RETRY_AT;
    };
    const book = begin();
    const report = (ended: Ending) => ({ job: jobId("a"), grant: grantOf(book.row("a")), said: { ended } });
    decideReport(book.fold, report(failed(true, 1_500)), draw);
    decideReport(book.fold, report({ outcome: "lost", error }), draw);
    decideReport(book.fold, report(failed(false, 1_500)), draw);
    expect(asked).toEqual([1_500, null]);
  });
});

describe("late reports (INV-007)", () => {
  test("given an attempt that has ended, when anything is said about it, then nothing becomes of it", () => {
    for (const ended of Object.values(endings)) {
      const book = begin().started("a");
      const old = grantOf(book.row("a"));
      book.lost("a", RETRY_AT);
      expect(decide(book, { ended }, old)).toBeNull();
      book.due("a").granted("a");
      expect(decide(book, { ended }, old)).toBeNull();
      expect(decide(book, { started: RETRY_AT }, old)).toBeNull();
      expect(decide(book, { ended })).not.toBeNull();
    }
  });

  test("given a job that is unknown or waits, when something is said about it, then nothing becomes of it", () => {
    const book = ledger().elected().submitted("a");
    expect(decide(book, { started: RETRY_AT }, position(3))).toBeNull();
    const report = { job: jobId("constructor"), grant: position(1), said: { started: RETRY_AT } };
    expect(decideReport(book.fold, report, () => RETRY_AT)).toBeNull();
  });

  test("given a running attempt, when its start is reported again, then nothing becomes of it", () => {
    expect(decide(begin().started("a"), { started: RETRY_AT })).toBeNull();
  });
});
