/** `audit` as a program: exit code 0 where all agree, 4 and the addresses where somebody says something else. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { slotsView } from "../../projections/views/views.js";
import { connect, type NatsConnection, type Subscription } from "../../src/nats/door.js";
import { exportText } from "../support/export-file.js";
import { type LedgerBuilder, ledger } from "../support/ledger-builder.js";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";
import { startProgram, startWorld, type World } from "./world.js";

/** Several programs are started one after the other, and a worker that is suspected is asked three times. */
const TIMEOUT_MS = 90_000;

/** A type that only workers in processes of their own run, and how they run it. */
const SCHEDULER = "limits: {global: 3}\ntypes: {far: {runner: nats}}\n";
const WORKER = 'grace: 0\ntypes: {far: {runner: command, argv: [sleep, "60"]}}\n';

/** a holds the only slot by grant 5; b waits. */
const book = (): LedgerBuilder =>
  ledger()
    .elected()
    .worker("w1", 5)
    .limits({ resources: { ollama: 1 } })
    .together((one) => one.submitted("a", { resources: { ollama: 1 } }).submitted("b", { resources: { ollama: 1 } }))
    .decided();

describe("audit of a running scheduler", () => {
  let world: World;
  let nc: NatsConnection;
  beforeAll(async () => {
    world = await startWorld(SCHEDULER);
    nc = await connect({ servers: world.server.url });
  });
  afterAll(async () => {
    await nc.close();
    await world[Symbol.asyncDispose]();
  });

  test("given jobs that run inside and in a worker's process, when it is audited, then ledger, scheduler and workers agree", {
    timeout: TIMEOUT_MS,
  }, async () => {
    const folder = join(world.folder, "worker");
    await mkdir(folder);
    await writeFile(join(folder, "signalbox.yaml"), WORKER);
    for (const gate of ["one", "two"]) await world.submit("waits", { params: { gate }, id: gate });
    const worker = world.start(["worker", "--types", "far"], { cwd: folder });
    await worker.saw("stderr", "signalbox worker is ready");
    const started = nc.subscribe("signalbox.event.afar.RunStarted", { max: 1 });
    await nc.flush();
    await world.submit("far", { id: "afar" });
    for await (const _message of started) break;
    const { code, stdout, stderr } = await world.run(["audit", "-o", "json"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ ok: true, pools: 1, held: 3, differences: [] },
      workers: [{ running: 2 }, { running: 1 }],
    });
    const table = await world.run(["audit"]);
    expect(table).toMatchObject({ code: 0, stderr: "" });
    expect(table.stdout).toMatch(
      /^all agree: 1 pool, 3 holders as of position \d+, .*Z; 2 workers of 2 say the same, with 3 runs\n$/,
    );
    worker.child.kill("SIGTERM");
    expect((await worker.ended).code).toBe(0);
    for (const gate of ["one", "two"]) world.open(gate);
  });

  test("given a worker that says it runs what was never granted, when it is audited, then the exit code is 4, with job and grant", {
    timeout: TIMEOUT_MS,
  }, async () => {
    const answers = { running: [{ job: "ghost", grant: 3 }] as { job: string; grant: number }[] };
    const hello = { worker: "liar", types: ["hello"], capacity: 1 };
    await nc.request("signalbox.worker.join", JSON.stringify(hello));
    const liar: Subscription = nc.subscribe("signalbox.worker.liar.running", {
      callback: (_error, message) => void message.respond(JSON.stringify({ worker: "liar", ...answers })),
    });
    const wrong = await world.run(["audit", "-o", "json"]);
    expect(wrong.code).toBe(4);
    expect(wrong.stderr).toMatch(/^error: 1 difference as of position \d+\n/);
    expect(JSON.parse(wrong.stdout)).toMatchObject({
      ok: false,
      differences: [{ pool: null, job: "ghost", grant: 3, worker: "liar" }],
    });
    const table = await world.run(["audit"]);
    expect(table.stdout).toMatch(
      /POOL +JOB +GRANT +DIFFERENCE\n– +ghost +3 +grant 3: liar runs ghost, which was never granted/,
    );
    answers.running = [];
    expect(await world.run(["audit"])).toMatchObject({ code: 0, stderr: "" });
    // One that knows no such question is no difference.
    liar.unsubscribe();
    const silent = await world.run(["audit", "-o", "json"]);
    expect(silent).toMatchObject({ code: 0, stderr: "not known what they run, since they do not answer: liar\n" });
    await nc.request("signalbox.worker.leave", JSON.stringify({ worker: "liar" }));
  });

  test("given the past, when it is audited, then no scheduler is asked", async () => {
    const { code, stdout } = await world.run(["audit", "--at", "2", "-o", "json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, position: 2, workers: [] });
  });
});

describe("audit of somebody who answers wrongly", () => {
  let server: NatsTestServer;
  let nc: NatsConnection;
  let folder: string;
  const run = (...args: string[]) => startProgram(args, { cwd: folder, env: { NATS_URL: server.url } }).ended;
  beforeAll(async () => {
    server = await startNatsServer();
    nc = await connect({ servers: server.url });
    folder = await mkdtemp(join(tmpdir(), "signalbox-audit-"));
    await writeFile(join(folder, "book.jsonl"), exportText(book().entries));
    expect(await run("log", "import", "book.jsonl")).toMatchObject({ code: 0 });
  });
  afterAll(async () => {
    await nc.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("given nobody answers, when it is audited, then that is said, and nothing is taken for right", async () => {
    const { code, stdout, stderr } = await run("audit");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("no scheduler answers");
  });

  test.each([
    [
      "a slot that is free",
      { used: 0, free: 1, holders: [] },
      [
        [null, null],
        ["a", 5],
      ],
    ],
    [
      "another holder",
      { holders: [{ job: "b", units: 1, grant: 5, since: "", worker: "w1" }] },
      [
        ["a", 5],
        ["b", 5],
      ],
    ],
  ] as const)(
    "given it says %s, when it is audited, then the exit code is 4, with pool, job and grant",
    async (_what, change, addresses) => {
      const view = slotsView(book().fold);
      const told = { ...view, pools: view.pools.map((pool) => ({ ...pool, ...change })) };
      const service = nc.subscribe("signalbox.query.slots", {
        callback: (_error, message) => void message.respond(JSON.stringify(told)),
      });
      await nc.flush();
      const { code, stdout } = await run("audit", "-o", "json");
      service.unsubscribe();
      expect(code).toBe(4);
      expect(JSON.parse(stdout)).toMatchObject({
        ...{ ok: false, position: 5, held: 1, workers: [{ worker: "w1", running: null }] },
        differences: addresses.map(([job, grant]) => ({ pool: "resource:ollama", job, grant })),
      });
    },
  );

  test("given it answers with something else, when it is audited, then the exit code is 4", async () => {
    const service = nc.subscribe("signalbox.query.slots", {
      callback: (_error, message) => void message.respond('{"position":5,"pools":"none"}'),
    });
    await nc.flush();
    const { code, stdout } = await run("audit");
    service.unsubscribe();
    expect(code).toBe(4);
    expect(stdout).toContain("what the scheduler answers are no slots");
  });

  test("given it answers as of a position that the ledger has not, when it is audited, then the exit code is 4", async () => {
    const service = nc.subscribe("signalbox.query.slots", {
      callback: (_error, message) => void message.respond(JSON.stringify({ ...slotsView(book().fold), position: 99 })),
    });
    await nc.flush();
    const { code, stdout } = await run("audit");
    service.unsubscribe();
    expect(code).toBe(4);
    expect(stdout).toContain("the scheduler answers as of position 99, and its ledger ends at 5");
  });
});

describe("audit of an exported log", () => {
  test("given one that is right, and one with a grant too many, when they are audited, then the exit codes are 0 and 4", async () => {
    const folder = await mkdtemp(join(tmpdir(), "signalbox-audit-"));
    const text = exportText(book().entries);
    await writeFile(join(folder, "right.jsonl"), text);
    await writeFile(
      join(folder, "wrong.jsonl"),
      text
        .replace('"ollama":1}},"source"', '"ollama":2}},"source"')
        .replace('"resource:ollama":1},"leaseMs"', '"resource:ollama":2},"leaseMs"'),
    );
    const audit = (...args: string[]) => startProgram(["audit", ...args], { cwd: folder }).ended;
    const right = await audit("--log", "right.jsonl", "-o", "json");
    expect(right).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(right.stdout)).toMatchObject({ ok: true, position: 5, pools: 1, held: 1, differences: [] });
    const wrong = await audit("--log", "wrong.jsonl", "-o", "json");
    expect(wrong.code).toBe(4);
    expect(JSON.parse(wrong.stdout)).toMatchObject({ ok: false, position: 4 });
    expect(wrong.stdout).toContain("corrupt at 5");
    await rm(folder, { recursive: true, force: true });
  });
});
