/** Capsules from the command line: exported on one server, imported on another, asked and verified without any. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";
import { startProgram, startWorld, type World } from "./world.js";

let world: World;
let elsewhere: NatsTestServer;
beforeAll(async () => {
  world = await startWorld("limits: {global: 1}\n");
  elsewhere = await startNatsServer();
  await world.submitToEnd("hello", { id: "early", params: { name: "secret one" } });
  const runs = world.start(["submit", "waits", "--id", "runs", "--params", '{"gate":"never"}', "--follow"]);
  await runs.saw("stderr", "RunStarted");
  runs.child.kill("SIGINT");
  await world.submit("hello", { id: "waits-on", params: { name: "secret two" } });
  await world.submit("hello", { id: "late", params: { name: "secret two" }, priority: 3 });
});
afterAll(async () => {
  await elsewhere.stop();
  await world[Symbol.asyncDispose]();
});

const exported = async (file: string, ...more: string[]) => {
  const ran = await world.run(["log", "export", file, ...more, "-o", "json"]);
  expect(ran.stderr).toBe("");
  return JSON.parse(ran.stdout);
};
const offline = (file: string, ...args: string[]) =>
  startProgram([...args, "--log", file], { cwd: world.folder }).ended;
const importThere = (file: string, namespace: string, ...more: string[]) => {
  const where = ["--nats", elsewhere.url, "--namespace", namespace];
  return startProgram(["log", "import", file, ...where, ...more], { cwd: world.folder }).ended;
};
const firstPosition = async (id: string): Promise<number> =>
  Number.parseInt(JSON.parse((await world.run(["job", id, "-o", "json"])).stdout).history[0].position, 10);

describe("log export and log import of a whole log", () => {
  test("given two servers, when it is exported here and imported there, then both name the same state hash, and decisions repeat", {
    timeout: 90_000,
  }, async () => {
    const { stateHash, entries } = await exported("whole.jsonl");
    expect(stateHash).toMatch(/^[0-9a-f]{64}$/);
    const table = await world.run(["log", "export", "again.jsonl"]);
    expect(table.stderr).toBe(`exported ${entries} entries to again.jsonl\nstate hash ${stateHash}\n`);
    const imported = await importThere("whole.jsonl", "copy", "-o", "json");
    expect(JSON.parse(imported.stdout)).toMatchObject({ entries, stateHash });
    const there = ["--nats", elsewhere.url, "--namespace", "copy"];
    for (const question of [["queue"], ["job", "runs"]]) {
      const [here, copy] = await Promise.all([
        offline("whole.jsonl", ...question, "-o", "json"),
        startProgram([...question, ...there, "-o", "json"]).ended,
      ]);
      expect(copy.stdout).toBe(here.stdout);
    }
    expect(await startProgram(["log", "verify", ...there]).ended).toMatchObject({ code: 0 });
    const back = await startProgram(["log", "export", "back.jsonl", ...there, "-o", "json"], { cwd: world.folder })
      .ended;
    expect(JSON.parse(back.stdout)).toMatchObject({ stateHash });
  });

  test("given a file in which an entry is exchanged for another possible one, when it is verified or imported, then that is noticed", async () => {
    await exported("whole.jsonl");
    const text = await readFile(join(world.folder, "whole.jsonl"), "utf8");
    await writeFile(join(world.folder, "changed.jsonl"), text.replace("secret two", "other word"));
    const verified = await offline("changed.jsonl", "log", "verify");
    expect(verified).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("not those that the header was written for"),
    });
    const imported = await importThere("changed.jsonl", "changed");
    expect(imported).toMatchObject({ code: 1, stderr: expect.stringContaining("was changed since it was exported") });
  });
});

describe("log export --from --to", () => {
  test("given a part, when it is asked and verified by itself, then about what had not ended all is told", {
    timeout: 90_000,
  }, async () => {
    const from = await firstPosition("late");
    const { entries, to } = await exported("part.jsonl", "--from", String(from));
    expect(entries).toBe(to - from + 1);
    for (const question of [["queue"], ["job", "waits-on"], ["explain", "late"]]) {
      const [part, live] = await Promise.all([
        offline("part.jsonl", ...question, "-o", "json"),
        world.run([...question, "-o", "json"]),
      ]);
      expect(part.stdout, part.stderr).toBe(live.stdout);
    }
    expect(await offline("part.jsonl", "log", "verify")).toMatchObject({ code: 0 });
    const tail = await offline("part.jsonl", "log", "tail");
    expect(tail.stdout).toMatch(new RegExp(`^${from}\\.0 `));
    const early = await offline("part.jsonl", "job", "early");
    expect(early).toMatchObject({ code: 3, stderr: expect.stringContaining(`which begins at ${from}`) });
    const before = await offline("part.jsonl", "slots", "--at", "1");
    expect(before).toMatchObject({ code: 3, stderr: expect.stringContaining("begins after position") });
    expect(await offline("part.jsonl", "log", "tail", "--from", "1")).toMatchObject({ code: 3 });
  });

  test("given a part, when it is imported, then it is refused, with what to do", async () => {
    await exported("part.jsonl", "--from", "3", "--to", "4");
    const { code, stderr } = await importThere("part.jsonl", "part");
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("is a part of a log, from position 3 on"),
    });
    expect(stderr).toContain("Ask the part itself, with --log");
  });

  test("given the beginning of a log, when it is exported with --to, then it is a log like any other", async () => {
    const { stateHash } = await exported("begin.jsonl", "--to", "4");
    const imported = await importThere("begin.jsonl", "begin", "-o", "json");
    expect(JSON.parse(imported.stdout)).toMatchObject({ entries: 4, stateHash });
  });

  test.each([
    [["--from", "5", "--to", "4"], 2, "nothing from 5 to 4"],
    [["--from", "99999"], 3, "there is no 99999 in it yet"],
    [["--from", "soon"], 2, "--from soon: give a position"],
    [["--to", "4", "--at", "4"], 2, "give one of them"],
    [["--redact", "names"], 2, "It takes params and result"],
  ])("%j: the exit code is %i, and why is told", async (args, code, reason) => {
    expect(await world.run(["log", "export", "-", ...args])).toMatchObject({
      code,
      stderr: expect.stringContaining(reason),
    });
  });
});

describe("log export --redact", () => {
  test("given params and results, when they are redacted, then the capsule says so, is verified, and can be asked but not gone on with", {
    timeout: 90_000,
  }, async () => {
    const { stateHash, redacted } = await exported("redacted.jsonl", "--redact", "result,params");
    expect(redacted).toEqual(["params", "result"]);
    const text = await readFile(join(world.folder, "redacted.jsonl"), "utf8");
    expect(text).not.toMatch(/secret|hello secret/);
    expect(await offline("redacted.jsonl", "log", "verify")).toMatchObject({ code: 0 });
    for (const question of [["queue"], ["explain", "waits-on"]]) {
      const [part, live] = await Promise.all([
        offline("redacted.jsonl", ...question, "-o", "json"),
        world.run([...question, "-o", "json"]),
      ]);
      expect(part.stdout).toBe(live.stdout);
    }
    const goingOn = await importThere("redacted.jsonl", "redacted", "--continue");
    expect(goingOn).toMatchObject({ code: 1, stderr: expect.stringContaining("is redacted (params, result)") });
    const asked = await importThere("redacted.jsonl", "redacted", "-o", "json");
    expect(JSON.parse(asked.stdout)).toMatchObject({ stateHash });
  });
});
