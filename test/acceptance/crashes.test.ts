/**
 * Nothing is lost and nothing runs twice under a live grant, whoever is killed: the scheduler, the server, both (INV-007, INV-008,
 * DEC-008). The runs keep their own book.
 */
import { randomInt } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../embedded/folders.js";
import type { Audit } from "../support/auditor.js";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";
import { clashesIn, isAlive, RunBook } from "../support/run-book.js";
import { Stage } from "../support/stage.js";

const JOBS = 203;
const RUNNING = 3;

let server: NatsTestServer;
beforeEach(async () => {
  server = await startNatsServer();
});
afterEach(() => server.stop());

/** A scheduler with 203 jobs of random priorities, of which three run and stay at work until the gate is opened. */
async function openBusyStage(): Promise<{ stage: Stage; book: RunBook }> {
  let book = new RunBook("");
  const stage = await Stage.open(server.url, (folder) => {
    book = new RunBook(folder);
    return {
      limits: { resources: { "cpu-bound": RUNNING } },
      types: {
        thumbs: {
          runner: "command",
          argv: book.argv,
          resources: { "cpu-bound": 1 },
          backoff: { base: "50ms", cap: "200ms" },
        },
      },
    };
  });
  await book.prepare();
  const submitted = Array.from({ length: JOBS }, (_, index) =>
    stage.submit("thumbs", { id: `thumb-${index}`, priority: randomInt(-5, 6) }),
  );
  await Promise.all(submitted);
  await stage.watch.until("three run and the others wait", (watch) => {
    return watch.ofType("RunStarted").length >= RUNNING && watch.ofType("JobSubmitted").length === JOBS;
  });
  await eventually("three have begun", async () => ((await book.lines()).length >= RUNNING ? true : null));
  return { stage, book };
}

/** All ended well, in order, and the book agrees with the ledger about who ran when. */
async function expectAllWell({ stage, book }: { stage: Stage; book: RunBook }): Promise<Audit> {
  await stage.untilEnded(JOBS, 30_000);
  const audited = await stage.audit();
  expect(audited.jobs.size).toBe(JOBS);
  const lines = await book.lines();
  expect(clashesIn(lines)).toEqual([]);
  for (const { id, state, grants } of audited.jobs.values()) {
    expect(state, id).toBe("completed");
    const ran = lines.filter(({ event, job }) => event === "begin" && job === id).map(({ grant }) => grant);
    // A grant whose scheduler was killed at once may not have begun; the last one did, and ended.
    expect(grants).toEqual(expect.arrayContaining(ran));
    expect(ran.at(-1)).toBe(grants.at(-1));
    expect(lines).toContainEqual(expect.objectContaining({ event: "end", job: id, grant: grants.at(-1) }));
  }
  return audited;
}

describe("the scheduler is killed with SIGKILL", () => {
  test("given 200 jobs wait and three run, when it starts again, then the order is kept, the lost are tried again, and all end once", async () => {
    const { stage, book } = await openBusyStage();
    const lost = await book.lines();
    expect(lost).toHaveLength(RUNNING);
    await stage.scheduler.kill();
    await stage.startScheduler();
    for (const { pid } of lost) expect(await isAlive(pid), `process ${pid} of the killed scheduler`).toBe(false);
    await book.openGate();
    const { jobs } = await expectAllWell({ stage, book });
    const expired = stage.watch.ofType("LeaseExpired").map(({ fact }) => fact.job);
    expect([...expired].sort()).toEqual(lost.map(({ job }) => job).sort());
    for (const job of expired) expect(jobs.get(job)?.attempts).toBe(2);
    for (const { grant, job } of lost)
      expect(await book.lines()).not.toContainEqual(expect.objectContaining({ event: "end", job, grant }));
  });

  test("given it is killed five times in the middle of its work, when it starts again each time, then all end once", async () => {
    const { stage, book } = await openBusyStage();
    await book.openGate();
    for (let kill = 1; kill <= 5; kill += 1) {
      const ended = stage.watch.ofType("RunCompleted").length;
      await stage.watch.until("some more have ended", (watch) => watch.ofType("RunCompleted").length >= ended + 10);
      await stage.scheduler.kill();
      await stage.startScheduler();
    }
    await expectAllWell({ stage, book });
    expect(stage.watch.ofType("DispatcherElected")).toHaveLength(6);
  });
});

describe("the NATS server is killed with SIGKILL", () => {
  test("given 200 jobs wait and three run, when it starts again, then the scheduler goes on, nothing is lost and nothing runs twice", async () => {
    const { stage, book } = await openBusyStage();
    await server.kill();
    // The runs end while there is nobody to tell.
    await book.openGate();
    await eventually("the three have ended", async () => {
      const ends = (await book.lines()).filter(({ event }) => event === "end");
      return ends.length === RUNNING ? true : null;
    });
    await server.restart();
    const { jobs } = await expectAllWell({ stage, book });
    for (const { attempts } of jobs.values()) expect(attempts).toBe(1);
    expect(stage.watch.ofType("DispatcherElected")).toHaveLength(1);
    expect(clashesIn(await book.lines())).toEqual([]);
  });

  test("given it is killed again and again while jobs run and more are submitted, when it is there again, then every acknowledged one ends", async () => {
    const { stage, book } = await openBusyStage();
    await book.openGate();
    const late: string[] = [];
    const submitting: Promise<void>[] = [];
    for (let kill = 1; kill <= 3; kill += 1) {
      await stage.watch.until(`${kill * 30} have ended`, (watch) => watch.ofType("RunCompleted").length >= kill * 30);
      for (let n = 0; n < 10; n += 1) {
        const id = `late-${kill}-${n}`;
        // Not acknowledged is no promise; whoever was acknowledged has one.
        const submitted = stage.submit("thumbs", { id }).then(
          () => void late.push(id),
          () => {},
        );
        submitting.push(submitted);
      }
      await server.kill();
      await server.restart();
    }
    await Promise.all(submitting);
    await stage.watch.until(
      "the late ones have ended",
      (watch) => {
        const completed = new Set(watch.ofType("RunCompleted").map(({ fact }) => String(fact.job)));
        return late.every((id) => completed.has(id)) && completed.size >= JOBS;
      },
      40_000,
    );
    await stage.audit();
    expect(clashesIn(await book.lines())).toEqual([]);
    expect(stage.watch.ofType("LeaseExpired")).toEqual([]);
  });

  test("given the scheduler is killed too, when both are started again, then all end once", async () => {
    const { stage, book } = await openBusyStage();
    await server.kill();
    await stage.scheduler.kill();
    await server.restart();
    await book.openGate();
    await stage.startScheduler();
    await expectAllWell({ stage, book });
  });
});
