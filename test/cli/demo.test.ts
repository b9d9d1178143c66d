/** `signalbox demo` as a process: it ends well, its summary comes from the ledger, and nothing of it is left. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { demoJobs } from "../../src/cli/commands/demo-jobs.js";
import { freePort } from "../../src/embedded/port.js";
import { FakeOllama } from "../support/fake-ollama.js";
import { PROGRAM } from "../support/program.js";
import { seenOnTerminal } from "../support/pseudo-terminal.js";
import { processesWith, untilNoneWith } from "./processes.js";
import { type Running, startProgram } from "./world.js";

const DEMO_MS_MAX = 60_000;
const ESCAPE = "\u001b";

let folder = "";
/** An address at which nobody listens: the demo must do without Ollama. */
let noOllama = { OLLAMA_HOST: "" };

beforeEach(async () => {
  noOllama = { OLLAMA_HOST: `127.0.0.1:${await freePort()}` };
  folder = await mkdtemp(join(tmpdir(), "signalbox-demo-test-"));
});

afterEach(async () => {
  await untilNoneWith(folder);
  await rm(folder, { recursive: true, force: true });
});

/** Its temporary folder is made below TMPDIR, and everything that it starts inherits that. */
const demo = (args: readonly string[], env: Readonly<Record<string, string>>): Running =>
  startProgram(["demo", ...args], { cwd: folder, env: { TMPDIR: folder, ...env } });

async function expectNothingLeft(): Promise<void> {
  expect(await processesWith(folder)).toEqual([]);
  expect(await readdir(folder)).toEqual([]);
}

describe("signalbox demo", () => {
  test("given no Ollama, when it runs, then it tells so, shows each fact, and all pools were full and none too full", async () => {
    const { code, stdout, stderr } = await demo(["--seed", "7"], noOllama).ended;
    expect(stderr).toMatch(/no Ollama answers at http:\S+ \(ECONNREFUSED\): a small program stands in for it/);
    expect(stderr).toContain("24 jobs with random priorities (seed 7)");
    for (const { id, priority } of demoJobs(7)) {
      expect(stderr).toMatch(new RegExp(`JobSubmitted +${id} +priority ${priority}\n`));
      expect(stderr).toMatch(new RegExp(`RunCompleted +${id}\n`));
    }
    expect(stderr).toMatch(/RunFailed +research-4 .*503.*; to be tried again\n/);
    expect(stdout).toMatch(/24 jobs in [\d.]+ s: 24 completed\n/);
    expect(stdout).toMatch(/resource:claude-api +3 +3 +\d+ %\n/);
    expect(stdout).toMatch(/resource:cpu-bound +2 +2 +\d+ %\n/);
    expect(stdout).toMatch(/resource:ollama +1 +1 +\d+ %\n/);
    expect(stdout).toMatch(/research +10 +11 /);
    expect(stdout).toMatch(/nothing over capacity: checked at \d+ positions\n/);
    // What the ledger says of a moment and what a server sees in it are two things on a machine that is busy.
    expect(stdout).toMatch(/the API itself counted [23] requests at once, of 3 allowed\n/);
    expect(code).toBe(0);
    await expectNothingLeft();
  });

  test("given an Ollama server, when it runs with -o json, then that server writes the stories, one at a time by its own count (CON-002)", async () => {
    await using ollama = new FakeOllama({ models: ["nomic-embed-text", "tiny:1b"], msPerToken: 5 });
    await ollama.start();
    const { code, stdout, stderr } = await demo(["-o", "json"], { OLLAMA_HOST: ollama.url }).ended;
    expect(stderr).toMatch(/stories by tiny:1b of Ollama \S+ at http:/);
    expect({ total: ollama.total, peak: ollama.peak, completed: ollama.completed }).toEqual({
      total: 6,
      peak: 1,
      completed: 6,
    });
    const told = JSON.parse(stdout);
    expect(told).toMatchObject({ storyteller: "ollama", summary: { jobs: 24, ended: { completed: 24 }, open: 0 } });
    expect(told.summary.overCapacityAt).toEqual([]);
    expect(code).toBe(0);
    await expectNothingLeft();
  });

  test("given Ctrl-C in the middle, when jobs run, then it ends with 130 and leaves no process and no file", async () => {
    const { child, ended, saw } = demo([], noOllama);
    await saw("stderr", "RunStarted    thumbs");
    child.kill("SIGINT");
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toContain("nothing is left running");
    expect(stdout).toBe("");
    await expectNothingLeft();
  });

  test(
    "given a terminal, when it runs, then the pools are redrawn in place as bars with their holders",
    async () => {
      const { code, shown } = await seenOnTerminal({
        ...{ folder, size: { columns: 100, rows: 40 }, env: { TMPDIR: folder, ...noOllama } },
        command: `'${process.execPath}' '${PROGRAM}' demo --seed 7`,
      });
      expect(code).toBe(0);
      await rm(join(folder, "terminal-name"));
      // In colour, and drawn over the last picture: up by its lines, and cleared from there.
      expect(shown).toContain(`${ESCAPE}[32m███${ESCAPE}[39m`);
      expect(shown).toMatch(new RegExp(`${ESCAPE}\\[\\d+A${ESCAPE}\\[0J`));
      const plain = shown.replaceAll(new RegExp(`${ESCAPE}\\[[0-9;]*[A-Za-z]`, "g"), "");
      expect(plain).toMatch(/resource:claude-api ███ +3\/3 {2}\S+ \S+ \S+ {2}\(\d+ waiting\)/);
      expect(plain).toMatch(/24 completed/);
      expect(plain).toMatch(/nothing over capacity: checked at \d+ positions/);
      await expectNothingLeft();
    },
    DEMO_MS_MAX,
  );

  test("given the same seed, when the jobs are drawn twice, then they are the same; another seed gives others", () => {
    expect(demoJobs(3)).toEqual(demoJobs(3));
    expect(demoJobs(3)).not.toEqual(demoJobs(4));
    expect(new Set(demoJobs(3).map(({ id }) => id)).size).toBe(24);
  });
});
