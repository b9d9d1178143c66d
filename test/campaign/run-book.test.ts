/** The runs' own book: what is in it when real processes run, and what is seen to be wrong in it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { eventually } from "../embedded/folders.js";
import { type BookLine, clashesIn, RunBook } from "../support/run-book.js";
import { signalProcess } from "./processes.js";

const killGroup = ({ pid }: ChildProcess): boolean => pid !== undefined && signalProcess(-pid, "SIGKILL");

const line = (text: string): BookLine => {
  const [event, run = ""] = text.split(" ");
  const [job = "", grant, pid] = run.split(/[@#]/);
  return { event: event as BookLine["event"], job, grant: Number(grant), pid: Number(pid), uptimeMs: null };
};

describe("what is wrong in a book", () => {
  test.each<readonly [string, readonly string[], readonly string[]]>([
    ["a job runs again after its run has ended", ["begin a@1#10", "end a@1#10", "begin a@4#11", "end a@4#11"], []],
    ["a killed run has no end, and the next one begins", ["begin a@1#10", "begin a@4#11", "end a@4#11"], []],
    ["two jobs run side by side", ["begin a@1#10", "begin b@1#11", "end a@1#10", "end b@1#11"], []],
    ["a grant runs twice", ["begin a@1#10", "end a@1#10", "begin a@1#11"], ["a@1 ran twice"]],
    [
      "a run goes on after the next one of its job has begun",
      ["begin a@1#10", "begin a@4#11", "end a@1#10"],
      ["a@1 ended, and it is not what runs"],
    ],
    ["an old grant runs after a newer one", ["begin a@4#10", "end a@4#10", "begin a@1#11"], ["a@1 began after a@4"]],
    [
      "a run meets an earlier one",
      ["begin a@1#10", "meets a@4#10", "begin a@4#11"],
      ["a@4 began while process 10 of an earlier run was there still"],
    ],
  ])("given %s, when the book is looked through, then it says so or is content", (_what, lines, clashes) => {
    expect(clashesIn(lines.map(line))).toEqual(clashes);
  });
});

describe.runIf(process.platform === "linux")("a book that real runs keep", () => {
  async function openBook(): Promise<(job: string, grant: number, params?: Record<string, string>) => RunOf> {
    const folder = await mkdtemp(join(tmpdir(), "signalbox-book-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const book = new RunBook(folder);
    await book.prepare({ byParams: true });
    return (job, grant, params = {}) => {
      const marks = { SIGNALBOX_JOB_ID: job, SIGNALBOX_GRANT: String(grant), SIGNALBOX_ATTEMPT: "1" };
      const env = { PATH: process.env["PATH"], SIGNALBOX_PARAM_SECONDS: "0.01", ...marks, ...params };
      // In a group of its own, as the command runner does it: what it starts is ended with it.
      const child = spawn(book.argv[0] ?? "", { env, stdio: "ignore", detached: true });
      onTestFinished(() => void killGroup(child));
      return { book, child, exited: once(child, "exit").then(([code]) => Number(code)) };
    };
  }
  interface RunOf {
    readonly book: RunBook;
    readonly child: ChildProcess;
    readonly exited: Promise<number>;
  }

  test("given a job whose run is there still, when it is run once more, then the second run has met the first", async () => {
    const run = await openBook();
    const first = run("slow", 3, { SIGNALBOX_PARAM_SECONDS: "30" });
    const begun = await eventually("it has begun", async () => (await first.book.lines())[0] ?? null);
    expect(begun).toMatchObject({ event: "begin", job: "slow", grant: 3, pid: first.child.pid });
    expect(await run("slow", 8).exited).toBe(0);
    expect(clashesIn(await first.book.lines())).toContain(
      `slow@8 began while process ${first.child.pid} of an earlier run was there still`,
    );
  });

  test("given a job whose run was killed, when it is run once more, then nothing is wrong", async () => {
    const run = await openBook();
    const first = run("slow", 3, { SIGNALBOX_PARAM_SECONDS: "30" });
    await eventually("it has begun", async () => (await first.book.lines())[0] ?? null);
    expect(killGroup(first.child)).toBe(true);
    await first.exited;
    expect(await run("slow", 8).exited).toBe(0);
    expect(clashesIn(await first.book.lines())).toEqual([]);
  });

  test("given params, when a run ends, then with the code that they ask for", async () => {
    const run = await openBook();
    expect(await run("fails", 3, { SIGNALBOX_PARAM_FAILS: "1" }).exited).toBe(1);
    expect(await run("skips", 4, { SIGNALBOX_PARAM_EXIT: "75" }).exited).toBe(75);
    const { book, exited } = run("works", 5);
    expect(await exited).toBe(0);
    expect((await book.lines()).map(({ event, job }) => `${event} ${job}`)).toEqual([
      ...["begin fails", "end fails", "begin skips", "end skips", "begin works", "end works"],
    ]);
  });
});
