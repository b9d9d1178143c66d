/**
 * `npm run mutate [-- room …] [--incremental]`: mistakes of every kind, one at a time, in the inner rooms (Stryker), before each room's own
 * tests. Prints who was neither found nor explained, and one table; fails if there is any, or if less than nine in ten are found.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { EXPLAINED } from "./explained/index.js";
import { readReport, type Survivor, type Tally, tallyOf } from "./report.js";
import { ROOMS, type Room } from "./rooms.js";

const root = join(import.meta.dirname, "../../..");
const reports = join(root, "reports/mutation");
const stryker = join(root, "node_modules/@stryker-mutator/core/bin/stryker.js");
const FOUND_PERCENT_MIN = 90;
const SEED = "20260101";
const SHARE = 0.1;

interface Options {
  /** Takes over what is known of mutants whose code and tests have not changed. */
  readonly incremental: boolean;
  readonly concurrency: string;
}

/** Runs Stryker on one room; what it prints goes to a file beside its report. */
async function mutate(room: Room, { incremental, concurrency }: Options): Promise<Tally> {
  const report = join(reports, `${room.name}.json`);
  const what = ["--mutate", room.files.join(","), "--incrementalFile", report, ...(incremental ? [] : ["--force"])];
  const argv = [
    stryker,
    "run",
    ...what,
    "--concurrency",
    concurrency,
    "--reporters",
    "clear-text,progress-append-only",
  ];
  const env = {
    ...process.env,
    MUTATE_TESTS: room.tests.map((name) => `test/${name}.test.ts`).join(","),
    // A mutant must live or die the same way every time; and there are thousands of them, so each meets fewer random worlds.
    SIGNALBOX_TEST_SEED: SEED,
    SIGNALBOX_TEST_SHARE: String(room.share ?? SHARE),
  };
  const child = spawn(process.execPath, argv, { cwd: root, env, stdio: ["ignore", "pipe", "inherit"] });
  child.stdout.pipe(createWriteStream(join(reports, `${room.name}.txt`)));
  createInterface({ input: child.stdout }).on("line", (line) => {
    const progress = /\d+\/\d+ tested.*/.exec(line);
    if (progress !== null) process.stderr.write(`${room.name}: ${progress[0]}\n`);
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`Stryker ended with ${code}; see reports/mutation/${room.name}.txt`);
  return tallyOf(await readReport(report));
}

function isExplained({ file, change: [before, after] }: Survivor): boolean {
  return EXPLAINED.some(
    (explained) =>
      explained.file === file && explained.changes.some((change) => change[0] === before && change[1] === after),
  );
}

function lineOf(name: string, found: number, explained: number, all: number): string {
  const cells = [`${found} of ${all}`.padStart(14), `${((100 * found) / all).toFixed(1)} %`.padStart(8)];
  return `${name.padEnd(12)}${cells.join("")}${`${explained} explained`.padStart(16)}${`${all - found - explained} not`.padStart(9)}`;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { incremental: { type: "boolean", default: false }, concurrency: { type: "string", default: "2" } },
});
const unknown = positionals.filter((name) => !ROOMS.some((room) => room.name === name));
if (unknown.length > 0) {
  process.stderr.write(`no room ${unknown.join(", ")}; rooms are ${ROOMS.map(({ name }) => name).join(", ")}\n`);
  process.exit(2);
}
await mkdir(reports, { recursive: true });
const sum = { found: 0, explained: 0, all: 0 };
const lines: string[] = [];
for (const room of ROOMS.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
  const { found, all, survivors } = await mutate(room, values);
  const left = survivors.filter((survivor) => !isExplained(survivor));
  const explained = survivors.length - left.length;
  for (const { file, line, kind, change, isReached } of left) {
    process.stdout.write(
      `${file}:${line} ${kind}${isReached ? "" : " (no test comes there)"}\n- ${change[0]}\n+ ${change[1]}\n`,
    );
  }
  lines.push(lineOf(room.name, found, explained, all));
  process.stderr.write(`${lines.at(-1)}\n`);
  sum.found += found;
  sum.explained += explained;
  sum.all += all;
}
lines.push(lineOf("all", sum.found, sum.explained, sum.all));
process.stdout.write(`${lines.join("\n")}\n`);
if (sum.found + sum.explained < sum.all || (100 * sum.found) / sum.all < FOUND_PERCENT_MIN) process.exitCode = 1;
