/** A variant: in what an alternative is other than the past. */
import type { Limits } from "../../events/limits.js";
import type { Workload } from "./recorded.js";

/** The limits of the variant, given those that were in force: a variant may change one of them and leave the others. */
export type LimitsChanging = (recorded: Limits) => Limits;

export const PRIORITY_RULES = ["recorded", "fifo", "shortest-first"] as const;
/**
 * In which order jobs wait. `fifo`: as they came, whatever their priorities. `shortest-first`: by how long they are going to run,
 * which nobody knows beforehand, so that it shows what an order could gain at most.
 */
export type PriorityRule = (typeof PRIORITY_RULES)[number];

export interface Variant {
  readonly limits: LimitsChanging;
  readonly priority: PriorityRule;
  /** It holds from then on, ISO 8601; before, all is as recorded. Null: from the beginning. */
  readonly from: string | null;
}

/** Nothing is other: what comes of it is what was. */
export const AS_RECORDED: Variant = { limits: (recorded) => recorded, priority: "recorded", from: null };

export const STRATEGIES = ["A", "B", "C"] as const;
export type Strategy = (typeof STRATEGIES)[number];

/**
 * The limits of a strategy alone, of those in force; where none are of that kind, the least that runs every job: A one job at a time,
 * B one of each type, C as many units of each tag as one job demands.
 */
export function strategyLimits(strategy: Strategy, { types, unitsMax }: Workload): LimitsChanging {
  switch (strategy) {
    case "A":
      return ({ global = 1, maxOvertakes }) => ({ global, ...overtaking(maxOvertakes) });
    case "B": {
      const one = Object.fromEntries(types.map((type) => [type, 1]));
      return (recorded) => ({ types: recorded.types ?? one, ...overtaking(recorded.maxOvertakes) });
    }
    case "C": {
      const least = Object.fromEntries(unitsMax);
      return (recorded) => ({ resources: recorded.resources ?? least, ...overtaking(recorded.maxOvertakes) });
    }
    default:
      return strategy satisfies never;
  }
}

const overtaking = (maxOvertakes: number | undefined): Pick<Limits, "maxOvertakes"> =>
  maxOvertakes === undefined ? {} : { maxOvertakes };
