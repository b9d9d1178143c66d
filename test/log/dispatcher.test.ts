/**
 * The dispatcher against a log that misbehaves: acknowledgements that are lost, rivals that write first, entries that are not what
 * they should be (D1, D9). What must hold: nothing is inferred, everything is settled by reading.
 */
import { describe, expect, test } from "vitest";
import { decodeEntry, encodeEntry, encodeFact } from "../../events/codec.js";
import type { EntryHeader } from "../../events/entry.js";
import type { Fact } from "../../events/facts.js";
import { type DispatcherId, type EntryId, epoch, intakeSequence } from "../../events/names.js";
import type { Dispatcher } from "../../src/dispatcher/dispatcher.js";
import type { Log } from "../../src/log/log.js";
import { askAgain } from "../../src/role.js";
import type { JobFunction } from "../../src/runners/index.js";
import { eventually } from "../embedded/folders.js";
import { audit, describeViolation } from "../support/auditor.js";
import { SteeredClock } from "../support/steered-clock.js";
import {
  factsOf,
  haveCompleted,
  ledgerUntil,
  linesOf,
  memoryLog,
  startDispatcher,
  subjects,
  submit,
} from "./dispatcher-stage.js";
import { type Fault, FaultyLog } from "./faulty-log.js";

const JOBS = 20;
const PAST_ANY_LEASE_MS = 1_000;

/** No violation, and every entry's id begins with the dispatcher that was elected for its epoch. */
async function expectSound(ledger: Log): Promise<void> {
  const lines = await linesOf(ledger);
  expect(audit(lines).violations.map(describeViolation)).toEqual([]);
  const leaders = new Map<number, string>();
  for (const line of lines) {
    const entry = decodeEntry(line);
    const [first] = entry.facts;
    if (first?.type === "DispatcherElected") leaders.set(entry.epoch, first.dispatcher);
    expect(entry.id).toContain(leaders.get(entry.epoch));
  }
}

/** An entry that follows the last one and that somebody else has written. */
async function append(ledger: Log, facts: readonly Fact[], change: Partial<EntryHeader> = {}): Promise<void> {
  const { last } = await ledger.state();
  const before = last === 0 ? null : decodeEntry((await linesOf(ledger)).at(-1) ?? "");
  const header: EntryHeader = {
    v: 1,
    id: `somebody-${last + 1}` as EntryId,
    prev: before?.id ?? null,
    epoch: before?.epoch ?? epoch(0),
    at: before?.at ?? "2026-01-01T00:00:00.000Z",
    intake: before?.intake ?? { sequence: intakeSequence(0), taken: 0 },
    ...change,
  };
  const data = Buffer.from(encodeEntry(header, facts.map(encodeFact)));
  expect(await ledger.append({ subject: subjects.ledger, data, expectedLast: last })).toMatchObject({
    outcome: "stored",
  });
}

/** A rival on a machine that we cannot look into is elected, and is then never heard of again. */
async function rivalIsElected(ledger: Log): Promise<void> {
  const [entry] = (await linesOf(ledger)).slice(-1).map(decodeEntry);
  const next = epoch((entry?.epoch ?? 0) + 1);
  const process = { host: "another machine", pid: 1, startedAt: "" };
  const rival: Fact = {
    type: "DispatcherElected",
    epoch: next,
    dispatcher: "somebody" as DispatcherId,
    process,
    version: "test",
  };
  await append(ledger, [rival], { epoch: next });
}

describe("an append whose outcome is not what it seems", () => {
  const faults: readonly (readonly [string, readonly Fault[]])[] = [
    ["the acknowledgement is lost, the entry stored", ["stored-unknown"]],
    ["it is said to be refused, and is our own entry", ["stored-refused"]],
    ["it is lost", ["absent-unknown"]],
    ["it is lost three times", ["absent-unknown", "absent-unknown", "absent-unknown"]],
    ["it lands later, just before it is tried again", ["lands-later"]],
    ["all of that happens in a row", ["lands-later", "stored-unknown", "absent-unknown", "stored-refused"]],
  ];
  test.for(faults)(
    "given %s, when jobs run, then each runs once and the same dispatcher leads on",
    async ([, planned]) => {
      const ledger = new FaultyLog(memoryLog("ledger", true));
      const intake = memoryLog("intake", false);
      const runs: string[] = [];
      startDispatcher(ledger, intake, (_params, { job, grant }) => void runs.push(`${job}@${grant}`));
      await submit(intake, JOBS / 2);
      await ledgerUntil(ledger, haveCompleted(JOBS / 2));
      ledger.faults.push(...planned);
      await submit(intake, JOBS / 2);
      const entries = await ledgerUntil(ledger, haveCompleted(JOBS));
      expect(ledger.faults).toEqual([]);
      expect(runs).toHaveLength(JOBS);
      expect(new Set(runs).size).toBe(JOBS);
      expect(entries.at(-1)?.epoch).toBe(1);
      await expectSound(ledger);
    },
  );

  test("given every second append of a reign is lost in some way, when jobs run, then each runs once", async () => {
    const ledger = new FaultyLog(memoryLog("ledger", true));
    const intake = memoryLog("intake", false);
    const kinds = ["stored-unknown", "lands-later", "absent-unknown", "stored-refused"] as const;
    // "Before" without anything before it is an append that goes well.
    for (let n = 0; n < 120; n += 1)
      ledger.faults.push(kinds[n % kinds.length] ?? "stored-unknown", { before: async () => {} });
    const runs: string[] = [];
    startDispatcher(ledger, intake, (_params, { job, grant }) => void runs.push(`${job}@${grant}`), { global: 3 });
    await submit(intake, JOBS);
    await ledgerUntil(ledger, haveCompleted(JOBS));
    expect(new Set(runs).size).toBe(JOBS);
    expect(runs).toHaveLength(JOBS);
    await expectSound(ledger);
  });
});

test("given a retry comes by the intake, when the ledger cannot be read just then, then it is read later, and the same dispatcher leads on", async () => {
  const ledger = new FaultyLog(memoryLog("ledger", true));
  const intake = memoryLog("intake", false);
  startDispatcher(ledger, intake, () => {});
  await submit(intake, 1);
  await ledgerUntil(ledger, haveCompleted(1));
  ledger.readsLost = 1;
  await intake.append({ subject: `${subjects.namespace}.command.retry`, data: Buffer.from('{"id":"j1"}') });
  const entries = await ledgerUntil(ledger, haveCompleted(2));
  expect(ledger.readsLost).toBe(0);
  expect(factsOf(entries).filter(({ type }) => type === "DispatcherElected")).toHaveLength(1);
  await expectSound(ledger);
});

describe("a rival", () => {
  test("given a rival is elected while we lead, when our entry is refused, then we step down, abort our runs, fold anew and lead again", async () => {
    const ledger = new FaultyLog(memoryLog("ledger", true));
    const intake = memoryLog("intake", false);
    let aborted = 0;
    const work: JobFunction = async (_params, { attempt, signal }) => {
      if (attempt > 1) return;
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      aborted += 1;
    };
    // Long enough that on a busy machine it is the rival, and not the lease, that ends the first run.
    const { dispatcher } = startDispatcher(ledger, intake, work, { global: 1 }, { leaseMs: 1_000 });
    await submit(intake, 1);
    await ledgerUntil(ledger, (entries) => factsOf(entries).some(({ type }) => type === "RunStarted"));
    ledger.faults.push({ before: () => rivalIsElected(ledger.inner) });
    const answer = dispatcher.request({ verb: "pause", content: { value: { pool: "global" } } });
    const entries = await ledgerUntil(ledger, (all) => all.some((entry) => entry.epoch === 3));
    expect(aborted).toBe(1);
    expect(entries.filter(({ epoch }) => epoch === 2)).toHaveLength(1);
    // The pause was in the refused entry: it never happened.
    expect(factsOf(entries).filter(({ type }) => type === "PoolPaused")).toEqual([]);
    // The worker of the first reign may still live, for all that the ledger knows: its lease ends first (D8).
    const all = await ledgerUntil(ledger, haveCompleted(1));
    expect(factsOf(all).filter(({ type }) => type === "LeaseExpired")).toHaveLength(1);
    expect(await Promise.race([answer, Promise.resolve("no answer")])).toMatchObject({ ok: false });
    await expectNoViolation(ledger);
  });

  test.each([
    ["says that it was stored", true],
    ["says that nobody knows", false],
  ])(
    "given a grant is stored and somebody else leads before the answer is read, when the answer %s, then nothing is started under that grant",
    async (_what, isKnown) => {
      const ledger = new FaultyLog(memoryLog("ledger", true));
      const intake = memoryLog("intake", false);
      const clock = new SteeredClock();
      const runs: number[] = [];
      const work = (_params: unknown, { grant }: { grant: number }) => void runs.push(grant);
      const { dispatcher } = startDispatcher(ledger, intake, work, { global: 1 }, { clock });
      await eventually("it leads", () => (dispatcher.state === "leading.waiting" ? true : null));
      const after = async () => {
        await rivalIsElected(ledger.inner);
        clock.advance(PAST_ANY_LEASE_MS);
      };
      ledger.faults.push({ after, isKnown });
      await submit(intake, 1);
      const entries = await ledgerUntil(ledger, haveCompleted(1));
      const grants = entries.flatMap(({ facts }, index) =>
        facts.some(({ type }) => type === "StartGranted") ? [index + 1] : [],
      );
      expect(grants).toHaveLength(2);
      expect(runs).toEqual(grants.slice(1));
      await expectNoViolation(ledger);
    },
  );

  test("given an entry of a rival that we did not see, when a reign begins, then the election is refused and we fold it first", async () => {
    const ledger = new FaultyLog(memoryLog("ledger", true));
    const intake = memoryLog("intake", false);
    ledger.faults.push({ before: () => rivalIsElected(ledger.inner) });
    startDispatcher(ledger, intake, () => {});
    await submit(intake, 1);
    const entries = await ledgerUntil(ledger, haveCompleted(1));
    expect(entries[0]?.id).toBe("somebody-1");
    expect(entries.at(-1)?.epoch).toBe(2);
  });

  test("given a rival is elected first, when somebody asks again what our refused election has left unanswered, then there is an answer", async () => {
    const ledger = new FaultyLog(memoryLog("ledger", true));
    let dispatcher: Dispatcher | null = null;
    let answer: Promise<number> | null = null;
    const before = async () => {
      // Our election is in flight: asked now, it is answered when that is stored, which it never is.
      if (dispatcher !== null) answer = askAgain(dispatcher, ({ head }) => head.epoch);
      await rivalIsElected(ledger.inner);
    };
    ledger.faults.push({ before });
    dispatcher = startDispatcher(ledger, memoryLog("intake", false), () => {}).dispatcher;
    const begun = await eventually("it was asked", () => answer);
    expect(await begun).toBeGreaterThan(0);
  });

  test("given a leader on record, when a standby asks after it, then by its id: whoever else believes to lead does not count", async () => {
    const ledger = memoryLog("ledger", true);
    const intake = memoryLog("intake", false);
    await rivalIsElected(ledger);
    const asked: string[] = [];
    const askLeader = async (leader: string) => {
      asked.push(leader);
      return leader === "somebody" ? ("nobody" as const) : ("leads" as const);
    };
    startDispatcher(ledger, intake, () => {}, {}, { askLeader });
    await submit(intake, 1);
    await ledgerUntil(ledger, haveCompleted(1));
    expect(asked).toEqual(["somebody"]);
  });

  test("given two dispatchers that both believe that nobody leads, when jobs run, then one leads at a time and each job ends once", async () => {
    const ledger = memoryLog("ledger", true);
    const intake = memoryLog("intake", false);
    const runs: string[] = [];
    const live = new Map<string, number>();
    let most = 0;
    const work = async (_params: unknown, { job, grant }: { job: string; grant: number }) => {
      runs.push(`${job}@${grant}`);
      live.set(job, (live.get(job) ?? 0) + 1);
      most = Math.max(most, live.get(job) ?? 0);
      await new Promise((resolve) => setImmediate(resolve));
      live.set(job, (live.get(job) ?? 1) - 1);
    };
    // Whoever stands by takes over at once, so that reigns follow each other while jobs run. Ten takeovers, then peace.
    let takeovers = 10;
    const askLeader = async () => (takeovers-- > 0 ? "nobody" : "leads") as "nobody" | "leads";
    const both = [1, 2].map(() => startDispatcher(ledger, intake, work, { global: 2 }, { askLeader }));
    await submit(intake, JOBS);
    const entries = await ledgerUntil(ledger, haveCompleted(JOBS));
    expect(new Set(runs).size).toBe(runs.length);
    expect(most).toBe(1);
    expect(entries.at(-1)?.epoch).toBeGreaterThan(1);
    expect(both.filter(({ dispatcher }) => dispatcher.leads)).toHaveLength(1);
    await expectSound(ledger);
  });
});

async function expectNoViolation(ledger: Log): Promise<void> {
  expect(audit(await linesOf(ledger)).violations.map(describeViolation)).toEqual([]);
}

describe("a ledger that cannot be trusted", () => {
  const sound = async (): Promise<FaultyLog> => {
    const ledger = new FaultyLog(memoryLog("ledger", true));
    await rivalIsElected(ledger);
    return ledger;
  };
  const corrupt: readonly (readonly [string, string, (ledger: Log) => Promise<unknown>])[] = [
    [
      "bytes that are no JSON",
      "2",
      (ledger) => ledger.append({ subject: subjects.ledger, data: Buffer.from("rubbish") }),
    ],
    [
      "bytes that are no UTF-8",
      "2",
      (ledger) => ledger.append({ subject: subjects.ledger, data: Buffer.from([0xff, 0xfe]) }),
    ],
    ["an unknown version", "2", (ledger) => ledger.append({ subject: subjects.ledger, data: Buffer.from('{"v":99}') })],
    [
      "a broken chain",
      "2",
      (ledger) => append(ledger, [{ type: "PoolPaused", pool: "global" as never }], { prev: "x" as EntryId }),
    ],
    [
      "an epoch that nobody was elected to",
      "2.0",
      (ledger) => append(ledger, [{ type: "PoolPaused", pool: "global" as never }], { epoch: epoch(2) }),
    ],
    [
      "a fact that the job machine refuses",
      "2.1",
      (ledger) =>
        append(ledger, [
          { type: "PoolPaused", pool: "global" as never },
          { type: "JobDue", job: "nobody" as never },
        ]),
    ],
  ];
  test.for(corrupt)(
    "given %s, when it is folded, then the dispatcher halts and names the address",
    async ([, address, plant]) => {
      const ledger = await sound();
      await plant(ledger);
      const { last } = await ledger.state();
      const { ended, dispatcher } = startDispatcher(ledger, memoryLog("intake", false), () => {});
      expect((await ended).error).toMatchObject({ code: "ledger-corrupt", address });
      expect(dispatcher.state).toBe("halted");
      expect((await ledger.state()).last).toBe(last);
    },
  );

  test("given a standby, when the leader writes rubbish, then it halts too", async () => {
    const ledger = await sound();
    const { ended, dispatcher } = startDispatcher(
      ledger,
      memoryLog("intake", false),
      () => {},
      {},
      { askLeader: async () => "leads" },
    );
    await eventually("it stands by", () => (dispatcher.state === "standby" ? true : null));
    await ledger.append({ subject: subjects.ledger, data: Buffer.from("rubbish") });
    expect((await ended).error).toMatchObject({ code: "ledger-corrupt", address: "2" });
  });

  /** Lets a dispatcher lead and complete a job on a ledger; then something happens to the ledger, and another job comes. */
  async function leadThen(change: (ledger: FaultyLog, intake: FaultyLog) => Promise<void>) {
    const ledger = new FaultyLog(memoryLog("ledger", true));
    const intake = new FaultyLog(memoryLog("intake", false));
    const started = startDispatcher(ledger, intake, () => {});
    await submit(intake, 3);
    await ledgerUntil(ledger, haveCompleted(3));
    await change(ledger, intake);
    return { ledger, intake, ...started };
  }

  test("given the ledger is deleted and made anew under a leader, when it writes, then it halts", async () => {
    const { ended, intake } = await leadThen(async (ledger) => {
      ledger.inner = memoryLog("another ledger", true);
    });
    await submit(intake, 1);
    expect((await ended).error).toMatchObject({
      code: "ledger-corrupt",
      message: expect.stringContaining("made anew"),
    });
  });

  test("given the ledger is replaced by an older copy of itself under a leader, when it writes, then it halts", async () => {
    const { ended, intake, ledger } = await leadThen(async (faulty) => {
      const older = memoryLog("ledger", true);
      for (const line of (await linesOf(faulty)).slice(0, -1))
        await older.append({ subject: subjects.ledger, data: Buffer.from(line) });
      faulty.inner = older;
    });
    const before = ledger.appends;
    await submit(intake, 1);
    const outcome = await Promise.race([
      ended,
      eventually("it tries again and again", () => (ledger.appends > before + 50 ? "tries for ever" : null)),
    ]);
    expect(outcome).toMatchObject({ error: { code: "ledger-corrupt" } });
  });

  test("given the intake is deleted and made anew, when a scheduler starts, then it does not pass over what was submitted since", async () => {
    const ledger = memoryLog("ledger", true);
    const intake = new FaultyLog(memoryLog("intake", false));
    const first = startDispatcher(ledger, intake, () => {});
    await submit(intake, 5);
    await ledgerUntil(ledger, haveCompleted(5));
    first.dispatcher.stop();
    await first.ended;
    const anew = memoryLog("another intake", false);
    await submit(anew, 2);
    const { ended } = startDispatcher(ledger, anew, () => {});
    const seen = await Promise.race([
      ended.then(({ error }) => (error === null ? "ended" : "halted")),
      ledgerUntil(ledger, haveCompleted(7), 2_000).then(
        () => "decided",
        () => "passed over in silence",
      ),
    ]);
    expect(["halted", "decided"]).toContain(seen);
  });

  test("given the intake was purged above what is decided, when a scheduler starts, then it halts and says so", async () => {
    const ledger = memoryLog("ledger", true);
    const intake = memoryLog("intake", false);
    await submit(intake, 5);
    await intake.trim(3);
    const { ended } = startDispatcher(ledger, intake, () => {});
    expect((await ended).error).toMatchObject({ code: "log-gap" });
  });
});

describe("stopping", () => {
  test("given appends of which nothing is known, when the dispatcher is told to stop, then it ends and its last word is stored", async () => {
    const ledger = new FaultyLog(memoryLog("ledger", true));
    const intake = memoryLog("intake", false);
    const { dispatcher, ended } = startDispatcher(ledger, intake, () => {});
    await submit(intake, 3);
    await ledgerUntil(ledger, haveCompleted(3));
    ledger.faults.push("stored-unknown", "absent-unknown");
    dispatcher.stop();
    expect(await ended).toEqual({ error: null });
    const facts = factsOf((await linesOf(ledger)).map(decodeEntry));
    expect(facts.at(-1)).toMatchObject({ type: "WorkerLeft", reason: "shutdown" });
    await expectSound(ledger);
  });
});
