/** Runs the worlds of a range of seeds, one after the other, and sums up. */
import { drawPlan } from "./draw-plan.js";
import { Tally } from "./tally.js";
import { describeBroken, type Verdict } from "./verdict.js";
import { World } from "./world.js";

/** Sums over worlds. Plain data: it is handed from thread to thread. */
export interface Sums {
  readonly worlds: number;
  readonly jobs: number;
  readonly executions: number;
  readonly entries: number;
  readonly events: number;
  readonly virtualMs: number;
  readonly reigns: number;
  /** Executions that outlived their lease, or began after it, and those beside which another one of the same job ran. */
  readonly outlived: number;
  readonly late: number;
  readonly overlapping: number;
  readonly counts: readonly (readonly [string, number])[];
}

export interface Failure {
  readonly seed: number;
  readonly rule: string;
  readonly text: string;
}

export interface Batch {
  readonly sums: Sums;
  readonly failure: Failure | null;
}

/** The leader's projection is compared with a fold from zero in every so many-th world: it costs as much as the world. */
const COMPARED_EVERY = 4;

export const NOTHING: Sums = {
  ...{ worlds: 0, jobs: 0, executions: 0, entries: 0, events: 0, virtualMs: 0, reigns: 0 },
  ...{ outlived: 0, late: 0, overlapping: 0, counts: [] },
};

/** Stops at the first failure. `onSeed` is told which world comes next. */
export async function runSeeds(from: number, to: number, onSeed: (seed: number) => void = () => {}): Promise<Batch> {
  let sums = NOTHING;
  for (let seed = from; seed < to; seed += 1) {
    onSeed(seed);
    const verdict = await runSeed(seed);
    sums = add(sums, sumsOf(verdict));
    const [broken] = verdict.broken;
    if (broken !== undefined) return { sums, failure: { seed, rule: broken.rule, text: describeBroken(broken) } };
  }
  return { sums, failure: null };
}

export const runSeed = (seed: number): Promise<Verdict> =>
  new World(drawPlan(seed), { comparesFolds: seed % COMPARED_EVERY === 0 }).run();

export function add(a: Sums, b: Sums): Sums {
  const counts = new Tally();
  counts.add(a.counts);
  counts.add(b.counts);
  const sum = (key: Exclude<keyof Sums, "counts">) => a[key] + b[key];
  return {
    worlds: sum("worlds"),
    jobs: sum("jobs"),
    executions: sum("executions"),
    entries: sum("entries"),
    events: sum("events"),
    virtualMs: sum("virtualMs"),
    reigns: sum("reigns"),
    outlived: sum("outlived"),
    late: sum("late"),
    overlapping: sum("overlapping"),
    counts: [...counts.counts],
  };
}

function sumsOf({ figures, tally }: Verdict): Sums {
  const { jobs, entries, events, virtualMs, epochs, runs } = figures;
  const { executions, outlived, late, overlapping } = runs;
  const counts = [...tally.counts];
  return {
    worlds: 1,
    jobs,
    executions,
    entries,
    events,
    virtualMs,
    reigns: epochs,
    outlived,
    late,
    overlapping,
    counts,
  };
}
