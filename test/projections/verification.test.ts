/** Verifying a ledger: a good one is right whatever happened in it, and one that is damaged in one way is wrong at exactly that place. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Fact } from "../../events/facts.js";
import { entryId, epoch, intakeSequence, jobId, poolName, position, workerId } from "../../events/names.js";
import { Fold } from "../../projections/fold.js";
import { Verification } from "../../projections/verify/verification.js";
import { FenceCheck } from "../../projections/verify/verify-fences.js";
import type { StoredEntry } from "../support/ledger-builder.js";
import { checkRandomly, happeningArbitrary, limitsArbitrary, World } from "./random-world.js";
import { as, changed, changedFact, completed, followed, good, granted, leaves, verify } from "./sound-ledger.js";

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
