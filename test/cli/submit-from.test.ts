/** `submit --from`: many jobs at once against a real scheduler; what counts is what the ledger says afterwards. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FactOf } from "../../events/facts.js";
import { connect, type NatsConnection } from "../../src/nats/door.js";
import { LedgerWatch } from "../support/ledger-watch.js";
import { startWorld, type World } from "./world.js";

let world: World;
let nc: NatsConnection;
let watch: LedgerWatch;
beforeAll(async () => {
  world = await startWorld("limits: {global: 4}\n");
  nc = await connect({ servers: world.server.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  watch = await LedgerWatch.open(nc, "signalbox");
});
afterAll(async () => {
  watch.close();
  await nc.close();
  await world[Symbol.asyncDispose]();
});

const lineOf = (submission: object): string => `${JSON.stringify(submission)}\n`;
/** Lines of a run of a test, which can be told from those of others by its name; they wait, so that nothing else goes on. */
const waitingLines = (run: string, from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, index) =>
    lineOf({ type: "hello", delay: "1h", params: { n: from + index }, labels: { run } }),
  ).join("");

async function fileOf(name: string, text: string): Promise<string> {
  await writeFile(join(world.folder, name), text);
  return name;
}

/** The jobs of a run, in the order in which the ledger has them. */
const jobsOf = (run: string): readonly FactOf<"JobSubmitted">[] =>
  watch.ofType("JobSubmitted").flatMap(({ fact }) => (fact.spec.labels["run"] === run ? [fact] : []));
const numbersOf = (run: string) => jobsOf(run).map(({ spec }) => spec.params["n"]);
const untilJobs = (run: string, count: number, msMax?: number) =>
  watch.until(`${count} jobs of ${run} are in the ledger`, () => jobsOf(run).length >= count, msMax);
const upTo = (count: number, from = 1): number[] =>
  Array.from({ length: count - from + 1 }, (_, index) => from + index);

interface PrintedLine {
  readonly line: number;
  readonly id: string;
}
const printed = (stdout: string): PrintedLine[] =>
  stdout
    .trimEnd()
    .split("\n")
    .map((line): PrintedLine => JSON.parse(line));

describe("submit --from a file", () => {
  test("given 100,000 lines, when they are submitted in one go, then each is a job in the ledger exactly once, in their order", async () => {
    const count = 100_000;
    const file = await fileOf("many.jsonl", waitingLines("many", 1, count));
    const { code, stdout, stderr } = await world.run(["submit", "--from", file]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^100000 jobs submitted from many\.jsonl in [\d.]+ m?s, \d+ a second\n$/);
    await untilJobs("many", count, 60_000);
    expect(numbersOf("many")).toEqual(upTo(count));
    expect(new Set(jobsOf("many").map(({ job }) => job)).size).toBe(count);
  }, 120_000);

  test("given lines with and without ids, when they are submitted with -o jsonl, then each line's id is printed, and is its job's", async () => {
    const lines = upTo(1_500).map((n) =>
      lineOf({
        type: "hello",
        delay: "1h",
        params: { n },
        labels: { run: "ids" },
        ...(n % 5 === 0 && { id: `ids-${n}` }),
      }),
    );
    const file = await fileOf("ids.jsonl", `\n${lines.join("\n")}`);
    const { code, stdout, stderr } = await world.run(["submit", "--from", file, "-o", "jsonl"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const ids = printed(stdout);
    // One blank line first, and one after each.
    expect(ids.map(({ line }) => line)).toEqual(upTo(1_500).map((n) => 2 * n));
    await untilJobs("ids", 1_500);
    expect(jobsOf("ids").map(({ job }) => job)).toEqual(ids.map(({ id }) => id));
    expect(ids.filter(({ id }) => id.startsWith("ids-")).map(({ line }) => line)).toEqual(upTo(300).map((n) => 10 * n));
    expect(ids.filter(({ id }) => /^j\d+-\d+$/.test(id))).toHaveLength(1_200);
  });

  test("given wrong lines among others, when they are submitted, then each is told by its number, the others are jobs, and the exit code is 1", async () => {
    const lines = [
      lineOf({ params: { n: 1 }, delay: "1h", labels: { run: "mixed" } }),
      "not JSON\n",
      lineOf({ params: { n: 3 }, delay: "1h", labels: { run: "mixed" }, type: "hello" }),
      lineOf({ type: "fails" }),
      lineOf({ priority: 5_000 }),
      lineOf({ params: { n: 6 }, delay: "1h", labels: { run: "mixed" } }),
    ];
    const file = await fileOf("mixed.jsonl", lines.join(""));
    const { code, stdout, stderr } = await world.run(["submit", "hello", "--from", file, "-o", "json"]);
    expect(code).toBe(1);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ from: file, submitted: 3, wrong: 3, line: 6, inDoubt: [], stopped: null });
    expect(document.jobs.map(({ line }: PrintedLine) => line)).toEqual([1, 3, 6]);
    expect(document.wrongLines.map(({ line }: PrintedLine) => line)).toEqual([2, 4, 5]);
    expect(stderr).toContain("mixed.jsonl:2: is not JSON");
    expect(stderr).toContain('mixed.jsonl:4: type: the line says "fails" and the command line "hello"');
    expect(stderr).toContain("mixed.jsonl:5: priority: must be a whole number from -1000 to 1000, got 5000");
    expect(stderr).toMatch(/error: 3 lines are wrong and left out\n$/);
    await untilJobs("mixed", 3);
    expect(jobsOf("mixed").map(({ spec }) => [spec.params["n"], spec.type])).toEqual([
      [1, "hello"],
      [3, "hello"],
      [6, "hello"],
    ]);
  });

  test("given many wrong lines, when they are submitted, then the first twenty are told and all are counted", async () => {
    const file = await fileOf("wrong.jsonl", "{]\n".repeat(500));
    const { code, stdout, stderr } = await world.run(["submit", "hello", "--from", file]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringMatching(/^0 jobs submitted/) });
    expect(stderr.match(/^wrong\.jsonl:\d+: /gm)).toHaveLength(20);
    expect(stderr).toContain("500 lines are wrong (the first 20 are told) and left out");
  });

  test("given a control character in a wrong line, then it does not reach the terminal", async () => {
    const file = await fileOf("evil.jsonl", '{"type":"\\u001b]0;evil\\u0007"}\n\u001b[31mred\n');
    const { stderr } = await world.run(["submit", "--from", file]);
    expect(stderr).toContain("evil.jsonl:1: type: must be a name");
    expect(stderr).toContain("evil.jsonl:2: is not JSON");
    expect(stderr).not.toContain("\u001b");
  });

  test("given --skip, when lines are submitted, then the first ones are left out and the others keep their numbers", async () => {
    const file = await fileOf("skip.jsonl", `{]\n${waitingLines("skip", 2, 10)}`);
    const { code, stdout } = await world.run(["submit", "--from", file, "--skip", "7", "-o", "jsonl"]);
    expect(code).toBe(0);
    expect(printed(stdout).map(({ line }) => line)).toEqual([8, 9, 10]);
    await untilJobs("skip", 3);
    expect(numbersOf("skip")).toEqual([8, 9, 10]);
  });

  test("given --strict, when a line is wrong, then nothing is submitted; when none is, then all are", async () => {
    const wrong = await fileOf("strict.jsonl", `${waitingLines("strict", 1, 2_000)}{]\n`);
    const refused = await world.run(["submit", "--from", wrong, "--strict"]);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toMatch(
      /strict\.jsonl:2001: is not JSON.*\nerror: 1 line is wrong; nothing was submitted\n$/,
    );
    const right = await fileOf("right.jsonl", waitingLines("strict-right", 1, 2_000));
    expect(await world.run(["submit", "--from", right, "--strict"])).toMatchObject({ code: 0, stderr: "" });
    await untilJobs("strict-right", 2_000);
    expect(jobsOf("strict")).toEqual([]);
  });

  test("given --dry-run and no server, when lines are checked, then it is said how many could be submitted", async () => {
    const env = { NATS_URL: "nats://127.0.0.1:1" };
    const file = await fileOf("dry.jsonl", `${waitingLines("dry", 1, 50)}{]\n`);
    const checked = await world.run(["submit", "--from", file, "--dry-run", "-o", "json"], { env });
    expect(checked.code).toBe(1);
    expect(JSON.parse(checked.stdout)).toMatchObject({ from: file, right: 50, wrong: 1, wrongLines: [{ line: 51 }] });
    const input = waitingLines("dry", 1, 50);
    const right = await world.run(["submit", "--from", "-", "--dry-run"], { env, input });
    expect(right).toEqual({ code: 0, stdout: "50 jobs of standard input can be submitted\n", stderr: "" });
  });

  test("given a file that is larger than the memory allowed, when it is read, then that is enough", async () => {
    const params = { text: "x".repeat(2_000) };
    const file = await fileOf("large.jsonl", lineOf({ type: "hello", params }).repeat(20_000));
    const env = { NODE_OPTIONS: "--max-old-space-size=32" };
    const { code, stdout } = await world.run(["submit", "--from", file, "--dry-run"], { env });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "20000 jobs of large.jsonl can be submitted\n" });
  });
});

describe("submit --from standard input", () => {
  test("given lines that come now and then, when one has come, then it is submitted although the input goes on", async () => {
    const running = world.start(["submit", "--from", "-", "-o", "jsonl"], { keepsInputOpen: true });
    for (const n of [1, 2, 3]) {
      running.child.stdin?.write(waitingLines("dripping", n, n));
      await running.saw("stdout", `{"line":${n},`);
      await untilJobs("dripping", n);
    }
    running.child.stdin?.end();
    expect(await running.ended).toMatchObject({ code: 0, stderr: "" });
    expect(numbersOf("dripping")).toEqual([1, 2, 3]);
  });

  test("given Ctrl-C, when more is to come, then it stops in order, and --skip goes on so that no line is missing or twice", async () => {
    const lines = waitingLines("stopped", 1, 5_000);
    const running = world.start(["submit", "--from", "-", "-o", "jsonl"], { keepsInputOpen: true });
    running.child.stdin?.write(lines);
    await running.saw("stdout", '{"line":3000,');
    running.child.kill("SIGINT");
    const { code, stdout, stderr } = await running.ended;
    expect(code).toBe(130);
    const [, submitted = "", skip = ""] =
      /interrupted: (\d+) jobs submitted; go on with --skip (\d+)\n$/.exec(stderr) ?? [];
    expect(printed(stdout).map(({ line }) => line)).toEqual(upTo(Number(submitted)));
    const rest = await world.run(["submit", "--from", "-", "--skip", skip], { input: lines });
    expect(rest).toMatchObject({ code: 0, stderr: "" });
    await untilJobs("stopped", 5_000);
    expect(numbersOf("stopped")).toEqual(upTo(5_000));
  });

  test("given a server that has frozen, when it is stopped, then the lines in doubt are told, and are jobs when the server goes on", async () => {
    const running = world.start(["submit", "--from", "-", "-o", "json"], { keepsInputOpen: true });
    running.child.stdin?.write(waitingLines("frozen", 1, 10));
    await running.saw("stdout", '{"line":10,');
    await world.server.pause();
    try {
      running.child.stdin?.write(waitingLines("frozen", 11, 20));
      await running.saw("stderr", "not acknowledged: no acknowledgement within 5000 ms; sending it again");
      running.child.kill("SIGTERM");
      const { code, stdout, stderr } = await running.ended;
      expect(code).toBe(143);
      expect(JSON.parse(stdout)).toMatchObject({
        submitted: 10,
        line: 20,
        inDoubt: [{ from: 11, to: 20 }],
        stopped: "interrupted",
      });
      expect(stderr).toContain(
        "10 jobs submitted; it is not known whether lines 11 to 20 are stored; go on with --skip 20",
      );
    } finally {
      world.server.resume();
    }
    await untilJobs("frozen", 20);
    expect(numbersOf("frozen")).toEqual(upTo(20));
  });

  test("given a server that is killed and comes back, when lines go on coming, then all are jobs exactly once", async () => {
    const running = world.start(["submit", "--from", "-"], { keepsInputOpen: true });
    running.child.stdin?.write(waitingLines("killed", 1, 2_000));
    await untilJobs("killed", 2_000);
    await world.server.kill();
    running.child.stdin?.write(waitingLines("killed", 2_001, 6_000));
    await running.saw("stderr", "not acknowledged: ");
    await world.server.restart();
    running.child.stdin?.end(waitingLines("killed", 6_001, 8_000));
    const { code, stdout } = await running.ended;
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^8000 jobs submitted/) });
    await untilJobs("killed", 8_000);
    expect(numbersOf("killed")).toEqual(upTo(8_000));
  });
});

describe("submit --from --wait", () => {
  test("given jobs that all complete, when they are waited for, then their number is told and the exit code is 0", async () => {
    const file = await fileOf("good.jsonl", lineOf({ params: { name: "you" } }).repeat(3_000));
    const { code, stdout, stderr } = await world.run(["submit", "hello", "--from", file, "--wait", "-o", "json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ submitted: 3_000, states: { completed: 3_000 }, duplicates: 0 });
    expect(stderr).toBe("3000 of 3000 jobs ended: 3000 completed\n");
  });

  test("given jobs of which some do not complete, when they are waited for, then those are told and the exit code is 1", async () => {
    const lines = [{ type: "hello" }, { type: "fails" }, { type: "skips" }, { type: "nonesuch" }, { type: "hello" }];
    const file = await fileOf("bad.jsonl", lines.map(lineOf).join(""));
    const { code, stdout, stderr } = await world.run(["submit", "--from", file, "--wait"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^5 jobs submitted/);
    expect(stderr).toMatch(/^j\d+-1 failed: it is broken$/m);
    expect(stderr).toMatch(/^j\d+-2 was skipped: nothing to do$/m);
    expect(stderr).toMatch(/^bad\.jsonl:4: j\d+-3 was rejected: type: "nonesuch" is unknown/m);
    expect(stderr).toContain("5 of 5 jobs ended: 2 completed, 1 skipped, 1 failed, 1 rejected");
    expect(stderr).toMatch(/error: 3 of 5 jobs did not complete\n$/);
  });

  test("given ids of jobs that were there before, when they are waited for, then it is about those jobs", async () => {
    await world.submitToEnd("hello", { id: "early-done" });
    await world.submit("waits", { id: "early-open", params: { gate: "early" } });
    const lines = ["early-done", "early-open", "new-one", "new-one"].map((id) => lineOf({ id, type: "hello" }));
    const file = await fileOf("twice.jsonl", lines.join(""));
    const running = world.start(["submit", "--from", file, "--wait", "-o", "json"]);
    await watch.until(
      "all four lines are decided",
      () => watch.ofJob("new-one").length > 0 && watch.ofType("SubmissionDuplicated").length >= 3,
    );
    world.open("early");
    const { code, stdout } = await running.ended;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ submitted: 4, states: { completed: 3 }, duplicates: 3 });
  });

  test("given a job that runs on, when the wait ends by a signal, then the exit code says so and the jobs go on", async () => {
    const file = await fileOf(
      "patient.jsonl",
      lineOf({ type: "waits", params: { gate: "bulk" } }) + lineOf({ type: "hello" }),
    );
    const waiting = world.start(["submit", "--from", file, "--wait", "-o", "jsonl"]);
    await waiting.saw("stdout", '{"line":2,');
    waiting.child.kill("SIGINT");
    const { code, stderr } = await waiting.ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(/no longer waiting; [12] jobs? go on/);
    world.open("bulk");
  });

  test("given no scheduler, when jobs are waited for, then that is told, and the next scheduler runs them", async () => {
    await using other = await startWorld("namespace: other\n");
    await other.scheduler.stop();
    await writeFile(join(other.folder, "later.jsonl"), lineOf({ type: "hello" }).repeat(50));
    const waiting = other.start(["submit", "--from", "later.jsonl", "--wait", "--namespace", "other"]);
    await waiting.saw("stderr", "no scheduler answers; the jobs wait in the intake until one runs");
    await other.startAgain();
    expect(await waiting.ended).toMatchObject({ code: 0, stderr: expect.stringContaining("50 completed") });
  });
});

describe("submit --from refuses", () => {
  test.each([
    ["an id for all", ["submit", "hello", "--from", "x.jsonl", "--id", "a"], "--id is about one job"],
    ["params for all", ["submit", "hello", "--from", "-", "--params", "-"], "--params is about one job"],
    ["a label for all", ["submit", "hello", "--from", "x.jsonl", "--label", "a=b"], "--label is about one job"],
    ["to follow many", ["submit", "hello", "--from", "x.jsonl", "--follow"], "use --wait"],
    ["--skip without it", ["submit", "hello", "--skip", "3"], "--skip is about many jobs"],
    ["--strict without it", ["submit", "hello", "--strict"], "--strict is about many jobs"],
    ["--dry-run without it", ["submit", "hello", "--dry-run"], "--dry-run is about many jobs"],
    ["--strict of standard input", ["submit", "--from", "-", "--strict"], "can be read only once"],
    ["--strict of what is no file", ["submit", "--from", "/dev/null", "--strict"], "can be read only once"],
    ["to wait for nothing", ["submit", "--from", "-", "--dry-run", "--wait"], "leave out --wait"],
    ["to check twice", ["submit", "--from", "-", "--dry-run", "--strict"], "leave out --strict"],
    ["a type that is no name", ["submit", "a.b", "--from", "-"], "cannot be a job type"],
    ["a file that is not there", ["submit", "--from", "nope.jsonl"], "nope.jsonl cannot be read"],
    ["a folder", ["submit", "--from", "."], "it is a folder"],
    ["an exported log", ["submit", "--from", "-", "--log", "x"], "submit needs a server"],
  ])("%s", async (_what, args, reason) => {
    const { code, stdout, stderr } = await world.run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(reason);
  });

  test("a namespace where nobody takes jobs, and nothing is said to be in doubt", async () => {
    const { code, stdout, stderr } = await world.run(["submit", "--from", "-", "--namespace", "empty"], {
      input: waitingLines("nobody", 1, 5_000),
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^error: nothing takes jobs of namespace empty here.*\nStart one/);
  });
});
