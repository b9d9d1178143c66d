/** The house: which room may look into which, which door leads to which library, and what must not be said in any room. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

/** The folder that `events/` stands in, wherever this file runs from. */
const root = findRoot(dirname(fileURLToPath(import.meta.url)));
const rooms: readonly string[] = ["events", "machines", "projections", "src", "test"];
const innerRooms: readonly string[] = ["events", "machines", "projections"];

interface Source {
  /** Its path from the root: `events/codec.ts`. */
  readonly path: string;
  readonly room: string;
  readonly text: string;
  /** The text without comments. */
  readonly code: string;
  /** What it imports: own files as paths from the root, libraries by their names. */
  readonly imports: readonly string[];
}
const sources = rooms.flatMap((room) => filesIn(room)).map(readSource);
const rules = {
  own: sources.filter(({ room }) => room !== "test"),
  tests: sources.filter(({ room }) => room === "test"),
};
const self = "test/house.test.ts";

describe("the house", () => {
  test("given all rooms, when they are read, then the sources are there: else the other rules would say nothing", () => {
    for (const room of rooms) expect(sources.filter((source) => source.room === room).length, room).toBeGreaterThan(3);
    expect(rules.own.flatMap(({ imports }) => imports).length).toBeGreaterThan(100);
  });

  test("given the arrows events ← machines ← projections ← src ← test, when a file imports, then never against them", () => {
    const wrong = sources.flatMap(({ path, room, imports }) =>
      imports
        .filter((target) =>
          rooms.some((other) => target.startsWith(`${other}/`) && rooms.indexOf(other) > rankOf(room)),
        )
        .map((target) => `${path} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test("given an import of an own file, when it is looked up, then the file is there, and it is named with .js", () => {
    const paths = new Set(sources.map(({ path }) => path));
    const isOwn = (target: string) => rooms.some((room) => target.startsWith(`${room}/`));
    const lost = sources.flatMap(({ path, imports }) =>
      imports.filter((target) => isOwn(target) && !paths.has(target)).map((target) => `${path} imports ${target}`),
    );
    expect(lost).toEqual([]);
  });

  test.each([
    ["nats", "src/nats/door.ts"],
    ["immer", "projections/draft.ts"],
    ["@xstate/graph", "machines/graph.ts"],
    ["ollama", "src/runners/ollama.ts"],
    ["pino", "src/logger.ts"],
    ["@resvg/resvg-wasm", "src/ui/drawing/png.ts"],
  ])("given the library %s, when the rooms import it, then only through %s", (library, door) => {
    expect(importersOf(library)).toEqual([door]);
  });

  test("given the inner rooms, when they import libraries, then only those that do nothing outside: no input, no output", () => {
    const harmless = new Set(["zod", "xstate", "immer", "@xstate/graph"]);
    const wrong = sources
      .filter(({ room }) => innerRooms.includes(room))
      .flatMap(({ path, imports }) =>
        imports.filter((one) => isLibrary(one) && !harmless.has(one)).map((one) => `${path}: ${one}`),
      );
    expect(wrong).toEqual([]);
  });

  test("given the command line, when other rooms import, then never from it", () => {
    const wrong = rules.own.filter(
      ({ path, imports }) => !path.startsWith("src/cli/") && imports.some((one) => one.startsWith("src/cli/")),
    );
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  test("given the inner rooms, when they are read, then they have no clock, no chance, no timer and no process (D6)", () => {
    const banned = [
      /\bDate\.now\b/,
      /\bnew Date\(\s*\)/,
      /(?<!new )\bDate\(\s*\)/,
      /\bMath\.random\b/,
      /\bperformance\b/,
      /\bcrypto\b/,
      /(?<![.\w])process\.(env|exit|argv|on|once|std\w+|cwd|hrtime|nextTick|kill|memoryUsage|uptime)\b/,
      /\bglobalThis\b/,
      /\bset(Timeout|Interval|Immediate)\b/,
      /\bconsole\b/,
      /\bfetch\(/,
      /\bawait\b/,
      /\blocaleCompare\b/,
      /\bIntl\./,
      /\btoLocale\w*\b/,
    ];
    expect(
      found(
        banned,
        sources.filter(({ room }) => innerRooms.includes(room)),
        ({ code }) => code,
      ),
    ).toEqual([]);
  });

  test("given all rooms, when they are read, then no word marks unfinished or unchecked work", () => {
    const unfinished = [/\bTODO\b/, /\bFIXME\b/, /\bXXX\b/, /\bHACK\b/, /@ts-(ignore|nocheck|expect-error)/];
    const unchecked = [/\bas any\b/, /:\s*any\b/, /<any>/, /\bas unknown as\b/];
    const skipped = [/\b(test|it|describe|suite)\.(only|todo|fails)\b/, /\b(xit|xtest|xdescribe|fit|fdescribe)\(/];
    const others = sources.filter(({ path }) => path !== self);
    expect(found(unfinished, others, ({ text }) => text)).toEqual([]);
    expect(found([...unchecked, ...skipped], others, ({ code }) => withoutTexts(code))).toEqual([]);
  });

  test("given a test that is left out, when it says so, then by a condition and with a reason beside it, never for good", () => {
    const others = rules.tests.filter(({ path }) => path !== self);
    // Whoever skips writes `(skipped: <why>)` into the title, so that the reason stands in every report.
    const unsaid = /\b(test|it|describe|suite)\.skip\((?!.*\(skipped: \$\{)/;
    expect(found([unsaid], others, ({ code }) => code)).toEqual([]);
    const silent = /biome-ignore [^:]*:\s*$/;
    expect(found([silent], others, ({ text }) => text)).toEqual([]);
  });

  test("given the rooms without tests, when the linter is told to look away, then nowhere", () => {
    expect(found([/biome-ignore/], rules.own, ({ text }) => text)).toEqual([]);
  });

  test("given all rooms, when files are named, then for one idea: no cupboard for everything", () => {
    const cupboard = /(^|[/-])(utils?|helpers?|managers?|common|misc|shared|stuff)(\.|-|\/)/;
    expect(sources.map(({ path }) => path).filter((path) => cupboard.test(path))).toEqual([]);
  });

  test("given the rooms without tests, when files are counted in lines, then none is longer than people read at once", () => {
    const LINES_MAX = 300;
    const long = rules.own
      .map(({ path, text }) => [path, text.split("\n").length] as const)
      .filter(([, lines]) => lines > LINES_MAX);
    expect(long).toEqual([]);
  });

  test("given a file of the inner rooms, when it begins, then with a comment that says what it is for", () => {
    const silent = sources.filter(({ room, text }) => innerRooms.includes(room) && !text.startsWith("/**"));
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  test("given the titles of all tests, when they are compared within a file, then each is there once", () => {
    const twice = rules.tests.flatMap(({ path, code }) => {
      const titles = [
        ...code.matchAll(/\b(?:test|it)(?:\.each\([\s\S]*?\]\)|\.\w+\([^\n]*\))?\(\s*(["'`])([\s\S]*?)\1\s*,/g),
      ].map((match) => match[2] ?? "");
      return titles.filter((title, index) => titles.indexOf(title) !== index).map((title) => `${path}: ${title}`);
    });
    expect(twice).toEqual([]);
  });
});

function findRoot(from: string): string {
  const names = readdirSync(from);
  if (names.includes("package.json") && names.includes("events")) return from;
  const above = dirname(from);
  if (above === from) throw new Error("no folder above this test holds package.json and events/");
  return findRoot(above);
}

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}

function readSource(path: string): Source {
  const text = readFileSync(join(root, path), "utf8");
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/(^|\s)\/\/.*$/gm, "$1");
  const statements = /^(?:import|export)\b[^;"']*?\bfrom\s+"([^"]+)"|^import\s+"([^"]+)"|\bimport\("([^"]+)"\)/gm;
  const imports = [...code.matchAll(statements)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
  return { path, room: path.split("/")[0] ?? "", text, code, imports: imports.map((one) => resolveImport(path, one)) };
}

/** An own file as its path from the root, with the ending of its source. */
function resolveImport(from: string, target: string): string {
  if (!target.startsWith(".")) return target;
  const path = normalize(join(dirname(from), target)).replace(/\.js$/, ".ts");
  return existsSync(join(root, `${path}x`)) ? `${path}x` : path;
}

/** Code whose texts are emptied, so that what a message says is not taken for code. */
const withoutTexts = (code: string): string =>
  code.replaceAll(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g, '""');

const rankOf = (room: string): number => rooms.indexOf(room);
const isLibrary = (target: string): boolean => !rooms.some((room) => target.startsWith(`${room}/`));
const importersOf = (library: string): string[] =>
  rules.own
    .filter(({ imports }) => imports.some((one) => one === library || one.startsWith(`${library}/`)))
    .map(({ path }) => path);

/** `path:line: what was found`, for each place where a pattern matches. */
function found(patterns: readonly RegExp[], files: readonly Source[], read: (source: Source) => string): string[] {
  return files.flatMap((source) =>
    read(source)
      .split("\n")
      .flatMap((line, index) =>
        patterns
          .filter((pattern) => pattern.test(line))
          .map((pattern) => `${source.path}:${index + 1}: ${pattern.source}`),
      ),
  );
}
