/** What any program with a NATS client may rely on: the service, its errors, and the events of a job in their order. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { connect } from "../../src/nats/door.js";
import { eventually } from "../embedded/folders.js";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";
import { startSchedulerProcess } from "../support/scheduler-process.js";
import { Stage } from "../support/stage.js";
import { TcpGate } from "../support/tcp-gate.js";
import { WorkServer } from "../support/work-server.js";

let server: NatsTestServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

const openStage = (work: WorkServer): Promise<Stage> =>
  Stage.open(server.url, () => ({ types: { story: { runner: "http", url: work.url("story") } } }));

test("given a scheduler that leads, when services are looked for, then signalbox is found with its endpoints", async () => {
  await using work = await WorkServer.start();
  const stage = await openStage(work);
  const ping = (await stage.nc.request("$SRV.PING.signalbox", "", { timeout: 5_000 })).json();
  expect(ping).toMatchObject({ name: "signalbox", version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
  const info = (await stage.nc.request("$SRV.INFO.signalbox", "", { timeout: 5_000 })).json<{
    endpoints: { subject: string }[];
  }>();
  const subjects = info.endpoints.map(({ subject }) => subject.slice(stage.namespace.length + 1));
  const api = ["cancel", "amend", "limits", "pause", "resume"].map((verb) => `api.${verb}`);
  const queries = ["slots", "jobs", "job", "queue", "limits", "explain", "workers", "health"].map(
    (name) => `query.${name}`,
  );
  expect(subjects).toEqual(expect.arrayContaining([...api, ...queries]));
});

test("given a leader that is paused and another one that leads, when many questions are asked, then each is answered by the one that leads", async () => {
  const QUESTIONS = 20;
  const stage = await Stage.open(server.url, () => ({}));
  const successor = await stage.anotherScheduler();
  stage.scheduler.signal("SIGSTOP");
  await stage.watch.until("another one leads", ({ facts }) =>
    facts.some(({ fact }) => fact.type === "DispatcherElected" && fact.epoch === 2),
  );
  await eventually("it answers", () =>
    stage.request("query.health").then(
      () => true,
      () => null,
    ),
  );
  const answers = await Promise.all(Array.from({ length: QUESTIONS }, () => stage.request("query.health")));
  for (const answer of answers) expect(answer).toMatchObject({ role: "leader", leader: { pid: successor.pid } });
});

test("given requests that cannot be met, when they are answered, then the error headers say why, and the scheduler goes on", async () => {
  await using work = await WorkServer.start();
  const stage = await openStage(work);
  const refusals: readonly (readonly [string, object | string, number, RegExp])[] = [
    ["api.cancel", { id: "nobody" }, 404, /nobody/],
    ["api.cancel", { id: "not an id" }, 400, /id/],
    ["api.cancel", {}, 400, /id/],
    ["api.cancel", "{", 400, /JSON/],
    ["api.cancel", "[]", 400, /./],
    ["api.cancel", { id: "x", surprise: 1 }, 400, /surprise/],
    ["api.amend", { id: "nobody", priority: 1 }, 404, /nobody/],
    ["api.amend", { id: "nobody", priority: 1e9 }, 400, /priority.*-1000 to 1000/],
    ["api.pause", { pool: "nowhere" }, 404, /nowhere.*global/],
    ["api.limits", { set: { global: 0 } }, 400, /global/],
    ["api.limits", { set: { "types.stroy": 1 } }, 400, /stroy/],
    ["query.job", { id: "nobody" }, 404, /nobody/],
    ["query.jobs", { limit: -1 }, 400, /limit/],
    ["query.explain", { id: "nobody" }, 404, /nobody/],
  ];
  for (const [subject, args, code, text] of refusals) {
    const answer = await stage.request(subject, args);
    expect(answer, `${subject} ${JSON.stringify(args)}`).toEqual({ code, error: expect.stringMatching(text) });
  }
  await stage.submit("story", { id: "afterwards" });
  await stage.untilEnded(1);
  const job = await stage.request("query.job", { id: "afterwards" });
  expect(job).toMatchObject({ id: "afterwards", type: "story", state: "completed", attempt: 1, reason: null });
});

test("given a watcher, when a job lives its life, then the events come in the order of their addresses, as the ledger has them", async () => {
  await using work = await WorkServer.start();
  const stage = await openStage(work);
  const events: { subject: string; address: string; at: string; type: string }[] = [];
  const subscription = stage.nc.subscribe(`${stage.namespace}.event.>`, {
    callback: (_error, message) =>
      events.push({ subject: message.subject, ...message.json<Omit<(typeof events)[number], "subject">>() }),
  });
  await stage.nc.flush();
  work.hold();
  await stage.submit("story", { id: "first", params: { name: "first" } });
  await stage.submit("story", { id: "second", params: { name: "second" } });
  await stage.watch.until("the second waits", (watch) => watch.ofType("StartDenied").length === 1);
  await stage.request("api.amend", { id: "second", priority: 7 });
  work.release();
  await stage.untilEnded(2);
  const stored = stage.watch.facts.filter(({ fact }) => "job" in fact);
  await eventually("every event has come", () => (events.length >= stored.length ? true : null));
  subscription.unsubscribe();
  expect(events.map(({ address }) => address)).toEqual(stored.map(({ address }) => address));
  for (const [index, { subject, address: _address, at, ...fact }] of events.entries()) {
    const watched = stored[index];
    expect(fact).toEqual(watched?.fact);
    expect(at).toBe(watched?.at);
    expect(subject).toBe(`${stage.namespace}.event.${"job" in fact ? String(fact.job) : ""}.${fact.type}`);
  }
  expect(events.map(({ type }) => type)).toContain("JobAmended");
});

test("given a connection of the leader is lost and the server has not heard of it, when the leader is asked over the new one, then it answers every time", async () => {
  const folder = await mkdtemp(join(tmpdir(), "signalbox-ghost-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await using gate = await TcpGate.open(server.port);
  const configFile = join(folder, "signalbox.yaml");
  await writeFile(configFile, JSON.stringify({ namespace: "ghost" }));
  const scheduler = await startSchedulerProcess(configFile, `nats://127.0.0.1:${gate.port}`);
  onTestFinished(() => scheduler.kill());
  const nc = await connect({ servers: server.url });
  onTestFinished(() => nc.close());
  const ask = async () => (await nc.request("ghost.query.health", "", { timeout: 2_000 })).json();
  expect(await ask()).toMatchObject({ role: "leader" });
  // The server's side of it stays open, as if the network had swallowed the end.
  gate.cut();
  await eventually("it has connected anew", () => ask().catch(() => null));
  for (let asked = 0; asked < 20; asked += 1) expect(await ask()).toMatchObject({ role: "leader" });
});
