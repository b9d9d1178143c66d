/** The grant rule, case by case: who starts, who does not, and what is said about it. */
import { describe, expect, test } from "vitest";
import type { Limits } from "../../events/limits.js";
import { jobId, workerId } from "../../events/names.js";
import { demandOf } from "../../projections/demand.js";
import { holdersOf } from "../../projections/holders.js";
import { startsDenied } from "../../projections/start-facts.js";
import { type Decision, decideStarts } from "../../projections/starts.js";
import { type LedgerBuilder, ledger } from "../support/ledger-builder.js";

const begin = (limits: Limits, seats = 100): LedgerBuilder => ledger().elected().worker("w1", seats).limits(limits);
const started = ({ starts }: Decision): string[] => starts.map(({ row }) => row.id);
const denied = ({ denials }: Decision): Record<string, string> =>
  Object.fromEntries(
    denials.map(({ row, shortages }) => [row.id, shortages.map(({ pool, cause }) => `${pool}=${cause}`).join(" ")]),
  );

describe("what a job demands (CC-1)", () => {
  const job = { type: "story", resources: { ollama: 2, cpu: 1 } };
  test.each<[string, Limits, Record<string, number>]>([
    ["no limits at all", {}, {}],
    ["A", { global: 5 }, { global: 1 }],
    ["B with its type", { types: { story: 1 } }, { "type:story": 1 }],
    ["B without its type", { types: { research: 1 } }, {}],
    ["C with one of its tags", { resources: { ollama: 3 } }, { "resource:ollama": 2 }],
    ["C with both tags", { resources: { ollama: 3, cpu: 3 } }, { "resource:cpu": 1, "resource:ollama": 2 }],
    [
      "all together",
      { global: 9, types: { story: 4 }, resources: { ollama: 3, cpu: 3, api: 2 } },
      { global: 1, "type:story": 1, "resource:cpu": 1, "resource:ollama": 2 },
    ],
  ])(
    "given limits with %s, when a job's demand is worked out, then only configured pools occur",
    (_, limits, demand) => {
      expect(Object.fromEntries(demandOf(job, limits))).toEqual(demand);
    },
  );

  test("given types and tags named like members of every object, when demands are worked out, then they are names like any other", () => {
    for (const name of ["constructor", "toString", "hasOwnProperty", "valueOf"]) {
      expect([...demandOf({ type: name, resources: { [name]: 2 } }, { global: 1 })]).toEqual([["global", 1]]);
      const own = { types: { [name]: 1 }, resources: { [name]: 2 } };
      expect([...demandOf({ type: name, resources: { [name]: 2 } }, own)]).toEqual([
        [`type:${name}`, 1],
        [`resource:${name}`, 2],
      ]);
    }
  });
});

describe("the order of the waiting jobs (INV-004)", () => {
  test("given jobs that differ in one thing each, when they start one by one, then by priority, position, created-at and id", () => {
    const book = begin({ global: 1 })
      .submitted("later-place", { position: 9 })
      .submitted("first-place", { position: 1, createdAt: "2026-03-01T00:00:00.000Z" })
      .submitted("older", { position: 1, createdAt: "2026-02-01T00:00:00.000Z" })
      .submitted("urgent", { position: 50, priority: 10 })
      .submitted("patient", { position: 0, priority: -10 })
      .submitted("a-twin", { position: 9, createdAt: "2026-04-01T00:00:00.000Z" })
      .submitted("B-twin", { position: 9, createdAt: "2026-04-01T00:00:00.000Z" });
    const order: string[] = [];
    for (let id = started(book.decide())[0]; id !== undefined; id = started(book.decide())[0]) {
      order.push(id);
      book.started(id).completed(id);
    }
    expect(order).toEqual(["urgent", "older", "first-place", "later-place", "B-twin", "a-twin", "patient"]);
  });

  test("given a job that is moved or amended while it waits, when a slot is free, then its new order counts (DEC-005)", () => {
    const book = begin({ global: 1 }).submitted("a").submitted("b").submitted("c");
    expect(started(book.moved("c", 0).decide())).toEqual(["c"]);
    expect(started(book.started("c").completed("c").amended("b", { priority: 1 }).decide())).toEqual(["b"]);
  });

  test("given the same facts in two folds, when both decide, then they decide the same, every time", () => {
    const write = () => {
      const book = begin({ global: 3, types: { story: 2 } });
      for (let i = 0; i < 20; i += 1)
        book.submitted(`j-${i}`, { type: i % 3 === 0 ? "research" : "story", priority: i % 2 });
      return book;
    };
    expect(started(write().decide())).toEqual(started(write().decide()));
    expect(denied(write().decide())).toEqual(denied(write().decide()));
  });
});

describe("the strategies", () => {
  test("given A with one slot, when one job runs, then a second start is withheld, and granted once the first ends (INV-003 A, B)", () => {
    const book = begin({ global: 1 }).submitted("a").submitted("b");
    const first = book.decide();
    expect([started(first), denied(first)]).toEqual([["a"], { b: "global=full" }]);
    expect(started(book.started("a").completed("a").decide())).toEqual(["b"]);
  });

  test("given B, when one type is full, then it never withholds another's start (INV-003 C)", () => {
    const book = begin({ types: { story: 1, research: 2 } });
    for (const id of ["s1", "s2", "s3"]) book.submitted(id, { type: "story" });
    for (const id of ["r1", "r2", "r3"]) book.submitted(id, { type: "research" });
    for (const id of ["t1", "t2"]) book.submitted(id, { type: "thumbs" });
    const decision = book.decide();
    expect(started(decision)).toEqual(["s1", "r1", "r2", "t1", "t2"]);
    expect(denied(decision)).toEqual({ s2: "type:story=full", s3: "type:story=full", r3: "type:research=full" });
  });

  test("given C, when a job needs several pools, then it takes all or none, and none is over capacity (CC-2, INV-003 D)", () => {
    const book = begin({ resources: { ollama: 1, cpu: 2 } })
      .submitted("both", { resources: { cpu: 1, ollama: 1 } })
      .submitted("both-again", { resources: { cpu: 1, ollama: 1 } })
      .submitted("cpu-only", { resources: { cpu: 1 } });
    const decision = book.decide();
    // The second one lacks ollama only; its cpu unit is set aside, so that the third cannot delay it.
    expect([started(decision), denied(decision)]).toEqual([
      ["both"],
      { "both-again": "resource:ollama=full", "cpu-only": "resource:cpu=full" },
    ]);
    expect(book.fold.slots.pools).toMatchObject({ "resource:cpu": { used: 1 }, "resource:ollama": { used: 1 } });
  });

  test("given no limits, when jobs wait, then only the workers' seats bound them", () => {
    const decision = begin({}, 2).submitted("a").submitted("b").submitted("c").decide();
    expect([started(decision), denied(decision)]).toEqual([["a", "b"], { c: "workers=full" }]);
  });

  test("given all strategies at once, when jobs wait, then every pool must have room", () => {
    const limits = { global: 3, types: { story: 2 }, resources: { ollama: 1 } };
    const decision = begin(limits)
      .submitted("s1", { resources: { ollama: 1 } })
      .submitted("s2", { resources: { ollama: 1 } })
      .submitted("s3")
      .submitted("r1", { type: "research" })
      .submitted("r2", { type: "research" })
      .decide();
    expect(started(decision)).toEqual(["s1"]);
    // Each of the stories that wait has a global slot set aside, so none is left for research.
    expect(denied(decision)).toEqual({
      s2: "resource:ollama=full",
      s3: "type:story=full",
      r1: "global=full",
      r2: "global=full",
    });
  });
});

describe("setting aside", () => {
  test("given a big job at the head, when small ones stand behind, then they do not starve it", () => {
    const book = begin({ resources: { cpu: 4 } })
      .submitted("small-1", { resources: { cpu: 1 } })
      .submitted("big", { resources: { cpu: 4 } })
      .submitted("small-2", { resources: { cpu: 1 } });
    expect(started(book.decide())).toEqual(["small-1"]);
    expect(started(book.submitted("small-3", { resources: { cpu: 1 } }).decide())).toEqual([]);
    expect(started(book.started("small-1").completed("small-1").decide())).toEqual(["big"]);
  });

  test("given a blocked job ahead, when one behind fits beside what is set aside, then it starts", () => {
    const book = begin({ resources: { cpu: 4, ollama: 1 } })
      .submitted("holder", { resources: { ollama: 1 } })
      .submitted("blocked", { resources: { cpu: 2, ollama: 1 } })
      .submitted("fits", { resources: { cpu: 2 } })
      .submitted("too-many", { resources: { cpu: 1 } });
    const decision = book.decide();
    expect([started(decision), denied(decision)]).toEqual([
      ["holder", "fits"],
      { blocked: "resource:ollama=full", "too-many": "resource:cpu=full" },
    ]);
  });

  test("given a blocked job deep in a line, when its other pool is looked at, then its units count too, not only the head's", () => {
    const book = begin({ resources: { cpu: 2, ollama: 1 } })
      .submitted("holder", { resources: { ollama: 1 } })
      .submitted("blocked-1", { resources: { cpu: 1, ollama: 1 } })
      .submitted("blocked-2", { resources: { cpu: 1, ollama: 1 } })
      .submitted("behind", { resources: { cpu: 1 } });
    expect(started(book.decide())).toEqual(["holder"]);
  });
});

describe("jobs that cannot start whatever ends (CC-5)", () => {
  test("given a paused pool, when its jobs wait, then they are told so and block nobody in other pools", () => {
    const book = begin({ global: 2, resources: { ollama: 1 } })
      .paused("resource:ollama")
      .submitted("paused", { resources: { ollama: 1 } })
      .submitted("free-1")
      .submitted("free-2");
    const decision = book.decide();
    expect([started(decision), denied(decision)]).toEqual([["free-1", "free-2"], { paused: "resource:ollama=paused" }]);
    book.started("free-1").completed("free-1");
    expect(started(book.resumed("resource:ollama").decide())).toEqual(["paused"]);
  });

  test("given a limit lowered below a waiting job's demand, when it is decided, then the job is said to be over capacity and blocks nobody", () => {
    const book = begin({ resources: { cpu: 4 } })
      .submitted("big", { resources: { cpu: 3 } })
      .submitted("small", { resources: { cpu: 2 } })
      .limits({ resources: { cpu: 2 } });
    const decision = book.decide();
    expect([started(decision), denied(decision)]).toEqual([["small"], { big: "resource:cpu=over-capacity" }]);
  });

  test("given a limit lowered below what is in use, when it is decided, then nobody is preempted and nothing new starts until there is room", () => {
    const book = begin({ global: 3 }).submitted("a").submitted("b").submitted("c").submitted("d").decided();
    book.limits({ global: 1 });
    expect(started(book.decide())).toEqual([]);
    expect(book.fold.slots.pools).toMatchObject({ global: { capacity: 1, used: 3 } });
    expect(started(book.started("a").completed("a").started("b").completed("b").decide())).toEqual([]);
    expect(started(book.started("c").completed("c").decide())).toEqual(["d"]);
  });

  test("given a change from A to C, when jobs are waiting and running, then the new pools count both at once", () => {
    const book = begin({ global: 1 })
      .submitted("a", { resources: { ollama: 1 } })
      .submitted("b", { resources: { ollama: 1 } })
      .submitted("c")
      .decided();
    const decision = book.limits({ resources: { ollama: 1 } }).decide();
    expect([started(decision), denied(decision)]).toEqual([["c"], { b: "resource:ollama=full" }]);
  });
});

describe("workers", () => {
  test("given no worker for a type, when its jobs wait, then they are told so and others start", () => {
    const book = ledger().elected().limits({ global: 5 }).worker("w1", 5, ["story"]);
    const decision = book.submitted("r", { type: "research" }).submitted("s").decide();
    expect([started(decision), denied(decision)]).toEqual([["s"], { r: "workers=no-worker" }]);
    expect(started(book.worker("w2", 1).decide())).toEqual(["r"]);
  });

  test("given no worker at all, when jobs wait, then none starts and each is told once", () => {
    const book = ledger().elected().submitted("a").submitted("b");
    expect(denied(book.decide())).toEqual({ a: "workers=no-worker", b: "workers=no-worker" });
    expect(book.decide()).toMatchObject({ starts: [], denials: [] });
  });

  test("given several workers, when jobs start, then each goes where most seats are free, by name among equals", () => {
    const book = ledger().elected().limits({}).worker("wb", 2).worker("wa", 2).worker("wc", 3, ["story"]);
    for (const id of ["a", "b", "c", "d", "e", "f", "g", "h"]) book.submitted(id);
    const decision = book.decide();
    expect(decision.starts.map(({ worker }) => worker)).toEqual(["wc", "wa", "wb", "wc", "wa", "wb", "wc"]);
    expect(denied(decision)).toEqual({ h: "workers=full" });
  });

  test("given a worker that is leaving, when it still runs a job, then it gets no other", () => {
    const book = begin({}).submitted("a").decided().workerLeft().submitted("b");
    expect(denied(book.decide())).toEqual({ b: "workers=no-worker" });
    expect(Object.keys(book.fold.slots.workers)).toEqual(["w1"]);
    book.started("a").completed("a");
    expect(Object.keys(book.fold.slots.workers)).toEqual([]);
  });
});

describe("bounded overtaking (INV-004)", () => {
  const overtaken = (maxOvertakes: number) =>
    begin({ resources: { cpu: 1, ollama: 1 }, maxOvertakes })
      .submitted("holder", { resources: { ollama: 1 } })
      .decided()
      .submitted("blocked", { resources: { cpu: 1, ollama: 1 } });

  test("given the default bound of none, when a job behind could use what is set aside, then it does not", () => {
    expect(
      started(
        overtaken(0)
          .submitted("quick", { resources: { cpu: 1 } })
          .decide(),
      ),
    ).toEqual([]);
  });

  test("given a bound of two, when jobs behind use what is set aside, then two do, on record, and the third waits", () => {
    const book = overtaken(2);
    for (const id of ["quick-1", "quick-2"]) {
      const decision = book.submitted(id, { resources: { cpu: 1 } }).decide();
      expect(decision.starts.map(({ row, overtook }) => [row.id, overtook])).toEqual([[id, ["blocked"]]]);
      book.started(id).completed(id);
    }
    expect(book.row("blocked").overtaken).toBe(2);
    expect(started(book.submitted("quick-3", { resources: { cpu: 1 } }).decide())).toEqual([]);
    expect(started(book.started("holder").completed("holder").decide())).toEqual(["blocked"]);
  });

  test("given a job that was overtaken, when it starts and has to be tried again, then its count begins anew", () => {
    const book = overtaken(1)
      .submitted("quick", { resources: { cpu: 1 } })
      .decided();
    for (const id of ["quick", "holder"]) book.started(id).completed(id);
    book.decided().failed("blocked", book.now).due("blocked");
    expect(book.row("blocked").overtaken).toBe(0);
  });

  test("given a thousand blocked jobs where overtaking is allowed, when a job that shares no pool stands behind them, then it starts", () => {
    const book = begin({ resources: { cpu: 5, ollama: 1, api: 1 }, maxOvertakes: 1 }).submitted("holder", {
      resources: { ollama: 1 },
    });
    book.decided();
    book.together(() => {
      for (let i = 0; i < 1_002; i += 1) book.submitted(`blocked-${i}`, { resources: { cpu: 1, ollama: 1 } });
      book.submitted("stranger", { resources: { api: 1 } });
    });
    const order: string[] = [];
    for (let more = true; more; ) {
      const decision = book.decide();
      order.push(...started(decision));
      ({ more } = decision);
    }
    expect(order).toEqual(["stranger"]);
  });
});

describe("the bound on how many blocked jobs are looked at", () => {
  test.each([
    [1_000, ["small"]],
    [1_001, []],
  ])(
    "given %d blocked jobs where overtaking is allowed, when a small one stands behind them, then these start: %j",
    (count, starts) => {
      const book = begin({ resources: { cpu: 5, ollama: 1 }, maxOvertakes: 1 })
        .submitted("holder", { resources: { ollama: 1 } })
        .decided();
      book.together(() => {
        for (let i = 0; i < count; i += 1) book.submitted(`blocked-${i}`, { resources: { cpu: 1, ollama: 1 } });
        book.submitted("small", { resources: { cpu: 1 } });
      });
      expect(started(decideStarts(book.fold.waiting, book.fold.slots))).toEqual(starts);
    },
  );
});

describe("slots that are given back in the same turn", () => {
  test("given they count as used still, when it is decided with them, then they are free, with their seat", () => {
    const cpu = { type: "story", resources: { cpu: 2 } };
    const book = begin({ resources: { cpu: 2 } }, 1)
      .submitted("a", cpu)
      .decided()
      .submitted("b", cpu)
      .submitted("c", cpu);
    const { waiting, slots } = book.fold;
    const freed = { kind: "free", job: jobId("a"), demanding: cpu, worker: workerId("w1") } as const;
    expect(started(decideStarts(waiting, slots))).toEqual([]);
    expect(started(decideStarts(waiting, slots, [freed]))).toEqual(["b"]);
  });
});

describe("what a denial says", () => {
  test("given a full pool, when many wait, then a denial names capacity, use, need, holders and the first few ahead", () => {
    const book = begin({ resources: { cpu: 2 } })
      .submitted("holder", { resources: { cpu: 2 } })
      .decided();
    for (let i = 0; i < 5; i += 1) book.submitted(`w${i}`, { resources: { cpu: 1 } });
    const decision = decideStarts(book.fold.waiting, book.fold.slots);
    const facts = startsDenied(decision.denials, book.fold.slots);
    expect(facts.map(({ job }) => job)).toEqual(["w0", "w1", "w2", "w3", "w4"]);
    const ahead = facts.map(({ blockedBy }) => blockedBy[0]?.ahead);
    expect(facts[0]?.blockedBy).toEqual([
      { pool: "resource:cpu", capacity: 2, used: 2, needs: 1, holders: ["holder"], ahead: [], cause: "full" },
    ]);
    expect(ahead[1]).toEqual(["w0"]);
    // Behind the head of a line whose pools are full nobody is looked at.
    expect(ahead).toEqual([[], ["w0"], ["w0"], ["w0"], ["w0"]]);
  });

  test("given many of different demands ahead, when each is denied, then the first three ahead are named", () => {
    const tags = ["a", "b", "c", "d", "e"];
    const book = begin({ resources: { cpu: 1, ...Object.fromEntries(tags.map((tag) => [tag, 1])) } })
      .submitted("holder", { resources: { cpu: 1 } })
      .decided();
    for (const tag of tags) book.submitted(tag, { resources: { cpu: 1, [tag]: 1 } });
    const decision = decideStarts(book.fold.waiting, book.fold.slots);
    expect(startsDenied(decision.denials, book.fold.slots).map(({ blockedBy }) => blockedBy[0]?.ahead)).toEqual([
      [],
      ["a"],
      ["a", "b"],
      ["a", "b", "c"],
      ["a", "b", "c"],
    ]);
  });

  test("given a job that needs more units than one, when it is denied, then that is told", () => {
    const book = begin({ resources: { cpu: 3 } })
      .submitted("holder", { resources: { cpu: 2 } })
      .decided()
      .submitted("big", { resources: { cpu: 3 } });
    const decision = decideStarts(book.fold.waiting, book.fold.slots);
    expect(startsDenied(decision.denials, book.fold.slots)[0]?.blockedBy).toMatchObject([
      { pool: "resource:cpu", capacity: 3, used: 2, needs: 3 },
    ]);
  });

  test("given every seat taken, when a job is denied, then the seats of those are counted who run its type and stay", () => {
    const book = ledger()
      .elected()
      .worker("w1", 2)
      .worker("w2", 1, ["story"])
      .worker("w3", 5, ["thumbs"])
      .worker("w4", 4)
      .limits({})
      .submitted("a", { type: "story" })
      .decided()
      .workerLeft("w4");
    for (const id of ["b", "c", "d", "e"]) book.submitted(id, { type: "story" });
    const decision = book.decide();
    expect(startsDenied(decision.denials, book.fold.slots).map(({ job, blockedBy }) => [job, blockedBy])).toEqual([
      ["e", [expect.objectContaining({ pool: "workers", capacity: 3, used: 3, needs: 1, ahead: [], cause: "full" })]],
    ]);
  });

  test("given a denial on record, when nothing changes, then it is not recorded again; when the blocking pools change, then it is", () => {
    const book = begin({ global: 1, resources: { cpu: 1 } })
      .submitted("a", { resources: { cpu: 1 } })
      .submitted("b", { resources: { cpu: 1 } });
    expect(denied(book.decide())).toEqual({ b: "global=full resource:cpu=full" });
    expect(denied(book.submitted("c").decide())).toEqual({ c: "global=full" });
    expect(denied(book.limits({ global: 5, resources: { cpu: 1 } }).decide())).toEqual({ b: "resource:cpu=full" });
  });

  test("given a job that was denied, then tried once, when it waits again for the same reason, then its denial is recorded anew", () => {
    const book = begin({ global: 1 }).submitted("a").submitted("b");
    expect(denied(book.decide())).toEqual({ b: "global=full" });
    book.started("a").completed("a").decided().failed("b", book.now).submitted("c").decided().due("b");
    expect(denied(book.decide())).toEqual({ b: "global=full" });
  });

  test("given holders whose ids are numbers, when they are named, then the oldest grant comes first", () => {
    const book = begin({ global: 3 });
    for (const id of ["zeta", "77", "8"]) book.submitted(id).decided();
    expect(holdersOf(book.fold.slots, "global")).toEqual(["zeta", "77", "8"]);
  });
});

describe("the bounds of one pass", () => {
  test("given more jobs than fit into one entry, when it is decided pass by pass, then all start, in order", () => {
    const book = begin({}, 2_000);
    book.together(() => {
      for (let i = 0; i < 1_200; i += 1) book.submitted(`j-${i}`);
    });
    const order: string[] = [];
    const sizes: number[] = [];
    for (let decision = book.decide(); ; decision = book.decide()) {
      sizes.push(decision.starts.length);
      order.push(...started(decision));
      if (!decision.more) break;
    }
    expect(order).toEqual(Array.from({ length: 1_200 }, (_, i) => `j-${i}`));
    expect(sizes).toEqual([500, 500, 200]);
  });

  test("given more denials than fit into one entry, when it is decided pass by pass, then everyone is told once", () => {
    const book = begin({ global: 1 });
    book.together(() => {
      for (let i = 0; i < 1_200; i += 1) book.submitted(`j-${i}`);
    });
    const told: string[] = [];
    const sizes: number[] = [];
    for (let decision = book.decide(); ; decision = book.decide()) {
      sizes.push(decision.denials.length);
      told.push(...Object.keys(denied(decision)));
      if (!decision.more) break;
    }
    expect(sizes).toEqual([500, 500, 199]);
    expect(new Set(told).size).toBe(1_199);
  });

  test.each([
    [500, false],
    [501, true],
  ])("given %d denials, when it is decided, then there is more to say: %s", (count, more) => {
    const book = begin({ global: 1 });
    book.together(() => {
      for (let i = 0; i <= count; i += 1) book.submitted(`j-${i}`);
    });
    const decision = book.decide();
    expect(decision).toMatchObject({ more });
    expect(decision.denials).toHaveLength(500);
  });
});
