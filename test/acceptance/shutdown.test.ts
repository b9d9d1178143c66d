/** Graceful shutdown (CON-003), with a real process and real signals. */
import { mkdir } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../embedded/folders.js";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";
import { isAlive, RunBook } from "../support/run-book.js";
import { Stage } from "../support/stage.js";

let server: NatsTestServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

/** Two types, `quick` and `stubborn`, each with a book of its own; one job of each runs, two more of each wait. */
async function openBusyStage(grace: string): Promise<{ stage: Stage; quick: RunBook; stubborn: RunBook }> {
  const books: RunBook[] = [];
  const stage = await Stage.open(server.url, (folder) => {
    books.push(new RunBook(`${folder}/quick`), new RunBook(`${folder}/stubborn`));
    const [quick, stubborn] = books.map(({ argv }) => ({
      runner: "command",
      argv,
      killGrace: "100ms",
      backoff: { base: "50ms" },
    }));
    return { limits: { types: { quick: 1, stubborn: 1 } }, grace, types: { quick, stubborn } };
  });
  const [quick, stubborn] = books;
  if (quick === undefined || stubborn === undefined) throw new Error("the stage was not configured");
  for (const name of ["quick", "stubborn"]) await mkdir(`${stage.folder}/${name}`);
  await quick.prepare();
  await stubborn.prepare({ ignoresTerm: true });
  for (const type of ["quick", "stubborn"]) for (const n of [1, 2, 3]) await stage.submit(type, { id: `${type}-${n}` });
  await stage.watch.until("one of each runs", (watch) => watch.ofType("RunStarted").length === 2);
  for (const book of books)
    await eventually("it has begun", async () => ((await book.lines()).length === 1 ? true : null));
  return { stage, quick, stubborn };
}

test("given running and waiting jobs, when SIGTERM comes, then nothing more starts, the quick one completes, the stubborn one is handed back as lost, and the exit is clean", async () => {
  const { stage, quick, stubborn } = await openBusyStage("1s");
  const { scheduler, watch } = stage;
  scheduler.signal("SIGTERM");
  await eventually("it has said that it stops", () =>
    scheduler.log.some((line) => line.includes("stopping")) ? true : null,
  );
  // Something comes in while it drains: decided, not started.
  await stage.submit("quick", { id: "quick-4" });
  await quick.openGate();
  expect(await scheduler.exited).toEqual({ code: 0, signal: null });
  await watch.until("the worker has left", () => watch.ofType("WorkerLeft").length === 1);

  expect(watch.ofType("StartGranted").map(({ fact }) => fact.job)).toEqual(["quick-1", "stubborn-1"]);
  expect(watch.ofType("RunCompleted").map(({ fact }) => fact.job)).toEqual(["quick-1"]);
  expect(watch.ofType("LeaseExpired").map(({ fact }) => fact)).toEqual([
    expect.objectContaining({
      job: "stubborn-1",
      error: expect.objectContaining({ code: "shutdown" }),
      retryAt: expect.any(String),
    }),
  ]);
  const [begun] = await stubborn.lines();
  expect(await isAlive(begun?.pid ?? 0)).toBe(false);

  await stubborn.openGate();
  await stage.startScheduler();
  await stage.untilEnded(7);
  const { jobs } = await stage.audit();
  expect(jobs.get("stubborn-1")).toMatchObject({ state: "completed", attempts: 2 });
  expect(jobs.get("quick-1")).toMatchObject({ state: "completed", attempts: 1 });
});

test("given a long grace, when a second SIGTERM comes, then it exits at once, and the next scheduler takes up what is lost", async () => {
  const { stage, quick, stubborn } = await openBusyStage("10m");
  const { scheduler, watch } = stage;
  scheduler.signal("SIGTERM");
  await eventually("it has said that it stops", () =>
    scheduler.log.some((line) => line.includes("stopping")) ? true : null,
  );
  scheduler.signal("SIGTERM");
  const { code, signal } = await scheduler.exited;
  expect(code ?? signal).toBe(143);
  const begun = [...(await quick.lines()), ...(await stubborn.lines())];
  await quick.openGate();
  await stubborn.openGate();
  await stage.startScheduler();
  for (const { pid } of begun) expect(await isAlive(pid), `process ${pid} of the first scheduler`).toBe(false);
  await stage.untilEnded(6);
  const { jobs } = await stage.audit();
  expect([...jobs.values()].every(({ state }) => state === "completed")).toBe(true);
  expect(watch.ofType("DispatcherElected")).toHaveLength(2);
});

test("given nothing runs, when SIGINT comes, then it exits cleanly and what waits is still there", async () => {
  const stage = await Stage.open(server.url, () => ({
    types: { story: { runner: "http", url: "http://127.0.0.1:9/" } },
  }));
  await stage.request("api.pause", { pool: "global" });
  await stage.submit("story", { id: "waits" });
  await stage.watch.until("it waits", (watch) => watch.ofType("StartDenied").length === 1);
  stage.scheduler.signal("SIGINT");
  expect(await stage.scheduler.exited).toEqual({ code: 0, signal: null });
  await stage.startScheduler();
  expect(await stage.request("query.job", { id: "waits" })).toMatchObject({ state: "queued" });
  expect(await stage.request("query.slots")).toMatchObject({ pools: [{ name: "global", paused: true }] });
  await stage.audit({ allEnded: false });
});
