/** Ending a command as a whole: the process group, what has left it, and the scheduler's own death. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmdirSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, describe, expect, it } from "vitest";
import { commandRunner } from "../../src/runners/command.js";
import { commandOptions } from "../../src/runners/options.js";
import { killOrphanedRuns } from "../../src/runners/orphans.js";
import type { Outcome } from "../../src/runners/runner.js";
import { aRun, eventually, failed, isRunning, result, type TestRun } from "./a-run.js";

const ledger = `test-abort-${process.pid}`;
const environment = process.env;
/** Tests run after the build (npm test does it), because Node 20 cannot run a source file as a process. */
const builtRunners = new URL("../../dist/src/runners/index.js", import.meta.url);

function run(script: string, it: TestRun, killGrace = 10_000): Promise<Outcome> {
  const options = commandOptions.parse({ argv: ["/bin/bash", "-c", script], killGrace });
  return commandRunner(options, { ledger, environment }).run(it);
}

/** The process ids that a script prints as `pid <number>` lines. */
async function pids(it: TestRun, count: number): Promise<number[]> {
  const printed = (): number[] =>
    it.updates.flatMap((update) => /^\{"line":"pid (\d+)"\}$/.exec(JSON.stringify(update))?.[1] ?? []).map(Number);
  await it.update(() => printed().length >= count);
  return printed();
}

/** A test that fails must not leave its processes behind either. */
afterAll(async () => {
  await killOrphanedRuns((orphan) => orphan.ledger === ledger);
});

describe("an abort", () => {
  it("given children and grandchildren, when the run is aborted, then all of them are gone when it settles", async () => {
    const it = aRun();
    const ending = run("echo pid $$; (bash -c 'echo pid $$; sleep 600; :' & echo pid $!; wait) & sleep 600; :", it);
    const started = await pids(it, 3);
    expect(new Set(started).size).toBeGreaterThanOrEqual(2);
    it.abort("cancelled by ann");
    expect(failed(await ending)).toMatchObject({
      retryable: true,
      error: { code: "aborted", message: "the run was aborted: cancelled by ann" },
    });
    for (const pid of started) expect(await isRunning(pid)).toBe(false);
  });

  it("given the lease is over when the program has been found, when it would be started, then it is not", async () => {
    const cwd = await mkdtemp(join(tmpdir(), "signalbox-abort-"));
    const asked = aRun();
    // As in a process that was stopped in between: nobody has told it until it asks. A start would now fail, and say so.
    const mayStart = () => {
      rmdirSync(cwd);
      asked.abort("the lease is over");
      return false;
    };
    const runner = commandRunner(commandOptions.parse({ argv: ["/bin/true"], cwd }), { ledger, environment });
    expect(failed(await runner.run({ ...asked, mayStart }))).toMatchObject({
      error: { code: "aborted", message: "the run was aborted: the lease is over" },
    });
  });

  it("given a command that ignores the polite signal, when the grace is over, then it is killed", async () => {
    const it = aRun();
    const ending = run(
      "trap '' TERM; echo pid $$; (trap '' TERM; echo pid $BASHPID; while :; do sleep 1; done) & while :; do sleep 1; done",
      it,
      100,
    );
    const started = await pids(it, 2);
    const before = performance.now();
    it.abort("timeout");
    expect(failed(await ending)).toMatchObject({ error: { code: "aborted" }, exitCode: null });
    expect(performance.now() - before).toBeGreaterThanOrEqual(95);
    for (const pid of started) expect(await isRunning(pid)).toBe(false);
  });

  it("given a command that tidies up on the polite signal, when it is aborted, then it has its time, and does not count as completed", async () => {
    const it = aRun();
    const ending = run("trap 'echo tidied; exit 0' TERM; echo pid $$; while :; do sleep 0.05; done", it);
    await pids(it, 1);
    it.abort("cancel");
    expect(failed(await ending)).toMatchObject({ error: { code: "aborted" }, exitCode: 0 });
    expect(it.updates).toContainEqual({ line: "tidied" });
  });

  it("given an abort in the very moment of starting, when the run settles, then it has been aborted and nothing is left", async () => {
    const it = aRun();
    const ending = run("echo pid $$; sleep 600; :", it);
    it.abort("at once");
    expect(failed(await ending).error.code).toBe("aborted");
    expect(await killOrphanedRuns((orphan) => orphan.ledger === ledger && orphan.grant === it.grant)).toBe(0);
  });

  it("given a run that is already aborted, when it should start, then nothing is started", async () => {
    const it = aRun();
    it.abort("too late");
    expect(failed(await run("echo pid $$", it)).error.code).toBe("aborted");
    expect(it.updates).toEqual([]);
  });

  it.runIf(process.platform === "linux")(
    "given a process that has left the group, when the run is aborted, then it is found and gone",
    async () => {
      const it = aRun();
      const ending = run("setsid bash -c 'echo pid $$; exec sleep 600 >/dev/null 2>&1' & echo pid $$; wait", it);
      const started = await pids(it, 2);
      it.abort("cancel");
      await ending;
      for (const pid of started) expect(await isRunning(pid)).toBe(false);
    },
  );
});

describe("what a command leaves behind", () => {
  it("given a background process in its group, when the command itself ends, then the process is ended before the run settles", async () => {
    const it = aRun();
    const outcome = await run("sleep 600 >/dev/null 2>&1 & echo pid $!; exit 0", it);
    expect(outcome).toMatchObject({ outcome: "completed" });
    for (const pid of await pids(it, 1)) expect(await isRunning(pid)).toBe(false);
  });

  it.runIf(process.platform === "linux")(
    "given a process that has left the group and holds the output open, when the command ends, then the run settles and the process is gone",
    async () => {
      const it = aRun();
      // The command waits for the process to be ready, and ends.
      const escaped = "setsid bash -c 'echo pid $$ >&4; echo ready; exec sleep 600 >&4 4>&-'";
      const outcome = await run(`exec 4>&1; read -r _ < <(${escaped}); exit 0`, it);
      expect(result(outcome)).toMatchObject({ stdout: expect.stringContaining("pid ") });
      for (const pid of await pids(it, 1)) expect(await isRunning(pid)).toBe(false);
    },
  );

  it.runIf(process.platform === "linux")(
    "given a scheduler killed with SIGKILL, when its command has children, then the command dies at once and the children as orphans",
    async () => {
      // A scheduler of its own, as far as a runner can tell: it runs one job and is killed.
      const scheduler = `
        import { createRunner } from ${JSON.stringify(builtRunners.href)};
        const options = { argv: ["/bin/bash", "-c", "sleep 600 & echo pid $!; echo pid $$; wait"],
          successExitCodes: [0], skipExitCodes: [], outputBytesMax: 1000, killGrace: 1000 };
        const runner = createRunner("command", options, { ledger: ${JSON.stringify(ledger)}, environment: process.env });
        await runner.run({ job: "j1", type: "t", params: {}, attempt: 1, grant: 7, signal: new AbortController().signal,
          progress: ({ line }) => console.log(line) });`;
      const parent = spawn(process.execPath, ["--input-type=module", "-e", scheduler], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const started: number[] = [];
      for await (const line of createInterface({ input: parent.stdout })) {
        started.push(Number(line.replace("pid ", "")));
        if (started.length === 2) break;
      }
      const [grandchild = 0, child = 0] = started;
      parent.kill("SIGKILL");
      await once(parent, "exit");
      await eventually(async () => !(await isRunning(child)));
      expect(await isRunning(grandchild)).toBe(true);
      expect(await killOrphanedRuns((it) => it.ledger === ledger && it.grant === 8)).toBe(0);
      expect(await isRunning(grandchild)).toBe(true);
      expect(await killOrphanedRuns((it) => it.ledger === ledger && it.job === "j1" && it.grant === 7)).toBe(1);
      expect(await isRunning(grandchild)).toBe(false);
    },
  );
});
