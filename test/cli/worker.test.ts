/** `signalbox worker` as a program: what it says, what it refuses, what it waits for, and how `workers` shows it. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { startNatsServer } from "../support/nats-server.js";
import { type Running, startWorld, type World } from "./world.js";

const CONFIGURATION = `
grace: 1s
types:
  hello: {runner: command, argv: [${JSON.stringify(process.execPath)}, -e, "console.log(JSON.stringify('from afar'))"]}
  stranger: {runner: command, argv: [ls]}
  elsewhere: {runner: nats}
  broken: {runner: command, argv: [ls], env: {KEY: "\${env:NOT_THERE}"}}
`;
const readySchema = z.strictObject({
  event: z.literal("ready"),
  nats: z.string(),
  namespace: z.string(),
  pid: z.number(),
  worker: z.string(),
  types: z.array(z.string()),
  capacity: z.number(),
  leaseMs: z.number(),
});

let world: World;
let folder: string;
beforeAll(async () => {
  world = await startWorld();
  folder = join(world.folder, "worker");
  await mkdir(folder);
  await writeFile(join(folder, "signalbox.yaml"), CONFIGURATION);
});
afterAll(() => world[Symbol.asyncDispose]());

const worker = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Running =>
  world.start(["worker", ...args], { cwd: folder, env });

describe("signalbox worker", () => {
  test.each([
    ["no types", [], "required option '--types <names>' not specified"],
    ["an empty list of types", ["--types", ","], "Name at least one job type"],
    ["a type that is not configured", ["--types", "hello,helo"], "--types: helo is not in"],
    ["a type that is left to workers here, too", ["--types", "elsewhere"], "--types: elsewhere has runner nats in"],
    ["a type whose variable is not set", ["--types", "broken"], "signalbox.yaml:7 types.broken: env.KEY refers to"],
    ["no capacity", ["--types", "hello", "--capacity", "0"], "whole number from 1 to 5000"],
    ["an exported log", ["--types", "hello", "--log", "x.jsonl"], "--log and --at are for commands that ask"],
  ])("given %s, when it is started, then it says what is wrong and ends with 2", async (_what, args, text) => {
    const { code, stdout, stderr } = await worker(args).ended;
    expect(stderr).toContain(text);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });

  test("given the scheduler does not know a type, when it asks to be taken in, then it ends with 1 and the types that there are", async () => {
    const { code, stderr } = await worker(["--types", "hello,stranger"]).ended;
    expect(code).toBe(1);
    expect(stderr).toContain(
      "the scheduler refuses this worker: types: stranger unknown; configured types: fails, hello,",
    );
    expect(stderr).toContain("with `runner: nats`");
  });

  test("given a scheduler, when it has joined, then it says so in one line of JSON, and `workers` tells it from the one in the scheduler", async () => {
    const started = worker(["--types", "hello", "--capacity", "3", "-o", "json"]);
    let said = "";
    started.child.stdout?.on("data", (text: string) => {
      said += text;
    });
    await started.saw("stdout", "\n");
    const ready = readySchema.parse(JSON.parse(said));
    expect(ready).toMatchObject({ pid: started.child.pid, types: ["hello"], capacity: 3, nats: world.server.url });
    const { stdout } = await world.run(["workers"]);
    const lines = stdout.split("\n");
    expect(lines.find((line) => line.startsWith(ready.worker))).toMatch(/ remote +\S+ +\d+ .* 3 +0 +hello$/);
    expect(lines.find((line) => line.includes(" in scheduler "))).toMatch(/ 100 +0 /);
    started.child.kill("SIGTERM");
    const { code, stderr } = await started.ended;
    expect(code).toBe(0);
    for (const text of [
      `signalbox worker is ready: ${ready.worker}`,
      "  capacity   3 jobs at once",
      "  types      hello",
    ])
      expect(stderr).toContain(text);
    expect(stderr.trim().split("\n").at(-1)).toBe("stopped");
  });

  test("given no server is there, when it is started, then it waits and says so, and a signal ends it with 0", async () => {
    const started = worker(["--types", "hello"], { NATS_URL: "nats://127.0.0.1:9" });
    await started.saw("stderr", "there is no NATS server at nats://127.0.0.1:9 (CONNECTION_REFUSED); waiting");
    started.child.kill("SIGINT");
    expect(await started.ended).toMatchObject({ code: 0, stdout: "" });
  });

  test("given a state folder without a server, when it is started for the embedded one, then it waits and says so", async () => {
    const started = worker(["--types", "hello", "--nats", "embedded"]);
    await started.saw("stderr", "no scheduler is running here; waiting");
    started.child.kill("SIGINT");
    expect((await started.ended).code).toBe(0);
  });

  test("given a server without a scheduler, when one is started, then it joins", async () => {
    await using server = await startNatsServer();
    const started = worker(["--types", "hello"], { NATS_URL: server.url });
    await started.saw("stderr", `no scheduler of namespace signalbox answers at ${server.url}; waiting`);
    const scheduler = world.start(["up", "--nats", server.url], { cwd: folder, env: { NOT_THERE: "set" } });
    await started.saw("stderr", "signalbox worker is ready");
    for (const { child, ended } of [started, scheduler]) {
      child.kill("SIGTERM");
      expect((await ended).code).toBe(0);
    }
  });
});
