import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Block } from "../../events/facts.js";
import type { Limits } from "../../events/limits.js";
import { jobId } from "../../events/names.js";
import { NAMED_MAX } from "../../projections/explain/blocks.js";
import { type Explanation, explain, type Verdict } from "../../projections/explain/explain.js";
import { shortageKey, stateOf } from "../../projections/jobs.js";
import type { Holding, Pool, Worker } from "../../projections/slots.js";
import { decideStarts } from "../../projections/starts.js";
import { queueView } from "../../projections/views/views.js";
import { type LedgerBuilder, ledger } from "../support/ledger-builder.js";
import { shareOf } from "../support/share.js";
import { checkRandomly } from "./random-world.js";

const OLLAMA = { resources: { ollama: 1 } };
const scheduler = () => ledger().elected().worker("w1");

function explained(book: LedgerBuilder, id: string, withFacts = false): Explanation {
  const explanation = explain(book.fold, jobId(id), { facts: withFacts ? book.factsOf(id) : [] });
  if (explanation === null) throw new Error(`${id} is unknown`);
  return explanation;
}
const text = (book: LedgerBuilder, id: string) => explained(book, id).text;

describe("a waiting job", () => {
  /** j42 runs, j41 and j43 wait for the same slot; j41 was submitted first, but j42 had a higher priority. */
  const line = () =>
    scheduler()
      .limits({ resources: { ollama: 1 } })
      .submitted("j42", OLLAMA)
      .decided()
      .submitted("j41", OLLAMA)
      .submitted("j43", OLLAMA)
      .decided();

  test("given a full pool, when a job behind another is explained, then it has the contract's shape, and what is added to it", () => {
    expect(explained(line(), "j43")).toEqual({
      job: "j43",
      state: "queued",
      position: 8,
      verdict: "waiting",
      blockedBy: [
        {
          ...{
            pool: "resource:ollama",
            capacity: 1,
            used: 1,
            needs: 1,
            holders: ["j42"],
            ahead: ["j41"],
            cause: "full",
          },
          held: [{ job: "j42", units: 1, since: "2026-01-01T00:00:04.000Z" }],
          rivals: [{ job: "j41", why: "place" }],
        },
      ],
      next: "It starts when j42 has ended and j41 has had its turn.",
      waits: [
        {
          ...{ pool: "resource:ollama", cause: "full", ms: 1_000 },
          ...{ from: "2026-01-01T00:00:06.000Z", to: "2026-01-01T00:00:07.000Z" },
          behind: [{ job: "j42", from: "2026-01-01T00:00:06.000Z", to: "2026-01-01T00:00:07.000Z" }],
        },
      ],
      waitsComplete: true,
      forecast: expect.objectContaining({ expected: null, text: "no run of story has ended yet: no forecast" }),
      text:
        "j43 waits for resource:ollama: 1 of 1 used by j42 since 00:00:04Z; j41 is ahead of it (earlier in line). " +
        "It starts when j42 has ended and j41 has had its turn.",
    });
  });

  test("given a full pool, when the next job is explained, then nobody is ahead of it", () => {
    expect(text(line(), "j41")).toBe(
      "j41 waits for resource:ollama: 1 of 1 used by j42 since 00:00:04Z. It starts when j42 has ended.",
    );
  });

  test("given a job that was moved to the front, when the others are explained, then it is ahead of them", () => {
    const book = line().submitted("j44", OLLAMA).moved("j44", -1);
    expect(explained(book, "j43").blockedBy[0]?.ahead).toEqual(["j44", "j41"]);
    expect(explained(book, "j44").blockedBy[0]?.ahead).toEqual([]);
  });

  test("given two full pools, when a job that needs both is explained, then both are named", () => {
    const book = scheduler()
      .limits({ global: 2, resources: { ollama: 1 } })
      .submitted("a", OLLAMA)
      .submitted("b")
      .decided()
      .submitted("c", OLLAMA);
    expect(text(book, "c")).toBe(
      "c waits for global: 2 of 2 used by a and b since 00:00:05Z; and for resource:ollama: 1 of 1 used by a since 00:00:05Z." +
        " It starts when one of a and b has ended and a has ended.",
    );
  });

  test("given units set aside for a job ahead, when a job that would fit is explained, then it says for whom they are kept", () => {
    const book = scheduler()
      .limits({ resources: { ollama: 2 } })
      .submitted("a", OLLAMA)
      .decided()
      .submitted("b", { resources: { ollama: 2 } })
      .submitted("c", OLLAMA)
      .decided();
    expect(text(book, "b")).toBe(
      "b waits for resource:ollama: 1 of 2 used by a since 00:00:04Z, it needs 2. It starts when a has ended.",
    );
    expect(text(book, "c")).toBe(
      "c waits for resource:ollama: 1 of 2 used by a since 00:00:04Z, but the rest is kept for others: " +
        "b is ahead of it (earlier in line). It starts when b has had its turn.",
    );
  });

  test("given many holders and jobs ahead, when a job is explained, then the text names a few and counts the others", () => {
    const book = scheduler().limits({ global: 5 });
    for (let n = 1; n <= 12; n += 1) book.submitted(`a${n}`);
    book.decided();
    const { blockedBy, text: words } = explained(book, "a12");
    expect(blockedBy[0]?.holders).toEqual(["a1", "a2", "a3", "a4", "a5"]);
    expect(blockedBy[0]?.ahead).toEqual(["a6", "a7", "a8", "a9", "a10", "a11"]);
    expect(words).toBe(
      "a12 waits for global: 5 of 5 used by a1, a2, a3 and 2 more since 00:00:15Z; a6, a7, a8 and 3 more are ahead of it " +
        "(earlier in line). It starts when one of a1, a2, a3 and 2 more has ended and a6, a7, a8 and 3 more have had their turn.",
    );
  });

  test("given thousands of jobs ahead, when the last is explained, then the names stop at the bound", () => {
    const book = scheduler().submitted("first").decided();
    book.together(() => {
      for (let n = 0; n < 2_500; n += 1) book.submitted(`w${n}`, { type: n % 2 === 0 ? "even" : "odd" });
    });
    const { verdict, blockedBy, text: words } = explained(book, "w2499");
    expect(verdict).toBe("waiting");
    expect(words).toBe(
      "w2499 waits for global: 1 of 1 used by first since 00:00:03Z; w0, w1, w2 and at least 997 more are ahead of it " +
        "(earlier in line). It starts when first has ended and w0, w1, w2 and at least 997 more have had their turn.",
    );
    expect(blockedBy[0]?.ahead).toEqual(Array.from({ length: NAMED_MAX }, (_value, n) => `w${n}`));
  });

  test("given room, when a job that was not decided yet is explained, then it is startable", () => {
    expect(explained(scheduler().submitted("a"), "a")).toMatchObject({
      verdict: "startable",
      blockedBy: [],
      next: "The scheduler's next decision starts it.",
      text: "a can start: there is room for everything that it demands.",
    });
  });

  test("given an end that was not decided on yet, when the jobs behind are explained, then only the next is startable", () => {
    const book = line().started("j42").completed("j42");
    expect(explained(book, "j41").verdict).toBe("startable");
    expect(explained(book, "j43")).toMatchObject({
      verdict: "waiting",
      blockedBy: [{ pool: "resource:ollama", ahead: ["j41"] }],
    });
  });
});

describe("a job that is stuck", () => {
  test("given a paused pool, when its jobs are explained, then they are paused, and also those never looked at again", () => {
    const book = scheduler()
      .limits({ resources: { ollama: 1 } })
      .submitted("a", OLLAMA)
      .submitted("b", OLLAMA)
      .submitted("c", OLLAMA)
      .decided()
      .paused("resource:ollama")
      .decided();
    for (const id of ["b", "c"]) {
      expect(explained(book, id)).toMatchObject({
        verdict: "paused",
        next: "Pool resource:ollama has to be resumed.",
        text: `${id} waits: pool resource:ollama is paused since 00:00:07Z. Pool resource:ollama has to be resumed.`,
      });
    }
    expect(explained(book, "c").blockedBy).toMatchObject([{ cause: "paused", holders: ["a"], ahead: ["b"] }]);
    expect(explained(book.resumed("resource:ollama"), "c")).toMatchObject({ verdict: "waiting" });
  });

  test("given a capacity lowered below a demand, when the job is explained, then it can never start, and blocks nobody", () => {
    const book = scheduler()
      .limits({ resources: { ollama: 3 } })
      .submitted("j8", OLLAMA)
      .decided()
      .submitted("j9", { resources: { ollama: 3 } })
      .submitted("j10", { resources: { ollama: 2 } })
      .limits({ resources: { ollama: 2 } })
      .decided();
    expect(explained(book, "j9").verdict).toBe("never");
    expect(text(book, "j9")).toBe(
      "j9 can never start as it is: it demands 3 of resource:ollama, whose capacity is 2 since 00:00:07Z. " +
        "The capacity of resource:ollama has to be raised to 3, or the job to be cancelled.",
    );
    expect(explained(book, "j10").blockedBy).toMatchObject([{ pool: "resource:ollama", ahead: [], holders: ["j8"] }]);
  });

  test("given a job ahead that is stuck in another pool, when a job behind is explained, then it is not called ahead", () => {
    const book = scheduler()
      .limits({ global: 1, resources: { ollama: 1 } })
      .paused("resource:ollama")
      .submitted("a")
      .decided()
      .submitted("stuck", OLLAMA)
      .submitted("b")
      .submitted("c")
      .decided();
    expect(explained(book, "c").blockedBy).toMatchObject([{ pool: "global", ahead: ["b"] }]);
  });

  test("given a demand that is both too large and paused, when it is explained, then never comes first and both are told", () => {
    const book = scheduler()
      .limits({ global: 1, resources: { ollama: 1 } })
      .submitted("a", { resources: { ollama: 2 } })
      .paused("global");
    expect(explained(book, "a")).toMatchObject({
      verdict: "never",
      text:
        "a can never start as it is: pool global is paused since 00:00:04Z; and it demands 2 of resource:ollama, whose " +
        "capacity is 1 since 00:00:02Z. Pool global has to be resumed and the capacity of resource:ollama has to be raised to 2, " +
        "or the job to be cancelled.",
    });
  });

  test("given no worker for its type, when a job is explained, then it waits for one", () => {
    const book = ledger().elected().worker("w1", 1, ["thumbs"]).submitted("a").decided();
    expect(explained(book, "a")).toMatchObject({
      verdict: "waiting",
      blockedBy: [{ pool: "workers", capacity: 0, used: 0, needs: 1, holders: [], ahead: [], cause: "no-worker" }],
      text: "a waits: no worker runs type story. A worker that runs type story has to join.",
    });
  });

  test("given full workers, when a job is explained, then it names who sits there and who is ahead for such a seat", () => {
    const book = ledger().elected().worker("w1", 1, ["story"]).worker("w2", 1, ["thumbs"]).limits({});
    book
      .submitted("a")
      .submitted("t1", { type: "thumbs" })
      .submitted("b")
      .submitted("t2", { type: "thumbs" })
      .submitted("c")
      .decided();
    expect(explained(book, "c")).toMatchObject({
      verdict: "waiting",
      blockedBy: [{ pool: "workers", capacity: 1, used: 1, needs: 1, holders: ["a"], ahead: ["b"], cause: "full" }],
      text:
        "c waits for a worker's seat: 1 of 1 used by a since 00:00:09Z; b is ahead of it (earlier in line). " +
        "It starts when a has ended and b has had its turn.",
    });
  });
});

describe("a job that does not wait for slots", () => {
  test("given an id that nobody knows, when it is explained, then there is no explanation", () => {
    expect(explain(scheduler().fold, jobId("nobody"))).toBeNull();
    expect(explain(scheduler().fold, jobId("constructor"))).toBeNull();
  });

  test("given jobs that wait for their time, when they are explained, then the time is told", () => {
    const book = scheduler()
      .submitted("s", { runAt: "2026-01-01T06:00:00.000Z" })
      .submitted("a")
      .granted("a")
      .started("a")
      .failed("a", "2026-01-01T00:01:00.000Z", "connection\nrefused.");
    expect(explained(book, "s")).toMatchObject({ state: "scheduled", verdict: "waiting", blockedBy: [] });
    expect(text(book, "s")).toBe("s is due at 2026-01-01T06:00:00.000Z; it takes its place in the order then.");
    expect(explained(book, "a")).toMatchObject({ state: "retrying", verdict: "waiting", blockedBy: [] });
    expect(text(book, "a")).toBe(
      "a waits for its next attempt: attempt 1 of 3 failed (connection refused); next attempt at 2026-01-01T00:01:00.000Z.",
    );
  });

  test("given a grant, when its job is explained in each of its states, then place, time, slots and progress are told", () => {
    const book = scheduler()
      .limits({ global: 1, resources: { ollama: 2 } })
      .submitted("a", { resources: { ollama: 2 } })
      .granted("a");
    const granted = "a was granted at 5 (2026-01-01T00:00:04.000Z), holds 1 of global and 2 of resource:ollama and";
    const waited = " It waited 1 s for the scheduler to decide.";
    expect(explained(book, "a")).toMatchObject({ verdict: "granted", blockedBy: [], next: null });
    expect(text(book, "a")).toBe(`${granted} has not started on w1 yet.${waited}`);
    expect(text(book.started("a"), "a")).toBe(`${granted} runs on w1 since 2026-01-01T00:00:05.000Z.${waited}`);
    expect(explained(book.cancelRequested("a", "enough"), "a")).toMatchObject({
      state: "cancelling",
      verdict: "granted",
    });
    expect(text(book, "a")).toBe(`${granted} was asked to stop on w1 (enough).${waited}`);
  });

  test("given a granted job that had waited, when it is explained, then it tells for what, interval by interval", () => {
    const book = scheduler()
      .limits({ global: 1 })
      .submitted("j4")
      .submitted("j5")
      .decided()
      .started("j4")
      .later(120_000)
      .completed("j4")
      .decided();
    expect(explained(book, "j5").text).toBe(
      "j5 was granted at 9 (2026-01-01T00:02:08.000Z), holds 1 of global and has not started on w1 yet." +
        " It waited 2 min 4 s: 1 s while global was kept for others: j4; 2 min 2 s behind global: j4; 1 s for the scheduler to decide.",
    );
  });

  test("given a second attempt, when it is explained, then the first attempt's wait is not told again", () => {
    const book = scheduler().submitted("a").submitted("b").decided().started("a").completed("a").decided().started("b");
    book.failed("b", "2026-01-01T00:01:00.000Z").later(60_000).due("b").decided();
    expect(explained(book, "b", true).text).toMatch(
      /for attempt 2 of 3, holds 1 of global.* It waited 1 min 2 s: 1 min 1 s between its attempts; 1 s for the scheduler to decide\.$/,
    );
  });

  test("given ends of all kinds, when the jobs are explained, then each is told with its reason", () => {
    const book = scheduler().limits({});
    for (const id of ["a", "b", "c", "d", "e"]) book.submitted(id, { maxAttempts: 1 });
    for (const id of ["a", "b", "c", "d"]) book.granted(id).started(id);
    book.completed("a").skipped("b", "nothing new.").failed("c", null, "x".repeat(500)).cancelRequested("d", "enough");
    book.failed("d").cancelled("e", "not needed").rejected("f", "type: is missing", null);
    const ended = ["a", "b", "c", "d", "e", "f"].map((id) => explained(book, id));
    expect(ended.every(({ verdict, blockedBy }) => verdict === "terminal" && blockedBy.length === 0)).toBe(true);
    expect(ended.map(({ text: words }) => words)).toEqual([
      "a completed at 2026-01-01T00:00:16.000Z, in attempt 1 of 1 on w1. It waited 5 s for the scheduler to decide.",
      "b was skipped at 2026-01-01T00:00:17.000Z: nothing new. It waited 6 s for the scheduler to decide.",
      `c failed at 2026-01-01T00:00:18.000Z: attempt 1 of 1 failed (${"x".repeat(200)}…). It waited 7 s for the scheduler to decide.`,
      "d was cancelled at 2026-01-01T00:00:20.000Z: enough. It waited 8 s for the scheduler to decide.",
      "e was cancelled at 22.0: not needed.",
      "f was rejected at 23.0: type: is missing.",
    ]);
    expect(explained(book, "e", true).text).toBe("e was cancelled at 2026-01-01T00:00:21.000Z: not needed.");
  });
});

// Small worlds, grown step by step: what a step cannot do where it stands, it leaves out.
type Step =
  | {
      readonly do: "submit";
      readonly type: string;
      readonly resources: Record<string, number>;
      readonly priority: number;
    }
  | { readonly do: "limits"; readonly limits: Limits }
  | { readonly do: "pause" | "resume"; readonly pool: string }
  | {
      readonly do: "join" | "leave";
      readonly worker: string;
      readonly capacity: number;
      readonly types: string[] | null;
    }
  | { readonly do: "end"; readonly nth: number }
  | { readonly do: "decide" };

const type = fc.constantFrom("story", "thumbs");
const few = fc.integer({ min: 1, max: 3 });
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("submit" as const),
      type,
      resources: fc.dictionary(fc.constantFrom("ollama", "gpu"), few, { maxKeys: 2 }),
      priority: fc.integer({ min: 0, max: 2 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("decide" as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("end" as const), nth: fc.nat(5) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("limits" as const),
      limits: fc.record(
        {
          global: few,
          types: fc.dictionary(type, few, { maxKeys: 2 }),
          resources: fc.dictionary(fc.constantFrom("ollama", "gpu"), few, { maxKeys: 2 }),
          maxOvertakes: fc.integer({ min: 0, max: 2 }),
        },
        { requiredKeys: [] },
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom("pause" as const, "resume" as const),
      pool: fc.constantFrom("global", "type:story", "resource:ollama"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom("join" as const, "leave" as const),
      worker: fc.constantFrom("w1", "w2", "w3"),
      capacity: few,
      types: fc.option(fc.subarray(["story", "thumbs"], { minLength: 1 })),
    }),
  },
);

function grow(steps: readonly Step[]): LedgerBuilder {
  const book = ledger()
    .elected()
    .worker("w1", 2)
    .worker("w2", 1, ["story"])
    .limits({ resources: { ollama: 2, gpu: 1 } });
  let submitted = 0;
  for (const next of steps) {
    const { pools, holdings } = book.fold.slots;
    if (next.do === "submit") {
      submitted += 1;
      book.submitted(`a${submitted}`, { type: next.type, resources: next.resources, priority: next.priority });
    } else if (next.do === "limits") book.limits(next.limits);
    else if (next.do === "decide") book.decided();
    else if (next.do === "end") {
      const holder = Object.keys(holdings)[next.nth];
      if (holder !== undefined) book.started(holder).completed(holder);
    } else if ("pool" in next) {
      if (Object.hasOwn(pools, next.pool)) book[next.do === "pause" ? "paused" : "resumed"](next.pool);
    } else if (next.do === "join") {
      if (workerNamed(book, next.worker) === undefined) book.worker(next.worker, next.capacity, next.types);
    } else if (workerNamed(book, next.worker)?.leaving === false) book.workerLeft(next.worker);
  }
  return book;
}

function workerNamed(book: LedgerBuilder, id: string): Worker | undefined {
  return Object.values<Worker>(book.fold.slots.workers).find((worker) => worker.id === id);
}

describe("the grant rule and the explanation", () => {
  const worlds = fc.array(step, { minLength: 5, maxLength: 40 }).map((steps: readonly Step[]) => steps);
  const queued = (book: LedgerBuilder) => [...book.fold.jobs.values()].filter((row) => stateOf(row) === "queued");
  const key = (blockedBy: readonly Block[]) => shortageKey(blockedBy);

  test("given random worlds, when every waiting job is explained, then it agrees with what the rule then does and records", () => {
    const seen = new Map<Verdict, number>();
    let denialsCompared = 0;
    checkRandomly("explained before", 500, worlds, (steps) => {
      const book = grow(steps);
      const before = new Map(queued(book).map((row) => [row.id, explained(book, row.id)]));
      const { starts, denials } = decideStarts(book.fold.waiting, book.fold.slots);
      for (const { verdict } of before.values()) seen.set(verdict, (seen.get(verdict) ?? 0) + 1);

      const startable = [...before.values()].filter(({ verdict }) => verdict === "startable").map(({ job }) => job);
      expect(startable.sort()).toEqual(starts.map(({ row }) => row.id).sort());
      for (const denial of denials) {
        denialsCompared += 1;
        const { blockedBy } = before.get(denial.row.id) ?? { blockedBy: [] };
        expect(key(blockedBy)).toBe(shortageKey(denial.shortages));
        for (const { pool, ahead } of blockedBy)
          expect(ahead).toEqual(expect.arrayContaining((denial.ahead.get(pool) ?? []).map(({ id }) => id)));
      }
      for (const { job, verdict, blockedBy } of before.values())
        expect([job, blockedBy.length > 0]).toEqual([job, verdict !== "startable"]);
    });
    const verdicts: readonly Verdict[] = ["startable", "waiting", "paused", "never"];
    expect(verdicts.filter((verdict) => (seen.get(verdict) ?? 0) < shareOf(20))).toEqual([]);
    expect(denialsCompared).toBeGreaterThan(shareOf(200));
  });

  test("given random worlds decided to the end, when the jobs are explained, then nobody is startable and records agree", () => {
    let recordsCompared = 0;
    checkRandomly("explained after", 500, worlds, (steps) => {
      const book = grow(steps);
      while (book.decide().starts.length > 0);
      const heads = new Set([...book.fold.waiting.lines()].map((line) => line.rows.first));
      for (const row of queued(book)) {
        const { verdict, blockedBy } = explained(book, row.id);
        expect(verdict).not.toBe("startable");
        // The head of a line is looked at in every pass, so its record is never out of date.
        if (!heads.has(row)) continue;
        recordsCompared += 1;
        expect(key(blockedBy)).toBe(row.deniedBy);
      }
    });
    expect(recordsCompared).toBeGreaterThan(shareOf(200));
  });

  test("given random worlds, when jobs are explained, then the projection is not touched", () => {
    checkRandomly("explanations", 100, worlds, (steps) => {
      const book = grow(steps);
      const dump = () =>
        JSON.stringify([[...book.fold.jobs.values()], book.fold.slots, [...book.fold.waiting.undenied]]);
      const before = dump();
      for (const row of queued(book)) explained(book, row.id);
      expect(dump()).toBe(before);
    });
  });

  test("given random worlds, when holders and jobs ahead are named, then those are all that a plain count finds", () => {
    checkRandomly("names in explanations", 300, worlds, (steps) => {
      const book = grow(steps);
      const { pools, holdings } = book.fold.slots;
      const order = queueView(book.fold);
      for (const [index, { job }] of order.entries()) {
        for (const { pool, capacity, used, needs, holders, ahead, cause } of explained(book, job).blockedBy) {
          if (pool === "workers") continue;
          const figures = Object.values<Pool>(pools).find(({ name }) => name === pool);
          expect({ capacity, used }).toEqual({ capacity: figures?.capacity, used: figures?.used });
          expect(needs).toBe(order[index]?.demand[pool]);
          const takes = ({ type: its, resources }: Holding) =>
            pool === "global" || pool === `type:${its}` || Object.hasOwn(resources, pool.slice("resource:".length));
          expect([...holders].sort()).toEqual(
            Object.values<Holding>(holdings)
              .filter(takes)
              .map((held) => held.job)
              .sort(),
          );
          if (cause !== "full") continue;
          const rivals = order.slice(0, index).filter(({ demand }) => Object.hasOwn(demand, pool));
          const moving = rivals.filter(({ blockedBy }) => blockedBy.every((its) => its.cause === "full"));
          expect(ahead).toEqual(moving.map((rival) => rival.job));
        }
      }
    });
  });
});
