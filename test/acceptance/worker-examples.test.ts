/** The workers in other languages that the documentation shows, against a real scheduler: they speak the protocol as it is written. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { freshFolder } from "../embedded/folders.js";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";
import { type ReadyProcess, startReadyProcess } from "../support/ready-process.js";
import { Stage } from "../support/stage.js";

const EXAMPLES = new URL("../../docs/examples/", import.meta.url).pathname;

let server: NatsTestServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

const openStage = (more: object = {}): Promise<Stage> =>
  Stage.open(server.url, () => ({ types: { any: { runner: "nats", backoff: { base: "50ms" } } }, ...more }));

async function startExample(stage: Stage, argv: readonly [string, ...string[]]): Promise<ReadyProcess> {
  const { host } = new URL(server.url);
  const worker = await startReadyProcess(argv.join(" "), [...argv, host, "any", stage.namespace]);
  onTestFinished(() => worker.kill());
  return worker;
}

const outcomesOf = (stage: Stage) =>
  stage.watch.facts.flatMap(({ fact }) => ("grant" in fact && fact.type !== "RunStarted" ? [fact.type] : []));

/** Null if it could be run; else why not. */
function whyNot(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): string | null {
  try {
    execFileSync(program, args, { stdio: "pipe", env: { ...process.env, ...env } });
    return null;
  } catch (error) {
    return (error as { code?: string }).code === "ENOENT"
      ? `there is no ${program} here`
      : (String(error).split("\n")[1] ?? "");
  }
}

const noPython = whyNot("python3", ["--version"]);
const describePython = (suite: () => void) =>
  noPython === null
    ? describe("docs/examples/worker.py", suite)
    : describe.skip(`docs/examples/worker.py (skipped: ${noPython})`, suite);

/** Where Debian's package golang-github-nats-io-go-nats-dev puts the client. */
const GO = { GO111MODULE: "off", GOPATH: process.env["GOPATH"] ?? "/usr/share/gocode" };
const noGo = whyNot("go", ["list", "github.com/nats-io/nats.go"], GO);
const describeGo = (suite: () => void) =>
  noGo === null
    ? describe("docs/examples/worker.go", suite)
    : describe.skip(`docs/examples/worker.go (skipped: ${noGo})`, suite);

describePython(() => {
  const start = (stage: Stage) => startExample(stage, ["python3", `${EXAMPLES}worker.py`]);

  test("given jobs, when it has joined, then it runs them one at a time and reports their results", async () => {
    const stage = await openStage({ limits: { global: 5 } });
    const worker = await start(stage);
    for (const text of ["one", "two", "three"])
      await stage.submit("any", { id: text, params: { text, seconds: 0.05 } });
    await stage.untilEnded(3);
    expect(stage.watch.ofType("RunCompleted").map(({ fact }) => fact.result)).toEqual([
      { inline: { text: "ONE" } },
      { inline: { text: "TWO" } },
      { inline: { text: "THREE" } },
    ]);
    expect(stage.watch.ofType("StartGranted").map(({ fact }) => String(fact.worker))).toEqual(
      Array.from({ length: 3 }, () => worker.ready["worker"]),
    );
    expect(stage.watch.ofType("RunStarted")).toHaveLength(3);
    await stage.audit();
  });

  test("given a job runs, when it is cancelled, then it is aborted; and what throws has failed with its message", async () => {
    const stage = await openStage();
    await start(stage);
    await stage.submit("any", { id: "long", params: { seconds: 600 } });
    await stage.submit("any", { id: "wrong", params: { seconds: "a text" }, maxAttempts: 1 });
    await stage.watch.until("it runs", (watch) => watch.ofType("RunStarted").length === 1);
    await stage.request("api.cancel", { id: "long" });
    await stage.untilEnded(2);
    expect(await stage.request("query.job", { id: "long" })).toMatchObject({ state: "cancelled" });
    expect(await stage.request("query.job", { id: "wrong" })).toMatchObject({ state: "failed" });
    expect(stage.watch.ofType("RunFailed").map(({ fact }) => fact.error.code)).toEqual([
      "InterruptedError",
      "TypeError",
    ]);
    await stage.audit();
  });

  test("given a job runs, when the scheduler is killed and started again, then the job goes on and completes under the same grant", async () => {
    const stage = await openStage();
    await start(stage);
    await stage.submit("any", { id: "one", params: { text: "on", seconds: 3 } });
    await stage.watch.until("it runs", (watch) => watch.ofType("RunStarted").length === 1);
    await stage.scheduler.kill();
    await stage.startScheduler();
    await stage.untilEnded(1);
    expect(outcomesOf(stage)).toEqual(["RunCompleted"]);
    await stage.audit();
  });

  test("given it is paused for longer than its lease, when it goes on, then the job was tried elsewhere, and it ends itself with all that it runs", async () => {
    const stage = await openStage({ lease: "2s" });
    const paused = await start(stage);
    await stage.submit("any", { id: "one", params: { text: "x", seconds: 3 } });
    await stage.watch.until("it runs", (watch) => watch.ofType("RunStarted").length === 1);
    paused.signal("SIGSTOP");
    await start(stage);
    await stage.untilEnded(1);
    paused.signal("SIGCONT");
    expect(await paused.exited).toEqual({ code: 1, signal: null });
    expect(outcomesOf(stage)).toEqual(["LeaseExpired", "RunCompleted"]);
    await stage.audit();
  });

  test("given a job runs, when SIGTERM comes, then it says farewell, lets the job end, and ends itself", async () => {
    const stage = await openStage();
    const worker = await start(stage);
    await stage.submit("any", { id: "one", params: { text: "last", seconds: 1 } });
    await stage.watch.until("it runs", (watch) => watch.ofType("RunStarted").length === 1);
    worker.signal("SIGTERM");
    expect(await worker.exited).toEqual({ code: 0, signal: null });
    await stage.untilEnded(1);
    expect(outcomesOf(stage)).toEqual(["RunCompleted"]);
    expect(stage.watch.ofType("WorkerLeft").map(({ fact }) => String(fact.worker))).toEqual([worker.ready["worker"]]);
    await stage.audit();
  });

  test("given the scheduler does not know its type, then it ends with the reason", async () => {
    const stage = await Stage.open(server.url, () => ({ types: { other: { runner: "nats" } } }));
    await expect(start(stage)).rejects.toThrow("types: any unknown; configured types: other");
  });
});

describeGo(() => {
  let program = "";
  beforeAll(async () => {
    program = join(await freshFolder(), "worker");
    execFileSync("go", ["build", "-o", program, `${EXAMPLES}worker.go`], { env: { ...process.env, ...GO } });
  });

  test("given jobs, a cancel, and a pause longer than its lease, when the worker in Go meets them, then it keeps the same rules", async () => {
    const stage = await openStage({ limits: { global: 5 }, lease: "2s" });
    const worker = await startExample(stage, [program]);
    for (const text of ["one", "two"]) await stage.submit("any", { id: text, params: { text, seconds: 0.05 } });
    await stage.untilEnded(2);
    await stage.submit("any", { id: "long", params: { seconds: 600 } });
    await stage.watch.until("it runs", (watch) => watch.ofJob("long").length === 3);
    await stage.request("api.cancel", { id: "long" });
    await stage.untilEnded(3);
    await stage.submit("any", { id: "three", params: { text: "three", seconds: 3 } });
    await stage.watch.until("the third one runs", (watch) => watch.ofType("RunStarted").length === 4);
    worker.signal("SIGSTOP");
    await startExample(stage, [program]);
    await stage.untilEnded(4);
    worker.signal("SIGCONT");
    expect(await worker.exited).toEqual({ code: 1, signal: null });
    expect(outcomesOf(stage).filter((type) => type !== "CancelRequested")).toEqual([
      ...["RunCompleted", "RunCompleted", "RunFailed", "LeaseExpired", "RunCompleted"],
    ]);
    expect(stage.watch.ofType("RunCompleted").map(({ fact }) => fact.result)).toEqual(
      ["ONE", "TWO", "THREE"].map((text) => ({ inline: { text } })),
    );
    await stage.audit();
  });
});
