/**
 * `npm run simulate`: many seeds, each a cluster in virtual time with faults; the first that breaks a rule is made small and told as
 * a story. `--seed N` runs one, `--plan file` what was written down of a failure.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { drawPlan } from "./draw-plan.js";
import type { Plan } from "./plan.js";
import { progressLine, summary } from "./report.js";
import { runPool } from "./seed-pool.js";
import { shrink } from "./shrink.js";
import { tellStory } from "./story.js";
import { describeBroken, type Verdict } from "./verdict.js";
import { World } from "./world.js";

const USAGE = `npm run simulate -- [--seeds N] [--from N] [--minutes M] [--lives N] [--threads N] | --seed N | --plan FILE [--brief]
  --seeds N     how many worlds (1000 unless --minutes is given)
  --from N      the first seed (1)
  --minutes M   goes on until so much time has passed
  --lives N     goes on until so many jobs have come to an end
  --threads N   on so many threads (as many as there are cores)
  --seed N      runs this one, and tells its story if it breaks a rule
  --plan FILE   runs a plan that was written down
  --brief       says which rule was broken, and tells no story`;

const SEEDS_DEFAULT = 1_000;
const PROGRESS_EVERY_MS = 1_000;
/** A long run that writes to a file tells now and then how far it is. */
const PROGRESS_LINE_EVERY_MS = 60_000;
const SHRINK_RUNS_MAX = 1_500;
const FOLDER = "reports";

const say = (text: string): boolean => process.stdout.write(`${text}\n`);

async function main(): Promise<number> {
  const options = readOptions();
  if (typeof options === "string") {
    process.stderr.write(`${options}\n${USAGE}\n`);
    return 2;
  }
  const { plan, seed } = options;
  if (plan !== undefined) return examine(JSON.parse(await readFile(plan, "utf8")) as Plan, null);
  if (seed !== undefined) return examine(drawPlan(seed), join(FOLDER, `simulation-${seed}.json`));
  return runMany(options);
}

interface Options {
  readonly plan: string | undefined;
  readonly seed: number | undefined;
  readonly from: number;
  readonly seeds: number;
  readonly msMax: number;
  readonly livesMax: number;
  readonly threads: number;
  readonly isBrief: boolean;
}

/** What was asked for, or what is wrong about it. */
function readOptions(): Options | string {
  const text = { type: "string" } as const;
  const options = {
    seeds: text,
    from: text,
    seed: text,
    minutes: text,
    lives: text,
    threads: text,
    plan: text,
    brief: { type: "boolean" } as const,
  };
  try {
    const { values } = parseArgs({ options });
    const number = (name: "seeds" | "from" | "seed" | "minutes" | "lives" | "threads"): number | undefined => {
      const value = values[name];
      if (value === undefined) return undefined;
      if (!/^\d+(\.\d+)?$/.test(value)) throw new Error(`--${name} must be a number, not ${JSON.stringify(value)}`);
      return Number(value);
    };
    const minutes = number("minutes");
    const lives = number("lives");
    const isBounded = minutes !== undefined || lives !== undefined;
    return {
      plan: values.plan,
      seed: number("seed"),
      from: number("from") ?? 1,
      seeds: number("seeds") ?? (isBounded ? Number.POSITIVE_INFINITY : SEEDS_DEFAULT),
      msMax: minutes === undefined ? Number.POSITIVE_INFINITY : minutes * 60_000,
      isBrief: values.brief === true,
      livesMax: lives ?? Number.POSITIVE_INFINITY,
      threads: Math.max(1, number("threads") ?? availableParallelism()),
    };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function runMany({ from, seeds, msMax, livesMax, threads, isBrief }: Options): Promise<number> {
  const began = performance.now();
  const cpuBefore = process.cpuUsage();
  const spent = () => {
    const { user, system } = process.cpuUsage(cpuBefore);
    return { wallMs: performance.now() - began, cpuMs: (user + system) / 1_000 };
  };
  let toldAt = began;
  const onProgress = (sums: Parameters<typeof progressLine>[0]) => {
    const isWatched = process.stderr.isTTY === true;
    if (performance.now() - toldAt < (isWatched ? PROGRESS_EVERY_MS : PROGRESS_LINE_EVERY_MS)) return;
    toldAt = performance.now();
    const line = progressLine(sums, spent());
    process.stderr.write(isWatched ? `\r\u001b[K${line}` : `${line}\n`);
  };
  const { sums, failure } = await runPool({ from, seeds, msMax, livesMax, threads, onProgress });
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
  say(summary(sums, spent()));
  if (failure === null) {
    say(`\nno rule was broken, seeds ${from} to ${from + sums.worlds - 1}`);
    return 0;
  }
  say(`\nseed ${failure.seed} broke a rule: ${failure.text}`);
  if (failure.rule === "hangs" || isBrief) return 1;
  return examine(drawPlan(failure.seed), join(FOLDER, `simulation-${failure.seed}.json`));
}

/** Runs one plan. If it breaks a rule: makes it small, writes it to `file`, and tells the story. */
async function examine(plan: Plan, file: string | null): Promise<number> {
  const verdict = await new World(plan, { comparesFolds: true }).run();
  const [broken] = verdict.broken;
  if (broken === undefined) {
    const { jobs, events, virtualMs } = verdict.figures;
    say(
      `seed ${plan.seed}: no rule was broken; ${jobs} jobs, ${events} events, ${(virtualMs / 1_000).toFixed(1)} s of virtual time`,
    );
    say(`the run's hash is ${hashOf(verdict)}`);
    return 0;
  }
  say(`${describeBroken(broken)}\nmaking the plan small…`);
  const breaks = async (candidate: Plan) => {
    const { broken: again } = await new World(candidate, { comparesFolds: broken.rule === "astray" }).run();
    return again[0]?.rule === broken.rule;
  };
  const { plan: small, runs } = await shrink(plan, breaks, SHRINK_RUNS_MAX);
  say(`${small.happenings.length} of ${plan.happenings.length} happenings are left, after ${runs} runs\n`);
  say(tellStory(small, await new World(small, { isTold: true, comparesFolds: true }).run()));
  if (file !== null) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `${JSON.stringify(small, null, 1)}\n`);
    say(`\nthe small plan is in ${file}: npm run simulate -- --plan ${file}`);
    say(`the whole run: npm run simulate -- --seed ${plan.seed}`);
  }
  return 1;
}

const hashOf = ({ trace, lines }: Verdict): string => `${trace.hash.toString(16)} over ${lines.length} entries`;

Error.stackTraceLimit = 0;
process.exitCode = await main();
