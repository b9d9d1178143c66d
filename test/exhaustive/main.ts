/**
 * `npm run check:states`: explores small worlds in every order of events, with the shipped fold, decisions and machines, and says
 * how many states were seen and that all invariants hold in each of them; or tells a shortest story that breaks one.
 */
import { parseArgs } from "node:util";
import { type Explored, explore } from "./explore.js";
import { conclude, introduce, progressLine } from "./report.js";
import { tell } from "./story.js";
import type { World } from "./world.js";
import { longForm, WORLDS } from "./worlds.js";

/** 16 bytes a state: 10 for the table, 6 for the way back. The states of two levels are kept whole beside that. */
const STATES_MAX = 20_000_000;
const LONG_STATES_MAX = 300_000_000;
/** A long run that writes to a file tells now and then how far it is. */
const PROGRESS_LINE_EVERY_MS = 60_000;

const { values } = parseArgs({
  options: {
    world: { type: "string", multiple: true },
    "states-max": { type: "string" },
    long: { type: "boolean", default: false },
    "first-fault": { type: "boolean", default: false },
    seed: { type: "string", default: "0" },
  },
});
const say = (text: string) => process.stdout.write(`${text}\n`);
const statesMax = Number(values["states-max"] ?? (values.long ? LONG_STATES_MAX : STATES_MAX));
const names = new Set(values.world ?? WORLDS.map(({ name }) => name));
const worlds = WORLDS.filter(({ name }) => names.delete(name));
if (names.size > 0 || !Number.isSafeInteger(statesMax) || statesMax < 1) {
  process.stderr.write(
    `usage: npm run check:states -- [--world name]… [--states-max N] [--long] [--seed N] [--first-fault]\nworlds: ${WORLDS.map(({ name }) => name).join(", ")}\n`,
  );
  process.exit(2);
}

const seen: Explored[] = [];
for (const world of worlds) {
  if (values["first-fault"] && seen.some(({ fault }) => fault !== null)) break;
  seen.push(run(values.long ? longForm(world) : world));
}
const total = (of: (explored: Explored) => number) => seen.reduce((sum, one) => sum + of(one), 0).toLocaleString("en");
say("");
say(
  `${total(({ states }) => states)} states, ${total(({ transitions }) => transitions)} transitions in ${total(({ seconds }) => Math.round(seconds))} s ` +
    `(${total(({ cpuSeconds }) => Math.round(cpuSeconds))} s of processor time), ` +
    `${Math.round(process.resourceUsage().maxRSS / 1024)} MB at most`,
);
if (seen.some(({ fault }) => fault !== null)) process.exitCode = 1;

function run(world: World): Explored {
  say(introduce(world, world.bounds));
  const isWatched = process.stderr.isTTY === true;
  let told = performance.now();
  const onProgress = (progress: Parameters<typeof progressLine>[1]) => {
    if (isWatched) process.stderr.write(`\r\x1b[K${progressLine(world, progress)}`);
    else if (performance.now() - told >= PROGRESS_LINE_EVERY_MS) {
      told = performance.now();
      process.stderr.write(`${progressLine(world, progress)}\n`);
    }
  };
  const explored = explore(world, { statesMax, hashSeed: Number(values.seed), onProgress });
  if (isWatched) process.stderr.write("\r\x1b[K");
  say(conclude(explored));
  if (explored.fault !== null) say(tell(world, explored.fault, {}).join("\n"));
  return explored;
}
