/** The gate: what this build decides on a ledger, compared with what another build does. */

import { readdirSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { exportOf } from "../golden/golden-ledger.js";
import { TurnBook } from "../support/turn-book.js";
import { startProgram, startWorld } from "./world.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const LEDGERS = join(ROOT, "test", "golden");
const GOLDEN = join(LEDGERS, "format-1.jsonl");
/** Two builds decide one after the other. */
const PATIENCE_MS = 60_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-against-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A copy of this build in which one file says something else. */
async function buildWith(name: string, file: string, from: string | RegExp, to: string): Promise<string> {
  const build = join(folder, name);
  await mkdir(build);
  for (const room of ["events", "machines", "projections", "src"])
    await cp(join(ROOT, "dist", room), join(build, "dist", room), { recursive: true });
  await cp(join(ROOT, "package.json"), join(build, "package.json"));
  await symlink(join(ROOT, "node_modules"), join(build, "node_modules"));
  const path = join(build, "dist", file);
  const before = await readFile(path, "utf8");
  const after = before.replace(from, to);
  if (after === before) throw new Error(`${file} does not say ${String(from)}`);
  await writeFile(path, after);
  return build;
}

/** Where it takes its time, as on a busy machine, it tells how far it is. */
const withoutProgress = (stderr: string): string => stderr.replaceAll(/^\d+ % {2}\d+ of \d+ entries {2}\d+\/s\n/gm, "");

const replay = (...args: string[]) => startProgram(["replay", ...args], { cwd: folder }).ended;

const decided = z.array(z.looseObject({ type: z.string() }));
const differenceSchema = z.strictObject({
  position: z.number(),
  at: z.string(),
  about: z.string().nullable(),
  recorded: decided,
  here: decided,
  there: decided,
});
const differencesIn = (stdout: string) =>
  stdout
    .trimEnd()
    .split("\n")
    .map((line) => differenceSchema.parse(JSON.parse(line)));

/** The other order of the waiting: the last of a priority goes first. */
const lastFirst = () =>
  buildWith("last-first", "projections/jobs.js", "a.position - b.position", "b.position - a.position");

async function threeStories(): Promise<string> {
  const book = new TurnBook({ types: { story: {} } }).lead();
  book.decide();
  for (const id of ["one", "two", "three"]) book.submit("story", { id });
  book.decide();
  for (const id of ["one", "two"]) book.end(id, { outcome: "completed", result: { inline: 1 }, exitCode: 0 }).decide();
  const file = join(folder, "stories.jsonl");
  await writeFile(file, exportOf(book));
  return file;
}

describe("replay --against", () => {
  test.each(readdirSync(LEDGERS).filter((file) => file.endsWith(".jsonl")))(
    "given the golden ledger %s, when this build is compared with itself, then nothing differs",
    { timeout: PATIENCE_MS },
    async (ledger) => {
      const { code, stdout, stderr } = await replay("--log", join(LEDGERS, ledger), "--against", ROOT);
      expect({ code, stderr: withoutProgress(stderr) }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toMatch(
        /^no difference: \d+ entries with \d+ decisions, decided by this build and by version \S+ in /,
      );
    },
  );

  test("given a build with another grant rule, when they are compared, then each decision that differs is listed, and the exit code is 4", {
    timeout: PATIENCE_MS,
  }, async () => {
    const [build, ledger] = [await lastFirst(), await threeStories()];
    const lines = await replay("--log", ledger, "--against", build, "-o", "jsonl");
    expect(lines.code).toBe(4);
    const differences = differencesIn(lines.stdout);
    expect(
      differences.map(({ position, about, here, there }) => [
        position,
        about,
        here.map(({ type }) => type),
        there.map(({ type }) => type),
      ]),
    ).toEqual([
      [2, "one", ["StartGranted"], ["StartDenied"]],
      [2, "two", ["StartDenied"], ["StartDenied"]],
      [2, "three", ["StartDenied"], ["StartGranted"]],
      [3, "two", ["StartGranted"], []],
      [3, "three", [], ["StartGranted"]],
    ]);
    for (const { recorded, here } of differences) expect(recorded).toEqual(here);
    expect(withoutProgress(lines.stderr)).toMatch(
      /^error: 5 differences in 4 entries with \d+ decisions\nCompared with version \S+ in /,
    );
    const table = await replay("--log", ledger, "--against", build, "--from", "3", "--to", "3");
    expect(table.code).toBe(4);
    expect(table.stdout).toBe(
      [
        "3  2026-01-01T00:00:00.000Z  two",
        "  recorded, here  two starts on d1-1: global 1",
        "  there           nothing",
        "3  2026-01-01T00:00:00.000Z  three",
        "  recorded, here  nothing",
        "  there           three starts on d1-1: global 1",
        "",
      ].join("\n"),
    );
    const golden = await replay("--log", GOLDEN, "--against", build, "-o", "json");
    expect(golden.code).toBe(4);
    const document = JSON.parse(golden.stdout);
    expect(document).toMatchObject({ ok: false, otherwise: 0 });
    expect(z.array(differenceSchema).parse(document.differences).length).toBeGreaterThan(3);
  });

  test("given a build that grants more than there is, that ends attempts otherwise, or that takes no such ledger, then that is a difference", {
    timeout: PATIENCE_MS,
  }, async () => {
    const ledger = await threeStories();
    const greedy = await buildWith("greedy", "projections/starts.js", /pool\.capacity - pool\.used/, "99");
    const more = await replay("--log", ledger, "--against", greedy, "-o", "jsonl");
    expect(more.code).toBe(4);
    const refused = differencesIn(more.stdout).flatMap(({ there }) =>
      there.filter(({ type }) => type === "SlotViolation"),
    );
    expect(refused[0]?.["reason"]).toMatch(/global/);

    const hasty = await buildWith(
      "hasty",
      "projections/reports.js",
      "row.attempts.length < row.spec.maxAttempts",
      "false",
    );
    const ends = await replay("--log", GOLDEN, "--against", hasty, "-o", "jsonl");
    expect(ends.code).toBe(4);
    expect(
      differencesIn(ends.stdout).map(({ about, there }) => [about, there[0]?.type, there[0]?.["retryAt"]]),
    ).toContainEqual(["tries", "RunFailed", null]);

    const strict = await buildWith("strict", "machines/job.js", 'RunStarted: "running"', 'RunStarted: "failed"');
    const stops = await replay("--log", GOLDEN, "--against", strict, "-o", "jsonl");
    expect(stops.code).toBe(4);
    expect(differencesIn(stops.stdout).at(-1)?.there).toMatchObject([{ type: "LedgerCorrupt" }]);
  });

  test("given a part of the ledger in which there is nothing, then the gate does not open", async () => {
    const { code, stdout, stderr } = await replay("--log", GOLDEN, "--against", ROOT, "--from", "9999");
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toContain("there is no entry to compare");
  });

  test("given a ledger on a server, then both builds read one copy of it, and nothing is left of that", {
    timeout: PATIENCE_MS,
  }, async () => {
    await using world = await startWorld();
    await world.submitToEnd("hello", { id: "first" });
    await world.submitToEnd("fails", { id: "second" });
    const own = join(folder, "own-tmp");
    await mkdir(own);
    const { code, stdout, stderr } = await world.run(["replay", "--against", ROOT], { env: { TMPDIR: own } });
    expect({ code, stderr: withoutProgress(stderr) }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^no difference/);
    expect(readdirSync(own)).toEqual([]);
  });

  test("given a build from before there was such a gate, then it is said that it cannot tell", {
    timeout: PATIENCE_MS,
  }, async () => {
    const old = await buildWith("old", "src/cli/commands/replay.js", '"--decide"', '"--decide-not"');
    const { code, stdout, stderr } = await replay("--log", GOLDEN, "--against", old);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("does not tell what it decides: error: unknown option '--decide'");
    expect(stderr).toContain("It must be of a version that has `signalbox replay --decide`.");
  });
});

describe("replay --decide", () => {
  test("given a ledger, then its lines are what another version reads: a header, the decisions by position, the end", async () => {
    const { code, stdout } = await replay("--log", await threeStories(), "--decide", "-o", "jsonl");
    expect(code).toBe(0);
    const [header, ...lines] = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(header).toEqual({ format: "signalbox-decisions", version: 1, program: expect.any(String) });
    expect(lines.at(-1)).toEqual({ end: 4 });
    expect(lines.slice(0, -1).map(({ position, decided: facts }) => [position, facts.length])).toEqual([
      [2, 3],
      [3, 2],
      [4, 2],
    ]);
  });
});
