/** `whatif` as a program: the past first, variants beside it, what is assumed below; and what is wrong with a question. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { exportOf } from "../golden/golden-ledger.js";
import { TurnBook } from "../support/turn-book.js";
import { startProgram, startWorld } from "./world.js";

const variantSchema = z.object({
  name: z.string(),
  strategy: z.string().nullable(),
  priority: z.string(),
  limits: z.record(z.string(), z.unknown()),
  waits: z.array(
    z.object({ type: z.string(), starts: z.number(), p50Ms: z.number(), p95Ms: z.number(), maxMs: z.number() }),
  ),
  pools: z.array(z.object({ pool: z.string(), capacity: z.number(), busy: z.number() })),
  makespanMs: z.number().nullable(),
  starts: z.number(),
  overtakes: z.number(),
  waiting: z.number(),
});
const comparisonSchema = z.object({
  position: z.number(),
  at: z.string(),
  from: z.string().nullable(),
  jobs: z.number(),
  assumptions: z.array(z.string()).min(1),
  variants: z.array(variantSchema).min(2),
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-whatif-"));
  await writeFile(join(folder, "day.jsonl"), exportOf(fourStories()));
  await writeFile(join(folder, "empty.jsonl"), exportOf(scheduler()));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function scheduler(): TurnBook {
  const types = { story: { resources: { ollama: 1 } }, thumbs: {} };
  const limits = { resources: { ollama: 1 } };
  const book = new TurnBook({
    types,
    settings: () => [{ type: "LimitsChanged", limits, source: "configuration" }],
  }).lead();
  book.decide();
  return book;
}

/** Four stories at once for an ollama of one, of 10, 20, 30 and 40 s; then the scheduler stops. */
function fourStories(): TurnBook {
  const book = scheduler();
  const ids = ["a", "b", "c", "d"];
  book.submit(
    null,
    ids.map((id) => ({ type: "story", id })),
  );
  book.decide();
  for (const [index, id] of ids.entries())
    book
      .later((index + 1) * 10_000)
      .end(id, { outcome: "completed", result: { inline: null }, exitCode: 0 })
      .decide();
  book.mayStart = false;
  book.leave().decide();
  return book;
}

const whatif = (...args: string[]) => startProgram(["whatif", ...args, "--log", "day.jsonl"], { cwd: folder }).ended;

describe("whatif of an exported log", () => {
  test("given other limits, when it is asked, then the past is first, each variant beside it, and what is assumed below", async () => {
    // Then: waits of 0, 10, 30, 60 s, 100 s in all. With two: a 0-10, b 0-20, c 10-40, d 20-60: 100 s of work in 60 s of two.
    const { code, stdout, stderr } = await whatif("--limits", "resources.ollama=2");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const [table = "", told = ""] = stdout.split("\n\n");
    expect(table.split("\n")).toEqual([
      "                       AS IT WAS  resources.ollama=2",
      "story waits, p50            10 s                0 ms",
      "story waits, p95           1 min                20 s",
      "story waits, max           1 min                20 s",
      "resource:ollama busy  100 % of 1           83 % of 2",
      "makespan              1 min 40 s               1 min",
      "starts                         4                   4",
      "overtakes                      0                   0",
      "left waiting                   0                   0",
    ]);
    expect(told).toMatch(
      /^the log up to position 7, 2026-01-01T00:01:40\.000Z\nassumed:\n- what came in comes as it came/,
    );
  });

  test("given sweeps, strategies and orders, when they are asked for in JSON, then each combination is a variant", async () => {
    const { code, stdout } = await whatif(
      ...["--limits", "resources.ollama=1..3", "--limits", "resources.ollama=none,global=4"],
      ...["--priority", "recorded,shortest-first", "-o", "json"],
    );
    expect(code).toBe(0);
    const { variants, jobs } = comparisonSchema.parse(JSON.parse(stdout));
    expect(jobs).toBe(4);
    expect(variants.map(({ name }) => name)).toEqual([
      "as it was",
      ...["resources.ollama=1", "resources.ollama=1 shortest-first"],
      ...["resources.ollama=2", "resources.ollama=2 shortest-first"],
      ...["resources.ollama=3", "resources.ollama=3 shortest-first"],
      ...["resources.ollama=none global=4", "resources.ollama=none global=4 shortest-first"],
    ]);
    const [was, one] = variants;
    const { name: _past, ...past } = was ?? { name: "" };
    expect(one).toEqual({ ...past, name: "resources.ollama=1" });
    expect(variants.map(({ makespanMs }) => makespanMs)).toEqual([
      ...[100_000, 100_000, 100_000, 60_000, 60_000, 50_000, 50_000, 40_000, 40_000],
    ]);
    expect(variants.at(-1)?.limits).toEqual({ global: 4 });
  });

  test("given strategies, when they are compared, then each is the limits of its kind alone, with what holds in all of them", async () => {
    const { stdout } = await whatif("maxOvertakes=2", "--strategy", "A,B", "--strategy", "C", "-o", "json");
    const { variants } = comparisonSchema.parse(JSON.parse(stdout));
    expect(variants.map(({ name, limits }) => [name, limits])).toEqual([
      ["as it was", { resources: { ollama: 1 } }],
      ["strategy A maxOvertakes=2", { global: 1, maxOvertakes: 2 }],
      ["strategy B maxOvertakes=2", { types: { story: 1 }, maxOvertakes: 2 }],
      ["strategy C maxOvertakes=2", { resources: { ollama: 1 }, maxOvertakes: 2 }],
    ]);
  });

  test("given --from and --at, when it is asked, then the variant holds from the one on, and the log ends at the other", async () => {
    const from = "2026-01-01T00:00:30.000Z";
    const { stdout } = await whatif("--limits", "resources.ollama=2", "--from", from, "--at", "5", "-o", "json");
    const asked = comparisonSchema.parse(JSON.parse(stdout));
    expect(asked).toMatchObject({ from, position: 5, at: "2026-01-01T00:01:00.000Z" });
    // The log ends when c has ended and d has begun. Measured from 30 s on: c then, d at 60. With two from 30 s on both start then.
    expect(asked.variants.map(({ waits }) => waits[0])).toMatchObject([
      { starts: 2, p50Ms: 30_000, maxMs: 60_000 },
      { starts: 2, p50Ms: 30_000, maxMs: 30_000 },
    ]);
    expect(await whatif("--limits", "global=1", "--from", "99")).toMatchObject({ code: 3, stdout: "" });
    expect(await whatif("--limits", "global=1", "--at", "99")).toMatchObject({ code: 3, stdout: "" });
  });

  test.each([
    [[], "say what is to be other"],
    [["--limits", "resources.olama=2"], "did you mean ollama?"],
    [["--limits", "types.storry=2"], "did you mean story?"],
    [["--limits", "resources.ollama"], "must be a whole number"],
    [["--limits", "resources.ollama=1..40"], "more than 32 variants"],
    [["--limits", "resources.ollama=1..6 global=1..6"], "more than 32 variants"],
    [["--limits", "resources.ollama=1..20", "--priority", "fifo,recorded"], "40 variants; at most 32"],
    [["--limits", "resources.ollama=3..1"], "a sweep goes upwards"],
    [["--strategy", "D"], "Allowed are A, B, C"],
    [["--limits", "global=1", "--from", "yesterday"], "--from yesterday: give a position"],
  ])("given %j, when it is asked, then it is wrong usage, and said why", async (args, reason) => {
    const { code, stdout, stderr } = await whatif(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(reason);
  });

  test("given a log without jobs, when it is asked, then there is nothing to decide again", async () => {
    const args = ["whatif", "--limits", "global=2", "--log", "empty.jsonl"];
    const { code, stderr } = await startProgram(args, { cwd: folder }).ended;
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: "error: there is no job in this log: nothing to decide again\n",
    });
  });
});

describe("whatif of a running scheduler", () => {
  test("given jobs that have run, when it is asked for the order that there was, then what comes of it is what was", async () => {
    await using world = await startWorld("limits: {global: 1}\n");
    const jobs = ["hello", "fails", "skips", "hello"].map((type) => JSON.stringify({ type }));
    await world.run(["submit", "--from", "-", "--wait"], { input: jobs.join("\n") });
    const { code, stdout, stderr } = await world.run(["whatif", "--priority", "recorded", "-o", "json"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const { variants } = comparisonSchema.parse(JSON.parse(stdout));
    const [past, again] = variants;
    expect(again).toEqual({ ...past, name: "as recorded" });
    expect(past?.starts).toBe(4);
  });
});
