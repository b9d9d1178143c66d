/** `signalbox up` as a process: ready, drained, killed, and two of them in one folder. */
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import picocolors from "picocolors";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { decodeEntry } from "../../events/codec.js";
import type { Fact } from "../../events/facts.js";
import { readableLine } from "../../src/cli/commands/up-log.js";
import { connect, type NatsConnection } from "../../src/nats/door.js";
import { openStreams } from "../../src/nats/streams.js";
import { subjectsOf } from "../../src/nats/subjects.js";
import { providedServers, startNatsServer } from "../support/nats-server.js";
import { processesWith, untilNoneWith } from "./processes.js";
import { type Running, startProgram } from "./world.js";

const readySchema = z.object({
  event: z.literal("ready"),
  nats: z.string(),
  namespace: z.string(),
  pid: z.number(),
  dispatcher: z.string(),
  role: z.enum(["leading", "standby", "starting"]),
  leader: z.string().nullable(),
});
const POLL_MS = 25;

let folder = "";
let running: Running[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-up-"));
  running = [];
});

afterEach(async () => {
  for (const { child } of running) child.kill("SIGKILL");
  await Promise.all(running.map(({ ended }) => ended));
  await untilNoneWith(folder);
  await rm(folder, { recursive: true, force: true });
});

/** Every process of it inherits the folder's name in TMPDIR, by which it is found again. */
function up(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Running {
  const started = startProgram(["up", ...args], { cwd: folder, env: { TMPDIR: folder, ...env } });
  running.push(started);
  return started;
}

async function upAndReady(args: readonly string[] = []) {
  const started = up(["-o", "json", ...args]);
  let text = "";
  started.child.stdout?.on("data", (part: string) => {
    text += part;
  });
  await started.saw("stdout", "\n");
  return { ...started, ready: readySchema.parse(JSON.parse(text)) };
}

const configure = (yaml: string) => writeFile(join(folder, "signalbox.yaml"), yaml);

/** A command that runs a Node.js program. */
const program = (script: string): string => JSON.stringify([process.execPath, "-e", script]);

/** The facts that are stored, from the ledger itself. */
async function factsOf(nc: NatsConnection): Promise<Fact[]> {
  const jsm = await nc.jetstreamManager();
  const { state } = await jsm.streams.info("SIGNALBOX_LEDGER");
  const facts: Fact[] = [];
  for (let seq = 1; seq <= state.last_seq; seq++) {
    const { data } = await jsm.streams.getMessage("SIGNALBOX_LEDGER", { seq });
    facts.push(...decodeEntry(new TextDecoder().decode(data)).facts);
  }
  return facts;
}

/** Resolves when the fact is announced for the job. */
async function announced(nc: NatsConnection, job: string, fact: string): Promise<void> {
  for await (const _message of nc.subscribe(`signalbox.event.${job}.${fact}`, { max: 1 })) return;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await delay(POLL_MS);
}

describe("signalbox up", () => {
  test("given an empty folder, when it is started, then it leads on an embedded server and says so in one JSON line; SIGTERM ends it with 0", async () => {
    const { ready, child, ended } = await upAndReady();
    expect(ready).toMatchObject({ role: "leading", namespace: "signalbox", pid: child.pid, leader: ready.dispatcher });
    const nc = await connect({ servers: ready.nats });
    expect((await factsOf(nc)).map(({ type }) => type)).toContain("DispatcherElected");
    await nc.close();
    child.kill("SIGTERM");
    const { code, stdout, stderr } = await ended;
    expect({ code, lines: stdout.trim().split("\n").length }).toEqual({ code: 0, lines: 1 });
    expect(stderr).toContain("stopped");
    expect(await processesWith(folder)).toEqual([]);
  });

  test("given a person who reads, when it is ready, then standard error tells address, limits, types and place, and logs JSON lines", async () => {
    await configure("limits: {resources: {ollama: 1}}\ntypes: {thumbs: {runner: command, argv: [ls]}}\n");
    const { child, ended, saw } = up();
    await saw("stderr", "  state ");
    child.kill("SIGINT");
    const { code, stdout, stderr } = await ended;
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(stderr).toMatch(/signalbox is ready: leading/);
    expect(stderr).toMatch(/nats +nats:\/\/127\.0\.0\.1:\d+ \(embedded nats-server [\d.]+\)/);
    expect(stderr).toMatch(/limits +resource:ollama=1\n +types +thumbs\n/);
    expect(stderr).toMatch(/ledger +empty\n/);
    expect(stderr).toContain(join(folder, ".signalbox"));
    const logged = stderr.split("\n").filter((line) => line.startsWith("{"));
    expect(logged.map((line) => JSON.parse(line).msg)).toContain("leading");
  });

  test("given a configuration with mistakes, when it is started, then all are told by line and column, and it ends with 2", async () => {
    await configure("limits: {global: 0}\ntypes:\n  story: {runner: olama}\n");
    const { code, stderr } = await up().ended;
    expect(code).toBe(2);
    expect(stderr).toMatch(/signalbox\.yaml:1:18 limits\.global/);
    expect(stderr).toMatch(/signalbox\.yaml:3:\d+ types\.story\.runner: .*did you mean ollama/);
  });

  test("given a variable that is not set, when it is started, then the line is told and nothing is started", async () => {
    await configure(`types:\n  thumbs: {runner: command, argv: [x], env: {KEY: "\${env:NOT_THERE}"}}\n`);
    const { code, stderr } = await up().ended;
    expect(code).toBe(2);
    expect(stderr).toMatch(/signalbox\.yaml:2 types\.thumbs: env\.KEY refers to .*NOT_THERE/);
  });

  test.each([
    ["a server that is not there", ["--nats", "nats://127.0.0.1:9"], 1, "cannot connect to NATS at nats://127.0.0.1:9"],
    [
      "a port for a foreign server",
      ["--nats", "nats://127.0.0.1:9", "--port", "15001"],
      2,
      "--port is for the embedded",
    ],
    ["a port that is none", ["--port", "99999"], 2, "whole number from 1 to 65535"],
    ["an exported log", ["--log", "x.jsonl"], 2, "--log and --at are for commands that ask"],
  ])("given %s, when it is started, then it says what is wrong and ends", async (_what, args, exitCode, text) => {
    const { code, stderr } = await up(args).ended;
    expect(stderr).toContain(text);
    expect(code).toBe(exitCode);
  });

  test("given a server of somebody else, when it is ready, then it warns about what that server does not promise", async () => {
    await using server = await startNatsServer();
    const { saw, child, ended } = up(["--nats", server.url]);
    await saw("stderr", "  state ");
    child.kill("SIGTERM");
    const { code, stderr } = await ended;
    expect(code).toBe(0);
    expect(stderr).toContain("sync_interval cannot be read from outside");
    expect(stderr).toContain("the ledger has one replica");
  });

  test("given jobs that run, when SIGTERM comes, then one that ends in the grace is completed, the other is recorded as lost (CON-003)", async () => {
    await using server = await startNatsServer();
    const untilFile = `const {existsSync}=require("fs");setInterval(()=>existsSync("go")&&process.exit(0),20)`;
    await configure(
      `grace: 3s\nlimits: {global: 2}\ntypes:\n  quick: {runner: command, argv: ${program(untilFile)}}\n` +
        `  slow: {runner: command, argv: ${program("setTimeout(()=>{},60000)")}, killGrace: 100}\n`,
    );
    const { child, ended, saw } = await upAndReady(["--nats", server.url]);
    const nc = await connect({ servers: server.url });
    const started = ["q", "s"].map((id) => announced(nc, id, "RunStarted"));
    await nc.flush();
    await nc.jetstream().publish("signalbox.submit.quick", '{"id":"q"}');
    await nc.jetstream().publish("signalbox.submit.slow", '{"id":"s"}');
    await Promise.all(started);
    child.kill("SIGTERM");
    await saw("stderr", "no new starts");
    await nc.jetstream().publish("signalbox.submit.quick", '{"id":"late"}');
    await writeFile(join(folder, "go"), "");
    expect((await ended).code).toBe(0);

    const facts = await factsOf(nc);
    await nc.close();
    const about = (id: string) => facts.filter((fact) => "job" in fact && fact.job === id).map(({ type }) => type);
    expect(about("q").at(-1)).toBe("RunCompleted");
    expect(facts.find((fact) => fact.type === "LeaseExpired")).toMatchObject({ job: "s", error: { code: "shutdown" } });
    expect(about("late")).not.toContain("StartGranted");
    expect(facts.at(-1)).toMatchObject({ type: "WorkerLeft" });
  });

  test("given a long grace, when a second SIGTERM comes, then it ends at once with 143, and the job and the server with it", async () => {
    await configure(`grace: 10m\ntypes:\n  slow: {runner: command, argv: ${program("setTimeout(()=>{},60000)")}}\n`);
    const { child, ended, saw, ready } = await upAndReady();
    const nc = await connect({ servers: ready.nats, reconnect: false });
    const started = announced(nc, "s", "RunStarted");
    await nc.flush();
    await nc.jetstream().publish("signalbox.submit.slow", '{"id":"s"}');
    await started;
    child.kill("SIGTERM");
    await saw("stderr", "a second signal ends at once");
    child.kill("SIGTERM");
    expect((await ended).code).toBe(143);
    await nc.closed();
    await untilNoneWith(folder);
  });

  test("given two in one folder, when the leader is killed with SIGKILL, then the second has stood by, leads, and runs the next job", async () => {
    await configure(`types:\n  hello: {runner: command, argv: ${program("console.log(7)")}}\n`);
    const first = await upAndReady();
    const second = await upAndReady();
    expect(second.ready).toMatchObject({ role: "standby", leader: first.ready.dispatcher, nats: first.ready.nats });
    first.child.kill("SIGKILL");
    await second.saw("stderr", '"msg":"leading"');
    const nc = await connect({ servers: second.ready.nats, maxReconnectAttempts: -1 });
    await nc.jetstream().publish("signalbox.submit.hello", '{"id":"h"}');
    await until(async () => (await factsOf(nc)).some((fact) => fact.type === "RunCompleted" && fact.job === "h"));
    const elected = (await factsOf(nc)).filter((fact) => fact.type === "DispatcherElected");
    expect(elected).toMatchObject([
      { epoch: 1, dispatcher: first.ready.dispatcher },
      { epoch: 2, dispatcher: second.ready.dispatcher },
    ]);
    await nc.close();
    second.child.kill("SIGTERM");
    expect((await second.ended).code).toBe(0);
  });

  test("given a ledger that holds something else, when it is started, then it ends with 1 and tells the address and what to do", async () => {
    await using server = await startNatsServer();
    const nc = await connect({ servers: server.url });
    await openStreams(nc, subjectsOf("signalbox"));
    await nc.jetstream().publish("signalbox.ledger", "not an entry");
    await nc.close();
    const { code, stderr } = await up(["--nats", server.url]).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/error: the scheduler stopped: the ledger is corrupt at 1: not JSON/);
    expect(stderr).toMatch(/Nothing was changed\. .*signalbox log tail.*, restore the stream .* --namespace/);
  });

  test("given an embedded server that does not come up again, when it dies, then the scheduler ends with 1 and says where the store is", async () => {
    const provided = (await providedServers()).get("current");
    if (provided === undefined || "reason" in provided) throw new Error("there is no nats-server");
    const wrapper = join(folder, "nats-server");
    const real = `exec '${provided.binary.path}' "$@"`;
    // It runs once: another start finds the mark of the first one.
    await writeFile(wrapper, `#!/bin/sh\n[ "$1" = --version ] && ${real}\nmkdir '${folder}/ran' || exit 1\n${real}\n`);
    await chmod(wrapper, 0o755);
    const { ended, saw } = up([], { SIGNALBOX_NATS_SERVER: wrapper });
    await saw("stderr", "  state ");
    const record = JSON.parse(await readFile(join(folder, ".signalbox", "server.json"), "utf8"));
    process.kill(z.object({ pid: z.number().int().positive() }).parse(record).pid, "SIGKILL");
    const { code, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/error: the embedded NATS server is lost: /);
    expect(stderr).toContain(`Its store is below ${join(folder, ".signalbox")}`);
  });

  test("given a log record, when it is written for a person, then it is one line with time, level, message, cause and details", () => {
    const record = {
      level: 40,
      time: "2026-11-24T03:04:05.678Z",
      msg: "cannot reach\nthe ledger",
      err: { message: "gone\u001b[2J", stack: "…" },
      attempt: 3,
    };
    expect(readableLine(JSON.stringify(record), picocolors.createColors(false))).toBe(
      "03:04:05.678 warn  cannot reach; the ledger  gone\uFFFD[2J  attempt=3",
    );
  });
});
