/** Limits are facts: they take effect at their position in the log, without a restart (CC-5). */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";
import { Stage } from "../support/stage.js";
import { WorkServer } from "../support/work-server.js";

const JOBS = 50;

let server: NatsTestServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

const openStage = (work: WorkServer, limits: object): Promise<Stage> =>
  Stage.open(server.url, () => ({
    limits,
    types: { story: { runner: "http", url: work.url("story"), resources: { ollama: 1 } } },
  }));

test("given 50 jobs wait at ollama: 1, when it is set to 2 and back to 1, then the second starts at the position of the change and none starts until one is left", async () => {
  await using work = await WorkServer.start();
  work.hold();
  const stage = await openStage(work, { resources: { ollama: 1 } });
  const { watch, scheduler } = stage;
  await stage.publish(
    "submit",
    Array.from({ length: JOBS }, (_, index) => ({ type: "story", params: { name: `s${index}` } })),
  );
  await watch.until(
    "49 wait",
    () => watch.ofType("StartDenied").length === JOBS - 1 && watch.ofType("RunStarted").length === 1,
  );
  expect(watch.ofType("StartGranted")).toHaveLength(1);

  const answer = await stage.request("api.limits", { set: { "resources.ollama": 2 } });
  await watch.until("the second started", () => watch.ofType("RunStarted").length === 2);
  const raised = watch.ofType("LimitsChanged").at(-1);
  expect(answer).toMatchObject({ position: raised?.address });
  const next = watch.facts[watch.facts.findIndex(({ address }) => address === raised?.address) + 1];
  expect(next?.fact.type).toBe("StartGranted");
  expect(next?.position).toBeLessThanOrEqual((raised?.position ?? 0) + 1);
  expect(watch.ofType("StartGranted")).toHaveLength(2);

  await stage.request("api.limits", { set: { "resources.ollama": 1 } });
  // Lowered below what is in use: both go on. The first that ends frees nothing, the second does.
  work.finishOne();
  await watch.until("one has ended", () => watch.ofType("RunCompleted").length === 1);
  await expect(stage.request("query.slots")).resolves.toMatchObject({
    pools: [{ name: "resource:ollama", capacity: 1, used: 1, free: 0, waiting: JOBS - 2 }],
  });
  expect(watch.ofType("StartGranted")).toHaveLength(2);
  work.finishOne();
  await watch.until("the third was granted", () => watch.ofType("StartGranted").length === 3);
  expect(watch.ofType("RunCompleted")).toHaveLength(2);

  work.release();
  await stage.untilEnded(JOBS);
  await stage.audit();
  expect(work.peaks.get("story")).toBe(2);
  expect(stage.scheduler).toBe(scheduler);
  expect(watch.ofType("DispatcherElected")).toHaveLength(1);
});

test("given jobs under strategy A, when limits change to B and to C while they run, then nothing is restarted and all end (CC-5)", async () => {
  await using work = await WorkServer.start();
  work.workMs = 1;
  const stage = await openStage(work, { global: 1 });
  const changes = [
    { global: null, "types.story": 2 },
    { "types.story": null, "resources.ollama": 3 },
    { global: 1, "resources.ollama": 1 },
  ];
  for (const [index, set] of changes.entries()) {
    await stage.publish(
      "submit",
      Array.from({ length: JOBS }, (_, n) => ({ type: "story", params: { name: `${index}/${n}` } })),
    );
    const granted = stage.watch.ofType("StartGranted").length;
    await stage.watch.until("some have started", (watch) => watch.ofType("StartGranted").length > granted + 5);
    await expect(stage.request("api.limits", { set })).resolves.toMatchObject({ ok: true });
  }
  await stage.untilEnded(changes.length * JOBS);
  const { jobs, peaks } = await stage.audit();
  expect([...jobs.values()].every(({ state, attempts }) => state === "completed" && attempts === 1)).toBe(true);
  expect(peaks.get("resource:ollama")).toBe(3);
});

test("given a job that fits no more after a limit was lowered, when others come, then it is shown as such and blocks nobody (CC-5)", async () => {
  await using work = await WorkServer.start();
  const stage = await openStage(work, { resources: { ollama: 2 } });
  work.hold();
  await stage.submit("story", { id: "holder", params: { name: "holder" } });
  await stage.submit("story", { id: "large", resources: { ollama: 2 }, params: { name: "large" } });
  await stage.watch.until("the large one waits", (watch) => watch.ofType("StartDenied").length === 1);
  await stage.request("api.limits", { set: { "resources.ollama": 1 } });
  await stage.submit("story", { id: "small", params: { name: "small" } });
  work.release();
  await stage.watch.until("the small one has ended", (watch) => watch.ofType("RunCompleted").length === 2);
  await expect(stage.request("query.explain", { id: "large" })).resolves.toMatchObject({
    state: "queued",
    verdict: "never",
  });
  await stage.request("api.limits", { set: { "resources.ollama": 2 } });
  await stage.untilEnded(3);
  await stage.audit();
});
