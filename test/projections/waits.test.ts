/** What jobs have waited for, as people read it: one small day of a dispatcher for each kind of interval. */
import { describe, expect, test } from "vitest";
import type { Fact } from "../../events/facts.js";
import type { Limits } from "../../events/limits.js";
import { jobId, workerId } from "../../events/names.js";
import { explain } from "../../projections/explain/explain.js";
import { ledger } from "../support/ledger-builder.js";
import { LEDGER_BEGINS } from "../support/ledger-writer.js";
import { TurnBook } from "../support/turn-book.js";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DONE = { outcome: "completed", result: { inline: null }, exitCode: 0 } as const;

/** Jobs take one unit of `ollama` each, unless they say otherwise. */
function day(limits: Limits = { resources: { ollama: 1 } }, seats = 100): TurnBook {
  const settings = (): readonly Fact[] => [{ type: "LimitsChanged", limits, source: "configuration" }];
  const types = { story: { resources: { ollama: 1 } }, thumbs: {} };
  const book = new TurnBook({ types, settings, seats, retryMs: 10 * SECOND }).lead();
  book.decide();
  return book;
}

function submit(book: TurnBook, id: string, job: object = {}, type = "story"): void {
  book.submit(type, { id, ...job }).decide();
}

function end(book: TurnBook, id: string, afterMs: number): void {
  book.later(afterMs).end(id, DONE).decide();
}

function told(book: Pick<TurnBook, "fold">, id: string) {
  const explanation = explain(book.fold, jobId(id));
  if (explanation === null) throw new Error(`${id} is unknown`);
  return explanation;
}
/** The last sentence. */
const waited = (book: Pick<TurnBook, "fold">, id: string) =>
  told(book, id).text.replace(/^.*?(?=It (waited|started))/, "");

describe("what a job that started had waited for", () => {
  test("given room, when a job started at once, then nothing is told of waiting, and there are no intervals", () => {
    const book = day();
    submit(book, "a");
    expect(waited(book, "a")).toBe("It started at once.");
    expect(told(book, "a").waits).toEqual([]);
  });

  test("given two ran before it one after the other, then it was behind the one, then the other, and both times are exact", () => {
    const book = day();
    for (const id of ["seven", "nine", "ten"]) submit(book, id);
    end(book, "seven", 3 * MINUTE);
    end(book, "nine", MINUTE + 10 * SECOND);
    expect(waited(book, "ten")).toBe("It waited 4 min 10 s behind resource:ollama: seven, then nine.");
    const [begin, middle, last] = ["00:00:00.000", "00:03:00.000", "00:04:10.000"].map((at) => `2026-01-01T${at}Z`);
    expect(told(book, "ten").waits).toEqual([
      {
        ...{ pool: "resource:ollama", cause: "full", from: begin, to: last, ms: 4 * MINUTE + 10 * SECOND },
        behind: [
          { job: "seven", from: begin, to: middle },
          { job: "nine", from: middle, to: last },
        ],
      },
    ]);
  });

  test("given several at once, one after the other, when it had waited for one of two slots, then each stage is told once, and the rest counted", () => {
    const book = day({ resources: { ollama: 2 } });
    for (const id of ["a", "b", "c", "d", "e", "f", "g"]) submit(book, id);
    for (const id of ["a", "b", "c", "d", "e"]) end(book, id, SECOND);
    expect(waited(book, "g")).toBe("It waited 5 s behind resource:ollama: a and b, then c, then d and 2 more.");
  });

  test("given the pool was paused meanwhile, then the wait is told in three parts", () => {
    const book = day();
    submit(book, "a");
    submit(book, "b");
    book.later(MINUTE).command("pause", { pool: "resource:ollama" }).decide();
    end(book, "a", MINUTE);
    book.later(MINUTE).command("resume", { pool: "resource:ollama" }).decide();
    expect(waited(book, "b")).toBe(
      "It waited 3 min: 1 min behind resource:ollama: a; 2 min while pool resource:ollama was paused.",
    );
  });

  test("given units were set aside for a larger one ahead, then it says for whom they were kept", () => {
    const book = day({ resources: { ollama: 2 } });
    submit(book, "a");
    submit(book, "large", { resources: { ollama: 2 } });
    submit(book, "small");
    end(book, "a", MINUTE);
    end(book, "large", MINUTE);
    expect(waited(book, "small")).toBe(
      "It waited 2 min: 1 min while resource:ollama was kept for others: large; 1 min behind resource:ollama: large.",
    );
  });

  test("given the capacity was below its demand for a while, then that is told", () => {
    const book = day({ resources: { ollama: 2 } });
    const change = (ollama: number) => {
      book.own(() => [{ type: "LimitsChanged", limits: { resources: { ollama } }, source: "command" }]).decide();
    };
    submit(book, "a");
    submit(book, "b", { resources: { ollama: 2 } });
    book.later(SECOND);
    change(1);
    book.later(MINUTE);
    change(3);
    expect(waited(book, "b")).toBe(
      "It waited 1 min 1 s: 1 s behind resource:ollama: a; 1 min while resource:ollama was too small for it.",
    );
  });

  test("given no worker for its type at first, and then no free seat, then both are told", () => {
    const book = day({}, 1);
    book.leave().decide();
    submit(book, "a", {}, "thumbs");
    submit(book, "b", {}, "thumbs");
    const worker = workerId("w2");
    const joined = { type: "WorkerJoined", worker, process: { host: "h", pid: 1, startedAt: LEDGER_BEGINS } } as const;
    book.later(5 * SECOND).own(() => [{ ...joined, capacity: 1, types: ["thumbs"], remote: true }]);
    book.decide();
    end(book, "a", MINUTE);
    expect(waited(book, "b")).toBe(
      "It waited 1 min 5 s: 5 s without a worker that runs type thumbs; 1 min for a worker's seat: a.",
    );
  });

  test("given its time had to come, then that is told apart from its wait for slots", () => {
    const book = day();
    submit(book, "a");
    submit(book, "b", { delay: "10s" });
    book.later(10 * SECOND).decide();
    end(book, "a", SECOND);
    expect(waited(book, "b")).toBe("It waited 11 s: 10 s for its time to come; 1 s behind resource:ollama: a.");
  });

  test("given a sequential group, then the wait for its turn is told", () => {
    const book = day();
    for (const [order, id] of ["a", "b"].entries())
      submit(book, id, { group: { id: "book-9", order, sequential: true } });
    end(book, "a", MINUTE);
    book.decide();
    expect(waited(book, "b")).toBe("It waited 1 min for its turn in group book-9.");
    expect(told(book, "b").waits).toMatchObject([{ pool: null, cause: "turn", behind: [] }]);
  });

  test("given a failed attempt, then the backoff is told, and of the first attempt's wait only in the intervals", () => {
    const book = day();
    submit(book, "a");
    submit(book, "b");
    end(book, "a", MINUTE);
    const error = { code: "broken", message: "it broke" };
    book.end("b", { outcome: "failed", error, retryable: true, exitCode: 1, retryAfterMs: null }).decide();
    submit(book, "c");
    book.later(10 * SECOND).decide();
    end(book, "c", SECOND);
    expect(waited(book, "b")).toBe("It waited 11 s: 10 s between its attempts; 1 s behind resource:ollama: c.");
    expect(told(book, "b").waits.map(({ cause, ms }) => [cause, ms])).toEqual([
      ["full", MINUTE],
      ["retry", 10 * SECOND],
      ["full", SECOND],
    ]);
  });

  test("given two pools that were full at once, then their intervals overlap", () => {
    const book = day({ global: 2, resources: { ollama: 1 } });
    submit(book, "a");
    submit(book, "t", {}, "thumbs");
    submit(book, "b");
    end(book, "t", SECOND);
    end(book, "a", SECOND);
    expect(waited(book, "b")).toBe("It waited 2 s: 1 s behind global: a and t; 2 s behind resource:ollama: a.");
  });

  test("given more changes than a sentence holds, then the first are told and the others counted", () => {
    const book = day();
    submit(book, "a");
    submit(book, "b");
    for (let n = 0; n < 3; n += 1) {
      book.later(SECOND).command("pause", { pool: "resource:ollama" }).decide();
      book.later(SECOND).command("resume", { pool: "resource:ollama" }).decide();
    }
    end(book, "a", SECOND);
    expect(waited(book, "b")).toMatch(/^It waited 7 s: (1 s [^;]*; ){4}and 3 more intervals\.$/);
    expect(told(book, "b").waits).toHaveLength(7);
  });
});

describe("more than fits into an answer", () => {
  test("given many intervals behind many holders, when it is explained, then the latest are told, and that it is not all", () => {
    const book = ledger().elected().worker("w1", 200).limits({ global: 100 });
    book.together(() => {
      for (let n = 0; n < 100; n += 1) book.submitted(`h${n}`);
    });
    book.decided().submitted("b").decided();
    for (let n = 0; n < 60; n += 1) book.paused("global").resumed("global");
    const { waits, waitsComplete } = told(book, "b");
    expect(waits.length).toBeGreaterThan(30);
    expect(waits.flatMap(({ behind }) => behind).length).toBeLessThanOrEqual(2_000);
    expect(waits.at(-1)?.to).toBe(book.fold.head.at);
    expect(waitsComplete).toBe(false);
  });
});

describe("what a job waits for up to now", () => {
  test("given it waits still, when it is explained at a time, then its intervals end there", () => {
    const book = day();
    submit(book, "a");
    submit(book, "b");
    book.later(MINUTE).submit("thumbs", { id: "t" }).decide();
    expect(told(book, "b").waits).toMatchObject([{ cause: "full", ms: MINUTE, behind: [{ job: "a" }] }]);
  });

  test("given a job that waits for its time or its turn, when it is explained, then what must happen next is told", () => {
    const book = day();
    submit(book, "later", { delay: "10s" });
    for (const [order, id] of ["one", "two"].entries())
      submit(book, id, { group: { id: "book-9", order, sequential: true } });
    expect(told(book, "later").next).toBe("It is due at 2026-01-01T00:00:10.000Z.");
    expect(told(book, "two").next).toBe("Its turn comes when one has ended.");
  });
});

describe("why those ahead are ahead, and what must happen next", () => {
  test("given higher priority, an earlier place and a move, when the last is explained, then all reasons are told", () => {
    const book = day();
    for (const id of ["run", "mine", "first"]) submit(book, id);
    submit(book, "urgent", { priority: 5 });
    book.command("move", { id: "first", first: true }).decide();
    submit(book, "last");
    expect(told(book, "mine").blockedBy[0]?.rivals).toEqual([
      { job: "urgent", why: "priority" },
      { job: "first", why: "moved" },
    ]);
    expect(told(book, "last").text).toBe(
      "last waits for resource:ollama: 1 of 1 used by run since 00:00:00Z; urgent, first and mine are ahead of it " +
        "(higher priority and earlier in line). It starts when run has ended and urgent, first and mine have had their turn.",
    );
  });

  test("given more units are needed than any holder has, when it is explained, then so many have to be given back", () => {
    const book = day({ resources: { ollama: 3 } });
    for (const id of ["a", "b", "c"]) submit(book, id);
    submit(book, "large", { resources: { ollama: 2 } });
    expect(told(book, "large").next).toBe("It starts when 2 units of resource:ollama have been given back.");
  });

  test("given yesterday's holder, when a job is explained, then the day is told too", () => {
    const book = day();
    submit(book, "a");
    book.later(24 * 60 * MINUTE);
    submit(book, "b");
    expect(told(book, "b").text).toBe(
      "b waits for resource:ollama: 1 of 1 used by a since 2026-01-01 00:00:00Z. It starts when a has ended.",
    );
  });

  test("given no worker since one left, when a job is explained, then since when is told", () => {
    const book = day({});
    book.later(MINUTE).leave().decide();
    submit(book, "t", {}, "thumbs");
    expect(told(book, "t").text).toBe(
      "t waits: no worker runs type thumbs since 00:01:00Z. A worker that runs type thumbs has to join.",
    );
  });
});

describe("an id that is given again", () => {
  test("given the job that had it before is forgotten, when the new one is explained, then the waits of the old one are not told", () => {
    const book = ledger().elected().worker("w1").limits({ global: 1 });
    book.fact({ type: "RetentionChanged", finishedJobsMax: 1 });
    book
      .submitted("b")
      .decided()
      .submitted("a")
      .decided()
      .completed("b")
      .decided()
      .completed("a")
      .submitted("c")
      .decided();
    book.completed("c");
    expect(book.fold.jobs.has(jobId("a"))).toBe(false);
    book.together(() => book.submitted("a").granted("a"));
    expect(told(book, "a").waits).toEqual([]);
    expect(waited(book, "a")).toBe("It started at once.");
  });
});

describe("a past that is longer ago than is remembered", () => {
  test("given twice ten thousand waits since, when an old job is explained, then it says so, and --at its grant tells all", () => {
    const book = ledger().elected().worker("w1", 100_000).limits({ global: 1 });
    book.submitted("a").decided().submitted("old").decided().completed("a").decided();
    const { grant } = book.row("old").attempts[0] ?? { grant: 0 };
    const before = told(book, "old").waits;
    book.limits({ global: 100_000 });
    book.together(() => {
      for (let n = 0; n < 20_000; n += 1) book.submitted(`w${n}`);
    });
    while (book.decide().starts.length > 0);
    const answer = explain(book.fold, jobId("old"), { facts: book.factsOf("old") });
    expect(answer).toMatchObject({ waits: [], waitsComplete: false });
    expect(answer?.text).toContain(
      ` It waited 3 s; the last reason on record, at 7.0: global: 1 of 1 used by a (ask --at ${grant} for all of them).`,
    );
    expect(before).toMatchObject([{ cause: "kept" }, { cause: "full" }, { cause: "undecided" }].slice(-before.length));
    expect(explain(book.fold, jobId("w19999"))).toMatchObject({
      waits: [{ cause: "unknown" }, { cause: "kept", pool: "global" }, { cause: "undecided" }],
      waitsComplete: true,
      text: expect.stringMatching(
        /It waited 40 s: 36 s of which the details are not remembered; 3 s .*: w18000, w18001, w18002 and at least 97 more; 1 s/,
      ),
    });
    expect(book.fold.past.stays.length).toBeLessThan(20_000);
  });

  test("given thousands of changes of limits since, when a job is explained, then what is remembered is told exactly", () => {
    const book = ledger().elected().worker("w1").limits({ global: 1 });
    for (let n = 0; n < 2_500; n += 1) book.limits({ global: 1 + (n % 2) });
    book.limits({ global: 1 }).submitted("a").decided().submitted("b").decided();
    book.later(60_000).completed("a").decided();
    expect(book.fold.past.frames.length).toBeLessThan(2_000);
    expect(told(book, "b")).toMatchObject({ waitsComplete: true });
    expect(waited(book, "b")).toMatch(/behind global: a/);
  });
});
