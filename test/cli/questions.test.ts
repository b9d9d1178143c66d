/** The commands that ask, against a real scheduler: what people see, and the contract's JSON with nothing around it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { explanation, job, listedJob, slots } from "./contract-shapes.js";
import { startWorld, type World } from "./world.js";

let world: World;
/** done has completed, broken has failed, holder runs, next and last wait behind it in this order. */
beforeAll(async () => {
  world = await startWorld("limits: {global: 1}\n");
  await world.submitToEnd("hello", { id: "done", labels: { book: "9" } });
  await world.submitToEnd("fails", { id: "broken" });
  await world.submit("waits", { id: "holder", params: { gate: "g" } });
  await world.submit("waits", { id: "last", params: { gate: "g" }, priority: -1 });
  await world.submit("waits", { id: "next", params: { gate: "g" }, labels: { book: "9" } });
});
afterAll(() => world[Symbol.asyncDispose]());

async function json(args: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await world.run([...args, "-o", "json"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout);
}

describe("with -o json standard output is one document in the contract's shape", () => {
  test("jobs", async () => {
    const jobs = z.array(listedJob).parse(await json(["jobs"]));
    expect(jobs.map(({ id, state }) => `${id} ${state}`)).toEqual([
      "holder running",
      "next queued",
      "last queued",
      "broken failed",
      "done completed",
    ]);
    for (const listed of jobs) {
      expect(Object.keys(listed)).not.toEqual(expect.arrayContaining(["params"]));
      expect(Object.keys(listed)).not.toEqual(expect.arrayContaining(["history"]));
    }
  });

  test("job", async () => {
    expect(job.parse(await json(["job", "done"]))).toMatchObject({
      state: "completed",
      labels: { book: "9" },
      result: { greeting: "hello world" },
      history: [{ fact: "JobSubmitted", from: null }, {}, {}, { fact: "RunCompleted", to: "completed" }],
    });
  });

  test("slots", async () => {
    const { pools } = slots.parse(await json(["slots"]));
    expect(pools).toMatchObject([
      { name: "global", capacity: 1, used: 1, free: 0, waiting: 2, holders: [{ job: "holder" }] },
    ]);
  });

  test("explain", async () => {
    const told = explanation.parse(await json(["explain", "last"]));
    expect(told).toMatchObject({
      verdict: "waiting",
      blockedBy: [{ pool: "global", holders: ["holder"], ahead: ["next"] }],
    });
  });

  test("queue, limits, workers and health", async () => {
    const [queue, limits, workers, health] = await Promise.all([
      json(["queue"]),
      json(["limits"]),
      json(["workers"]),
      json(["health"]),
    ]);
    expect(queue).toMatchObject([
      { place: 1, job: "next", blockedBy: [{ pool: "global", cause: "full" }] },
      { place: 2, job: "last" },
    ]);
    expect(limits).toMatchObject({ limits: { global: 1 }, isDefault: false });
    expect(workers).toMatchObject({ workers: [{ used: 1, jobs: ["holder"] }] });
    expect(health).toMatchObject({
      role: "leader",
      epoch: 1,
      jobs: { running: 1, queued: 2, completed: 1, failed: 1 },
    });
  });
});

describe("jobs", () => {
  const ids = async (...args: string[]) =>
    z
      .array(listedJob)
      .parse(await json(["jobs", ...args]))
      .map(({ id }) => id);

  test("given filters, then only the jobs that match all of them are listed", async () => {
    expect(await ids("--state", "queued")).toEqual(["next", "last"]);
    expect(await ids("--state", "running", "--state", "failed,completed")).toEqual(["holder", "broken", "done"]);
    expect(await ids("--type", "waits", "--label", "book=9")).toEqual(["next"]);
    expect(await ids("--limit", "2")).toEqual(["holder", "next"]);
    expect(await ids("--pool", "global", "--state", "queued,completed")).toEqual(["next", "last", "done"]);
    expect(await ids("--since", "1h", "--type", "fails")).toEqual(["broken"]);
    expect(await ids("--since", "2100-01-01T00:00:00Z")).toEqual([]);
    expect(await ids("--group", "nobody")).toEqual([]);
  });

  test("given a field to sort by, then the scheduler sorts all of them before a page is cut out", async () => {
    expect(await ids("--sort", "createdAt")).toEqual(["done", "broken", "holder", "last", "next"]);
    expect(await ids("--sort", "createdAt:desc", "--limit", "2")).toEqual(["next", "last"]);
    expect(await ids("--sort", "finishedAt:desc")).toEqual(["broken", "done", "holder", "last", "next"]);
  });

  test("given a pool that is not there, then the exit code is 3 and the pools are named, for jobs and for the queue", async () => {
    for (const question of ["jobs", "queue"]) {
      const { code, stdout, stderr } = await world.run([question, "--pool", "nonesuch"]);
      expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
      expect(stderr).toContain("there is no pool nonesuch; pools are global");
    }
  });

  test("given the same ledger as a file, then it answers like the scheduler, and --since counts from its last entry", async () => {
    await world.run(["log", "export", "all.jsonl"]);
    for (const asked of [
      ["--sort", "priority"],
      ["--pool", "global", "--sort", "id:desc"],
      ["--since", "1h"],
    ])
      expect(await ids("--log", "all.jsonl", ...asked)).toEqual(await ids(...asked));
  });

  test("given -o jsonl, then each job is one line of JSON", async () => {
    const { stdout } = await world.run(["jobs", "-o", "jsonl"]);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.map((line) => listedJob.parse(JSON.parse(line)).id)).toEqual([
      "holder",
      "next",
      "last",
      "broken",
      "done",
    ]);
  });

  test("given no terminal, then the table is plain text under a heading", async () => {
    const { stdout, code } = await world.run(["jobs"]);
    expect(code).toBe(0);
    const [head = "", first = ""] = stdout.split("\n");
    expect(head).toMatch(/^JOB\s+TYPE\s+STATE\s+PRIO\s+TRY\s+CREATED\s+NEEDS\s+ABOUT$/);
    expect(first).toMatch(/^holder\s+waits\s+running\s+0\s+1\/3\s/);
    expect(stdout).not.toContain("\u001b");
  });

  test("given no job that matches, then standard output is empty for people and an empty array for programs", async () => {
    expect(await world.run(["jobs", "--type", "nonesuch"])).toEqual({ code: 0, stdout: "", stderr: "no jobs\n" });
    expect(await ids("--type", "nonesuch")).toEqual([]);
  });
});

describe("other forms", () => {
  test("given -o csv, then a header line and a line for each job, with what has parts as JSON", async () => {
    const { code, stdout, stderr } = await world.run(["jobs", "--state", "queued", "-o", "csv"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const [head, first, ...more] = stdout.trimEnd().split("\n");
    expect(head).toBe(
      "id,type,state,priority,position,createdAt,demand,labels,attempt,maxAttempts,attempts,reason,retryOf,group",
    );
    expect(first).toMatch(/^next,waits,queued,0,\d+,[^,]+Z,"\{""global"":1\}","\{""book"":""9""\}",0,3,\[\],,,$/);
    expect(more).toHaveLength(1);
  });

  test("given -o csv and nothing to list, then the header line is there", async () => {
    const { stdout } = await world.run(["schedule", "ls", "-o", "csv"]);
    expect(stdout).toMatch(/^name,template,cron,[^\n]+\n$/);
  });

  test.each([
    [["slots"], /^name,capacity,used,[^\n]+\nglobal,1,1,0,false,2,/],
    [["limits"], /^limit,value\nglobal,1\n$/],
    [["workers"], /^id,host,pid,[^\n]+\n[^\n]+holder/],
    [["explain", "next"], /^job,state,[^\n]+\nnext,queued,/],
    [["job", "done"], /^id,type,state,[^\n]+\ndone,hello,completed,/],
    [["health"], /^role,state,[^\n]+\nleader,/],
  ])("given -o csv, when %j is asked, then it is rows", async (args, lines) => {
    const { code, stdout } = await world.run([...args, "-o", "csv"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(lines);
  });

  test.each([[["jobs"]], [["job", "done"]], [["slots"]], [["queue"]], [["health"]], [["explain", "next"]]])(
    "given -o yaml, when %j is asked, then it says what the JSON says",
    async (args) => {
      const { code, stdout, stderr } = await world.run([...args, "-o", "yaml"]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(parse(stdout)).toEqual(await json(args));
    },
  );
});

describe("people see", () => {
  test.each([
    [
      ["job", "broken"],
      [/^state\s+failed$/m, /^reason\s+it is broken$/m, /RunFailed\s+running → failed/],
    ],
    [["slots"], [/^global\s+1\s+1\s+0\s+2\s+holder \(/m]],
    [["queue"], [/^\s+1\s+next\s/m, /^\s+2\s+last\s.*global \(full\)$/m]],
    [["workers"], [/holder$/m]],
    [["explain", "next"], [/^next waits for global: 1 of 1 used by holder/]],
    [["limits"], [/^global\s+1$/m]],
    [["health"], [/^answers\s+the leader/m, /^jobs\s+2 queued, 1 running, 1 completed, 1 failed$/m]],
  ])("%j as text", async (args, patterns) => {
    const { code, stdout, stderr } = await world.run(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const pattern of patterns) expect(stdout).toMatch(pattern);
  });

  test.each([
    [["job", "nobody"], "there is no job nobody"],
    [["explain", "nobody"], "there is no job nobody"],
  ])("%j: the exit code is 3, and nothing is on standard output", async (args, reason) => {
    const { code, stdout, stderr } = await world.run([...args, "-o", "json"]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toContain(reason);
  });
});
