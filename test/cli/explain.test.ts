/** `explain` and the forecasts of `queue`, by the real program: of a live scheduler, of its exported log, and of the past. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { exportText } from "../support/export-file.js";
import { ledger } from "../support/ledger-builder.js";
import { explanation } from "./contract-shapes.js";
import { startProgram, startWorld, type World } from "./world.js";

const time = z.iso.datetime({ precision: 3 });
const forecast = z.object({
  expected: time.nullable(),
  earliest: time.nullable(),
  latest: time.nullable(),
  basis: z.array(z.object({ type: z.string(), model: z.string().nullable(), runs: z.number().int().positive() })),
  text: z.string().min(1),
});
/** What is added to the contract's shape. */
const explained = explanation.extend({
  next: z.string().nullable(),
  waits: z.array(
    z.object({
      pool: z.string().nullable(),
      cause: z.string(),
      from: time,
      to: time,
      ms: z.number().int().positive(),
      behind: z.array(z.object({ job: z.string(), from: time, to: time })),
    }),
  ),
  waitsComplete: z.boolean(),
  forecast: forecast.nullable(),
});
const pool = z.object({
  pool: z.string(),
  holders: z.array(z.object({ job: z.string(), since: time })),
  waiting: z.array(z.object({ job: z.string(), needs: z.number(), why: z.string().nullable() })),
  next: z.string().nullable(),
  text: z.string(),
});

let world: World;
/** first has run, then holder, which still runs; next and last wait behind it in this order. */
beforeAll(async () => {
  world = await startWorld("limits: {global: 1}\n");
  const first = world.submitToEnd("waits", { id: "first", params: { gate: "a" } });
  for (const id of ["holder", "next", "last"]) await world.submit("waits", { id, params: { gate: "b" } });
  world.open("a");
  // With its end the holder was granted.
  await first;
  await world.run(["log", "export", "own.jsonl"]);
});
afterAll(() => world[Symbol.asyncDispose]());

const live = (...args: string[]) => world.run([...args]);
const exported = (...args: string[]) =>
  startProgram([...args, "--log", "own.jsonl"], { cwd: world.folder, env: { NATS_URL: "nats://127.0.0.1:1" } }).ended;

describe("explain of a live scheduler", () => {
  test("given a job that waits, then holders with since, who is ahead and why, what must happen next, and a forecast are told", async () => {
    const { code, stdout, stderr } = await live("explain", "last");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(
      /^last waits for global: 1 of 1 used by holder since \d\d:\d\d:\d\dZ; next is ahead of it \(earlier in line\)\. It starts when holder has ended and next has had its turn\. Start: expected in .*, from 1 run of waits, which is little to go by\.$/m,
    );
    expect(stdout).toMatch(/^global\s+full\s+1\s+1\s+1\s+holder\s+next$/m);
  });

  test("given a job that started, then it tells behind whom it had waited", async () => {
    expect((await live("explain", "holder")).stdout).toMatch(/It waited .* behind global: first\./);
    expect((await live("explain", "first")).stdout).toMatch(/^first completed at /);
  });

  test("given --at the position at which it was queued, then it is as it was then", async () => {
    const told = explained.parse(JSON.parse((await live("explain", "holder", "-o", "json")).stdout));
    const grant = Number(/granted at (\d+)/.exec(told.text)?.[1]);
    const before = await live("explain", "holder", "--at", String(grant - 1), "-o", "json");
    expect(explained.parse(JSON.parse(before.stdout))).toMatchObject({
      state: "queued",
      verdict: "waiting",
      position: grant - 1,
      blockedBy: [{ pool: "global", holders: ["first"] }],
      forecast: { expected: null, text: "no run of waits has ended yet: no forecast" },
    });
  });

  test.each(["holder", "next", "last", "first"])(
    "given its exported log, when %s is explained, then both say the same but for the time of asking",
    async (id) => {
      const [one, other] = await Promise.all([
        live("explain", id, "-o", "json"),
        exported("explain", id, "-o", "json"),
      ]);
      const plain = (text: string) => ({ ...explained.loose().parse(JSON.parse(text)), forecast: null });
      expect(plain(other.stdout)).toEqual(plain(one.stdout));
    },
  );

  test("given --pool, then who holds it and who waits is told, and the same of the exported log", async () => {
    const told = await live("explain", "--pool", "global");
    expect(told).toMatchObject({ code: 0, stderr: "" });
    expect(told.stdout).toMatch(
      /^global: 1 of 1 used by holder since .*Z; 2 wait for it: next \(earlier in line\), then last\. Next is next: it starts when holder has ended\.$/m,
    );
    expect(told.stdout).toMatch(/^\s+2\s+last\s+1\s+–$/m);
    expect((await exported("explain", "--pool", "global")).stdout).toBe(told.stdout);
    const json = JSON.parse((await live("explain", "--pool", "global", "-o", "json")).stdout);
    expect(pool.parse(json)).toMatchObject({ waiting: [{ job: "next" }, { job: "last" }] });
  });

  test("given a pool that is not there, then the exit code is 3 and those that are there are told", async () => {
    const { code, stdout, stderr } = await live("explain", "--pool", "ollama");
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toContain("there is no pool ollama; pools are global");
  });

  test.each([[[]], [["last", "--pool", "global"]]])(
    "given %j, then the exit code is 2 and the usage is told",
    async (args) => {
      const { code, stderr } = await live("explain", ...args);
      expect(code).toBe(2);
      expect(stderr).toContain("give a job's id, or --pool with a pool's name");
    },
  );
});

describe("queue with forecasts", () => {
  test("given a run has ended, then each job has an expected time, in the table and in the JSON", async () => {
    const { stdout } = await live("queue");
    expect(stdout).toMatch(/^PLACE .* EXPECTED +WAITS FOR$/m);
    expect(stdout).toMatch(/^\s+1\s+next\s.*\s(in .* \(.* to .*\)|now) +global \(full\)$/m);
    const items = JSON.parse((await live("queue", "-o", "json")).stdout);
    const shape = z.array(z.object({ job: z.string(), forecast }));
    expect(shape.parse(items).map(({ job, forecast: { basis } }) => [job, basis[0]?.runs])).toEqual([
      ["next", 1],
      ["last", 1],
    ]);
  });
});

describe("queue of the past", () => {
  test("given an exported log of long ago, when a job was expected then, then the time is told, not how long ago it is", async () => {
    const book = ledger()
      .elected()
      .worker("w1")
      .limits({ global: 1 })
      .submitted("a")
      .granted("a")
      .later(8_000)
      .completed("a");
    book.submitted("b").submitted("c").decided();
    await writeFile(join(world.folder, "past.jsonl"), exportText(book.entries));
    const { stdout } = await startProgram(["queue", "--log", "past.jsonl"], { cwd: world.folder }).ended;
    expect(stdout).toMatch(/^\s+1\s+c\s.*\s2026-01-01T00:00:25\.000Z +global \(full\)$/m);
  });
});

describe("queue --forecast-error", () => {
  /** Two at a time would be too many: runs of ten seconds, each next one waits for the one before. */
  const recorded = () => {
    const book = ledger().elected().worker("w1").limits({ global: 1 });
    book.submitted("j0").decided();
    for (let n = 1; n <= 30; n += 1) {
      book.submitted(`j${n}`).decided().later(7_000);
      book.together(() => book.completed(`j${n - 1}`).granted(`j${n}`));
    }
    return book;
  };

  test("given a log of steady runs, then it tells how far off forecasts would have been", async () => {
    await writeFile(join(world.folder, "steady.jsonl"), exportText(recorded().entries));
    const run = (...args: string[]) =>
      startProgram(["queue", "--forecast-error", "--log", "steady.jsonl", ...args], { cwd: world.folder }).ended;
    const text = await run();
    expect({ code: text.code, stderr: text.stderr }).toEqual({ code: 0, stderr: "" });
    expect(text.stdout).toMatch(/^31 waits: a forecast for 30, and 30 of these started$/m);
    expect(text.stdout).toMatch(/^off by 0 ms in the middle, by less than .* nine times of ten$/m);
    expect(text.stdout).toMatch(/^\d+ % started between the earliest and the latest time forecast \(80 % should\)$/m);
    expect(JSON.parse((await run("-o", "json")).stdout)).toMatchObject({ waits: 31, made: 30, measured: 30 });
    expect(JSON.parse((await run("-o", "json", "--at", "10")).stdout)).toMatchObject({ made: 2, measured: 1 });
  });

  test("given the live ledger, then it is measured as well", async () => {
    const { code, stdout } = await live("queue", "--forecast-error", "-o", "json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ waits: 3, made: 0, measured: 0, medianErrorMs: null });
  });

  test("given --limit too, then the exit code is 2", async () => {
    const { code, stderr } = await live("queue", "--forecast-error", "--limit", "3");
    expect(code).toBe(2);
    expect(stderr).toContain("leave out --pool, --limit and --watch");
  });
});
