import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { EXPLAINED } from "./explained/index.js";
import { type Report, tallyOf, withOneBlank } from "./report.js";
import { ROOMS } from "./rooms.js";

const root = join(import.meta.dirname, "../..");

const filesOf = (pattern: string): readonly string[] =>
  pattern.endsWith("/*.ts")
    ? readdirSync(join(root, pattern.slice(0, -"/*.ts".length)))
        .filter((name) => name.endsWith(".ts"))
        .map((name) => pattern.replace("*.ts", name))
    : [pattern];

test("given the files of the inner rooms, when they are looked for, then each is mutated in one room", () => {
  const inner = ["events", "machines", "projections"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => `${folder}/${name}`),
  );
  expect(ROOMS.flatMap(({ files }) => files.flatMap(filesOf)).sort()).toEqual(inner.sort());
});

test("given the tests of a room, when they are looked for, then each is there", () => {
  const named = ROOMS.flatMap(({ tests }) => tests);
  expect(named.filter((name) => !existsSync(join(root, `test/${name}.test.ts`)))).toEqual([]);
});

test("given mutants that are explained, when their lines are looked for, then each still stands", () => {
  for (const { file, changes } of EXPLAINED) {
    const source = withOneBlank(readFileSync(join(root, file), "utf8"));
    expect(changes.map(([before]) => before).filter((before) => !source.includes(before))).toEqual([]);
  }
});

test("given a report, when it is read, then mutants that were not found are changes of whole lines", () => {
  const place = (line: number, column: number) => ({ line, column });
  const mutant = (status: string) => ({
    status,
    mutatorName: "BlockStatement",
    replacement: "{}",
    location: { start: place(2, 10), end: place(4, 4) },
  });
  const source = "function f() {\n  if (a) {\n    g();\n  } else h();\n}\n";
  const mutants = ["Killed", "Timeout", "Survived", "NoCoverage", "Ignored", "CompileError"].map(mutant);
  const report: Report = { files: { "events/f.ts": { source, mutants } } };
  const change = ["if (a) { g(); } else h();", "if (a) {} else h();"];
  const survivor = { file: "events/f.ts", line: 2, kind: "BlockStatement", change };
  expect(tallyOf(report)).toEqual({
    found: 2,
    all: 4,
    survivors: [
      { ...survivor, isReached: true },
      { ...survivor, isReached: false },
    ],
  });
});
