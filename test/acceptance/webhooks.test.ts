/** Webhooks (DEC-009) end to end: a real scheduler process, a real HTTP server, and what the ledger says of both. */
import { createHmac } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../embedded/folders.js";
import { type Call, HookServer } from "../support/hook-server.js";
import { isEnd } from "../support/ledger-watch.js";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";
import { startSchedulerProcess } from "../support/scheduler-process.js";
import { Stage } from "../support/stage.js";

let server: NatsTestServer;
beforeAll(async () => {
  server = await startNatsServer();
  process.env["WEBHOOK_TEST_SECRET"] = SECRET;
});
afterAll(async () => {
  delete process.env["WEBHOOK_TEST_SECRET"];
  await server.stop();
});

const SECRET = "the-secret-of-this-test";
/** Longer than the waits between all attempts: 1 s, 4 s and 16 s. */
const allAttemptsMs = 40_000;

const node = (script: string) => ({ runner: "command", argv: [process.execPath, "-e", script], maxAttempts: 1 });
const types = {
  good: node("console.log('done')"),
  bad: node("process.exit(3)"),
  idle: { ...node("process.exit(4)"), skipExitCodes: [4] },
  endless: { ...node("setInterval(() => {}, 1000)"), killGrace: "100ms" },
};

interface Told {
  readonly event: string;
  readonly delivery: string;
  readonly address: string;
  readonly at: string;
  readonly job: { readonly id: string; readonly state: string };
}
// What the scheduler has sent; the tests look at all of it.
const told = ({ body }: Call): Told => JSON.parse(body) as Told;
const jobsTold = (calls: readonly Call[]) => calls.map((call) => told(call).job.id).sort();

/** The address of the fact by which a job has ended. */
function endOf(stage: Stage, job: string): string | undefined {
  return stage.watch.ofJob(job).find(({ fact }) => isEnd(fact))?.address;
}

const isDelivered = (stage: Stage, position: number) => async () => {
  const kv = await stage.nc.jetstream().views.kv(`${stage.namespace.toUpperCase().replaceAll("-", "_")}_STATE`);
  const stored = (await kv.get("webhooks"))?.json<{ settled: Record<string, number> }>();
  return stored !== undefined && Object.values(stored.settled).every((settled) => settled >= position) ? true : null;
};

test("given a signed webhook, when jobs end in every way there is, then each is told once, signed, as query.job shows it", async () => {
  await using hooks = await HookServer.start();
  const stage = await Stage.open(server.url, () => ({
    limits: { types: { good: 1, bad: 1, idle: 1, endless: 1 } },
    types,
    webhooks: { all: { url: hooks.urlWith("user:pa%20ss", "/all?key=hidden"), secret: `\${env:WEBHOOK_TEST_SECRET}` } },
  }));
  await stage.submit("good", { id: "good", params: { text: "ä„😀" }, labels: { book: "9" } });
  await stage.submit("bad", { id: "bad" });
  await stage.submit("idle", { id: "idle" });
  await stage.submit("endless", { id: "endless" });
  await stage.submit("unheard-of", { id: "rejected" });
  await stage.submit("good", { id: "waiting", delay: "1h" });
  await stage.watch.until("the endless one runs", (watch) =>
    watch.ofType("RunStarted").some(({ fact }) => fact.job === "endless"),
  );
  await stage.request("api.cancel", { id: "endless" });
  await stage.request("api.cancel", { id: "waiting" });
  await stage.untilEnded(6);
  const calls = await hooks.until("/all?key=hidden", 6);

  for (const { headers, body } of calls) {
    const { event, delivery, address, at, job } = told({ path: "", headers, body });
    expect(job).toEqual(await stage.request("query.job", { id: job.id }));
    expect(event).toBe(`job.${job.state}`);
    expect(address).toBe(endOf(stage, job.id));
    expect(at).toBe(stage.watch.facts.find((fact) => fact.address === address)?.at);
    expect(delivery).toBe(`${address}-all`);
    const seconds = headers["signalbox-timestamp"];
    expect(Math.abs(Number(seconds) - Date.now() / 1_000)).toBeLessThan(60);
    const hmac = createHmac("sha256", SECRET).update(`${seconds}.`).update(Buffer.from(body, "utf8")).digest("hex");
    expect(headers).toMatchObject({
      "content-type": "application/json",
      "signalbox-event": event,
      "signalbox-delivery": delivery,
      "signalbox-signature": `t=${seconds},v1=${hmac}`,
      authorization: `Basic ${Buffer.from("user:pa ss").toString("base64")}`,
    });
  }
  const states = Object.fromEntries(calls.map((call) => [told(call).job.id, told(call).job.state]));
  expect(states).toEqual({
    good: "completed",
    bad: "failed",
    idle: "skipped",
    endless: "cancelled",
    waiting: "cancelled",
    rejected: "rejected",
  });
  const end = stage.watch.facts.at(-1)?.position ?? 0;
  await eventually("all of it is settled", isDelivered(stage, end));
  expect(hooks.calls).toHaveLength(6);
  expect(stage.watch.ofType("WebhookFailed")).toEqual([]);
  await stage.audit();
});

test("given webhooks for some states and some types, when jobs end, then each endpoint is told of its own only", async () => {
  await using hooks = await HookServer.start();
  const stage = await Stage.open(server.url, () => ({
    limits: {},
    types,
    webhooks: {
      failures: { url: hooks.url("/failures"), states: ["failed", "rejected"] },
      good: { url: hooks.url("/good"), types: ["good"] },
      never: { url: hooks.url("/never"), types: ["idle"], states: ["completed"] },
    },
  }));
  for (const type of ["good", "bad", "idle", "unheard-of"]) await stage.submit(type, { id: `a-${type}` });
  await stage.untilEnded(4);
  const end = stage.watch.facts.at(-1)?.position ?? 0;
  await eventually("all of it is settled", isDelivered(stage, end));
  expect(jobsTold(hooks.to("/failures"))).toEqual(["a-bad", "a-unheard-of"]);
  expect(jobsTold(hooks.to("/good"))).toEqual(["a-good"]);
  expect(hooks.to("/never")).toEqual([]);
  expect(hooks.calls.every(({ headers }) => headers["signalbox-signature"] === undefined)).toBe(true);
});

test("given an endpoint that is down when a job ends, when it is up again, then it is told, and nothing is recorded as failed", async () => {
  await using hooks = await HookServer.start();
  const stage = await Stage.open(server.url, () => ({ types, webhooks: { done: { url: hooks.url("/done") } } }));
  await hooks.close();
  await stage.submit("good", { id: "unheard" });
  await stage.untilEnded(1);
  await eventually("an attempt has failed", () =>
    stage.scheduler.log.some((line) => line.includes("ECONNREFUSED")) ? true : null,
  );
  await hooks.open();
  const [call] = await hooks.until("/done", 1);
  expect(call && told(call).job).toEqual(await stage.request("query.job", { id: "unheard" }));
  expect(stage.watch.ofType("WebhookFailed")).toEqual([]);
});

test("given an endpoint that fails for good, when all attempts are made, then WebhookFailed is recorded, and the job is as it was", {
  timeout: allAttemptsMs + 30_000,
}, async () => {
  await using hooks = await HookServer.start();
  hooks.statuses.set("/broken?key=hidden", 500);
  hooks.statuses.set("/moved", 302);
  const stage = await Stage.open(server.url, () => ({
    types,
    webhooks: {
      broken: { url: hooks.urlWith("user:hidden", "/broken?key=hidden"), secret: `\${env:WEBHOOK_TEST_SECRET}` },
      moved: { url: hooks.url("/moved") },
    },
  }));
  await stage.submit("good", { id: "untold" });
  await stage.untilEnded(1);
  const job = await stage.request("query.job", { id: "untold" });
  await stage.watch.until("both have failed", (watch) => watch.ofType("WebhookFailed").length === 2, allAttemptsMs);
  const address = endOf(stage, "untold");
  const failed = stage.watch.ofType("WebhookFailed").map(({ fact }) => fact);
  const fact = { type: "WebhookFailed", job: "untold", address, attempts: 4 };
  expect(failed.find(({ webhook }) => webhook === "broken")).toEqual({
    ...fact,
    webhook: "broken",
    url: hooks.url("/broken"),
    error: { code: "http-status", message: `${hooks.url("/broken")} answered 500 Internal Server Error` },
  });
  expect(failed.find(({ webhook }) => webhook === "moved")).toEqual({
    ...fact,
    webhook: "moved",
    url: hooks.url("/moved"),
    error: { code: "http-status", message: expect.stringMatching(/302 Found; redirects are not followed/) },
  });
  const ids = new Set(hooks.to("/broken?key=hidden").map(({ headers }) => headers["signalbox-delivery"]));
  expect([hooks.calls.length, ids.size, hooks.to("/elsewhere").length]).toEqual([8, 1, 0]);

  expect(await stage.request("query.job", { id: "untold" })).toEqual(job);
  expect(await stage.request("query.explain", { id: "untold" })).toMatchObject({ verdict: "terminal" });
  await stage.audit();
  expect(stage.watch.lines.join("\n") + stage.scheduler.log.join("\n")).not.toMatch(/hidden|the-secret/);
  // It is settled: after a crash nothing of it is told again.
  await eventually("it is settled", isDelivered(stage, Number(address?.split(".")[0])));
  await stage.scheduler.kill();
  hooks.statuses.clear();
  await stage.startScheduler();
  await stage.submit("good", { id: "next" });
  const after = await hooks.until("/broken?key=hidden", 5);
  expect(told(after[4] as Call).job.id).toBe("next");
});

describe("the scheduler ends", () => {
  test("given it is killed with SIGKILL between a job's end and the answer, when it starts again, then the end is told again, under the same id", async () => {
    await using hooks = await HookServer.start();
    hooks.held.add("/done");
    const stage = await Stage.open(server.url, () => ({ types, webhooks: { done: { url: hooks.url("/done") } } }));
    for (const n of [1, 2, 3, 4, 5, 6]) await stage.submit("good", { id: `job-${n}` });
    await stage.untilEnded(6);
    // Four at a time, none of them answered; the other two wait.
    const before = await hooks.until("/done", 4);
    await stage.scheduler.kill();
    hooks.release();
    await stage.startScheduler();
    const calls = await hooks.until("/done", 10);
    const again = calls.slice(4);
    expect(jobsTold(again)).toEqual([1, 2, 3, 4, 5, 6].map((n) => `job-${n}`));
    for (const call of before) {
      const { delivery, job } = told(call);
      expect(told(again.find((one) => told(one).job.id === job.id) as Call)).toEqual({ ...told(call), delivery });
    }
    await eventually("all is settled", isDelivered(stage, stage.watch.facts.at(-1)?.position ?? 0));
    expect(hooks.calls).toHaveLength(10);
  });

  test("given another scheduler stands by, when the one that leads is killed, then the other goes on where it was settled", async () => {
    await using hooks = await HookServer.start();
    const stage = await Stage.open(server.url, () => ({ types, webhooks: { done: { url: hooks.url("/done") } } }));
    const standby = await startSchedulerProcess(join(stage.folder, "signalbox.yaml"), server.url);
    try {
      await stage.submit("good", { id: "told-by-the-first" });
      await stage.untilEnded(1);
      await eventually("it is settled", isDelivered(stage, stage.watch.facts.at(-1)?.position ?? 0));
      hooks.held.add("/done");
      await stage.submit("good", { id: "begun-by-the-first" });
      await hooks.until("/done", 2);
      await stage.scheduler.kill();
      hooks.release();
      const calls = await hooks.until("/done", 3);
      expect(jobsTold(calls.slice(1))).toEqual(["begun-by-the-first", "begun-by-the-first"]);
      await stage.submit("good", { id: "told-by-the-second" });
      expect(jobsTold((await hooks.until("/done", 4)).slice(3))).toEqual(["told-by-the-second"]);
      expect(stage.watch.ofType("DispatcherElected")).toHaveLength(2);
    } finally {
      await standby.kill();
    }
  });

  test("given a delivery that is answered late, when SIGTERM comes, then it is waited for, settled, and not made again", async () => {
    await using hooks = await HookServer.start();
    hooks.held.add("/done");
    const stage = await Stage.open(server.url, () => ({ types, webhooks: { done: { url: hooks.url("/done") } } }));
    await stage.submit("good", { id: "last" });
    await hooks.until("/done", 1);
    stage.scheduler.signal("SIGTERM");
    await stage.watch.until("the worker has left", (watch) => watch.ofType("WorkerLeft").length === 1);
    hooks.release();
    expect(await stage.scheduler.exited).toEqual({ code: 0, signal: null });
    await stage.startScheduler();
    await stage.submit("good", { id: "next" });
    expect(jobsTold(await hooks.until("/done", 2))).toEqual(["last", "next"]);
  });
});

test("given a ledger with ended jobs, when a webhook is added, then it begins at the ledger's end, and is told of what ends from then on", async () => {
  await using hooks = await HookServer.start();
  const stage = await Stage.open(server.url, () => ({ types }));
  await stage.submit("good", { id: "old" });
  await stage.untilEnded(1);
  await stage.scheduler.kill();
  const webhooks = { done: { url: hooks.url("/done") } };
  const { namespace } = stage;
  await writeFile(join(stage.folder, "signalbox.yaml"), JSON.stringify({ namespace, types, webhooks }));
  await stage.startScheduler();
  await stage.submit("good", { id: "new" });
  await hooks.until("/done", 1);
  await stage.untilEnded(2);
  await eventually("all is settled", isDelivered(stage, stage.watch.facts.at(-1)?.position ?? 0));
  expect(jobsTold(hooks.calls)).toEqual(["new"]);
});

test("given an endpoint that never answers, when jobs keep ending, then none of them is delayed, nor what another endpoint is told", async () => {
  await using hooks = await HookServer.start();
  hooks.held.add("/hanging");
  const stage = await Stage.open(server.url, () => ({
    types,
    webhooks: { hanging: { url: hooks.url("/hanging"), timeout: "1m" }, done: { url: hooks.url("/done") } },
  }));
  const ids = Array.from({ length: 30 }, (_, n) => `job-${n + 10}`);
  for (const id of ids) await stage.submit("good", { id });
  await stage.untilEnded(ids.length);
  expect(jobsTold(await hooks.until("/done", ids.length))).toEqual(ids);
  // All have ended, and not one of the hanging calls is answered: nothing can have waited for them.
  expect(hooks.to("/hanging")).toHaveLength(4);
  const { jobs } = await stage.audit();
  expect([...jobs.values()].every(({ state }) => state === "completed")).toBe(true);
  hooks.release();
  expect(jobsTold(await hooks.until("/hanging", ids.length))).toEqual(ids);
});
