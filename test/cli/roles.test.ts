/** The program with the credentials of each role (docs/deploy/roles.conf): what it may do works, the rest is told plainly. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { loadConfiguration } from "../../src/config/index.js";
import { createLogger } from "../../src/logger.js";
import { readObject } from "../../src/nats/object-store.js";
import { type Scheduler, startScheduler } from "../../src/scheduler.js";
import { passwordOf, type Role, type RolesServer, startRolesServer } from "../deploy/roles-server.js";
import { HookServer } from "../support/hook-server.js";
import { startProgram } from "./world.js";

/** A result that is too large for the ledger. */
const LARGE_CHARS = 200_000;
const LARGE = `process.stdout.write(JSON.stringify("x".repeat(${LARGE_CHARS})))`;

let folder: string;
let roles: RolesServer;
let scheduler: Scheduler;
let hooks: HookServer;
beforeAll(async () => {
  roles = await startRolesServer("current");
  hooks = await HookServer.start();
  folder = await mkdtemp(join(tmpdir(), "signalbox-roles-"));
  const far = { runner: "command", argv: [process.execPath, "-e", LARGE], outputBytesMax: 1_000_000 };
  await writeFile(join(folder, "scheduler.yaml"), JSON.stringify({ types: { far: { runner: "nats" } } }));
  await writeFile(join(folder, "worker.yaml"), JSON.stringify({ types: { far } }));
  const path = join(folder, "scheduler.yaml");
  const loaded = loadConfiguration({ path, env: {}, cwd: "/", typesInCode: ["hello"] });
  if (loaded.kind === "refused") throw new Error(JSON.stringify(loaded.problems));
  scheduler = await startScheduler({
    connection: { servers: [roles.server.url], user: "dispatcher", pass: passwordOf("dispatcher") },
    configuration: {
      ...loaded.configuration,
      webhooks: {
        done: { url: hooks.url("/done"), secret: null, states: ["completed"], types: null, timeoutMs: 10_000 },
      },
    },
    functions: new Map([["hello", () => "done"]]),
    log: createLogger("silent"),
  });
});
afterAll(async () => {
  await scheduler.stop();
  await hooks[Symbol.asyncDispose]();
  await roles[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const urlOf = (role: Role, password = passwordOf(role)): string => {
  const url = new URL(roles.server.url);
  [url.username, url.password] = [role, password];
  return url.href;
};
const startAs = (role: Role, args: readonly string[], password = passwordOf(role)) =>
  startProgram(args, { env: { NATS_URL: urlOf(role, password) } });
const runAs = (role: Role, ...args: string[]) => startAs(role, args).ended;

/** After the job's id, its result. */
const resultIn = (stdout: string): unknown => JSON.parse(stdout.slice(stdout.indexOf("\n")));

describe("roles", () => {
  test("an operator submits, waits, asks and commands", async () => {
    expect(await runAs("operator", "submit", "hello", "--id", "one", "--wait")).toMatchObject({
      code: 0,
      stdout: "one\ndone\n",
    });
    expect(await runAs("operator", "pause", "global")).toMatchObject({ code: 0 });
    expect(await runAs("operator", "resume", "global")).toMatchObject({ code: 0 });
  });

  test("a dispatcher tells endpoints, and remembers how far they are", async () => {
    // It could not have begun without having stored its position.
    await hooks.until("/done", 1);
  });

  test("an operator runs a command directly", async () => {
    expect(await runAs("operator", "run", "--", "echo", "direct")).toEqual({ code: 0, stdout: "direct\n", stderr: "" });
  });

  test("a viewer asks, and reads the ledger, also as of the past", async () => {
    expect(await runAs("viewer", "jobs", "-o", "json")).toMatchObject({ code: 0, stderr: "" });
    expect(await runAs("viewer", "slots", "--at", "1")).toMatchObject({ code: 0, stderr: "" });
    expect((await runAs("viewer", "log", "tail")).stdout).toContain("DispatcherElected");
  });

  test("a publisher submits", async () => {
    expect(await runAs("publisher", "submit", "hello", "--id", "two")).toMatchObject({
      code: 0,
      stdout: "two\n",
      stderr: "",
    });
  });

  test("a publisher submits many at once, and an operator waits for many", async () => {
    const input = '{"type":"hello"}\n'.repeat(1_500);
    const submitAs = (role: Role, ...more: string[]) =>
      startProgram(["submit", "--from", "-", ...more], { input, env: { NATS_URL: urlOf(role) } }).ended;
    expect(await submitAs("publisher")).toMatchObject({ code: 0, stderr: "" });
    expect(await submitAs("operator", "--wait")).toMatchObject({
      code: 0,
      stderr: "1500 of 1500 jobs ended: 1500 completed\n",
    });
    expect(await submitAs("viewer")).toMatchObject({
      code: 1,
      stdout: "",
      stderr: "error: these credentials may not publish to signalbox.submit\n",
    });
  });

  test("a worker joins, runs a job, and stores its large result; no other role does", async () => {
    const args = ["worker", "--types", "far", "--config", join(folder, "worker.yaml")];
    const worker = startAs("worker", args);
    await worker.saw("stderr", "signalbox worker is ready");
    // It answers in an account of its own, and those who only watch may ask.
    for (const role of ["viewer", "operator"] as const) {
      const { code: agreed, stdout: audit } = await runAs(role, "audit", "-o", "json");
      expect(agreed).toBe(0);
      expect(JSON.parse(audit)).toMatchObject({ ok: true, workers: [{ running: 0 }, { running: 0 }] });
    }
    const { code, stdout } = await runAs("operator", "submit", "far", "--id", "large", "--wait");
    expect(code).toBe(0);
    const { digest } = z.object({ stored: z.object({ digest: z.string() }) }).parse(resultIn(stdout)).stored;
    const { nc } = await roles.login("dispatcher");
    expect(await readObject(nc, "SIGNALBOX_RESULTS", digest)).toHaveLength(LARGE_CHARS + '""'.length);
    worker.child.kill("SIGTERM");
    expect((await worker.ended).code).toBe(0);

    const operator = await startAs("operator", args).ended;
    expect(operator.code).toBe(1);
    expect(operator.stderr).toMatch(/these credentials may not (subscribe|publish) to signalbox\.worker\./);
    const stranger = await startAs("worker", args, "wrong").ended;
    expect(stranger.code).toBe(1);
    expect(stranger.stderr).toContain("are the credentials right?");
  });

  test.each([
    ["publisher", ["jobs"], "may not publish to signalbox.query.jobs"],
    ["viewer", ["submit", "hello"], "may not publish to signalbox.submit.hello"],
    ["viewer", ["cancel", "one"], "may not publish to signalbox.api.cancel"],
    ["viewer", ["run", "--", "true"], "may not publish to signalbox.api.reserve"],
    ["publisher", ["run", "--", "true"], "may not publish to signalbox.api.reserve"],
  ] as const)("given a %s, when %j, then the subject that is forbidden is named", async (role, args, reason) => {
    const { code, stdout, stderr } = await runAs(role, ...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(reason);
  });

  test("given a wrong password, then no secret is in what is said", async () => {
    const env = { NATS_URL: roles.server.url.replace("//", "//operator:hunter2@") };
    const { code, stdout, stderr } = await startProgram(["jobs"], { env }).ended;
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("are the credentials right?");
    expect(stderr).not.toContain("hunter2");
  });
});
