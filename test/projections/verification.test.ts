/** Verifying a ledger: a good one is right whatever happened in it, and one that is damaged in one way is wrong at exactly that place. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Entry } from "../../events/entry.js";
import type { Fact, FactOf } from "../../events/facts.js";
import {
  entryId,
  epoch,
  intakeSequence,
  jobId,
  poolName,
  position,
  reservationId,
  workerId,
} from "../../events/names.js";
import { Fold, LedgerCorrupt } from "../../projections/fold.js";
import { compareWaiting, stateOf } from "../../projections/jobs.js";
import { decideStarts } from "../../projections/starts.js";
import { Verification } from "../../projections/verify/verification.js";
import { FenceCheck } from "../../projections/verify/verify-fences.js";
import { type LedgerBuilder, ledger, type StoredEntry } from "../support/ledger-builder.js";
import { checkRandomly, happeningArbitrary, limitsArbitrary, World } from "./random-world.js";

/** Verifies to the end, or gives the address and the text of what is wrong. */
function verify(entries: readonly StoredEntry[]): { verification: Verification; address: string; message: string } {
  const verification = new Verification();
  try {
    for (const { position: at, entry } of entries) verification.apply(at, entry);
  } catch (error) {
    if (!(error instanceof LedgerCorrupt)) throw error;
    return { verification, address: error.address, message: error.message };
  }
  return { verification, address: "", message: "all is right" };
}

/** One slot; b waits behind a, c before b, d for another pool. The facts of an entry are told by their addresses. */
function good(): LedgerBuilder {
  return ledger()
    .elected() // 1
    .worker("w1", 2) // 2
    .limits({ resources: { gpu: 1, api: 2 } }) // 3
    .together((book) => book.submitted("a", { resources: { gpu: 1 } }).submitted("b", { resources: { gpu: 1 } })) // 4
    .decided() // 5: a is granted, b is denied
    .submitted("c", { resources: { gpu: 1 }, priority: 5 }) // 6
    .submitted("d", { resources: { api: 1 }, runAt: "2026-01-01T00:00:08.000Z" }) // 7
    .started("a") // 8
    .together((book) => book.due("d").completed("a")) // 9
    .decided(); // 10: c and d are granted
}

/** The ledger with one entry changed. */
function changed(at: number, change: (entry: Entry) => Partial<Entry>): StoredEntry[] {
  return good().entries.map((stored) =>
    stored.position === at ? { ...stored, entry: { ...stored.entry, ...change(stored.entry) } } : stored,
  );
}
/** The ledger with one fact changed. */
const changedFact = (at: number, index: number, change: (fact: Fact) => Fact): StoredEntry[] =>
  changed(at, ({ facts }) => ({ facts: facts.map((fact, i) => (i === index ? change(fact) : fact)) }));
/** The ledger with one entry more at its end. */
const followed = (facts: readonly Fact[], book = good()): StoredEntry[] => [
  ...book.entries,
  { position: position(book.entries.length + 1), entry: { ...book.nextHeader, facts } },
];
const as = <T extends Fact["type"]>(type: T, change: (fact: FactOf<T>) => Partial<FactOf<T>>) => {
  return (fact: Fact): Fact => {
    if (fact.type !== type) throw new Error(`${fact.type} is no ${type}`);
    return { ...fact, ...change(fact as FactOf<T>) };
  };
};
const granted = (job: string, pool: string, more: Partial<FactOf<"StartGranted">> = {}): Fact => ({
  type: "StartGranted",
  job: jobId(job),
  attempt: 1,
  worker: workerId("w1"),
  demand: { [poolName(pool)]: 1 },
  leaseMs: 1_000,
  ...more,
});
const completed = (job: string, grant: number): Fact => ({
  type: "RunCompleted",
  job: jobId(job),
  grant: position(grant),
  exitCode: null,
  result: { inline: null },
});

describe("a good ledger", () => {
  test("given one, when it is verified, then all is right, and what was looked at is counted", () => {
    const { verification, message } = verify(good().entries);
    expect(message).toBe("all is right");
    expect(verification.verified).toEqual({
      entries: 10,
      facts: 14,
      jobs: 4,
      grants: 3,
      epochs: 1,
      at: "2026-01-01T00:00:09.000Z",
    });
    expect(verify([]).verification.verified).toMatchObject({ entries: 0, at: null });
  });

  test("given any past that the grant rule has decided, when it is verified, then all is right, and the fold is the same", () => {
    const limits = limitsArbitrary(fc.integer({ min: 0, max: 2 }));
    const story = fc.record({
      limits,
      seats: fc.integer({ min: 1, max: 4 }),
      happenings: fc.array(happeningArbitrary(limits), { minLength: 5, maxLength: 60, size: "max" }),
    });
    let grants = 0;
    const runs = checkRandomly("verifying random ledgers", 300, story, ({ limits: first, seats, happenings }) => {
      const world = new World(first, seats);
      for (const happening of happenings) {
        world.happen(happening);
        world.ledger.decide();
      }
      const { verification, message } = verify(world.ledger.entries);
      expect(message).toBe("all is right");
      expect(verification.fold.head).toEqual(world.ledger.fold.head);
      grants += verification.verified.grants;
    });
    expect(grants).toBeGreaterThan(runs);
  });

  test("given several reigns, elections between grants and jobs that are retried, when it is verified, then all is right", () => {
    const book = good();
    book.elected("d2").workerLeft("w1").worker("w2", 3).lost("c", book.now).due("c").decided();
    expect(verify(book.completed("d").started("c").cancelRequested("c").failed("c").decided().entries).message).toBe(
      "all is right",
    );
  });
});

describe("a ledger that is verified from its middle", () => {
  const foldedTo = (entries: readonly StoredEntry[], last: number) => {
    const fold = new Fold();
    for (const { position: at, entry } of entries) if (at <= last) fold.apply(at, entry);
    return fold;
  };
  const rest = (entries: readonly StoredEntry[], last: number) => entries.filter(({ position: at }) => at > last);

  test("given any cut, when what is behind it is verified, then all is right, and only that is counted", () => {
    const { entries } = good();
    for (let cut = 0; cut < entries.length; cut += 1) {
      const verification = new Verification(foldedTo(entries, cut));
      for (const { position: at, entry } of rest(entries, cut)) verification.apply(at, entry);
      const facts = rest(entries, cut).flatMap(({ entry }) => entry.facts);
      const grants = facts.filter(({ type }) => type === "StartGranted").length;
      expect(verification.verified).toMatchObject({ entries: entries.length - cut, facts: facts.length, grants });
    }
  });

  test("given what was decided before the cut, when it comes again, then that is wrong", () => {
    const book = good();
    const intake = { sequence: intakeSequence(4), taken: 0 };
    const opened = { position: position(11), entry: { ...book.nextHeader, intake, facts: [leaves("w1")] } };
    const again: Fact = {
      ...{ type: "JobRejected", job: jobId("again"), jobType: null, createdAt: book.now, reason: "" },
      intake: { sequence: intakeSequence(4), index: null },
    };
    const verification = new Verification(foldedTo([...book.entries, opened], 11));
    const entry = { ...opened.entry, id: entryId("later"), prev: opened.entry.id, facts: [again] };
    expect(() => verification.apply(position(12), entry)).toThrow(/intake 4 comes after nothing, which is decided/);
  });

  test("given jobs with and without attempts, when their fences go on from there, then live grants and numbers are known", () => {
    const book = good().started("d").failed("d", "2026-01-01T01:00:00.000Z");
    const fences = () => new FenceCheck(foldedTo(book.entries, book.entries.length).jobs.values());
    const fault = (fact: Fact) => fences().faultOf(fact, position(20));
    // c runs by the grant of entry 10, d is to be tried again, b waits, a has ended.
    expect(fault(completed("c", 9))).toBe("c: grant 9 is not live, 10 is");
    expect(fault(completed("c", 10))).toBeNull();
    expect(fault(granted("c", "resource:gpu", { attempt: 2 }))).toBe("c has a live grant already, 10");
    expect(fault(granted("d", "resource:api", { attempt: 2 }))).toBeNull();
    expect(fault(granted("d", "resource:api"))).toBe("attempt 1 of d does not follow 1");
    expect(fault(completed("d", 10))).toBe("d: grant 10 is not live, none is");
    expect(fault(granted("b", "resource:gpu"))).toBeNull();
    // The fold says that it has ended; here nothing is remembered of it.
    expect(fault(granted("a", "resource:gpu"))).toBeNull();
  });
});

describe("a ledger that is damaged in one way", () => {
  test.each<[string, StoredEntry[], string, RegExp]>([
    ["an entry missing", good().entries.filter(({ position: at }) => at !== 6), "7", /position 6 was expected/],
    ["a broken chain", changed(6, () => ({ prev: entryId("forged") })), "6", /its chain names forged/],
    [
      "an id that was there before",
      changed(10, () => ({ id: entryId("e3") })),
      "10",
      /its id e3 is an earlier entry's/,
    ],
    ["a time that goes back", changed(6, () => ({ at: "2025-01-01T00:00:00.000Z" })), "6", /is before/],
    ["a reign that nobody elected", changed(6, () => ({ epoch: epoch(2) })), "6.0", /epoch 2 was never elected/],
    [
      "an election of the wrong epoch",
      changedFact(
        1,
        0,
        as("DispatcherElected", () => ({ epoch: epoch(2) })),
      ),
      "1.0",
      /epoch 2/,
    ],
    [
      "intake progress that goes back",
      changed(5, () => ({ intake: { sequence: intakeSequence(3), taken: 0 } })),
      "6",
      /its intake progress goes back/,
    ],
    ["an entry without facts", changed(6, () => ({ facts: [] })), "6", /it holds no fact/],
    [
      "a fact that the job machine refuses",
      followed([completed("a", 5)]),
      "11.0",
      /a is completed: the job machine refuses it/,
    ],
    ["a job that nobody submitted", followed([{ type: "JobDue", job: jobId("x") }]), "11.0", /x is unknown/],
    ["a late word of an attempt", followed([completed("c", 5)]), "11.0", /grant 5 is not live, 10 is/],
    [
      "an attempt out of turn",
      changedFact(
        10,
        0,
        as("StartGranted", () => ({ attempt: 2 })),
      ),
      "10.0",
      /attempt 2 does not follow 0/,
    ],
    ["a pool over capacity", followed([granted("b", "resource:gpu")]), "11.0", /resource:gpu would be over capacity/],
    [
      "a worker over its capacity",
      followed([granted("e", "resource:api")], good().submitted("e", { resources: { api: 1 } })),
      "12.0",
      /w1 would run more than its capacity of 2/,
    ],
    [
      "a grant to a worker that is not there",
      changedFact(
        5,
        0,
        as("StartGranted", () => ({ worker: workerId("w9") })),
      ),
      "5.0",
      /w9 has not joined/,
    ],
    [
      "a grant of more than is demanded",
      changedFact(
        5,
        0,
        as("StartGranted", () => ({ demand: { [poolName("resource:gpu")]: 2 } })),
      ),
      "5.0",
      /demands 1 of resource:gpu and was granted 2/,
    ],
    [
      "a grant from a paused pool",
      followed([granted("b", "resource:gpu")], good().paused("resource:gpu").completed("c")),
      "13.0",
      /resource:gpu is paused/,
    ],
    [
      "a pool paused that is not there",
      followed([{ type: "PoolPaused", pool: poolName("global") }]),
      "11.0",
      /there is no pool global/,
    ],
    [
      "a worker that leaves twice",
      followed([leaves("w2"), leaves("w2")], good().worker("w2")),
      "12.1",
      /w2 has not joined/,
    ],
    [
      "a job that is due too early",
      changedFact(
        7,
        0,
        as("JobSubmitted", () => ({ runAt: "2026-01-01T00:00:08.001Z" })),
      ),
      "9.0",
      /d is due at .*08\.001Z, and this is .*08\.000Z/,
    ],
  ])("given %s, when it is verified, then its address is told", (_what, entries, address, message) => {
    const found = verify(entries);
    expect(found).toMatchObject({ address, message: expect.stringMatching(message) });
    // What comes before it is right.
    const before = entries.filter(({ position: at }) => at < Math.floor(Number(address)));
    expect(verify(before).message).toBe("all is right");
  });
});

function leaves(worker: string): Fact {
  return { type: "WorkerLeft", worker: workerId(worker), reason: "stopped" };
}

describe("grants against their order (INV-004)", () => {
  test("given the one behind granted instead of the one ahead, when it is verified, then that grant is wrong, and why is told", () => {
    const entries = changedFact(
      10,
      0,
      as("StartGranted", () => ({ job: jobId("b") })),
    );
    const { address, message } = verify(entries);
    expect(address).toBe("10.0");
    expect(message).toContain("the grant rule does not start b here (INV-004): b waits for resource:gpu");
  });

  test("given grants of one entry in another order, when it is verified, then that is as good, because nobody is delayed", () => {
    const entries = changed(10, ({ facts }) => ({ facts: [...facts].reverse() }));
    expect(verify(entries).message).toBe("all is right");
  });

  test("given one of the grants left out, when the others are verified, then they are right: an entry may be cut short", () => {
    const entries = changed(10, ({ facts }) => ({
      facts: facts.filter((fact) => !("job" in fact) || fact.job !== "c"),
    }));
    expect(verify(entries).message).toBe("all is right");
  });

  test("given a job that passes one ahead whose units it takes, when it is verified, then it is wrong although there is room for it", () => {
    // The first needs two units and waits; of the one that is free, the second could live, but it is set aside.
    const book = ledger()
      .elected()
      .worker("w1", 5)
      .limits({ resources: { api: 2 } })
      .together((all) => all.submitted("r", { resources: { api: 1 } }))
      .decided()
      .together((all) => all.submitted("big", { resources: { api: 2 } }).submitted("small", { resources: { api: 1 } }));
    expect(verify(followed([granted("small", "resource:api")], book))).toMatchObject({
      address: "7.0",
      message: expect.stringContaining("the grant rule does not start small here (INV-004)"),
    });
  });

  test("given that overtaking is allowed, when an overtake is not told, or the wrong one is, then that is wrong", () => {
    const book = ledger()
      .elected()
      .worker("w1", 5)
      .limits({ resources: { api: 2 }, maxOvertakes: 1 })
      .submitted("r", { resources: { api: 1 } })
      .decided()
      .together((all) => all.submitted("big", { resources: { api: 2 } }).submitted("small", { resources: { api: 1 } }));
    const told = followed([granted("small", "resource:api", { overtook: [jobId("big")] })], book);
    expect(verify(told).message).toBe("all is right");
    expect(verify(followed([granted("small", "resource:api")], book))).toMatchObject({
      address: "7.0",
      message: expect.stringContaining("small overtakes big, and it says nobody (INV-004)"),
    });
  });

  test("given two that are overtaken, when nobody is told of, then both are named", () => {
    const two = { resources: { api: 2 } };
    const book = ledger()
      .elected()
      .worker("w1", 5)
      .limits({ resources: { api: 2 }, maxOvertakes: 1 })
      .submitted("r", { resources: { api: 1 } })
      .decided()
      .together((all) =>
        all
          .submitted("big", two)
          .submitted("large", two)
          .submitted("small", { resources: { api: 1 } }),
      );
    expect(verify(followed([granted("small", "resource:api")], book)).message).toContain(
      "small overtakes big, large, and it says nobody (INV-004)",
    );
  });

  test("given two reservations for one slot, when the later one is given it, then that is wrong; the earlier one, and all is right", () => {
    const book = ledger()
      .elected()
      .worker("w1")
      .limits({ resources: { gpu: 1 } })
      .together((all) => all.reserved("r1", { gpu: 1 }).reserved("r2", { gpu: 1 }));
    const given = (id: string): Fact => ({
      type: "ReservationGranted",
      reservation: reservationId(id),
      demand: { [poolName("resource:gpu")]: 1 },
    });
    expect(verify(followed([given("r1")], book)).message).toBe("all is right");
    expect(verify(followed([given("r2")], book))).toMatchObject({
      address: "5.0",
      message: expect.stringContaining("the grant rule does not give r2 its slots here (DEC-004)"),
    });
  });

  test("given any past, when a grant is given to one behind in the same line instead, then its address is told", () => {
    const limits = limitsArbitrary();
    const story = fc.record({
      limits,
      picked: fc.nat(),
      happenings: fc.array(happeningArbitrary(limits), { minLength: 20, maxLength: 80, size: "max" }),
    });
    let swapped = 0;
    const runs = checkRandomly("grants given to those behind", 300, story, ({ limits: first, happenings, picked }) => {
      const world = new World(first, 2);
      for (let i = 0; i < 6; i += 1)
        world.happen({ kind: "submit", job: { type: "story", priority: 0, resources: { api: 1 } } });
      for (const happening of happenings) {
        world.happen(happening);
        world.ledger.decide();
      }
      const swaps = swapsIn(world.ledger.entries);
      const swap = swaps[picked % swaps.length];
      if (swap === undefined) return;
      swapped += 1;
      expect(verify(swap.entries)).toMatchObject({
        address: swap.address,
        message: expect.stringContaining("INV-004"),
      });
    });
    expect(swapped).toBeGreaterThan(runs / 6);
  });
});

/** Every grant of the ledger that could have been given to a job right behind in the same line, with the ledger up to there. */
function swapsIn(entries: readonly StoredEntry[]): { readonly address: string; readonly entries: StoredEntry[] }[] {
  const fold = new Fold();
  const swaps: { address: string; entries: StoredEntry[] }[] = [];
  for (const [place, stored] of entries.entries()) {
    const starting = new Set(decideStarts(fold.waiting, fold.slots).starts.map(({ row }) => row.id));
    for (const [index, fact] of stored.entry.facts.entries()) {
      if (fact.type !== "StartGranted") continue;
      const row = fold.jobs.get(fact.job);
      if (row === undefined || stateOf(row) !== "queued") continue;
      const behind = [...fold.waiting.lineOf(row).rows].find(
        (other) => compareWaiting(row, other) < 0 && !starting.has(other.id),
      );
      if (behind === undefined) continue;
      const given: Fact = { ...fact, job: behind.id, attempt: behind.attempts.length + 1 };
      const facts = [...stored.entry.facts.slice(0, index), given];
      swaps.push({
        address: `${stored.position}.${index}`,
        entries: [...entries.slice(0, place), { ...stored, entry: { ...stored.entry, facts } }],
      });
    }
    fold.apply(stored.position, stored.entry);
  }
  return swaps;
}

describe("the accounting of the intake", () => {
  const from = (sequence: number, index: number | null) => ({ sequence: intakeSequence(sequence), index });
  /** Where the submissions of an entry came from, and the progress that it records. */
  type ArrivalEntry = readonly [
    places: readonly (readonly [number, number | null])[],
    progress: readonly [number, number],
  ];
  /** Submissions with these places in the intake, an entry each, whose progress is said. */
  function arrivals(...entries: readonly ArrivalEntry[]) {
    const book = good();
    const stored: StoredEntry[] = [...book.entries];
    let header = book.nextHeader;
    for (const [places, [sequence, taken]] of entries) {
      const at = position(stored.length + 1);
      const facts = places.map(([message, index], number): Fact => {
        const job = jobId(`from-${message}-${index ?? "x"}-${at}-${number}`);
        return {
          type: "JobRejected",
          job,
          jobType: null,
          createdAt: header.at,
          reason: "",
          intake: from(message, index),
        };
      });
      const intake = { sequence: intakeSequence(sequence), taken };
      const entry = { ...header, id: entryId(`i${at}`), intake, facts };
      stored.push({ position: at, entry });
      header = { ...header, prev: entry.id };
    }
    return verify(stored);
  }

  test("given batches that entries cut in two, and messages that left no fact, when it is verified, then all is right", () => {
    const found = arrivals(
      [[[1, null]], [1, 0]],
      [
        [
          [2, 0],
          [2, 1],
        ],
        [1, 2],
      ],
      [
        [
          [2, 2],
          [5, null],
        ],
        [7, 0],
      ],
      [[[8, 0]], [8, 0]],
    );
    expect(found.message).toBe("all is right");
  });

  test.each<[string, readonly ArrivalEntry[], string, RegExp]>([
    [
      "a message decided twice",
      [
        [
          [
            [1, null],
            [1, null],
          ],
          [1, 0],
        ],
      ],
      "11.1",
      /intake 1 comes after 1, which is decided/,
    ],
    [
      "an item decided twice",
      [
        [
          [
            [2, 0],
            [2, 1],
          ],
          [1, 2],
        ],
        [[[2, 1]], [2, 0]],
      ],
      "12.0",
      /intake 2-1 comes after 2-1/,
    ],
    [
      "messages out of order",
      [
        [
          [
            [3, null],
            [2, null],
          ],
          [3, 0],
        ],
      ],
      "11.1",
      /intake 2 comes after 3/,
    ],
    [
      "a message below the progress",
      [
        [[[4, null]], [6, 0]],
        [[[5, null]], [6, 0]],
      ],
      "12.0",
      /intake 5 comes after 4/,
    ],
    [
      "more decided than the progress says",
      [[[[4, null]], [3, 0]]],
      "11",
      /it decides intake 4, and its progress is 3, 0 of the next/,
    ],
    [
      "a message that is none of a batch, and progress as of one",
      [[[[4, null]], [3, 1]]],
      "11",
      /it decides intake 4, and its progress is 3, 1 of the next/,
    ],
    [
      "more of a batch decided than it says",
      [
        [
          [
            [4, 0],
            [4, 1],
          ],
          [3, 1],
        ],
      ],
      "11",
      /it decides intake 4-1, and its progress is 3, 1/,
    ],
  ])("given %s, when it is verified, then its address is told", (_what, entries, address, message) => {
    expect(arrivals(...entries)).toMatchObject({ address, message: expect.stringMatching(message) });
  });
});

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
