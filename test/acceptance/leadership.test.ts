/**
 * Several schedulers on one ledger: one leads. A leader that is stopped for longer than the lease is refused when it goes on, and steps
 * down; nothing was granted or run twice under a live grant (D1, D8, INV-007).
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../embedded/folders.js";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";
import { clashesIn, isAlive, RunBook } from "../support/run-book.js";
import type { SchedulerProcess } from "../support/scheduler-process.js";
import { Stage } from "../support/stage.js";

const RUNNING = 2;
const JOBS = 12;
/** A stopped leader is waited for before it is replaced, and its runs for one lease more. */
const takeoverMsMax = 20_000;

let server: NatsTestServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

/** A leader with two jobs at work and ten that wait, and a scheduler that stands by. */
async function openStage(): Promise<{ stage: Stage; book: RunBook; standby: SchedulerProcess }> {
  let book = new RunBook("");
  const stage = await Stage.open(server.url, (folder) => {
    book = new RunBook(folder);
    const thumbs = { runner: "command", argv: book.argv, killGrace: "100ms", backoff: { base: "50ms", cap: "50ms" } };
    return { lease: "1s", grace: "1s", limits: { global: RUNNING }, types: { thumbs } };
  });
  await book.prepare();
  const standby = await stage.anotherScheduler();
  for (let n = 0; n < JOBS; n += 1) await stage.submit("thumbs", { id: `thumb-${n}` });
  await stage.watch.until("two run", (watch) => watch.ofType("RunStarted").length === RUNNING);
  await eventually("two have begun", async () => ((await book.lines()).length === RUNNING ? true : null));
  return { stage, book, standby };
}

const dispatchersOf = ({ watch }: Stage): readonly string[] =>
  watch.ofType("DispatcherElected").map(({ fact }) => fact.dispatcher);

async function expectAllEnded(stage: Stage, book: RunBook): Promise<void> {
  await stage.untilEnded(JOBS, takeoverMsMax);
  const { jobs } = await stage.audit();
  expect([...jobs.values()].map(({ state }) => state)).toEqual(Array.from({ length: JOBS }, () => "completed"));
  const lines = await book.lines();
  expect(clashesIn(lines)).toEqual([]);
  // What was executed to its end is what the ledger says was, each under its own grant.
  const ended = lines.filter(({ event }) => event === "end").map(({ job, grant }) => `${job}@${grant}`);
  const completed = stage.watch.ofType("RunCompleted").map(({ fact }) => `${fact.job}@${fact.grant}`);
  expect([...ended].sort()).toEqual([...completed].sort());
}

test("given a leader with running jobs, when it is stopped for longer than the lease and goes on, then another leads, and it steps down and stands by", async () => {
  const { stage, book, standby } = await openStage();
  const { scheduler, watch } = stage;
  const begun = await book.lines();
  scheduler.signal("SIGSTOP");
  await watch.until("the other leads", () => dispatchersOf(stage).length === 2, takeoverMsMax);
  await watch.until("the runs are lost", () => watch.ofType("LeaseExpired").length === RUNNING, takeoverMsMax);
  const lost = watch.ofType("LeaseExpired").map(({ fact }) => `${fact.job}@${fact.grant}`);
  expect([...lost].sort()).toEqual(begun.map(({ job, grant }) => `${job}@${grant}`).sort());
  // What the stopped one had left at work on this machine was ended before its slots were given to others.
  for (const { pid } of begun) expect(await isAlive(pid), `process ${pid} of the stopped scheduler`).toBe(false);

  scheduler.signal("SIGCONT");
  await eventually("it has stepped down", () =>
    scheduler.log.some((line) => line.includes("stepping down")) ? true : null,
  );
  await book.openGate();
  await expectAllEnded(stage, book);
  expect(watch.ofType("LeaseExpired")).toHaveLength(RUNNING);

  // It is of use again: when the new leader is killed, it leads.
  await standby.kill();
  await watch.until("the first leads again", () => dispatchersOf(stage).length === 3, takeoverMsMax);
  const [first, second, third] = dispatchersOf(stage);
  expect(third).toBe(first);
  expect(second).not.toBe(first);
  const health = await eventually("it serves", () => stage.request("query.health").catch(() => null));
  expect(health).toMatchObject({ role: "leader", epoch: 3 });
});

test("given a leader and a standby, when the leader is told to end, then the standby leads at once and takes up what was handed back", async () => {
  const { stage, book } = await openStage();
  stage.scheduler.signal("SIGTERM");
  expect(await stage.scheduler.exited).toEqual({ code: 0, signal: null });
  await stage.watch.until("the other leads", () => dispatchersOf(stage).length === 2);
  await book.openGate();
  await expectAllEnded(stage, book);
  const codes = stage.watch.ofType("LeaseExpired").map(({ fact }) => fact.error.code);
  expect(codes).toEqual(Array.from({ length: RUNNING }, () => "shutdown"));
});

test("given a leader that is killed, when the standby takes over, then recovery is on record once, and a second takeover adds nothing to it", async () => {
  const { stage, book, standby } = await openStage();
  const { watch } = stage;
  await stage.scheduler.kill();
  await watch.until("the other leads", () => dispatchersOf(stage).length === 2, takeoverMsMax);
  await watch.until("the lost run again", () => watch.ofType("RunStarted").length === 2 * RUNNING, takeoverMsMax);
  expect(watch.ofType("LeaseExpired")).toHaveLength(RUNNING);
  await book.openGate();
  await expectAllEnded(stage, book);

  // Nothing runs any more: whoever takes over now has nothing to recover (DEC-008).
  const third = await stage.anotherScheduler();
  await standby.kill();
  await watch.until("the third leads", () => dispatchersOf(stage).length === 3, takeoverMsMax);
  const [election] = watch.ofType("DispatcherElected").slice(-1);
  const recorded = watch.facts.filter(({ position }) => position === election?.position).map(({ fact }) => fact.type);
  expect(recorded).toEqual(["DispatcherElected", "WorkerLeft", "WorkerJoined"]);
  await third.kill();
});
