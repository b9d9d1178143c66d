import { describe, expect, test } from "vitest";
import { groupId } from "../../events/names.js";
import type { JobState } from "../../events/states.js";
import { LedgerCorrupt } from "../../projections/fold.js";
import {
  healthView,
  historyOf,
  jobListItem,
  jobsView,
  jobView,
  limitsView,
  queueView,
  slotsView,
  workersView,
} from "../../projections/views/views.js";
import { type LedgerBuilder, ledger } from "../support/ledger-builder.js";

const OLLAMA = { resources: { ollama: 1 } };
const scheduler = () => ledger().elected().worker("w1");
const shown = (book: LedgerBuilder, id: string) => jobView(book.row(id), book.fold, historyOf(book.factsOf(id)));
const listed = (book: LedgerBuilder, filter = {}) => jobsView(book.fold, filter).map(({ id }) => String(id));

describe("a job", () => {
  test("given a run that completed, when its job is shown, then it has exactly the contract's shape", () => {
    const book = scheduler()
      .limits({ global: 2, resources: { ollama: 1 } })
      .submitted("a", { ...OLLAMA, params: { prompt: "hello" }, labels: { book: "9" } })
      .granted("a")
      .started("a")
      .completed("a", { words: 3 }, 0);
    expect(shown(book, "a")).toEqual({
      id: "a",
      type: "story",
      state: "completed",
      priority: 0,
      position: 1_000,
      createdAt: "2026-01-01T00:00:03.000Z",
      demand: { global: 1, "resource:ollama": 1 },
      params: { prompt: "hello" },
      labels: { book: "9" },
      attempt: 1,
      maxAttempts: 3,
      attempts: [
        {
          number: 1,
          worker: "w1",
          grant: 5,
          grantedAt: "2026-01-01T00:00:04.000Z",
          startedAt: "2026-01-01T00:00:05.000Z",
          finishedAt: "2026-01-01T00:00:06.000Z",
          outcome: "completed",
          exitCode: 0,
          error: null,
          artifacts: [],
        },
      ],
      result: { words: 3 },
      reason: null,
      retryOf: null,
      group: null,
      history: [
        { at: "2026-01-01T00:00:03.000Z", position: "4.0", fact: "JobSubmitted", from: null, to: "queued" },
        { at: "2026-01-01T00:00:04.000Z", position: "5.0", fact: "StartGranted", from: "queued", to: "granted" },
        { at: "2026-01-01T00:00:05.000Z", position: "6.0", fact: "RunStarted", from: "granted", to: "running" },
        { at: "2026-01-01T00:00:06.000Z", position: "7.0", fact: "RunCompleted", from: "running", to: "completed" },
      ],
    });
  });

  test("given any job, when it is listed, then params, result and history are left out and all else is the same", () => {
    const book = scheduler()
      .submitted("a", { params: { n: 1 } })
      .granted("a")
      .started("a")
      .completed("a", 1);
    const { params, result, history, ...rest } = shown(book, "a");
    expect(jobListItem(book.row("a"), book.fold)).toEqual(rest);
    expect([params, result, history.length]).toEqual([{ n: 1 }, 1, 4]);
  });

  test("given new limits, when a waiting job is shown, then its demand names the pools that there are now", () => {
    const book = scheduler().submitted("a", { resources: { ollama: 2 } });
    expect(shown(book, "a").demand).toEqual({ global: 1 });
    book.limits({ types: { story: 1, other: 1 }, resources: { ollama: 2, gpu: 1 } });
    expect(shown(book, "a").demand).toEqual({ "type:story": 1, "resource:ollama": 2 });
  });

  test("given a failure, a retry and a skip, when the job is shown, then both attempts and the reason stand there", () => {
    const book = scheduler()
      .submitted("a")
      .granted("a")
      .started("a")
      .failed("a", "2026-01-01T00:01:00.000Z", "no route", 7);
    expect(shown(book, "a")).toMatchObject({ state: "retrying", reason: "no route", attempt: 1 });
    book.later(60_000).due("a").granted("a").started("a").skipped("a", "nothing new");
    const { attempts, state, reason, attempt } = shown(book, "a");
    expect({ state, reason, attempt }).toEqual({ state: "skipped", reason: "nothing new", attempt: 2 });
    expect(attempts.map(({ number, outcome, exitCode, error }) => [number, outcome, exitCode, error])).toEqual([
      [1, "failed", 7, "no route"],
      [2, "skipped", null, null],
    ]);
  });

  test("given a rejected submission without a type, when it is shown, then it demands nothing and tells why", () => {
    const book = scheduler().rejected("a", "type: is missing", null);
    expect(shown(book, "a")).toMatchObject({
      type: null,
      state: "rejected",
      reason: "type: is missing",
      demand: {},
      params: {},
      result: null,
      attempts: [],
      history: [{ fact: "JobRejected", from: null, to: "rejected" }],
    });
  });

  test("given a manual retry, when the new job is shown, then it names the old one", () => {
    const book = scheduler().submitted("a").cancelled("a").submitted("b", { retryOf: "a" });
    expect(shown(book, "b").retryOf).toBe("a");
  });
});

describe("a job's history", () => {
  test("given amendments, when the facts are read, then the params are the last ones given", () => {
    const book = scheduler()
      .submitted("a", { params: { n: 1 } })
      .amended("a", { params: { n: 2 } })
      .amended("a", { priority: 5 });
    expect(historyOf(book.factsOf("a")).params).toEqual({ n: 2 });
  });

  test("given a large result, when the facts are read, then it is named by where it is stored", () => {
    const stored = { bucket: "R", digest: "SHA-256=abc", bytes: 70_000 };
    const book = scheduler().submitted("a").granted("a").started("a").completedWith("a", { stored });
    expect(historyOf(book.factsOf("a")).result).toEqual({ stored });
  });

  test("given a denial and a cancel, when the facts are read, then each step names the state before and after", () => {
    const book = scheduler().submitted("a").submitted("b").decided().cancelled("b");
    expect(
      historyOf(book.factsOf("b")).history.map(({ position, fact, from, to }) => [position, fact, from, to]),
    ).toEqual([
      ["4.0", "JobSubmitted", null, "queued"],
      ["5.1", "StartDenied", "queued", "queued"],
      ["6.0", "JobCancelled", "queued", "cancelled"],
    ]);
  });

  test("given no facts, when they are read, then there is nothing", () => {
    expect(historyOf([])).toEqual({ params: {}, result: null, history: [] });
  });

  test("given facts that the machine refuses, when they are read, then the error names the address", () => {
    const facts = scheduler().submitted("a").granted("a").started("a").factsOf("a");
    const gap = facts.filter(({ fact }) => fact.type !== "StartGranted");
    expect(() => historyOf(gap)).toThrow(LedgerCorrupt);
    expect(() => historyOf(gap)).toThrow(/at 5\.0: RunStarted: a is queued/);
  });

  test("given facts of two jobs, when they are read as one, then the stranger is refused", () => {
    const book = scheduler().submitted("a").submitted("b");
    expect(() => historyOf([...book.factsOf("a"), ...book.factsOf("b")])).toThrow(/4\.0: JobSubmitted does not belong/);
  });
});

/** One job in most states: r runs since before g was granted, q waits, s and t wait for their time, the rest has ended. */
function busy(): LedgerBuilder {
  return scheduler()
    .limits({ global: 2 })
    .submitted("c", { type: "other" })
    .granted("c")
    .started("c")
    .submitted("x", { labels: { book: "9", part: "1" } })
    .cancelled("x")
    .completed("c")
    .submitted("t")
    .granted("t")
    .started("t")
    .failed("t", "2026-01-01T01:00:00.000Z")
    .submitted("g", { labels: { book: "9" } })
    .submitted("r")
    .granted("r")
    .started("r")
    .granted("g")
    .submitted("q1")
    .submitted("q2", { priority: 9 })
    .submitted("s", { runAt: "2026-01-01T00:30:00.000Z" })
    .rejected("n", "no", "other");
}

describe("the list of jobs", () => {
  test("given jobs in all states, when they are listed, then: holding by grant, waiting in grant order, due, newest ended", () => {
    expect(listed(busy())).toEqual(["r", "g", "q2", "q1", "s", "t", "n", "c", "x"]);
  });

  test.each([0, 1, 2, 3, 5, 8, 9, 100])(
    "given a limit of %i, when jobs are listed, then they are the first of the whole list",
    (limit) => {
      const all = listed(busy());
      expect(listed(busy(), { limit })).toEqual(all.slice(0, limit));
    },
  );

  test("given filters, when jobs are listed, then every filter holds", () => {
    const states = (...names: JobState[]) => ({ states: names });
    expect(listed(busy(), states("queued", "completed"))).toEqual(["q2", "q1", "c"]);
    expect(listed(busy(), { type: "other" })).toEqual(["n", "c"]);
    expect(listed(busy(), { labels: { book: "9" } })).toEqual(["g", "x"]);
    expect(listed(busy(), { labels: { book: "9", part: "1" } })).toEqual(["x"]);
    expect(listed(busy(), { labels: { constructor: "9" } })).toEqual([]);
    expect(listed(busy(), { ...states("queued"), type: "other" })).toEqual([]);
  });
});

describe("the slots", () => {
  test("given holders and waiting jobs, when slots are shown, then they have exactly the contract's shape", () => {
    const book = scheduler()
      .limits({ resources: { ollama: 3, gpu: 1 } })
      .submitted("a", { resources: { ollama: 2 } })
      .submitted("b", { resources: { gpu: 1, ollama: 1 } })
      .submitted("c", OLLAMA)
      .submitted("d", { resources: { gpu: 1 } })
      .decided()
      .paused("resource:gpu");
    expect(slotsView(book.fold)).toEqual({
      position: 9,
      at: "2026-01-01T00:00:08.000Z",
      pools: [
        {
          name: "resource:gpu",
          capacity: 1,
          used: 1,
          free: 0,
          paused: true,
          waiting: 1,
          holders: [{ job: "b", units: 1, grant: 8, since: "2026-01-01T00:00:07.000Z", worker: "w1" }],
        },
        {
          name: "resource:ollama",
          capacity: 3,
          used: 3,
          free: 0,
          paused: false,
          waiting: 1,
          holders: [
            { job: "a", units: 2, grant: 8, since: "2026-01-01T00:00:07.000Z", worker: "w1" },
            { job: "b", units: 1, grant: 8, since: "2026-01-01T00:00:07.000Z", worker: "w1" },
          ],
        },
      ],
    });
  });

  test("given job ids that look like numbers, when slots are shown, then the holders still stand oldest first", () => {
    const book = scheduler().limits({ global: 3 });
    for (const id of ["20", "x", "10"]) book.submitted(id).granted(id);
    expect(slotsView(book.fold).pools[0]?.holders.map(({ job }) => job)).toEqual(["20", "x", "10"]);
  });

  test("given a limit lowered below what is in use, when slots are shown, then free is 0, not less", () => {
    const book = scheduler().limits({ global: 2 }).submitted("a").submitted("b").decided().limits({ global: 1 });
    expect(slotsView(book.fold).pools).toMatchObject([{ name: "global", capacity: 1, used: 2, free: 0 }]);
  });

  test("given limits without pools, when slots are shown, then there are none", () => {
    expect(slotsView(scheduler().limits({}).submitted("a").fold).pools).toEqual([]);
  });
});

describe("jobs that are asked for", () => {
  /** Created in this order, a second apart, from 00:00:04 on: a, b, c, d. */
  const book = () =>
    scheduler()
      .limits({ resources: { ollama: 1, gpu: 1 } })
      .submitted("a", { ...OLLAMA, priority: 1 })
      .submitted("b", { resources: { gpu: 1 }, type: "other" })
      .submitted("c", { ...OLLAMA, group: { id: groupId("book"), order: 1, sequential: false } })
      .submitted("d", { priority: 5 })
      .granted("a")
      .started("a")
      .completed("a");
  const since = (id: string) => jobsView(book().fold).find((job) => job.id === id)?.createdAt;

  test.each([
    ["a pool", { pool: "resource:ollama" }, ["c", "a"]],
    ["a pool that jobs of several demands need, and a type", { pool: "resource:gpu", type: "other" }, ["b"]],
    ["a group", { group: "book" }, ["c"]],
    ["a time", { since: since("c") }, ["d", "c"]],
    ["a time after all of them", { since: "2027-01-01T00:00:00.000Z" }, []],
  ])("given %s, when jobs are listed, then only those", (_what, filter, ids) => {
    expect(listed(book(), filter)).toEqual(ids);
  });

  test.each([
    ["createdAt", ["a", "b", "c", "d"], ["d", "c", "b", "a"]],
    // Of those with the same priority, type or state the first that came is first, whichever way round.
    ["priority", ["b", "c", "a", "d"], ["d", "a", "b", "c"]],
    ["type", ["b", "a", "c", "d"], ["a", "c", "d", "b"]],
    ["state", ["b", "c", "d", "a"], ["a", "b", "c", "d"]],
    ["id", ["a", "b", "c", "d"], ["d", "c", "b", "a"]],
    // Who has no attempt is last.
    ["finishedAt", ["a", "b", "c", "d"], ["a", "b", "c", "d"]],
  ] as const)("given the field %s, when jobs are sorted by it, then all of them together", (field, up, down) => {
    expect(listed(book(), { sort: { field, descending: false } })).toEqual(up);
    expect(listed(book(), { sort: { field, descending: true } })).toEqual(down);
  });

  test("given a limit, when jobs are sorted, then those are shown that are first of all, not of the first ones", () => {
    const many = scheduler().together((all) => {
      for (let n = 0; n < 900; n += 1) all.submitted(`w${n}`, { priority: (n * 7) % 900 });
    });
    const sort = { field: "priority", descending: true } as const;
    const ranked = jobsView(many.fold, { sort, limit: 3 }).map(({ priority }) => priority);
    expect(ranked).toEqual([899, 898, 897]);
  });
});

describe("the queue", () => {
  const queue = () =>
    scheduler()
      .limits({ resources: { ollama: 1, gpu: 1 } })
      .submitted("a", OLLAMA)
      .decided()
      .submitted("b", { ...OLLAMA, type: "other" })
      .submitted("c", { resources: { gpu: 1, ollama: 1 }, priority: 3 })
      .submitted("d", { resources: { gpu: 1 } })
      .submitted("e", OLLAMA);

  test("given waiting jobs of several lines, when the queue is shown, then they stand in grant order, each with its reason", () => {
    const blocked = queueView(queue().fold).map(({ place, job, blockedBy }) => [
      place,
      job,
      blockedBy.map(({ pool, cause }) => `${pool} ${cause}`),
    ]);
    expect(blocked).toEqual([
      [1, "c", ["resource:ollama full"]],
      [2, "b", ["resource:ollama full"]],
      [3, "d", ["resource:gpu full"]],
      [4, "e", ["resource:ollama full"]],
    ]);
    expect(queueView(queue().fold)[0]).toEqual({
      place: 1,
      job: "c",
      type: "story",
      priority: 3,
      position: 3_000,
      createdAt: "2026-01-01T00:00:06.000Z",
      attempt: 1,
      demand: { "resource:gpu": 1, "resource:ollama": 1 },
      blockedBy: [{ pool: "resource:ollama", cause: "full" }],
    });
  });

  test("given a pool and a limit, when the queue is shown, then the places are still those of the whole queue", () => {
    const places = (filter: object) => queueView(queue().fold, filter).map(({ place, job }) => `${place} ${job}`);
    expect(places({ pool: "resource:gpu" })).toEqual(["1 c", "3 d"]);
    expect(places({ pool: "resource:ollama", limit: 2 })).toEqual(["1 c", "2 b"]);
    expect(places({ pool: "resource:none" })).toEqual([]);
    expect(places({ limit: 0 })).toEqual([]);
  });

  test("given a free slot, when the queue is shown, then nothing blocks the next job", () => {
    const book = queue().started("a").completed("a");
    expect(queueView(book.fold).map(({ job, blockedBy }) => [job, blockedBy.length])).toEqual([
      ["c", 0],
      ["b", 1],
      ["d", 1],
      ["e", 1],
    ]);
  });

  test("given more waiting jobs than one pass answers for, when the queue is shown, then every one has its reason", () => {
    const book = scheduler().submitted("first").decided();
    book.together(() => {
      for (let n = 0; n < 1_200; n += 1) book.submitted(`w${n}`, { priority: n % 3 });
    });
    const items = queueView(book.fold);
    expect(items).toHaveLength(1_200);
    expect(items.every(({ blockedBy }) => blockedBy.length === 1 && blockedBy[0]?.pool === "global")).toBe(true);
    expect(items.map(({ place }) => place)).toEqual(items.map((_item, index) => index + 1));
  });
});

describe("limits, workers and health", () => {
  test("given no limits ever set, when limits are shown, then the default is said to be one", () => {
    const book = scheduler();
    expect(limitsView(book.fold)).toMatchObject({ position: 2, limits: { global: 1 }, isDefault: true });
    expect(limitsView(book.limits({ types: { story: 2 } }).fold)).toEqual({
      position: 3,
      at: "2026-01-01T00:00:02.000Z",
      limits: { types: { story: 2 } },
      isDefault: false,
    });
  });

  test("given two workers of which one leaves, when workers are shown, then its job is named and it has no free seat", () => {
    const book = ledger()
      .elected()
      .worker("w2", 3, ["story"])
      .worker("w1")
      .limits({})
      .submitted("a")
      .granted("a", "w2")
      .workerLeft("w2");
    expect(workersView(book.fold).workers).toMatchObject([
      { id: "w2", capacity: 3, used: 1, free: 0, types: ["story"], leaving: true, jobs: ["a"], host: "test", pid: 1 },
      { id: "w1", capacity: 100, used: 0, free: 100, types: null, leaving: false, jobs: [] },
    ]);
  });

  test("given a busy ledger, when health is shown, then every state is counted and the leader named", () => {
    expect(healthView(busy().fold, { role: "leader", version: "1.2.3" })).toEqual({
      role: "leader",
      version: "1.2.3",
      position: 22,
      at: "2026-01-01T00:00:21.000Z",
      epoch: 1,
      leader: { dispatcher: "d1", host: "test", pid: 1, version: "0.0.0", since: "2026-01-01T00:00:00.000Z" },
      jobs: {
        scheduled: 1,
        queued: 2,
        retrying: 1,
        granted: 1,
        running: 1,
        cancelling: 0,
        completed: 1,
        skipped: 0,
        failed: 0,
        cancelled: 1,
        rejected: 1,
      },
      workers: 1,
    });
  });

  test("given an empty ledger, when health is shown, then nobody leads and nothing is counted", () => {
    const { leader, jobs, position } = healthView(ledger().fold, { role: "standby" });
    expect({ leader, position, sum: Object.values(jobs).reduce((a, b) => a + b, 0) }).toEqual({
      leader: null,
      position: 0,
      sum: 0,
    });
  });
});
