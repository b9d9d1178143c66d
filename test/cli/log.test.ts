/** `log tail`, `log export`, and questions answered from an exported log or as of the past. */
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { exportedEntry, exportHeader, job, listedJob } from "./contract-shapes.js";
import { startProgram, startWorld, type World } from "./world.js";

let world: World;
beforeAll(async () => {
  world = await startWorld();
  await world.submitToEnd("hello", { id: "first" });
  await world.submitToEnd("fails", { id: "second" });
  expect((await world.run(["log", "export", "backup.jsonl"])).code).toBe(0);
});
afterAll(() => world[Symbol.asyncDispose]());

const exportText = () => readFile(join(world.folder, "backup.jsonl"), "utf8");

describe("log tail", () => {
  test("given a ledger, when the last facts are asked for, then each is a line with address, time, fact and job", async () => {
    const { code, stdout } = await world.run(["log", "tail", "-n", "3"]);
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(3);
    expect(lines[2]).toMatch(/^\d+\.\d+\s+\d{4}-\d\d-\d\dT[\d:.]+Z\s+RunFailed\s+second\s+it is broken$/);
  });

  test("given a position, when the log is shown from there, then it begins there and goes to the end", async () => {
    const all = (await world.run(["log", "tail", "--from", "1"])).stdout.trimEnd().split("\n");
    expect(all[0]).toMatch(/^1\.0\s.*DispatcherElected/);
    expect(all.at(-1)).toMatch(/RunFailed\s+second/);
    const rest = (await world.run(["log", "tail", "--from", "2"])).stdout.trimEnd().split("\n");
    expect(rest).toEqual(all.filter((line) => !line.startsWith("1.")));
  });

  test("given -o json or jsonl, then whole entries are given", async () => {
    const [document, lines] = await Promise.all([
      world.run(["log", "tail", "-n", "2", "-o", "json"]),
      world.run(["log", "tail", "-n", "2", "-o", "jsonl"]),
    ]);
    const entries = z.array(exportedEntry).length(2).parse(JSON.parse(document.stdout));
    expect(
      lines.stdout
        .trimEnd()
        .split("\n")
        .map((line) => exportedEntry.parse(JSON.parse(line))),
    ).toEqual(entries);
  });

  test("given --follow, when a job is submitted, then its facts appear, and Ctrl-C ends it with the usual exit code", async () => {
    const following = world.start(["log", "tail", "-f", "-n", "1"]);
    await following.saw("stdout", "RunFailed");
    await world.submitToEnd("hello", { id: "third" });
    const { stdout } = await following.saw("stdout", "RunCompleted").then(() => {
      following.child.kill("SIGINT");
      return following.ended;
    });
    expect(stdout).toMatch(/JobSubmitted\s+third/);
    expect(await following.ended).toMatchObject({ code: 130, stderr: "" });
  });

  test("given --follow, when the program is told to terminate, then it ends with 143", async () => {
    const following = world.start(["log", "tail", "-f", "-o", "jsonl"]);
    await following.saw("stdout", "DispatcherElected");
    following.child.kill("SIGTERM");
    expect(await following.ended).toMatchObject({ code: 143, stderr: "" });
  });

  test.each([
    [["log", "tail", "-f", "-o", "json"], "use -o jsonl"],
    [["log", "tail", "-f", "--log", "backup.jsonl"], "leave out --log"],
    [["log", "tail", "--from", "1", "-n", "2"], "not both"],
    [["log", "tail", "-n", "0"], "whole number from 1"],
  ])("%j is wrong usage", async (args, reason) => {
    const { code, stderr } = await world.run(args);
    expect(code).toBe(2);
    expect(stderr).toContain(reason);
  });
});

describe("log export", () => {
  test("given a ledger, when it is exported, then the file has a header and every entry from the first on", async () => {
    const [head = "", ...lines] = (await exportText()).trimEnd().split("\n");
    const { namespace, stream, last } = exportHeader.parse(JSON.parse(head));
    expect(namespace).toBe("signalbox");
    expect(stream).toMatch(/^SIGNALBOX_LEDGER@/);
    expect(lines.map((line) => exportedEntry.parse(JSON.parse(line)).position)).toEqual(
      Array.from({ length: last }, (_, index) => index + 1),
    );
  });

  test("given an export, then only its owner may read it, and nothing unfinished is left beside it", async () => {
    expect((await stat(join(world.folder, "backup.jsonl"))).mode & 0o777).toBe(0o600);
    expect((await readdir(world.folder)).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  test("given no file, when the log is exported up to a position, then standard output has the same lines", async () => {
    const { stdout } = await world.run(["log", "export", "--at", "3"]);
    const [head = "", ...lines] = stdout.trimEnd().split("\n");
    expect(exportHeader.parse(JSON.parse(head)).last).toBe(3);
    expect(lines).toEqual((await exportText()).split("\n").slice(1, 4));
  });

  test("given a file, when it is exported with -o json, then the document says what was written", async () => {
    const { stdout, stderr } = await world.run(["log", "export", "again.jsonl", "-o", "json"]);
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toMatchObject({ file: join(world.folder, "again.jsonl"), entries: expect.any(Number) });
  });

  test("given a folder that is not there, then the exit code is 1 and the reason is told", async () => {
    const { code, stderr } = await world.run(["log", "export", "nowhere/backup.jsonl"]);
    expect(code).toBe(1);
    expect(stderr).toContain("nowhere/backup.jsonl cannot be written");
  });
});

describe("questions of an exported log", () => {
  const offline = (...args: string[]) =>
    startProgram([...args, "--log", "backup.jsonl", "-o", "json"], { cwd: world.folder }).ended;

  test("given no server, when jobs are asked for, then they are answered as the scheduler did", async () => {
    const jobs = await offline("jobs");
    expect(jobs).toMatchObject({ code: 0, stderr: "" });
    expect(
      z
        .array(listedJob)
        .parse(JSON.parse(jobs.stdout))
        .map(({ id }) => id),
    ).toEqual(["second", "first"]);
    const [offlineJob, live] = await Promise.all([offline("job", "first"), world.run(["job", "first", "-o", "json"])]);
    expect(job.parse(JSON.parse(offlineJob.stdout))).toEqual(job.parse(JSON.parse(live.stdout)));
  });

  test("given --at, then the answer is as of then, from a file and from the server alike", async () => {
    const { history } = job.parse(JSON.parse((await offline("job", "second")).stdout));
    const [granting = "0"] = history.find(({ fact }) => fact === "StartGranted")?.position.split(".") ?? [];
    const then = await offline("job", "second", "--at", granting);
    expect(job.parse(JSON.parse(then.stdout)).state).toBe("granted");
    const live = await world.run(["job", "second", "--at", granting, "-o", "json"]);
    expect(live).toMatchObject({ code: 0, stdout: then.stdout });
    const before = await offline("job", "second", "--at", "1");
    expect(before.code).toBe(3);
    const time = history[0]?.at ?? "";
    expect(job.parse(JSON.parse((await offline("job", "second", "--at", time)).stdout)).history[0]?.at).toBe(time);
  });

  test.each([
    ["a position that is not reached", ["slots", "--log", "backup.jsonl", "--at", "99999"], 3, "the ledger ends at"],
    ["a time that is none", ["slots", "--log", "backup.jsonl", "--at", "yesterday"], 2, "--at yesterday"],
    ["a file that is not there", ["slots", "--log", "nope.jsonl"], 2, "nope.jsonl"],
    ["a command that changes something", ["cancel", "first", "--log", "backup.jsonl"], 2, "cancel needs a server"],
  ])("given %s, then the reason is told", async (_what, args, code, reason) => {
    const ran = await startProgram(args, { cwd: world.folder }).ended;
    expect(ran).toMatchObject({ code, stdout: "" });
    expect(ran.stderr).toContain(reason);
  });

  test("given a file that was cut off, has a gap or is something else, then the line is named", async () => {
    const lines = (await exportText()).trimEnd().split("\n");
    const files = {
      "short.jsonl": lines.slice(0, -1).join("\n"),
      "torn.jsonl": lines.join("\n").slice(0, -20),
      "gap.jsonl": lines.filter((_line, index) => index !== 2).join("\n"),
      "other.jsonl": '{"hello":"world"}\n',
      "empty.jsonl": "",
    };
    const reasons = ["is cut off", "cut off?", "gap.jsonl:3: position 2 was expected", "other.jsonl:1:", "is empty"];
    for (const [index, [name, text]] of Object.entries(files).entries()) {
      await writeFile(join(world.folder, name), text);
      const { code, stdout, stderr } = await startProgram(["jobs", "--log", name], { cwd: world.folder }).ended;
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toContain(reasons[index]);
    }
  });

  test("given an entry that was tampered with, then its address is named and no answer is given", async () => {
    const text = (await exportText()).replace('"RunCompleted","job":"first"', '"RunCompleted","job":"frist"');
    await writeFile(join(world.folder, "tampered.jsonl"), text);
    const { code, stdout, stderr } = await startProgram(["jobs", "--log", "tampered.jsonl"], { cwd: world.folder })
      .ended;
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/the ledger is corrupt at \d+\.\d+: RunCompleted/);
  });
});

describe("without a scheduler", () => {
  test("given a ledger on the server, when its scheduler is gone, then questions are answered from it, commands are not, and jobs wait for the next one", async () => {
    await using other = await startWorld("namespace: other\n");
    const inOther = (...args: string[]) => other.run([...args, "--namespace", "other"]);
    await inOther("submit", "hello", "--id", "only", "--wait");
    await other.scheduler.stop();
    const jobs = await inOther("jobs", "-o", "json");
    expect(jobs).toMatchObject({ code: 0, stderr: "no scheduler answers; read from the ledger\n" });
    expect(z.array(listedJob).parse(JSON.parse(jobs.stdout))).toMatchObject([{ id: "only", state: "completed" }]);
    expect(await inOther("health", "-o", "json")).toMatchObject({ code: 1 });
    const cancel = await inOther("cancel", "only");
    expect(cancel).toMatchObject({ code: 1, stdout: "" });
    expect(cancel.stderr).toContain("signalbox up");
    // The intake still takes jobs.
    expect(await inOther("submit", "hello", "--id", "early")).toMatchObject({ code: 0, stdout: "early\n" });
    const waiting = other.start(["submit", "hello", "--id", "waited", "--wait", "--namespace", "other"]);
    await waiting.saw("stderr", "no scheduler answers; the job waits in the intake until one runs");
    await other.startAgain();
    expect((await waiting.ended).stdout).toContain("hello world");
    expect(await waiting.ended).toMatchObject({ code: 0 });
  });
});
