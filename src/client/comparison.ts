/** A recorded workload beside its variants, as `whatif -o json` and the visualizer give it. */
import type { Limits } from "../../events/limits.js";
import type { Measured } from "../../projections/whatif/measures.js";
import type { Workload } from "../../projections/whatif/recorded.js";
import type { PriorityRule, Strategy } from "../../projections/whatif/variant.js";

export interface ComparedColumn extends Measured {
  readonly name: string;
  readonly strategy: Strategy | null;
  readonly priority: PriorityRule;
  /** As of the end. */
  readonly limits: Limits;
}

export interface Comparison {
  /** The last entry that was read, and its time. */
  readonly position: number;
  readonly at: string | null;
  /** All is measured from then on; null: from the beginning. */
  readonly from: string | null;
  readonly jobs: number;
  readonly assumptions: readonly string[];
  /** The first is the past. */
  readonly variants: readonly ComparedColumn[];
}

const ASSUMED: readonly string[] = [
  "what came in comes as it came: submissions, cancels, moves, pauses, workers, other changes of limits; what was refused stays refused",
  "an attempt holds its slots as long as it did, and ends as it did; one that never ran, ran still or was cancelled takes the median of its type",
  "a retry waits as long after its failure as it did; a reservation is held as long as it was",
  "a run that begins at another time is not cut short by the end of a scheduler or worker; while a scheduler was stopping nobody starts",
  "after the end of the log its last workers go on until the work is done, where a variant takes longer",
];

/** The past, and beside it what was measured of the variants. */
export function comparisonOf(workload: Workload, columns: readonly ComparedColumn[]): Comparison {
  const { end, from, lives, limits, measured } = workload;
  return {
    position: end?.position ?? 0,
    at: end?.at ?? null,
    from,
    jobs: lives.length,
    assumptions: assumptionsOf(columns.map(({ priority }) => priority)),
    variants: [{ name: "as it was", strategy: null, priority: "recorded", limits, ...measured }, ...columns],
  };
}

/** What is taken for granted where variants in these orders are compared. */
function assumptionsOf(priorities: readonly PriorityRule[]): string[] {
  const foreseen = priorities.includes("shortest-first");
  return foreseen
    ? [...ASSUMED, "shortest-first knows beforehand how long each job runs: it shows what an order could gain at most"]
    : [...ASSUMED];
}
