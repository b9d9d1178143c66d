/**
 * `npm run prove -- mistakes`: plants each mistake into a copy of what was built, and looks who finds it. A mistake that nobody finds
 * fails, and so does a check that finds something where nothing was planted. With `--all` each check is tried on each mistake; else
 * the search for a mistake ends with the first that finds it. `--plant TEXT` tries those with this in their names.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { CHECKERS, type Checker } from "./checkers.js";
import { copyWith } from "./copy.js";
import { givenPlants } from "./given.js";
import { PLANTS, type Plant } from "./plants.js";
import { type Row, tableOf } from "./table.js";
import { writeLedgers } from "./write-ledgers.js";

/** A mistake may make a check go on for ever. */
const CHECK_MS_MAX = 300_000;

const { values } = parseArgs({
  options: { all: { type: "boolean", default: false }, plant: { type: "string" } },
});
const root = join(import.meta.dirname, "../../..");
const folder = join(root, "reports", "plants");
const ledgers = join(folder, "ledgers.json");

/** What a check says of a copy: what it has found, or null if it is content. */
async function look({ argv, found }: Checker, copy: string): Promise<string | null> {
  const child = spawn(process.execPath, argv(copy, ledgers), { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const timer = setTimeout(() => child.kill("SIGKILL"), CHECK_MS_MAX);
  let word: string | null = null;
  let last = "";
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on("line", (line) => {
      word ??= found.exec(line)?.[1] ?? null;
      if (line.trim() !== "") last = line;
    });
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  clearTimeout(timer);
  if (code === 0) return null;
  return word ?? (signal === null ? last.trim() : "it never ends");
}

async function examine(plant: Plant | null, isWhole: boolean): Promise<Row> {
  const place = join(folder, (plant?.name ?? "nothing").replaceAll(/\W+/g, "-"));
  const copy = await copyWith(plant, join(root, "dist"), place);
  const row: Row = { name: plant?.name ?? "nothing", finds: new Map() };
  for (const checker of CHECKERS) {
    const began = performance.now();
    const what = await look(checker, copy);
    row.finds.set(checker.name, { what, seconds: (performance.now() - began) / 1_000 });
    if (what !== null && !isWhole) break;
  }
  await rm(place, { recursive: true, force: true });
  const [by, find] = [...row.finds].find(([, { what }]) => what !== null) ?? [];
  process.stderr.write(`${row.name}: ${by === undefined ? "found by nobody" : `${by}: ${find?.what}`}\n`);
  return row;
}

await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
await writeLedgers(ledgers);
const wanted = PLANTS.filter(({ name }) => values.plant === undefined || name.includes(values.plant));
const rows = new Map<Plant | null, Row>();
const left: (Plant | null)[] = values.plant === undefined ? [null, ...wanted] : [...wanted];
await Promise.all(
  Array.from({ length: Math.min(2, availableParallelism()) }, async () => {
    for (let plant = left.shift(); plant !== undefined; plant = left.shift())
      rows.set(plant, await examine(plant, plant === null || values.all));
  }),
);
const planted = wanted.flatMap((plant) => rows.get(plant) ?? []);
const given = values.plant === undefined ? await givenPlants() : [];
const nothing = [...(rows.get(null)?.finds ?? [])].filter(([, { what }]) => what !== null);
const missed = [...planted, ...given].filter(({ finds }) => [...finds.values()].every(({ what }) => what === null));
process.stdout.write(`${tableOf([...planted, ...given])}\n`);
for (const [name, { what }] of nothing)
  process.stdout.write(`${name} finds something where nothing is planted: ${what}\n`);
for (const { name } of missed) process.stdout.write(`nobody finds: ${name}\n`);
process.stdout.write(
  `planted mistakes: ${planted.length + given.length - missed.length} of ${planted.length + given.length} found; ` +
    `${nothing.length === 0 ? "no check" : nothing.map(([name]) => name).join(", ")} finds anything where nothing is planted\n`,
);
await rm(folder, { recursive: true, force: true });
process.exitCode = missed.length + nothing.length === 0 ? 0 : 1;
