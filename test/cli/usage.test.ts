/** The frame of the program: help, options in any position, exit codes, errors without stack traces, and pipes that close. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { Command } from "commander";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { optionCalled, placeAfter, splitOption } from "../../src/cli/completion/place.js";
import { buildProgram } from "../../src/cli/program.js";
import { createTerminal } from "../../src/cli/terminal.js";
import { PROGRAM } from "../support/program.js";
import { seenOnTerminal } from "../support/pseudo-terminal.js";
import { startProgram, startWorld, type World } from "./world.js";

const GOLDEN = join(import.meta.dirname, "../golden/format-1.jsonl");
const run = (args: readonly string[], options = {}) => startProgram(args, options).ended;

let folder: string;
let world: World;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-usage-"));
  world = await startWorld("limits: {global: 1}\n");
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

describe("help", async () => {
  let printed = "";
  const write = (text: string) => {
    printed += text;
  };
  const program = buildProgram({ ...createTerminal(process), write });
  /** As `signalbox log help tail` prints it; a command is defined when it is named, and there with its own commands. */
  const helpOf = async (...names: string[]): Promise<string> => {
    printed = "";
    const words = [...names.slice(0, -1), "help", ...names.slice(-1)];
    await expect(program.parseAsync(words, { from: "user" })).rejects.toMatchObject({ exitCode: 0 });
    return printed;
  };
  const commandsIn = ({ commands }: Command) => commands.filter((command) => command.name() !== "help");
  for (const command of commandsIn(program)) await helpOf(command.name());
  const named = commandsIn(program).flatMap((command) => [
    [command],
    ...commandsIn(command).map((own) => [command, own]),
  ]);

  test("is there for all commands, and for those within a command", () => {
    const names = named.map((path) => path.map((command) => command.name()).join(" "));
    expect(names.length).toBeGreaterThan(30);
    expect(names).toEqual(expect.arrayContaining(["up", "jobs", "log", "log tail", "schedule set", "limits set"]));
  });

  test.each(named.map((path) => [path.map((command) => command.name()), path.at(-1) ?? program] as const))(
    "of %j says what it does and has two examples that are commands of this program",
    async (names, command) => {
      const help = await helpOf(...names);
      expect(command.summary()).not.toBe("");
      expect(command.description().length).toBeGreaterThan(command.summary().length);
      const examples = help.split("Examples:\n")[1]?.trimEnd().split("\n") ?? [];
      expect(examples.length).toBeGreaterThanOrEqual(2);
      for (const example of examples) {
        const words = example
          .trim()
          .replace(/^\w+=\$\(/, "")
          .split(/\s+/);
        expect(words[0]).toBe("signalbox");
        expect(program.commands.map((known) => known.name())).toContain(words[1]);
        const unknown = await unknownOptionsOf(program, words.slice(1));
        expect(unknown, example).toEqual([]);
      }
      expect(help).toContain("--nats <url>");
    },
  );

  test("is printed on standard output when it is asked for", async () => {
    const { code, stdout, stderr } = await run(["submit", "--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("Usage: signalbox submit");
  });

  test("is the same whether `help` comes first or --help last, and an unknown name is wrong usage", async () => {
    const [before, after, within, unknown] = await Promise.all([
      run(["help", "submit"]),
      run(["submit", "--help"]),
      run(["log", "help", "tail"]),
      run(["help", "nonesuch"]),
    ]);
    expect(before).toEqual(after);
    expect(within.stdout).toContain("Usage: signalbox log tail");
    expect(unknown).toMatchObject({ code: 2, stdout: "" });
  });

  test("is printed on standard error, with exit code 2, when no command is given", async () => {
    const { code, stdout, stderr } = await run([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("Usage: signalbox");
  });
});

/** What is no option of the command that the words name; words of other programs are left out. */
async function unknownOptionsOf(program: Command, words: readonly string[]): Promise<string[]> {
  const end = words.findIndex((word) => ["|", ">", "--", "&&", ";"].includes(word));
  const own = end === -1 ? words : words.slice(0, end);
  const { path } = await placeAfter(program, own);
  const given = own.filter((word) => /^--?[a-z]/.test(word)).map((word) => splitOption(word)[0] ?? "");
  return given.filter((name) => optionCalled(path, name) === null);
}

describe("wrong usage is exit code 2, told in a line or two without a stack trace", () => {
  test.each([
    [["nonesuch"], "unknown command 'nonesuch'"],
    [["jbos"], "Did you mean jobs?"],
    [["jobs", "--nonesuch"], "unknown option '--nonesuch'"],
    [["jobs", "extra"], "too many arguments"],
    [["job"], "missing required argument 'id'"],
    [["jobs", "-o", "xml"], "Allowed choices are table, json, jsonl, csv, yaml"],
    [["jobs", "--state", "busy"], "Allowed are scheduled, queued"],
    [["jobs", "--since", "yesterday"], "or how long ago: 500ms, 30s, 10m, 2h, 1d"],
    [["jobs", "--sort", "colour"], "Give a field, as in createdAt or createdAt:desc"],
    [["doctor", "-o", "csv"], "doctor prints no csv: it takes -o table, json or jsonl"],
    [["log", "tail", "-o", "yaml"], "tail prints no yaml"],
    [["jobs", "--watch", "--log", GOLDEN], "--watch is about what comes: leave out --log and --at"],
    [["slots", "--watch", "--at", "812"], "--watch is about what comes: leave out --log and --at"],
    [["slots", "--watch", "-o", "json"], "--watch has no end, so it makes no json document: use -o jsonl"],
    [["completion", "tcsh"], "name one shell: bash, zsh, fish"],
    [["graph", "engine"], "machines are job, dispatcher, worker"],
    [["slots", "--nats", "nats://127.0.0.1:1", "--context", "x"], "keep one"],
    [["slots", "--creds", "nope.creds", "--nats", "nats://127.0.0.1:1"], "nope.creds"],
    [["slots", "--namespace", "Not Good"], "--namespace"],
    [["slots", "--config", "nope.yaml"], "nope.yaml"],
  ])("%j", async (args, reason) => {
    const { code, stdout, stderr } = await run(args, { cwd: folder });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(reason);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test("a wrong configuration names every mistake with its line", async () => {
    await writeFile(join(folder, "wrong.yaml"), "limits:\n  global: none\ntypse: {}\n");
    const { code, stderr } = await run(["jobs", "--config", "wrong.yaml"], { cwd: folder });
    expect(code).toBe(2);
    expect(stderr).toContain("wrong.yaml:2:11 limits.global");
    expect(stderr).toContain("wrong.yaml:3:1 typse");
  });
});

describe("without a server", () => {
  test("given none is named and none runs here, then it says how to start one, and the exit code is 1", async () => {
    const { code, stdout, stderr } = await run(["jobs"], { cwd: folder });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("no scheduler is running here");
    expect(stderr).toContain("signalbox up");
  });

  test("given an address where none listens, then the address is named", async () => {
    const { code, stderr } = await run(["jobs", "--nats", "nats://127.0.0.1:1"], { cwd: folder });
    expect(code).toBe(1);
    expect(stderr).toContain("cannot connect to NATS at nats://127.0.0.1:1");
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test("given SIGNALBOX_DEBUG, then the stack trace is there", async () => {
    const env = { SIGNALBOX_DEBUG: "1" };
    const { stderr } = await run(["jobs", "--nats", "nats://127.0.0.1:1"], { cwd: folder, env });
    expect(stderr).toMatch(/^\s+at /m);
  });

  test("given a namespace that nobody has used, then questions and submissions say so", async () => {
    for (const args of [["jobs"], ["submit", "hello"]]) {
      const { code, stdout, stderr } = await world.run([...args, "--namespace", "empty"]);
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toContain("no scheduler has run on");
    }
  });
});

describe("common options", () => {
  test("given before or after the command's name, then they mean the same", async () => {
    const { url } = world.server;
    const [before, after] = await Promise.all([
      run(["--nats", url, "-o", "json", "limits"], { cwd: folder }),
      run(["limits", "get", "-o", "json", "--nats", url], { cwd: folder }),
    ]);
    expect(before.code).toBe(0);
    expect(before.stdout).toBe(after.stdout);
    expect(JSON.parse(before.stdout)).toHaveProperty("limits.global", 1);
  });

  test("given an address in the environment that is wrong, then --nats goes before it", async () => {
    const { code } = await world.run(["limits", "--nats", world.server.url], {
      env: { NATS_URL: "nats://127.0.0.1:1" },
    });
    expect(code).toBe(0);
  });
});

describe("graph", () => {
  test.each([
    [["graph"], /^stateDiagram-v2\n/],
    [["graph", "dispatcher", "--format", "dot"], /^digraph /],
    [["graph", "worker", "--format", "mermaid"], /idle --> starting/],
  ])("%j needs no server", async (args, pattern) => {
    const { code, stdout, stderr } = await run(args, { cwd: folder });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(pattern);
  });

  test("given -o json, then it is one document", async () => {
    const [wide, line] = await Promise.all([run(["graph", "job", "-o", "json"]), run(["graph", "job", "-o", "jsonl"])]);
    expect(JSON.parse(wide.stdout)).toEqual(JSON.parse(line.stdout));
    expect(line.stdout.trimEnd()).not.toContain("\n");
  });
});

describe("a reader that goes away", () => {
  test("ends the program quietly", async () => {
    for (const id of ["j-one", "j-two", "j-three"]) await world.submitToEnd("hello", { id });
    const running = world.start(["log", "tail", "-f", "--from", "1"]);
    await running.saw("stdout", "RunCompleted");
    running.child.stdout?.destroy();
    // The next write meets the closed pipe.
    await world.submitToEnd("hello", { id: "j-four" });
    expect(await running.ended).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("on a terminal", () => {
  const onTerminal = async (words: string, env: Record<string, string> = {}): Promise<string> => {
    const command = `'${process.execPath}' '${PROGRAM}' ${words}`;
    const size = { columns: 60, rows: 20 };
    return (await seenOnTerminal({ command, folder, size, env: { NATS_URL: world.server.url, ...env } })).shown;
  };

  test("a picture is not written to it: where to is said", async () => {
    expect(await onTerminal("graph worker --format png")).toContain(
      "Write it to a file: signalbox graph worker --format png > worker.png",
    );
  });

  test("tables fit its width and have colours, unless those are not wanted", async () => {
    const label = "a-label-that-is-much-too-long-for-the-width-of-this-terminal";
    await world.submitToEnd("hello", { id: "wide", labels: { about: label } });
    const coloured = await onTerminal("jobs");
    expect(coloured).toContain("\u001b[32m");
    const lines = stripVTControlCharacters(coloured).trimEnd().split("\n");
    expect(lines[0]).toMatch(/^JOB/);
    expect(lines.filter((line) => line.length > 60)).toEqual([]);
    expect(lines.find((line) => line.startsWith("wide"))).toMatch(/…$/);
    for (const plain of [await onTerminal("jobs --no-color"), await onTerminal("jobs", { NO_COLOR: "1" })])
      expect(plain).not.toContain("\u001b");
  });

  test("only the first jobs are listed, and it says so", async () => {
    const { connect } = await import("../../src/nats/door.js");
    const nc = await connect({ servers: world.server.url });
    const many = Array.from({ length: 700 }, () => ({ type: "hello", delay: "1h" }));
    await nc.jetstream().publish("signalbox.submit", JSON.stringify(many));
    await nc.close();
    await world.submitToEnd("hello", { id: "j-five" });
    const text = stripVTControlCharacters(await onTerminal("jobs"));
    expect(text).toMatch(/50 of \d+ shown; --limit shows more/);
    expect(text.split("\n").filter((line) => line.startsWith("j") || line.startsWith("wide"))).toHaveLength(50);
    expect(JSON.parse((await world.run(["jobs", "-o", "json"])).stdout).length).toBeGreaterThan(700);
  });
});
