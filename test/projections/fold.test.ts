/** The fold as the guard of the ledger: what cannot be is refused with its address; what can gives one state, byte for byte. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeEntry, encodeEntry, encodeFact } from "../../events/codec.js";
import type { Entry } from "../../events/entry.js";
import type { Fact } from "../../events/facts.js";
import {
  dispatcherId,
  entryId,
  epoch,
  groupId,
  intakeSequence,
  jobId,
  poolName,
  position,
  workerId,
} from "../../events/names.js";
import { Fold, LedgerCorrupt } from "../../projections/fold.js";
import { stateOf } from "../../projections/jobs.js";
import { decideStarts } from "../../projections/starts.js";
import { type LedgerBuilder, ledger, type StoredEntry } from "../support/ledger-builder.js";
import { checkRandomly, happeningArbitrary, limitsArbitrary, World } from "./random-world.js";
import { dump } from "./state-dump.js";

const LATER = "2030-01-01T00:00:00.000Z";
const granting = (job: string, more: Partial<Extract<Fact, { type: "StartGranted" }>> = {}): Fact => ({
  type: "StartGranted",
  job: jobId(job),
  attempt: 1,
  worker: workerId("w1"),
  demand: { [poolName("global")]: 1 },
  leaseMs: 1_000,
  ...more,
});
/** Two entries: an election, then a worker and two jobs, one of which runs. The next entry is 6. */
const begin = (): LedgerBuilder => ledger().elected().worker("w1", 5).submitted("a").submitted("b").granted("a");

/** What the fold says of one more entry after `begin`. */
function refusal(facts: readonly Fact[], header: Partial<Entry> = {}, at = 6): { address: string; message: string } {
  const book = begin();
  const entry: Entry = { ...book.nextHeader, facts, ...header };
  try {
    book.fold.apply(position(at), entry);
  } catch (error) {
    if (!(error instanceof LedgerCorrupt)) throw error;
    expect(error.code).toBe("ledger-corrupt");
    return { address: error.address, message: error.message };
  }
  throw new Error("the fold took it");
}
const fine: Fact = { type: "JobCancelled", job: jobId("b"), reason: "" };

describe("an entry that does not follow the one before", () => {
  test("given the entry that follows, when it is folded, then nothing is refused", () => {
    const { fold, nextHeader } = begin();
    fold.apply(position(6), { ...nextHeader, facts: [fine] });
    expect(fold.head.position).toBe(6);
  });

  test.each<[string, Partial<Entry>, number, RegExp]>([
    ["a gap", {}, 7, /position 6 was expected/],
    ["a repetition", {}, 5, /position 6 was expected/],
    ["another chain", { prev: entryId("forged") }, 6, /its chain names forged, the entry before is e5/],
    ["no chain", { prev: null }, 6, /its chain names null/],
    ["a time that goes back", { at: "2025-12-31T23:59:59.999Z" }, 6, /its time 2025-12-31T23:59:59.999Z is before/],
    ["an epoch of the past", { epoch: epoch(0) }, 6, /its epoch 0 does not follow 1/],
    ["an epoch that skips one", { epoch: epoch(3) }, 6, /its epoch 3 does not follow 1/],
    ["no fact", { facts: [] }, 6, /it holds no fact/],
  ])("given %s, when the entry is folded, then it is refused with its position", (_, header, at, message) => {
    const refused = refusal([fine], header, at);
    expect(refused.address).toBe(String(at));
    expect(refused.message).toMatch(message);
  });

  test("given intake progress that goes back, when an entry is folded, then it is refused", () => {
    const book = begin();
    const far = { sequence: intakeSequence(9), taken: 3 };
    book.fold.apply(position(6), { ...book.nextHeader, intake: far, facts: [fine] });
    for (const intake of [
      { sequence: intakeSequence(8), taken: 9 },
      { sequence: intakeSequence(9), taken: 2 },
    ]) {
      const next = { ...book.nextHeader, intake, facts: [{ type: "JobDue", job: jobId("nobody") } as const] };
      expect(() => book.fold.open(position(7), next)).not.toThrow();
      book.fold.abandon();
      const copy = refold(book.entries, far);
      expect(() => copy.apply(position(7), { ...next, facts: [submission("c")] })).toThrow(
        /corrupt at 7: its intake progress goes back/,
      );
    }
  });

  test("given a time that stays, when an entry is folded, then it is taken: several may be of one millisecond", () => {
    const { fold, nextHeader } = begin();
    fold.apply(position(6), { ...nextHeader, at: fold.head.at, facts: [fine] });
    expect(fold.head.position).toBe(6);
  });
});

describe("a fact that cannot be", () => {
  const attempt = { job: jobId("a"), grant: position(5) };
  test.each<[string, Fact, RegExp]>([
    ["a job submitted twice", submission("a"), /a exists already/],
    ["an unknown job", { type: "JobDue", job: jobId("constructor") }, /constructor is unknown/],
    ["a fact that its state refuses", { type: "JobDue", job: jobId("b") }, /b is queued: the job machine refuses it/],
    [
      "a late word of another grant",
      { type: "RunStarted", ...attempt, grant: position(4), startedAt: LATER },
      /a: grant 4 is not live, 5 is/,
    ],
    [
      "a word about an attempt that was never granted",
      { type: "RunStarted", job: jobId("b"), grant: position(5), startedAt: LATER },
      /machine refuses it/,
    ],
    ["an attempt out of turn", granting("b", { attempt: 2 }), /attempt 2 does not follow 0/],
    [
      "a job amended that was granted",
      { type: "JobAmended", job: jobId("a"), priority: 1 },
      /machine refuses it|is fixed \(INV-001\)/,
    ],
    [
      "an election of a past epoch",
      {
        type: "DispatcherElected",
        epoch: epoch(1),
        dispatcher: dispatcherId("d"),
        process: { host: "", pid: 1, startedAt: "" },
        version: "",
      },
      /epoch 1 does not follow 1/,
    ],
    [
      "an election beyond the entry's epoch",
      {
        type: "DispatcherElected",
        epoch: epoch(2),
        dispatcher: dispatcherId("d"),
        process: { host: "", pid: 1, startedAt: "" },
        version: "",
      },
      /epoch 2 does not follow 1/,
    ],
  ])("given %s, when it is folded, then it is refused with entry and index", (_, fact, message) => {
    const refused = refusal([harmless, fact]);
    expect(refused.address).toBe("6.1");
    expect(refused.message).toMatch(message);
  });

  test.each<[string, Fact]>([
    ["a pool over capacity", granting("b")],
    ["other units than the job demands", granting("b", { demand: {} })],
    ["an unknown worker", granting("b", { worker: workerId("w9") })],
    ["a pool that is not there paused", { type: "PoolPaused", pool: poolName("resource:cpu") }],
    [
      "a worker that joins twice",
      {
        type: "WorkerJoined",
        worker: workerId("w1"),
        process: { host: "", pid: 1, startedAt: "" },
        capacity: 1,
        types: null,
      },
    ],
    ["a worker that was never there leaving", { type: "WorkerLeft", worker: workerId("w9"), reason: "" }],
  ])(
    "given %s, when it is folded, then the entry is refused with its position at the latest when it ends",
    (_, fact) => {
      expect(refusal([fact]).address).toMatch(/^6(\.0)?$/);
    },
  );

  test("given facts under an epoch that was never elected, when they are folded, then they are refused", () => {
    expect(refusal([fine], { epoch: epoch(2) })).toMatchObject({
      address: "6.0",
      message: expect.stringMatching(/epoch 2 was never elected/),
    });
  });

  test("given a grant that says it overtakes one who does not wait, when it is folded, then it is refused", () => {
    const book = begin();
    for (const overtook of ["a", "nobody"])
      expect(() =>
        book.fold.clone().apply(position(book.entries.length + 1), {
          ...book.nextHeader,
          facts: [granting("b", { overtook: [jobId(overtook)] })],
        }),
      ).toThrow(`${overtook} does not wait and cannot be overtaken`);
  });

  test("given an intake that is opened, when it is opened again, then that is refused; another one may take its place", () => {
    const opened = (stream: string): Fact => ({ type: "IntakeOpened", stream });
    const book = begin().fact(opened("INTAKE@1"));
    expect(() => book.fact(opened("INTAKE@2"))).toThrow("the intake is INTAKE@1 already");
  });

  test("given a member of a sequential group, when it is due before its turn, then that is refused (DEC-012)", () => {
    const member = (order: number) => ({ group: { id: groupId("g"), order, sequential: true } });
    const book = ledger()
      .elected()
      .submitted("one", member(1))
      .submitted("two", { ...member(2), runAt: LATER });
    expect(() => book.due("two")).toThrow("it is not the turn of two in its group (DEC-012)");
  });

  test("given a job that was tried once, when it is amended while it waits again, then that is refused: it is fixed (INV-001)", () => {
    const book = begin().started("a").failed("a", LATER).due("a");
    expect(() => book.amended("a", { priority: 1 })).toThrow("a was granted and is fixed (INV-001)");
  });

  test("given a grant that overtakes more often than allowed, when it is folded, then it is refused (INV-004)", () => {
    const book = ledger()
      .elected()
      .worker()
      .limits({ resources: { cpu: 2, ollama: 1 }, maxOvertakes: 1 });
    book.submitted("holder", { resources: { ollama: 1 } }).granted("holder");
    book.submitted("passed", { resources: { cpu: 1, ollama: 1 } });
    for (const id of ["one", "two"]) book.submitted(id, { resources: { cpu: 1 } });
    const overtaking = (id: string) =>
      granting(id, { demand: { [poolName("resource:cpu")]: 1 }, overtook: [jobId("passed")] });
    book.fact(overtaking("one"));
    expect(() => book.fact(overtaking("two"))).toThrow(/passed was overtaken more often than allowed \(INV-004\)/);
  });
});

describe("entries that are being written", () => {
  test("given an open entry without facts, when it is abandoned, then the fold is as before; with facts it cannot be", () => {
    const { fold, nextHeader } = begin();
    const before = dump(fold);
    fold.open(position(6), nextHeader);
    expect(() => fold.open(position(6), nextHeader)).toThrow(/open already/);
    fold.abandon();
    expect(dump(fold)).toBe(before);
    fold.open(position(6), nextHeader);
    fold.applyFact(fine);
    expect(() => fold.abandon()).toThrow(/facts were applied/);
  });

  test("given no open entry, when a fact is applied, then that is an error of the caller", () => {
    const { fold, nextHeader } = begin();
    expect(() => fold.applyFact(fine)).toThrow(/no entry is open/);
    expect(() => fold.close(nextHeader.intake)).toThrow(/no entry is open/);
  });

  test("given one entry that ends a run and grants the next, when it is folded, then the slot is handed over within it (D2)", () => {
    const book = begin();
    book.together((one) => one.started("a").completed("a").granted("b"));
    expect([stateOf(book.row("a")), stateOf(book.row("b"))]).toEqual(["completed", "granted"]);
    expect(book.entries).toHaveLength(6);
  });
});

describe("what the fold keeps", () => {
  test("given finished jobs beyond the number kept, when another ends, then the oldest leave, and their ids may come again", () => {
    const book = ledger()
      .elected()
      .worker()
      .limits({ global: 9 })
      .fact({ type: "RetentionChanged", finishedJobsMax: 2 });
    for (const id of ["a", "b", "c"]) book.submitted(id);
    for (const id of ["c", "a", "b"]) book.granted(id).started(id).completed(id);
    expect([...book.fold.jobs.keys()]).toEqual(["a", "b"]);
    book.submitted("c");
    expect(stateOf(book.row("c"))).toBe("queued");
    expect(book.fold.settings.finishedJobsMax).toBe(2);
  });

  test("given a finished job, when it is kept, then without its params, which the ledger has", () => {
    const book = begin()
      .amended("b", { params: { long: "text" } })
      .cancelled("b");
    expect(book.row("b").spec?.params).toEqual({});
  });

  test("given jobs that wait for their times, when they are listed, then by time, and JobDue takes them out", () => {
    const book = begin().submitted("s2", { runAt: "2030-01-02T00:00:00.000Z" }).submitted("s1", { runAt: LATER });
    book.failed("a", "2029-01-01T00:00:00.000Z");
    expect([...book.fold.due].map(({ id }) => id)).toEqual(["a", "s1", "s2"]);
    book.due("a").cancelled("s1");
    expect([...book.fold.due].map(({ id }) => id)).toEqual(["s2"]);
    expect(book.row("a").dueAt).toBeNull();
  });

  test.each<[string, (book: LedgerBuilder) => LedgerBuilder, string, string | null]>([
    ["completes", (book) => book.completed("a"), "completed", null],
    ["is skipped", (book) => book.skipped("a", "no news"), "skipped", "no news"],
    ["gives up", (book) => book.runCancelled("a", "not worth it"), "cancelled", "not worth it"],
    [
      "is cancelled",
      (book) => book.cancelRequested("a", "no need").runCancelled("a", "no need"),
      "cancelled",
      "no need",
    ],
    ["fails", (book) => book.failed("a", null, "it broke"), "failed", "it broke"],
  ])("given an attempt that %s, when it has, then outcome and reason are known", (_, end, outcome, reason) => {
    const book = end(begin().started("a"));
    expect(book.row("a").attempts.map((attempt) => attempt.outcome)).toEqual([outcome]);
    expect(book.row("a")).toMatchObject({ reason });
  });

  test("given a job that is cancelled while it waits, when it has ended, then why is known", () => {
    expect(begin().cancelled("b", "not wanted").row("b")).toMatchObject({ reason: "not wanted", attempts: [] });
  });

  test("given an attempt, when it ends, then only its end is written, once (INV-002)", () => {
    const book = begin().started("a");
    const before = { ...book.row("a").attempts[0] };
    book.failed("a", LATER, "it broke", 3).due("a").granted("a");
    const { finishedAt, outcome, exitCode, error, ...rest } = book.row("a").attempts[0] ?? {};
    expect(rest).toEqual({
      number: 1,
      worker: "w1",
      grant: 5,
      grantedAt: before.grantedAt,
      leaseMs: before.leaseMs,
      startedAt: before.startedAt,
    });
    expect([outcome, exitCode, error]).toEqual(["failed", 3, "it broke"]);
    expect(finishedAt).toBe("2026-01-01T00:00:06.000Z");
    expect(book.row("a").attempts).toHaveLength(2);
  });

  test("given a second election, when it is folded, then the new leader and epoch are known", () => {
    const { fold } = begin().elected("d2");
    expect(fold.leader).toMatchObject({ dispatcher: "d2", epoch: 2, at: "2026-01-01T00:00:05.000Z" });
    expect(fold.head.epoch).toBe(2);
  });
});

describe("the same ledger gives the same state (INV-009)", () => {
  const limits = limitsArbitrary(fc.integer({ min: 0, max: 2 }));
  const past = fc.record({
    limits,
    seats: fc.integer({ min: 1, max: 4 }),
    happenings: fc.array(happeningArbitrary(limits), { minLength: 3, maxLength: 40, size: "max" }),
  });

  test("given any past, when it is folded from the bytes of the ledger, then the state is that of the one who wrote it, byte for byte", () => {
    checkRandomly("folding bytes", 300, past, ({ limits: first, seats, happenings }) => {
      const world = new World(first, seats);
      for (const happening of happenings) {
        world.happen(happening);
        world.ledger.decide();
      }
      const copy = new Fold();
      for (const { position: at, entry } of world.ledger.entries) {
        const { facts, ...header } = entry;
        copy.apply(at, decodeEntry(encodeEntry(header, facts.map(encodeFact))));
      }
      expect(dump(copy)).toBe(dump(world.ledger.fold));
      const decide = ({ waiting, slots }: Fold) =>
        decideStarts(waiting, slots).starts.map(({ row, worker }) => [row.id, worker]);
      expect(decide(copy)).toEqual(decide(world.ledger.fold));
    });
  });

  test("given a clone in the middle of any past, when both go on, then it is as the whole, and neither moves the other", () => {
    checkRandomly("cloning", 40, past, ({ limits: first, seats, happenings }) => {
      const world = new World(first, seats);
      const { fold, entries } = world.ledger;
      const clones: { readonly clone: Fold; readonly was: string }[] = [];
      for (const happening of happenings) {
        world.happen(happening);
        world.ledger.decide();
        clones.push({ clone: fold.clone(), was: dump(fold) });
      }
      for (const { clone, was } of clones) {
        expect(dump(clone)).toBe(was);
        for (const { position: at, entry } of entries.slice(clone.head.position)) clone.apply(at, entry);
        expect(dump(clone)).toBe(dump(fold));
      }
    });
  });

  test("given groups, schedules and reservations, when a clone of any moment goes on, then it comes to the same, and the original stays", () => {
    const steps: readonly ((book: LedgerBuilder) => LedgerBuilder)[] = [
      (book) => book.elected().worker("w1", 5).remoteWorker("far").limits({ global: 2 }),
      (book) => book.fact({ type: "RetentionChanged", finishedJobsMax: 2 }),
      (book) => book.scheduleSet("nightly", LATER).scheduleSet("hourly", null, { enabled: false }),
      (book) => book.reserved("r1").reservationGranted("r1").reserved("r2"),
      (book) => book.submitted("s1", inRow("row", 1)).submitted("s2", inRow("row", 2)).submitted("s3", inRow("row", 3)),
      (book) => book.submitted("p1", besides("side")).submitted("p2", besides("side")),
      (book) => book.due("s1").granted("s1").started("s1").completed("s1"),
      (book) => book.due("s2").granted("s2").failed("s2"),
      (book) => book.cancelled("s3", "predecessor failed").groupEnded("row"),
      (book) => book.groupCancelRequested("side").cancelled("p1", "not wanted").cancelled("p2", "not wanted"),
      (book) => book.groupEnded("side").released("r1").reservationGranted("r2").scheduleRemoved("hourly"),
    ];
    const book = ledger();
    const clones: { readonly clone: Fold; readonly was: string }[] = [];
    for (const step of steps) {
      step(book);
      clones.push({ clone: book.fold.clone(), was: dump(book.fold) });
    }
    const end = dump(book.fold);
    for (const { clone, was } of clones) {
      expect(dump(clone)).toBe(was);
      const original = clone.clone();
      for (const { position: at, entry } of book.entries.slice(clone.head.position)) clone.apply(at, entry);
      expect(dump(clone)).toBe(end);
      expect(dump(original)).toBe(was);
    }
  });

  test("given an entry that is being written, when the fold is to be cloned, then that is an error of the caller", () => {
    const { fold, nextHeader } = begin();
    fold.open(position(6), nextHeader);
    expect(() => fold.clone()).toThrow(/an entry is open/);
  });
});

/** A fact that is fine after `begin` and leaves everything else as it is. */
const harmless: Fact = { type: "SubmissionDuplicated", job: jobId("a"), intake: null };

const inRow = (id: string, order: number) => ({
  runAt: "2026-01-01T00:00:00.000Z",
  group: { id: groupId(id), order, sequential: true },
});
const besides = (id: string) => ({ group: { id: groupId(id), order: 0, sequential: false } });

function submission(id: string): Extract<Fact, { type: "JobSubmitted" }> {
  return {
    type: "JobSubmitted",
    job: jobId(id),
    spec: {
      type: "story",
      params: {},
      priority: 0,
      resources: {},
      maxAttempts: 3,
      timeoutMs: null,
      labels: {},
      template: null,
    },
    position: 1,
    createdAt: "2026-01-01T00:00:00.000Z",
    runAt: null,
    retryOf: null,
    intake: null,
  };
}

function refold(entries: readonly StoredEntry[], intake: Entry["intake"]): Fold {
  const fold = new Fold();
  for (const { position: at, entry } of entries) fold.apply(at, entry);
  const { head } = fold;
  fold.apply(position(head.position + 1), {
    v: 1,
    id: entryId(`e${head.position + 1}`),
    prev: head.entryId,
    epoch: head.epoch,
    at: head.at,
    intake,
    facts: [{ type: "JobCancelled", job: jobId("b"), reason: "" }],
  });
  return fold;
}
