/** Completion: a real bash with the script that the program prints, and what the program offers. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROGRAM } from "../support/program.js";
import { startProgram, startWorld, type World } from "./world.js";

const run = promisify(execFile);

let world: World;
beforeAll(async () => {
  world = await startWorld("limits: {resources: {ollama: 1, gpu: 2}}\n");
  await world.submitToEnd("hello", { id: "done-1", group: { id: "book" } });
  await world.submit("hello", { id: "later-1", delay: "1h" });
});
afterAll(() => world[Symbol.asyncDispose]());

/** What bash would insert for the last word of `line`. The clock of a busy machine must not decide: `more` can leave the server out. */
async function bash(line: string, more: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const { PATH = "", HOME = "" } = process.env;
  const script = `
    signalbox() { '${process.execPath}' '${PROGRAM}' "$@"; }
    source <(signalbox completion bash)
    complete -p signalbox >&2
    COMP_LINE=$1 COMP_POINT=\${#1}
    _signalbox signalbox
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const env = { PATH, HOME, NATS_URL: world.server.url, ...more };
  const { stdout, stderr } = await run("bash", ["--norc", "-c", script, "bash", line], { env, cwd: world.folder });
  expect(stderr).toBe("complete -F _signalbox signalbox\n");
  return stdout.split("\n").filter((word) => word !== "");
}

/** What is offered by a scheduler is offered only if it comes within a moment: asked again until the machine has one. */
async function offered(line: string): Promise<string[]> {
  for (;;) {
    const words = await bash(line);
    if (words.length > 0) return words;
  }
}

describe("in bash", () => {
  test.each([
    ["signalbox jo", ["jobs", "job"]],
    ["signalbox log ", ["tail", "export", "import", "verify", "help"]],
    ["signalbox --namespace x log ve", ["verify"]],
    ["signalbox jobs --st", ["--state"]],
    ["signalbox jobs --state run", ["running"]],
    ["signalbox jobs --state=run", ["running"]],
    ["signalbox jobs --sort createdAt:", ["desc"]],
    ["signalbox jobs -o ", ["table", "json", "jsonl", "csv", "yaml"]],
    ["signalbox graph --format m", ["mermaid"]],
    ["signalbox jobs --log ", []],
    ["signalbox run -- ", []],
    ["signalbox nonesuch ", []],
  ])("given `%s`, when it is completed, then by what the program knows itself: %j", async (line, words) => {
    expect(await bash(line, { NATS_URL: "nats://127.0.0.1:1" })).toEqual(words);
  });

  test.each([
    ["signalbox job do", ["done-1"]],
    ["signalbox cancel ", ["later-1"]],
    ["signalbox retry ", ["done-1"]],
    ["signalbox group ", ["book"]],
    ["signalbox jobs --group b", ["book"]],
    ["signalbox pause res", ["resource:gpu", "resource:ollama"]],
    // What is before the colon is on the line already, and a word of its own for bash.
    ["signalbox queue --pool resource:o", ["ollama"]],
    ["signalbox submit hello --resource gpu", ["gpu=1"]],
    ["signalbox jobs --type he", ["hello"]],
  ])("given `%s` and a scheduler, when it is completed, then by what that knows: %j", async (line, words) => {
    expect(await offered(line)).toEqual(words);
  });
});

describe("when nothing answers", () => {
  test.each([
    ["an address where nobody listens", { NATS_URL: "nats://127.0.0.1:1" }, ["job", ""]],
    ["a configuration that cannot be read", {}, ["--config", "nope.yaml", "job", ""]],
    ["no word", {}, []],
  ])("given %s, then nothing is offered and nothing said", async (_what, env, words) => {
    const ran = await startProgram(["completion", "--words", "--", ...words], { cwd: world.folder, env }).ended;
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    if (words.length > 0) expect(ran.stdout).toBe("");
  });
});

describe("what the scripts are told", () => {
  test.each([
    [["jobs", "--log", ""], ":files\n"],
    [["run", "--", "ls", ""], ":files\n"],
    [["jobs", "-o", "j"], "json\njsonl\n"],
    [["log", "ve"], "verify\tcheck the ledger from its first entry on\n"],
  ])("given %j, then a candidate a line, what it is after a tab, or that it is a file", async (words, said) => {
    const ran = await startProgram(["completion", "--words", "--", ...words]).ended;
    expect(ran).toEqual({ code: 0, stdout: said, stderr: "" });
  });
});

describe("the scripts", () => {
  test.each(["bash", "zsh", "fish"])(
    "given %s, when its script is asked for, then it is printed, and that shell can read it",
    async (shell) => {
      const { code, stdout, stderr } = await startProgram(["completion", shell]).ended;
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toContain("completion --words --");
      const isThere = await run("sh", ["-c", `command -v ${shell}`]).then(
        () => true,
        () => false,
      );
      if (isThere) await run(shell, ["-n", "-c", stdout]);
    },
  );
});
