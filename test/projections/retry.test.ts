/** Retrying by hand (DEC-007): always allowed once a job has ended, and always a new job that names the old one. */
import { describe, expect, test } from "vitest";
import { groupId, intakeSequence, jobId } from "../../events/names.js";
import { TERMINAL_STATES } from "../../events/states.js";
import { PARAMS_BYTES_MAX } from "../../events/submission.js";
import type { Catalogue } from "../../projections/admission.js";
import { type Decided, decideCommand, type Surroundings } from "../../projections/commands.js";
import { stateOf } from "../../projections/jobs.js";
import type { Original } from "../../projections/retry.js";
import { historyOf } from "../../projections/views/views.js";
import { type LedgerBuilder, ledger } from "../support/ledger-builder.js";

const catalogue: Catalogue = { types: new Map([["story", {}]]), templates: new Map() };
const NOW = "2026-12-01T00:00:00.000Z";
const around: Surroundings = { catalogue, now: NOW, nextFiring: () => null, intake: null };
const begin = (): LedgerBuilder =>
  ledger()
    .elected()
    .worker("w1", 10)
    .limits({ resources: { gpu: 2 } });

/** What the ledger has of a job, read now. */
const readFrom = (book: LedgerBuilder, id: string): Original => {
  const facts = book.factsOf(id);
  return { params: historyOf(facts).params, facts: facts.length };
};

function retry(
  book: LedgerBuilder,
  id: string,
  {
    as = null,
    original = readFrom(book, id),
    ...more
  }: { as?: string | null; original?: Original | null } & Partial<Surroundings> = {},
): Decided {
  const command = { verb: "retry", id: jobId(id), as: as === null ? null : jobId(as), original } as const;
  const decided = decideCommand(book.fold, command, { ...around, ...more });
  if (!("refused" in decided)) for (const fact of decided.facts) book.fact(fact);
  return decided;
}

const failed = (book: LedgerBuilder, id: string): LedgerBuilder => book.granted(id).started(id).failed(id);
const idOf = (decided: Decided): string | undefined => ("refused" in decided ? decided.reason : decided.id);

describe("a job that is retried by hand", () => {
  test("given a job that failed, when it is retried, then a new job does what it was to do, at the end of the queue, with all its attempts", () => {
    const book = begin().submitted("a", {
      params: { prompt: "long" },
      priority: 4,
      resources: { gpu: 2 },
      maxAttempts: 5,
      timeoutMs: 9_000,
      labels: { book: "9" },
      template: "nightly",
    });
    failed(book, "a").submitted("other");
    expect(retry(book, "a")).toEqual({
      id: "a-retry-1",
      facts: [
        {
          type: "JobSubmitted",
          job: "a-retry-1",
          spec: {
            type: "story",
            params: { prompt: "long" },
            priority: 4,
            resources: { gpu: 2 },
            maxAttempts: 5,
            timeoutMs: 9_000,
            labels: { book: "9" },
            template: "nightly",
          },
          position: 3_000,
          createdAt: NOW,
          runAt: null,
          retryOf: "a",
          intake: null,
        },
      ],
    });
    expect(book.row("a-retry-1")).toMatchObject({ retryOf: "a", attempts: [] });
    expect([stateOf(book.row("a")), stateOf(book.row("a-retry-1"))]).toEqual(["failed", "queued"]);
  });

  test("given a retry that failed too, when it is retried, and the first one again, then each has a number of its own and names what it repeats", () => {
    const book = failed(begin().submitted("a"), "a");
    expect(idOf(retry(book, "a"))).toBe("a-retry-1");
    failed(book, "a-retry-1");
    expect(idOf(retry(book, "a-retry-1"))).toBe("a-retry-2");
    expect(idOf(retry(book, "a"))).toBe("a-retry-3");
    expect(["a-retry-1", "a-retry-2", "a-retry-3"].map((id) => book.row(id).retryOf)).toEqual(["a", "a-retry-1", "a"]);
  });

  test("given a job that was amended, when it is retried, then with what it was amended to", () => {
    const book = begin().submitted("a", { params: { tone: "light" }, priority: 1 });
    failed(book.amended("a", { params: { tone: "dark" }, priority: 8 }), "a");
    retry(book, "a");
    expect(book.row("a-retry-1").spec).toMatchObject({ params: { tone: "dark" }, priority: 8 });
  });

  test("given params as large as they may be, when the job is retried, then they are all there", () => {
    const text = "x".repeat(PARAMS_BYTES_MAX - 20);
    const book = failed(begin().submitted("a", { params: { text } }), "a");
    expect(book.row("a").spec?.params).toEqual({});
    retry(book, "a");
    expect(book.row("a-retry-1").spec?.params).toEqual({ text });
  });

  test.each(TERMINAL_STATES.filter((state) => state !== "rejected"))(
    "given a job that is %s, when it is retried, then that is allowed, and it stays what it is",
    (state) => {
      const book = begin().submitted("a").granted("a").started("a");
      if (state === "completed") book.completed("a");
      else if (state === "skipped") book.skipped("a");
      else if (state === "failed") book.failed("a");
      else book.cancelRequested("a").failed("a");
      expect(stateOf(book.row("a"))).toBe(state);
      expect(idOf(retry(book, "a"))).toBe("a-retry-1");
      expect(stateOf(book.row("a"))).toBe(state);
    },
  );

  test("given an id of one's own, when it is free, then the new job has it; when it is not, then it is refused", () => {
    const book = failed(begin().submitted("a"), "a");
    expect(idOf(retry(book, "a", { as: "again" }))).toBe("again");
    expect(retry(book, "a", { as: "again" })).toEqual({ refused: "conflict", reason: "there is a job again already" });
  });

  test("given a command from the intake, when it retries, then the new job has the default id of its message", () => {
    const book = failed(begin().submitted("a"), "a");
    const intake = { sequence: intakeSequence(77), index: null };
    const decided = retry(book, "a", { intake });
    expect(decided).toMatchObject({ id: "j77", facts: [{ job: "j77", retryOf: "a", intake }] });
    expect(idOf(retry(book, "a", { intake: { ...intake, sequence: intakeSequence(78) }, as: "own" }))).toBe("own");
  });

  test("given an id as long as it may be, when it is retried again and again, then the new ids are no longer, and each is another", () => {
    const long = "a".repeat(128);
    const book = failed(begin().submitted(long), long);
    const ids = Array.from({ length: 12 }, () => String(idOf(retry(book, long))));
    expect(new Set(ids).size).toBe(12);
    expect(ids[0]).toBe(`${"a".repeat(120)}-retry-1`);
    expect(ids[11]).toBe(`${"a".repeat(119)}-retry-12`);
  });

  test("given a member of a group, when it is retried, then the new job stands alone, and the group's end stays", () => {
    const group = { id: groupId("g"), order: 0, sequential: false };
    const book = failed(begin().submitted("a", { group }), "a");
    book.fact({ type: "GroupEnded", group: group.id, status: "partial", members: 1 });
    retry(book, "a");
    expect(book.row("a-retry-1").spec).not.toHaveProperty("group");
    expect(book.fold.groups.all.get(group.id)?.ended).toBe("partial");
  });
});

describe("a retry that is refused", () => {
  test.each(["scheduled", "queued", "granted", "running", "cancelling", "retrying"])(
    "given a job that is %s, when it is retried, then that is refused: it has not ended",
    (state) => {
      const book = begin().submitted("a", state === "scheduled" ? { runAt: "2030-01-01T00:00:00.000Z" } : {});
      if (state !== "scheduled" && state !== "queued") book.granted("a");
      if (state === "running" || state === "cancelling") book.started("a");
      if (state === "cancelling") book.cancelRequested("a");
      if (state === "retrying") book.failed("a", "2030-01-01T00:00:00.000Z");
      expect(stateOf(book.row("a"))).toBe(state);
      const reason = `a is ${state}; only a job that has ended can be retried`;
      expect(retry(book, "a")).toEqual({ refused: "conflict", reason });
    },
  );

  test("given no such job, or one that was rejected, when it is retried, then that is refused, with what to do", () => {
    const book = begin().rejected("bad", "no such type");
    expect(retry(book, "nobody", { original: null })).toEqual({
      refused: "not-found",
      reason: "there is no job nobody",
    });
    const reason = "bad was rejected: submit it anew, as it should be";
    expect(retry(book, "bad")).toEqual({ refused: "conflict", reason });
  });

  test("given what was read of the job is not all of it, when it is retried, then that is refused: its params may be others", () => {
    const book = begin().submitted("a");
    const early = readFrom(book, "a");
    failed(book.amended("a", { params: { tone: "dark" } }), "a");
    const reason = "a has only just ended; ask again";
    for (const original of [early, null])
      expect(retry(book, "a", { original })).toEqual({ refused: "conflict", reason });
  });

  test("given a type that is gone, or a demand that no pool can meet any more, when it is retried, then that is refused with the reason", () => {
    const book = failed(begin().submitted("a", { resources: { gpu: 2 } }), "a");
    expect(retry(book, "a", { catalogue: { ...catalogue, types: new Map() } })).toEqual({
      refused: "conflict",
      reason: "type story of a is not configured any more",
    });
    book.limits({ resources: { gpu: 1 } });
    expect(retry(book, "a")).toEqual({
      refused: "conflict",
      reason: "resources.gpu: demands 2 (given by a), the pool's capacity is 1; allowed are 0 to 1",
    });
  });
});
