/** What a command loads before it does its work: no more than it needs, because that is most of the time that it takes. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startProgram } from "./world.js";

const GOLDEN = join(import.meta.dirname, "../golden/format-1.jsonl");
const NOBODY = "nats://127.0.0.1:1";

/** Writes down the address of every module that is imported, by Node.js's own hook. What a CommonJS package requires is not told. */
const HOOK = `
  import { appendFileSync } from "node:fs";
  export async function load(url, context, next) {
    appendFileSync(process.env.LOADED_FILE, url + "\\n");
    return next(url, context);
  }`;
const asModule = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;
const REGISTER = asModule(`import { register } from "node:module"; register(${JSON.stringify(asModule(HOOK))});`);

let folder: string;
let runs = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-start-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Loaded {
  readonly libraries: readonly string[];
  /** Of our own files the folders: `events`, `src/cli`. */
  readonly rooms: readonly string[];
}

async function loadedBy(args: readonly string[], code: number): Promise<Loaded> {
  runs += 1;
  const file = join(folder, `loaded-${runs}`);
  const env = { LOADED_FILE: file, NODE_OPTIONS: `--import ${REGISTER}` };
  const ran = await startProgram(args, { cwd: folder, env }).ended;
  expect(ran, ran.stderr).toMatchObject({ code });
  const urls = (await readFile(file, "utf8")).trimEnd().split("\n");
  const libraries = urls.flatMap((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []);
  const rooms = urls.flatMap((url) => /\/dist\/(src\/[^/]+(?=\/)|\w+)\//.exec(url)?.[1] ?? []);
  return { libraries: [...new Set(libraries)].sort(), rooms: [...new Set(rooms)].sort() };
}

describe("the start of the program", () => {
  test.each([["--version"], ["--help"], ["help"], ["log --help"]])(
    "given `signalbox %s`, when it is run, then neither the libraries that work nor a room but the command line is loaded",
    async (line) => {
      const { libraries, rooms } = await loadedBy(line.split(" "), 0);
      expect(libraries).toEqual(["commander", "picocolors"]);
      expect(rooms.filter((room) => !["src", "src/cli", "src/client"].includes(room))).toEqual([]);
    },
  );

  test("given a drawing, when it is made, then nothing is loaded that could connect, read a configuration or check one", async () => {
    const { libraries } = await loadedBy(["graph", "job"], 0);
    expect(libraries).toEqual(["@xstate/graph", "commander", "picocolors", "xstate"]);
  });

  test.each([
    [["jobs"]],
    [["slots"]],
    [["job", "j1"]],
    [["cancel", "j1"]],
    [["submit", "hello"]],
    [["limits"]],
    [["run", "--", "true"]],
  ])(
    "given %j, when it speaks with a server, then no ledger can be folded, nothing can be decided, and no server started",
    async (args) => {
      const { libraries, rooms } = await loadedBy([...args, "--nats", NOBODY], 1);
      expect(libraries).toEqual(["commander", "nats", "picocolors", "yaml", "zod"]);
      const idle = ["machines", "projections", "src/dispatcher", "src/webhooks", "src/doctor"];
      expect(rooms.filter((room) => idle.includes(room))).toEqual([]);
    },
  );

  test("given an exported log, when a question is answered from it, then nothing is loaded that could connect", async () => {
    const { libraries } = await loadedBy(["jobs", "--log", GOLDEN], 0);
    expect(libraries).toEqual(["commander", "immer", "picocolors", "xstate", "zod"]);
  });
});
