/**
 * Workers in processes of their own, with real processes and real signals: jobs run there within their capacity, under one live grant
 * at a time, and end once, whoever is killed, paused or told to stop (INV-003, INV-007, D8, CON-003).
 */
import { mkdir } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readObject } from "../../src/nats/object-store.js";
import { subjectsOf } from "../../src/nats/subjects.js";
import { eventually } from "../embedded/folders.js";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";
import { clashesIn, isAlive, RunBook } from "../support/run-book.js";
import type { WorkerProcess } from "../support/scheduler-process.js";
import { Stage } from "../support/stage.js";
import { WorkServer } from "../support/work-server.js";

let server: NatsTestServer;
beforeEach(async () => {
  server = await startNatsServer();
});
afterEach(() => server.stop());

/** A scheduler that leaves jobs of type `any` to workers. Its lease is 30 s unless told otherwise: longer than these tests wait. */
const openStage = (more: object = {}): Promise<Stage> =>
  Stage.open(server.url, () => ({
    limits: { global: 20 },
    types: { any: { runner: "nats", backoff: { base: "50ms", cap: "200ms" } } },
    ...more,
  }));

/** The type as workers run it: a program that stays at work until the gate is opened, and keeps a book. */
async function withBook(stage: Stage, { ignoresTerm = false } = {}): Promise<{ book: RunBook; types: object }> {
  const folder = `${stage.folder}/book`;
  await mkdir(folder);
  const book = new RunBook(folder);
  await book.prepare({ ignoresTerm });
  return { book, types: { any: { runner: "command", argv: book.argv, killGrace: "100ms" } } };
}

const withServer = (work: WorkServer, name = "any") => ({ any: { runner: "http", url: work.url(name) } });

const grantsOf = (stage: Stage) => stage.watch.ofType("StartGranted").map(({ fact }) => fact);

/** The worker that has the last grant, and the others. */
function holderAmong(stage: Stage, workers: readonly WorkerProcess[]) {
  const last = grantsOf(stage).at(-1)?.worker;
  const holder = workers.find(({ id }) => id === last);
  if (holder === undefined) throw new Error(`${last} is none of ${workers.map(({ id }) => id).join(", ")}`);
  return { holder, others: workers.filter((worker) => worker !== holder) };
}

async function untilBegun(book: RunBook, count: number): Promise<void> {
  await eventually(`${count} have begun`, async () => {
    const begun = (await book.lines()).filter(({ event }) => event === "begin");
    return begun.length >= count ? true : null;
  });
}

describe("a worker in a process of its own", () => {
  test("given a type without a runner in the scheduler, when a worker for it joins, then its waiting job runs there, and the ledger says so", async () => {
    const stage = await openStage();
    await stage.submit("any", { id: "one" });
    await stage.watch.until("it waits", (watch) => watch.ofType("StartDenied").length === 1);
    expect(await stage.request("query.explain", { id: "one" })).toMatchObject({
      verdict: "waiting",
      text: expect.stringMatching(
        /^one waits: no worker runs type any( since [\d:]+Z)?\. A worker that runs type any has to join\.$/,
      ),
    });

    const argv = [process.execPath, "-e", "console.log(JSON.stringify({ pid: process.ppid }))"];
    const worker = await stage.startWorker({ types: { any: { runner: "command", argv } } });
    await stage.untilEnded(1);
    const { watch } = stage;
    const joined = watch.ofType("WorkerJoined").map(({ fact }) => fact);
    expect(joined).toEqual([
      expect.not.objectContaining({ remote: true }),
      expect.objectContaining({ worker: worker.id, remote: true, capacity: 1, types: ["any"] }),
    ]);
    expect(joined[1]?.process.pid).toBe(worker.pid);
    expect(watch.ofJob("one").map(({ fact }) => fact.type)).toEqual([
      "JobSubmitted",
      "StartDenied",
      "StartGranted",
      "RunStarted",
      "RunCompleted",
    ]);
    expect(grantsOf(stage)).toMatchObject([{ job: "one", worker: worker.id, attempt: 1 }]);
    expect(watch.ofType("RunCompleted")[0]?.fact).toMatchObject({
      exitCode: 0,
      result: { inline: { pid: worker.pid } },
    });
    expect(await stage.request("query.workers")).toMatchObject({
      workers: [{ remote: false }, { id: worker.id, remote: true, pid: worker.pid, capacity: 1, used: 0, jobs: [] }],
    });
    await stage.audit();
  });

  test("given workers of capacity 2 and 1, when eight jobs wait, then as the work itself sees it neither ever runs more", async () => {
    const stage = await openStage();
    await using work = await WorkServer.start();
    work.hold();
    const two = await stage.startWorker({ types: withServer(work, "two"), capacity: 2 });
    const one = await stage.startWorker({ types: withServer(work, "one") });
    for (let n = 1; n <= 8; n += 1) await stage.submit("any", { id: `job-${n}` });
    await stage.watch.until("three run, and all were submitted", (watch) => {
      return watch.ofType("RunStarted").length === 3 && watch.ofType("JobSubmitted").length === 8;
    });
    await eventually("three are at work", () => (work.atWork("two") === 2 && work.atWork("one") === 1 ? true : null));
    work.workMs = 20;
    work.release();
    await stage.untilEnded(8);
    expect([work.peaks.get("two"), work.peaks.get("one")]).toEqual([2, 1]);
    const ran = new Set(grantsOf(stage).map(({ worker }) => String(worker)));
    expect(ran).toEqual(new Set([two.id, one.id]));
    await stage.audit();
  });

  test("given a result that is large, when the job completes, then it lies in the object store under its digest", async () => {
    const stage = await openStage();
    const argv = [process.execPath, "-e", "process.stdout.write(JSON.stringify('x'.repeat(200_000)))"];
    await stage.startWorker({ types: { any: { runner: "command", argv, outputBytesMax: 1_000_000 } } });
    await stage.submit("any", { id: "large" });
    await stage.untilEnded(1);
    const result = stage.watch.ofType("RunCompleted")[0]?.fact.result;
    if (result === undefined || !("stored" in result)) throw new Error(`not stored: ${JSON.stringify(result)}`);
    expect(result.stored.bytes).toBe(200_002);
    const bytes = await readObject(stage.nc, subjectsOf(stage.namespace).resultsBucket, result.stored.digest);
    expect(Buffer.from(bytes ?? []).toString()).toBe(`"${"x".repeat(200_000)}"`);
    await stage.audit();
  });

  test("given a timeout, when a run takes longer, then the worker ends it, and it is tried again", async () => {
    const stage = await openStage();
    const { book, types } = await withBook(stage);
    await stage.startWorker({ types: { ...types } });
    await stage.submit("any", { id: "slow", timeout: "300ms", maxAttempts: 2 });
    await stage.untilEnded(1);
    expect(stage.watch.ofType("RunTimedOut").map(({ fact }) => fact.retryAt !== null)).toEqual([true, false]);
    for (const { pid } of await book.lines()) expect(await isAlive(pid)).toBe(false);
    await stage.audit();
  });

  test("given a job runs, when it is cancelled, then the worker ends it, and the job is cancelled", async () => {
    const stage = await openStage();
    const { book, types } = await withBook(stage);
    await stage.startWorker({ types: { ...types } });
    await stage.submit("any", { id: "one" });
    await stage.watch.until("it runs", (watch) => watch.ofType("RunStarted").length === 1);
    await untilBegun(book, 1);
    expect(await stage.request("api.cancel", { id: "one" })).toMatchObject({ ok: true });
    await stage.untilEnded(1);
    expect(stage.watch.ofJob("one").map(({ fact }) => fact.type)).toEqual([
      "JobSubmitted",
      "StartGranted",
      "RunStarted",
      "CancelRequested",
      "RunFailed",
    ]);
    expect(await stage.request("query.job", { id: "one" })).toMatchObject({ state: "cancelled" });
    const [begun] = await book.lines();
    expect(await isAlive(begun?.pid ?? 0)).toBe(false);
    await stage.audit();
  });
});

describe("a worker that is lost", () => {
  test("given two workers, when the one with the job is killed with SIGKILL, then its lease expires at once and the other one completes the job", async () => {
    const stage = await openStage();
    const { book, types } = await withBook(stage);
    const workers = [
      await stage.startWorker({ types: { ...types } }),
      await stage.startWorker({ types: { ...types } }),
    ];
    await stage.submit("any", { id: "one" });
    await stage.watch.until("it runs", (watch) => watch.ofType("RunStarted").length === 1);
    await untilBegun(book, 1);
    const { holder, others } = holderAmong(stage, workers);
    await holder.kill();
    // Of a lease of 30 s.
    await stage.watch.until("it is tried again", (watch) => watch.ofType("StartGranted").length === 2, 10_000);
    const [lost] = await book.lines();
    expect(await isAlive(lost?.pid ?? 0)).toBe(false);
    await book.openGate();
    await stage.untilEnded(1);
    expect(grantsOf(stage).map(({ worker }) => worker)).toEqual([holder.id, others[0]?.id]);
    expect(await stage.request("query.job", { id: "one" })).toMatchObject({
      state: "completed",
      attempts: [{ outcome: "lost", worker: holder.id }, { outcome: "completed" }],
    });
    expect(stage.watch.ofType("WorkerLeft").map(({ fact }) => String(fact.worker))).toEqual([holder.id]);
    expect(clashesIn(await book.lines())).toEqual([]);
    await stage.audit();
  });

  test("given a worker is paused for longer than its lease, when it goes on, then it ends its run by itself, its late word changes nothing, and it joins anew", async () => {
    const stage = await openStage({ lease: "2s" });
    await using work = await WorkServer.start();
    work.hold();
    const paused = await stage.startWorker({ types: withServer(work, "first") });
    await stage.submit("any", { id: "one" });
    await eventually("it is at work", () => (work.atWork("first") === 1 ? true : null));
    await stage.watch.until("it runs", (watch) => watch.ofType("RunStarted").length === 1);
    const second = await stage.startWorker({ types: withServer(work, "second") });
    paused.signal("SIGSTOP");
    await eventually("the other one is at work", () => (work.atWork("second") === 1 ? true : null));
    // The paused one cannot have been stopped by anybody: whatever it asked for still goes on.
    expect(work.atWork("first")).toBe(1);
    paused.signal("SIGCONT");
    await eventually("it has given up by itself", () => (work.atWork("first") === 0 ? true : null));
    const joins = ({ watch }: Stage) =>
      watch.ofType("WorkerJoined").filter(({ fact }) => fact.process.pid === paused.pid);
    await stage.watch.until("it has joined anew", () => joins(stage).length === 2);
    expect(paused.log.some((line) => line.includes("the lease nears its end: aborting runs"))).toBe(true);
    const [before, after] = joins(stage).map(({ fact }) => fact.worker);
    expect(before).not.toBe(after);
    work.release();
    await stage.untilEnded(1);
    expect(stage.watch.ofJob("one").map(({ fact }) => fact.type)).toEqual([
      ...["JobSubmitted", "StartGranted", "RunStarted", "LeaseExpired"],
      ...["JobDue", "StartGranted", "RunStarted", "RunCompleted"],
    ]);
    expect(grantsOf(stage).map(({ worker }) => worker)).toEqual([paused.id, second.id]);
    // It is as good as new.
    second.signal("SIGTERM");
    await second.exited;
    await stage.submit("any", { id: "two" });
    await stage.untilEnded(2);
    expect(grantsOf(stage).at(-1)?.worker).toBe(after);
    await stage.audit();
  });

  test("given a paused worker on this machine whose run is a program, when its lease is over, then the program is ended before the job is tried elsewhere", async () => {
    const stage = await openStage({ lease: "2s" });
    const { book, types } = await withBook(stage);
    const paused = await stage.startWorker({ types: { ...types } });
    await stage.submit("any", { id: "one" });
    await stage.watch.until("it runs", (watch) => watch.ofType("RunStarted").length === 1);
    await untilBegun(book, 1);
    await stage.startWorker({ types: { ...types } });
    paused.signal("SIGSTOP");
    await untilBegun(book, 2);
    const [first] = await book.lines();
    expect(await isAlive(first?.pid ?? 0)).toBe(false);
    paused.signal("SIGCONT");
    await book.openGate();
    await stage.untilEnded(1);
    expect(await book.lines()).toMatchObject([{ event: "begin" }, { event: "begin" }, { event: "end" }]);
    await stage.audit();
  });

  test("given a hundred jobs on three workers, when these are killed and replaced in the middle of it, and the scheduler too, then every job ends once and none runs twice at a time", async () => {
    const [ROUNDS, JOBS] = [4, 25];
    const stage = await openStage();
    const { book, types } = await withBook(stage);
    await book.openGate();
    const start = () => stage.startWorker({ types: { ...types }, capacity: 3 });
    const workers = await Promise.all([start(), start(), start()]);
    for (let round = 1; round <= ROUNDS; round += 1) {
      const ended = stage.watch.ofType("RunCompleted").length;
      for (let n = 0; n < JOBS; n += 1) await stage.submit("any", { id: `job-${round}-${n}`, maxAttempts: 20 });
      await stage.watch.until("some have ended", (watch) => watch.ofType("RunCompleted").length >= ended + 5);
      if (round === 2) await stage.scheduler.kill();
      await workers.shift()?.kill();
      if (round === 2) await stage.startScheduler();
      workers.push(await start());
    }
    await stage.untilEnded(ROUNDS * JOBS, 60_000);
    const { jobs } = await stage.audit();
    expect([...jobs.values()].filter(({ state }) => state !== "completed")).toEqual([]);
    expect(clashesIn(await book.lines())).toEqual([]);
  }, 120_000);

  test("given a worker and the scheduler are both killed, when a scheduler starts again, then no waiting job is granted to the dead worker", async () => {
    const stage = await openStage();
    const { book, types } = await withBook(stage);
    const dead = await stage.startWorker({ types: { ...types } });
    for (const id of ["one", "two", "three"]) await stage.submit("any", { id });
    await untilBegun(book, 1);
    await stage.watch.until("two wait", (watch) => watch.ofType("StartDenied").length === 2);
    await stage.scheduler.kill();
    await dead.kill();
    await stage.startScheduler();
    await stage.watch.until("it is dismissed", (watch) =>
      watch.ofType("WorkerLeft").some(({ fact }) => fact.worker === dead.id),
    );
    await book.openGate();
    await stage.startWorker({ types: { ...types }, capacity: 3 });
    await stage.untilEnded(3);
    expect(grantsOf(stage).filter(({ worker }) => worker === dead.id)).toMatchObject([{ job: "one" }]);
    const { jobs } = await stage.audit();
    expect([...jobs.values()].map(({ id, attempts }) => [id, attempts])).toEqual([
      ["one", 2],
      ["two", 1],
      ["three", 1],
    ]);
  });
});

describe("schedulers and servers that come and go", () => {
  test("given a remote job runs, when the scheduler is killed and started again, then the job goes on and completes once under the same grant", async () => {
    const stage = await openStage();
    const { book, types } = await withBook(stage);
    await stage.startWorker({ types: { ...types } });
    await stage.submit("any", { id: "one" });
    await untilBegun(book, 1);
    await stage.watch.until("it runs", (watch) => watch.ofType("RunStarted").length === 1);
    await stage.scheduler.kill();
    await stage.startScheduler();
    expect(await stage.request("query.job", { id: "one" })).toMatchObject({ state: "running", attempt: 1 });
    await book.openGate();
    await stage.untilEnded(1);
    expect(grantsOf(stage)).toHaveLength(1);
    expect(await book.lines()).toMatchObject([{ event: "begin" }, { event: "end" }]);
    await stage.audit();
  });

  test("given a remote job ends while no scheduler is there, when one is there again, then its end is recorded under its grant", async () => {
    const stage = await openStage();
    const { book, types } = await withBook(stage);
    await stage.startWorker({ types: { ...types } });
    await stage.submit("any", { id: "one" });
    await stage.watch.until("it runs", (watch) => watch.ofType("RunStarted").length === 1);
    await untilBegun(book, 1);
    await stage.scheduler.kill();
    await book.openGate();
    await eventually("it has ended", async () => ((await book.lines()).length === 2 ? true : null));
    await stage.startScheduler();
    await stage.untilEnded(1);
    expect(stage.watch.ofJob("one").map(({ fact }) => fact.type)).toEqual([
      ...["JobSubmitted", "StartGranted", "RunStarted", "RunCompleted"],
    ]);
    await stage.audit();
  });

  test("given a remote job runs, when the NATS server is killed and started again, then it completes once under the same grant", async () => {
    const stage = await openStage();
    const { book, types } = await withBook(stage);
    await stage.startWorker({ types: { ...types } });
    await stage.submit("any", { id: "one" });
    await stage.watch.until("it runs", (watch) => watch.ofType("RunStarted").length === 1);
    await untilBegun(book, 1);
    await server.kill();
    await book.openGate();
    await eventually("it has ended", async () => ((await book.lines()).length === 2 ? true : null));
    await server.restart();
    await stage.untilEnded(1);
    expect(grantsOf(stage)).toHaveLength(1);
    await stage.audit();
  });

  test("given the leader is paused and another one takes over, when the old one goes on, then the remote job is not disturbed and ends once", async () => {
    const stage = await openStage();
    const { book, types } = await withBook(stage);
    await stage.anotherScheduler();
    const worker = await stage.startWorker({ types: { ...types } });
    await stage.submit("any", { id: "one" });
    await stage.watch.until("it runs", (watch) => watch.ofType("RunStarted").length === 1);
    await untilBegun(book, 1);
    stage.scheduler.signal("SIGSTOP");
    await stage.watch.until("another one leads", (watch) => watch.ofType("DispatcherElected").length === 2);
    stage.scheduler.signal("SIGCONT");
    await stage.submit("any", { id: "two" });
    await stage.watch.until("the next one waits", (watch) => watch.ofJob("two").length === 2);
    await book.openGate();
    await stage.untilEnded(2);
    expect(grantsOf(stage).map(({ job, worker: by }) => [job, by])).toEqual([
      ["one", worker.id],
      ["two", worker.id],
    ]);
    expect(clashesIn(await book.lines())).toEqual([]);
    await stage.audit();
  });
});

describe("a worker that is told to stop", () => {
  test("given it runs a job and another one waits, when SIGTERM comes, then the job has the grace, nothing more is granted to it, and it leaves with 0", async () => {
    const stage = await openStage();
    const { book, types } = await withBook(stage);
    const worker = await stage.startWorker({ types: { ...types } });
    await stage.submit("any", { id: "one" });
    await stage.submit("any", { id: "two" });
    await untilBegun(book, 1);
    await stage.watch.until("it runs", (watch) => watch.ofType("RunStarted").length === 1);
    worker.signal("SIGTERM");
    await stage.watch.until("it has said so", (watch) => watch.ofType("WorkerLeft").length === 1);
    expect(await stage.request("query.workers")).toMatchObject({
      workers: [{ remote: false }, { id: worker.id, leaving: true, jobs: ["one"] }],
    });
    await book.openGate();
    expect(await worker.exited).toEqual({ code: 0, signal: null });
    expect(await stage.request("query.job", { id: "one" })).toMatchObject({ state: "completed", attempt: 1 });
    expect(await stage.request("query.job", { id: "two" })).toMatchObject({ state: "queued" });
    const next = await stage.startWorker({ types: { ...types } });
    await stage.untilEnded(2);
    expect(grantsOf(stage).map(({ job, worker: by }) => [job, by])).toEqual([
      ["one", worker.id],
      ["two", next.id],
    ]);
    await stage.audit();
  });

  test("given a run that does not end in time, when the grace is over, then it is ended and handed back as lost, and tried again elsewhere", async () => {
    const stage = await openStage();
    const { book, types } = await withBook(stage, { ignoresTerm: true });
    const worker = await stage.startWorker({ types: { ...types }, grace: "200ms" });
    await stage.submit("any", { id: "one" });
    await stage.watch.until("it runs", (watch) => watch.ofType("RunStarted").length === 1);
    await untilBegun(book, 1);
    worker.signal("SIGTERM");
    expect(await worker.exited).toEqual({ code: 0, signal: null });
    expect(stage.watch.ofType("LeaseExpired").map(({ fact }) => fact.error.code)).toEqual(["shutdown"]);
    const [begun] = await book.lines();
    expect(await isAlive(begun?.pid ?? 0)).toBe(false);
    await book.openGate();
    await stage.startWorker({ types: { ...types } });
    await stage.untilEnded(1);
    const { jobs } = await stage.audit();
    expect(jobs.get("one")).toMatchObject({ state: "completed", attempts: 2 });
  });

  test("given a long grace, when a second SIGTERM comes, then it ends at once, and the scheduler notices that it is gone", async () => {
    const stage = await openStage();
    const { book, types } = await withBook(stage);
    const worker = await stage.startWorker({ types: { ...types }, grace: "10m" });
    await stage.submit("any", { id: "one" });
    await stage.watch.until("it runs", (watch) => watch.ofType("RunStarted").length === 1);
    await untilBegun(book, 1);
    worker.signal("SIGTERM");
    await stage.watch.until("it has said so", (watch) => watch.ofType("WorkerLeft").length === 1);
    worker.signal("SIGTERM");
    expect(await worker.exited).toEqual({ code: 143, signal: null });
    await stage.watch.until("its lease has expired", (watch) => watch.ofType("LeaseExpired").length === 1, 10_000);
    const [begun] = await book.lines();
    expect(await isAlive(begun?.pid ?? 0)).toBe(false);
    await book.openGate();
    await stage.startWorker({ types: { ...types } });
    await stage.untilEnded(1);
    await stage.audit();
  });
});
