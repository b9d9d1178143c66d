/** A worker in a process of its own against a leader of the test's making, on a clock that the test moves. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createLogger } from "../../src/logger.js";
import { functionRunner, type JobFunction } from "../../src/runners/index.js";
import { freshWorkerId, type Left, RemoteWorker } from "../../src/worker/remote-worker.js";
import { JoinRefused } from "../../src/worker/tenure.js";
import { atRest, VirtualClock } from "../support/virtual-clock.js";
import { FakeLeader } from "./fake-leader.js";

const LEASE_MS = 30_000;
const GRACE_MS = 10_000;
const PROCESS = { host: "here", pid: 7, startedAt: "1" };

let clock: VirtualClock;
let leader: FakeLeader;
let waited: number;
let worker: RemoteWorker;
let left: Promise<Left | Error>;
/** What runs, by `job@grant`, with the way to let it end; and what was aborted. */
let running: Map<string, () => void>;
let began: string[];
let aborted: string[];

/** Works until the test lets it end; ends when it is aborted. */
const obedient: JobFunction = (_params, { job, grant, signal }) => {
  const name = `${job}@${grant}`;
  began.push(name);
  return new Promise((resolve, reject) => {
    const end = (act: () => void) => {
      running.delete(name);
      act();
    };
    running.set(name, () => end(() => resolve("done")));
    signal.addEventListener("abort", () => {
      aborted.push(name);
      end(() => reject(new Error("aborted")));
    });
  });
};

/** Goes on when it is aborted, until the test lets it end. */
const stubborn: JobFunction = (_params, { job, grant, signal }) =>
  new Promise((resolve) => {
    signal.addEventListener("abort", () => aborted.push(`${job}@${grant}`));
    running.set(`${job}@${grant}`, () => resolve("late"));
  });

async function start(work: JobFunction = obedient, capacity = 1): Promise<void> {
  worker = new RemoteWorker({
    ...{ clock, capacity, types: ["task"], leader, orders: leader, graceMs: GRACE_MS },
    runners: new Map([["task", functionRunner(work)]]),
    process: PROCESS,
    newId: () => freshWorkerId(PROCESS),
    progress: () => {},
    results: { keep: async (inline) => ({ inline }) },
    log: createLogger("silent"),
    waits: () => {
      waited += 1;
    },
    joined: () => {},
  });
  left = worker.run().catch((error: unknown) => error as Error);
  await atRest();
}

beforeEach(() => {
  clock = new VirtualClock();
  leader = new FakeLeader(LEASE_MS);
  waited = 0;
  [running, began, aborted] = [new Map(), [], []];
});
afterEach(async () => {
  worker.stop();
  for (const end of running.values()) end();
  leader.isThere = true;
  await clock.pass(GRACE_MS * 3);
  await left;
});

const endsOf = () =>
  leader.words.flatMap(({ job, grant, ended }) => (ended === undefined ? [] : [{ job, grant, ended }]));

describe("joining", () => {
  test("given nobody leads, when somebody does later, then it has waited, said so once, and joins under one id", async () => {
    leader.isThere = false;
    await start();
    await clock.pass(5_000);
    leader.isThere = true;
    await clock.pass(1_000);
    expect(waited).toBe(1);
    expect(new Set(leader.hellos.map((hello) => hello.worker)).size).toBe(1);
    expect(leader.worker).toMatch(/^[A-Za-z0-9][A-Za-z0-9_-]*-7-[0-9a-f]{8}$/);
    expect(leader.hellos[0]).toMatchObject({ types: ["task"], capacity: 1, process: { pid: 7 } });
    expect(await leader.order("j1", 5)).toEqual({ accepted: true });
  });

  test("given an order overtakes the answer to its hello, then it waits for that, and is obeyed", async () => {
    let answerNow = () => {};
    const joined = leader.join.bind(leader);
    leader.join = async (hello) => {
      leader.hellos.push(hello);
      await new Promise<void>((resolve) => {
        answerNow = resolve;
      });
      return joined(hello);
    };
    await start();
    const early = leader.order("j1", 5);
    await clock.pass(500);
    expect(began).toEqual([]);
    answerNow();
    await atRest();
    expect(await early).toEqual({ accepted: true });
    expect(began).toEqual(["j1@5"]);
  });

  test("given an order from before a hello that was answered at last, then it is not begun, for its grant may be over, until it comes again", async () => {
    leader.isThere = false;
    await start();
    const early = leader.order("j1", 5);
    leader.isThere = true;
    await clock.pass(1_000);
    expect(await early).toBeNull();
    expect(began).toEqual([]);
    expect(await leader.order("j1", 5)).toEqual({ accepted: true });
    expect(began).toEqual(["j1@5"]);
  });

  test("given its id is taken, when it hears so, then it takes another one at once", async () => {
    leader.refusal = { refused: "conflict", reason: "taken" };
    const joined = leader.join.bind(leader);
    leader.join = async (hello) => {
      const answer = await joined(hello);
      leader.refusal = null;
      return answer;
    };
    await start();
    expect(leader.hellos).toHaveLength(2);
    expect(leader.hellos[0]?.worker).not.toBe(leader.hellos[1]?.worker);
  });

  test.each(["invalid", "forbidden"] as const)(
    "given it is refused as %s, then it ends with the reason",
    async (refused) => {
      leader.refusal = { refused, reason: "types: task unknown" };
      await start();
      expect(await left).toEqual(new JoinRefused("types: task unknown"));
    },
  );

  test("given it may not listen for orders, then it ends with the reason", async () => {
    await start();
    leader.hands()?.deaf("these credentials may not subscribe");
    expect(await left).toEqual(new JoinRefused("these credentials may not subscribe"));
  });
});

describe("orders", () => {
  test("given it is full, when another job comes, then it is refused, and taken once there is room", async () => {
    await start();
    expect(await leader.order("j1", 5)).toEqual({ accepted: true });
    expect(await leader.order("j2", 6)).toEqual({ accepted: false, reason: "it runs 1 of 1 jobs already" });
    running.get("j1@5")?.();
    await atRest();
    expect(await leader.order("j2", 7)).toEqual({ accepted: true });
    expect(began).toEqual(["j1@5", "j2@7"]);
  });

  test("given its job has ended and nobody has acknowledged that, when the next one comes, then there is room for it", async () => {
    await start();
    await leader.order("j1", 5);
    leader.isThere = false;
    running.get("j1@5")?.();
    await atRest();
    expect(await leader.order("j2", 6)).toEqual({ accepted: true });
  });

  test("given an order comes three times, while its job runs and after, then it runs once and is accepted each time", async () => {
    await start();
    expect(await leader.order("j1", 5)).toEqual({ accepted: true });
    expect(await leader.order("j1", 5)).toEqual({ accepted: true });
    running.get("j1@5")?.();
    await atRest();
    expect(await leader.order("j1", 5)).toEqual({ accepted: true });
    expect(began).toEqual(["j1@5"]);
  });

  test.each([
    ["of an older reign", { epoch: 1 }, "it is of reign 1, and 2 has begun"],
    ["for a type that it does not run", { type: "other" }, "it does not run other"],
  ])("given an order %s, then it is refused", async (_what, change, reason) => {
    leader.epoch = 2;
    await start();
    expect(await leader.order("j1", 5, change)).toEqual({ accepted: false, reason });
    expect(began).toEqual([]);
  });

  test("given the process was paused for longer than the lease, when an order has waited for it, then it is refused before any timer has gone off", async () => {
    await start();
    clock.sleep(LEASE_MS * 2);
    expect(await leader.order("j1", 5)).toEqual({ accepted: false, reason: "its lease could not be renewed" });
  });

  test("given an abort for what runs, and one for an older grant, then only the one that fits ends it", async () => {
    await start();
    await leader.order("j1", 5);
    const abort = { epoch: 1, job: "j1" as never, cause: "cancel" as const };
    await leader.hands()?.abort({ ...abort, grant: 4 as never });
    await atRest();
    expect(aborted).toEqual([]);
    await leader.hands()?.abort({ ...abort, grant: 5 as never });
    await atRest();
    expect(aborted).toEqual(["j1@5"]);
    expect(endsOf()).toMatchObject([{ job: "j1", grant: 5, ended: { outcome: "failed", retryable: false } }]);
  });
});

describe("reports", () => {
  test("given a word gets lost, when it is repeated, then it is so until it is acknowledged, and the attempt is named in renewals until then", async () => {
    await start();
    await leader.order("j1", 5);
    await atRest();
    expect(leader.words).toMatchObject([
      { worker: leader.worker, job: "j1", grant: 5, started: clock.nowIso(), epoch: 1 },
    ]);
    leader.reportAnswers.push(null, null, null);
    running.get("j1@5")?.();
    await clock.pass(LEASE_MS / 3);
    expect(endsOf()).toHaveLength(4);
    expect(endsOf()[3]).toEqual({
      job: "j1",
      grant: 5,
      ended: { outcome: "completed", result: "done", exitCode: null },
    });
    await clock.pass(LEASE_MS / 3);
    expect(leader.renewals.map((renewal) => renewal.running)).toEqual([[], []]);
  });

  test("given nobody is there for long, when somebody is again, then what ended meanwhile is reported with its start, and was named all the time", async () => {
    await start();
    leader.isThere = false;
    await leader.order("j1", 5);
    running.get("j1@5")?.();
    await clock.pass(LEASE_MS * 4);
    expect(new Set(leader.renewals.map((renewal) => JSON.stringify(renewal.running)))).toEqual(
      new Set(['[{"job":"j1","grant":5}]']),
    );
    leader.isThere = true;
    leader.words.length = 0;
    await clock.pass(5_000);
    expect(leader.words).toMatchObject([{ job: "j1", started: expect.any(String), ended: { outcome: "completed" } }]);
  });

  test("given a report is refused as it is, then the end is told otherwise, so that the job does not hold its slots for good", async () => {
    await start();
    await leader.order("j1", 5);
    await atRest();
    leader.reportAnswers.push({ refused: "invalid", reason: "result: too odd" });
    running.get("j1@5")?.();
    await clock.pass(1_000);
    expect(endsOf().at(-1)).toMatchObject({
      ended: { outcome: "lost", error: { code: "report-refused", message: expect.stringContaining("too odd") } },
    });
    await clock.pass(LEASE_MS / 3);
    expect(leader.renewals.at(-1)?.running).toEqual([]);
  });
});

describe("the lease", () => {
  test("given renewals are answered, when many leases have passed, then a job goes on", async () => {
    await start();
    await leader.order("j1", 5);
    await clock.pass(LEASE_MS * 10);
    expect(aborted).toEqual([]);
    expect(leader.renewals.length).toBeGreaterThanOrEqual(29);
  });

  test("given nobody answers, when two thirds of the lease have passed, then its jobs are aborted and reported as lost; and it works on once somebody is there", async () => {
    await start();
    await leader.order("j1", 5);
    leader.isThere = false;
    await clock.pass(LEASE_MS / 2);
    expect(aborted).toEqual([]);
    await clock.pass(LEASE_MS / 4);
    expect(aborted).toEqual(["j1@5"]);
    leader.isThere = true;
    await clock.pass(5_000);
    expect(endsOf().at(-1)).toMatchObject({ ended: { outcome: "lost", error: { code: "lease" } } });
    expect(leader.hellos).toHaveLength(1);
    expect(await leader.order("j2", 9)).toEqual({ accepted: true });
  });

  test("given only a deposed leader answers, when two thirds of the lease have passed, then that did not count as a renewal", async () => {
    leader.epoch = 2;
    await start();
    await leader.order("j1", 5);
    leader.epoch = 1;
    await clock.pass(LEASE_MS * 0.75);
    expect(aborted).toEqual(["j1@5"]);
  });

  test("given a renewal names what is to end, then it is aborted for that reason", async () => {
    await start(obedient, 2);
    await leader.order("j1", 5);
    await leader.order("j2", 6);
    leader.abort = [{ job: "j1" as never, grant: 5 as never, cause: "lease" }];
    await clock.pass(LEASE_MS / 3);
    expect(aborted).toEqual(["j1@5"]);
    expect(endsOf()).toMatchObject([{ job: "j1", ended: { outcome: "lost" } }]);
  });

  test("given it is not known any more, then everything is aborted, and only when all of it has ended it joins anew under another id", async () => {
    await start(stubborn);
    await leader.order("j1", 5);
    leader.forgetAll();
    await clock.pass(LEASE_MS / 3);
    expect(aborted).toEqual(["j1@5"]);
    expect(await leader.order("j2", 9)).toMatchObject({ accepted: false });
    await clock.pass(LEASE_MS);
    expect(leader.hellos).toHaveLength(1);
    running.get("j1@5")?.();
    await clock.pass(1_000);
    expect(leader.hellos).toHaveLength(2);
    expect(leader.hellos[0]?.worker).not.toBe(leader.hellos[1]?.worker);
    expect(await leader.order("j2", 10)).toEqual({ accepted: true });
    expect(await leader.order("j1", 5)).toEqual({ accepted: true });
    expect(began).toEqual([]);
  });
});

describe("stopping", () => {
  test("given nothing runs, then it says farewell and ends", async () => {
    await start();
    worker.stop();
    expect(await left).toEqual({ kind: "left", unreported: 0, isTold: true });
    expect(leader.farewells).toMatchObject([{ worker: leader.worker }]);
  });

  test("given a job runs, then farewell is said first, the job has the grace, and an order that comes afterwards is refused", async () => {
    await start(obedient, 2);
    await leader.order("j1", 5);
    worker.stop();
    await clock.pass(GRACE_MS / 2);
    expect(leader.farewells).toHaveLength(1);
    expect(aborted).toEqual([]);
    expect(await leader.order("j2", 6)).toEqual({ accepted: false, reason: "it has left" });
    running.get("j1@5")?.();
    expect(await left).toEqual({ kind: "left", unreported: 0, isTold: true });
    expect(endsOf()).toMatchObject([{ ended: { outcome: "completed" } }]);
  });

  test("given a job was granted before the farewell is on record, then it is taken: to refuse it would cost it an attempt", async () => {
    await start();
    leader.isThere = false;
    worker.stop();
    await clock.pass(100);
    expect(await leader.order("j1", 5)).toEqual({ accepted: true });
  });

  test("given a job goes on, when the grace is over, then it is aborted and reported as lost", async () => {
    await start();
    await leader.order("j1", 5);
    worker.stop();
    await clock.pass(GRACE_MS);
    expect(await left).toEqual({ kind: "left", unreported: 0, isTold: true });
    expect(endsOf()).toMatchObject([{ ended: { outcome: "lost", error: { code: "shutdown" } } }]);
  });

  test("given a job would not even end then, then it is handed back as lost all the same", async () => {
    await start(stubborn);
    await leader.order("j1", 5);
    worker.stop();
    await clock.pass(GRACE_MS + 10_000);
    expect(await left).toEqual({ kind: "left", unreported: 0, isTold: true });
    expect(endsOf()).toMatchObject([{ ended: { outcome: "lost", error: { code: "shutdown" } } }]);
  });

  test("given nobody leads, when nothing runs, then it ends soon and says that nobody knows", async () => {
    await start();
    leader.isThere = false;
    worker.stop();
    await clock.pass(6_000);
    expect(await left).toEqual({ kind: "left", unreported: 0, isTold: false });
  });

  test("given nobody leads, when a job runs, then it ends after the grace and says how many ends nobody knows", async () => {
    await start();
    await leader.order("j1", 5);
    leader.isThere = false;
    worker.stop();
    await clock.pass(GRACE_MS + 15_000);
    expect(await left).toEqual({ kind: "left", unreported: 1, isTold: false });
  });

  test("given it has not been taken in yet, then it ends at once, and takes back what it may have asked for", async () => {
    leader.isThere = false;
    await start();
    await clock.pass(3_000);
    worker.stop();
    expect(await left).toEqual({ kind: "left", unreported: 0, isTold: true });
    expect(leader.farewells).toHaveLength(1);
  });
});
