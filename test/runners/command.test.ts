/** The command runner with real programs: what they get, and what becomes of how they end. */
import { chmod, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../events/json.js";
import { commandRunner } from "../../src/runners/command.js";
import { type Environment, RunnerOptionsError } from "../../src/runners/environment.js";
import { commandOptions } from "../../src/runners/options.js";
import type { Outcome } from "../../src/runners/runner.js";
import { aRun, failed, fromEnvironment, result, type TestRun } from "./a-run.js";

let folder = "";
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "signalbox-command-")));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const environment: Environment = { ...process.env, NATS_TOKEN: "secret", OPENAI_API_KEY: "key-1", LC_ALL: "C.UTF-8" };
const ledger = "test-command";

function run(options: object, given: TestRun | JsonObject = {}): Promise<Outcome> {
  const it = "signal" in given && "updates" in given ? (given as TestRun) : aRun(given as JsonObject);
  return commandRunner(commandOptions.parse(options), { ledger, environment }).run(it);
}
const sh = (script: string, ...args: string[]): string[] => ["/bin/sh", "-c", script, "sh", ...args];
const node = (script: string): string[] => [process.execPath, "-e", script];

describe("what a command gets", () => {
  it("given params, when it reads standard input, then it gets them as JSON, also 400 kB of them with all of Unicode", async () => {
    const params = { text: "naïve 漢字 🚂 ".repeat(35_000), deep: { list: [1, null, true] } };
    expect(JSON.stringify(params).length).toBeGreaterThan(400_000);
    const script = `let s = ""; process.stdin.setEncoding("utf8").on("data", (d) => s += d).on("end", () => {
      const p = JSON.parse(s); console.log(JSON.stringify({ length: p.text.length, end: p.text.slice(-3), deep: p.deep })) })`;
    expect(result(await run({ argv: node(script) }, params))).toEqual({
      length: params.text.length,
      end: "🚂 ",
      deep: params.deep,
    });
  });

  it("given 400 kB of params, when the command does not read standard input, then its end counts, not the broken pipe", async () => {
    const outcome = await run({ argv: sh("exec <&-; echo done") }, { text: "x".repeat(400_000) });
    expect(outcome).toEqual({ outcome: "completed", result: { stdout: "done\n" }, exitCode: 0 });
  });

  it("given a run, when the command looks at its environment, then it finds the run, short params and what it needs, but no secrets", async () => {
    const it = aRun({
      tone: "dark; $(touch x)",
      words: 300,
      draft: false,
      LD_PRELOAD: "/tmp/x.so",
      nothing: null,
      list: [1],
      "not-a-name": "x",
      long: "x".repeat(5_000),
      nul: "a\0b",
      TONE: "second",
    });
    const options = {
      argv: node("console.log(JSON.stringify(process.env))"),
      env: { MODE: "fast", SIGNALBOX_RUN: "other:1" },
    };
    const env = result(await run(options, it)) as Record<string, string>;
    const inherited = Object.fromEntries(["PATH", "HOME", "LC_ALL"].map((name) => [name, environment[name]]));
    expect(env).toMatchObject({ ...inherited, MODE: "fast" });
    const own = Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith("SIGNALBOX_")));
    expect(own).toEqual({
      SIGNALBOX_LEDGER: ledger,
      SIGNALBOX_RUN: `chapter-7:${it.grant}`,
      SIGNALBOX_JOB_ID: "chapter-7",
      SIGNALBOX_ATTEMPT: "2",
      SIGNALBOX_GRANT: String(it.grant),
      SIGNALBOX_TYPE: "story",
      SIGNALBOX_PARAM_TONE: "dark; $(touch x)",
      SIGNALBOX_PARAM_WORDS: "300",
      SIGNALBOX_PARAM_DRAFT: "false",
      SIGNALBOX_PARAM_LD_PRELOAD: "/tmp/x.so",
    });
    expect(env).not.toHaveProperty("NATS_TOKEN");
    expect(env).not.toHaveProperty("OPENAI_API_KEY");
    expect(env).not.toHaveProperty("LD_PRELOAD");
  });

  it("given many short params, when together they are too many, then the environment stays bounded and all are on standard input", async () => {
    const params = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`p${index}`, "x".repeat(3_000)]));
    const script = `let s = ""; process.stdin.on("data", (d) => s += d).on("end", () => console.log(JSON.stringify([
      Object.keys(process.env).filter((n) => n.startsWith("SIGNALBOX_PARAM_")).length, Object.keys(JSON.parse(s)).length])))`;
    expect(result(await run({ argv: node(script) }, params))).toEqual([10, 100]);
  });

  it("given a reference in env, when the variable is set, then the command gets its value; when it is not, the error names it", async () => {
    const argv = sh('echo "$KEY"');
    expect(result(await run({ argv, env: { KEY: `<${fromEnvironment("OPENAI_API_KEY")}>` } }))).toEqual({
      stdout: "<key-1>\n",
    });
    const make = (): unknown =>
      commandRunner(commandOptions.parse({ argv, env: { KEY: fromEnvironment("MISSING_KEY") } }), {
        ledger,
        environment,
      });
    expect(make).toThrow(RunnerOptionsError);
    expect(make).toThrow(/^env\.KEY refers to the environment variable "MISSING_KEY", which is not set/);
  });

  it("given shell characters in argv, when it runs, then they reach the program as they are", async () => {
    const argv = ["printf", "%s|", "$HOME", "a b", "; exit 9", "`id`"];
    expect(result(await run({ argv }))).toEqual({ stdout: "$HOME|a b|; exit 9|`id`|" });
  });

  it("given a working folder, when the program is named from there, then it is found and runs there", async () => {
    await writeFile(join(folder, "here.sh"), "#!/bin/sh\npwd\n");
    await chmod(join(folder, "here.sh"), 0o755);
    expect(result(await run({ argv: ["./here.sh"], cwd: folder }))).toEqual({ stdout: `${folder}\n` });
  });
});

describe("what becomes of its output", () => {
  it.each([
    ['{"a": [1, 2]}\n', { a: [1, 2] }],
    ["42", 42],
    ["null\n", null],
    ['{"a": 1}\n{"a": 2}\n', { stdout: '{"a": 1}\n{"a": 2}\n' }],
    ["", { stdout: "" }],
    ["once upon a time 🚂", { stdout: "once upon a time 🚂" }],
  ])("given the output %j, when the command ends well, then the result is %j", async (text, expected) => {
    expect(await run({ argv: ["printf", "%s", text] })).toEqual({
      outcome: "completed",
      result: expected,
      exitCode: 0,
    });
  });

  it("given output above the bound, when it ends, then the head is kept without half a character, and the rest counted", async () => {
    const argv = node('process.stdout.write("é".repeat(500000))');
    expect(result(await run({ argv, outputBytesMax: 1001 }))).toEqual({
      stdout: "é".repeat(500),
      truncated: true,
      stdoutBytes: 1_000_000,
    });
  });

  it("given output that is exactly the bound, when it ends, then nothing is said to be cut off", async () => {
    expect(result(await run({ argv: ["printf", "12345678"], outputBytesMax: 8 }))).toBe(12345678);
    expect(result(await run({ argv: ["printf", "12345678"], outputBytesMax: 7 }))).toMatchObject({ truncated: true });
  });

  it("given bytes that are not UTF-8, when it ends, then the result says so", async () => {
    expect(result(await run({ argv: ["printf", "a\\377b"] }))).toEqual({ stdout: "a\uFFFDb", binary: true });
  });

  it("given complete lines, when they are printed, then each is passed on as progress while the command runs", async () => {
    const it = aRun();
    const ending = run({ argv: sh('echo "one 🚂"; printf "two\\r\\n"; read -r _; sleep 0; printf "rest"') }, it);
    await it.update((update) => JSON.stringify(update).includes("two"));
    await ending;
    expect(it.updates).toEqual([{ line: "one 🚂" }, { line: "two" }]);
  });
});

describe("what becomes of its end", () => {
  it("given another exit code, when it ends, then it has failed, may be retried, and the message has the end of the error output", async () => {
    const script =
      'i=0; while [ $i -lt 2000 ]; do echo "noise $i" >&2; i=$((i+1)); done; printf "\\033[31mdisk full\\033[0m\\n" >&2; exit 3';
    const outcome = failed(await run({ argv: sh(script) }));
    expect(outcome).toMatchObject({ retryable: true, exitCode: 3, error: { code: "exit-code" } });
    expect(outcome.error.message).toMatch(/^\/bin\/sh ended with exit code 3: /);
    expect(outcome.error.message).toMatch(/noise 1999\ndisk full$/);
    expect(outcome.error.message.length).toBeLessThan(4_200);
  });

  it("given exit codes of its own, when it ends with one of them, then that decides", async () => {
    const options = { successExitCodes: [0, 1], skipExitCodes: [75] };
    expect(await run({ ...options, argv: sh("echo found; exit 1") })).toMatchObject({
      outcome: "completed",
      exitCode: 1,
    });
    expect(await run({ ...options, argv: sh("echo; echo nothing new; exit 75") })).toEqual({
      outcome: "skipped",
      reason: "exit code 75: nothing new",
    });
    expect(await run({ ...options, argv: sh("exit 75") })).toEqual({ outcome: "skipped", reason: "exit code 75" });
    expect(await run({ argv: sh("exit 75") })).toMatchObject({ outcome: "failed" });
  });

  it("given a command killed by a signal of someone else, when it ends, then the message names the signal", async () => {
    const outcome = failed(await run({ argv: sh("kill -SEGV $$") }));
    expect(outcome).toMatchObject({ retryable: true, exitCode: null, error: { code: "killed-by-signal" } });
    expect(outcome.error.message).toContain("was killed by signal SIGSEGV");
  });

  it("given a program that is not there, when it should run, then it fails for good and says where it was looked for", async () => {
    const outcome = failed(await run({ argv: ["no-such-program"] }));
    expect(outcome).toMatchObject({ retryable: false, error: { code: "program-missing" } });
    expect(outcome.error.message).toContain(`no program "no-such-program" on the PATH (${environment["PATH"]})`);
    await writeFile(join(folder, "plain-file"), "#!/bin/sh\n");
    expect(failed(await run({ argv: ["./plain-file"], cwd: folder })).error).toMatchObject({ code: "program-missing" });
    expect(failed(await run({ argv: ["/"] })).error.code).toBe("program-missing");
  });

  it("given a working folder that is not there, when it should run, then that is what the error says", async () => {
    const outcome = failed(await run({ argv: ["true"], cwd: join(folder, "gone") }));
    expect(outcome).toMatchObject({ retryable: false, error: { code: "folder-missing" } });
    expect(outcome.error.message).toContain(join(folder, "gone"));
  });

  it("given arguments that the operating system cannot carry, when it should run, then it fails for good", async () => {
    const outcome = failed(await run({ argv: ["true", "x".repeat(3_000_000)] }));
    expect(outcome).toMatchObject({ retryable: false, error: { code: "start-failed" } });
    expect(outcome.error.message).toContain("E2BIG");
  });
});
