/**
 * The variants that a command line asks for: every strategy with every set of limits with every order. A set is written as `limits set`
 * takes it, with commas or blanks between; `resources.ollama=1..4` is four of them.
 */
import type { Limits } from "../../events/limits.js";
import type { Workload } from "../../projections/whatif/recorded.js";
import {
  type LimitsChanging,
  type PriorityRule,
  type Strategy,
  strategyLimits,
} from "../../projections/whatif/variant.js";
import { applyLimitsChange, type LimitsChange, parseLimitAssignments } from "../config/limits-keys.js";
import { describeProblems } from "../config/problems.js";
import { closest } from "../config/suggestion.js";
import { CliFailure } from "./failure.js";

/** More columns than this nobody compares; and each takes as long as the one before. */
const VARIANTS_MAX = 32;

export interface AskedVariant {
  /** What is other in it, in the words in which it was asked for. */
  readonly name: string;
  readonly strategy: Strategy | null;
  readonly change: LimitsChange;
  readonly priority: PriorityRule;
}

export interface VariantQuestions {
  readonly strategy: readonly Strategy[];
  readonly limits: readonly string[];
  /** Assignments that hold in every variant. */
  readonly common: readonly string[];
  readonly priority: readonly PriorityRule[];
}

/** Throws a usage failure that says what is wrong with them. */
export function variantsOf({ strategy, limits, common, priority }: VariantQuestions): AskedVariant[] {
  const given = limits.length === 0 ? [""] : limits;
  const sets = given.flatMap((text) => expanded([...assignmentsIn(text), ...common]));
  const strategies = strategy.length === 0 ? [null] : strategy;
  const orders = priority.length === 0 ? (["recorded"] as const) : priority;
  const asked = strategies.flatMap((one) => sets.flatMap((set) => orders.map((order) => variantOf(one, set, order))));
  if (asked.length > VARIANTS_MAX)
    throw CliFailure.usage(`these are ${asked.length} variants; at most ${VARIANTS_MAX} are compared at once`);
  return asked;
}

function variantOf(strategy: Strategy | null, set: readonly string[], priority: PriorityRule): AskedVariant {
  const parsed = parseLimitAssignments(set, "whatif --limits");
  if (parsed.kind === "refused") throw CliFailure.usage(describeProblems(parsed.problems));
  const words = [
    ...(strategy === null ? [] : [`strategy ${strategy}`]),
    ...set,
    ...(priority === "recorded" ? [] : [priority]),
  ];
  return { name: words.join(" ") || "as recorded", strategy, change: parsed.change, priority };
}

const assignmentsIn = (text: string): string[] => text.split(/[\s,]+/).filter((part) => part !== "");

const SWEEP = /^([^=]+)=(\d{1,9})\.\.(\d{1,9})$/;

/** Every set that the sweeps in one make. */
function expanded(set: readonly string[]): string[][] {
  let sets: string[][] = [[]];
  for (const assignment of set) {
    const values = sweptValues(assignment);
    if (sets.length * values.length > VARIANTS_MAX)
      throw CliFailure.usage(`${assignment} makes more than ${VARIANTS_MAX} variants; compare fewer at once`);
    sets = sets.flatMap((one) => values.map((value) => [...one, value]));
  }
  return sets;
}

function sweptValues(assignment: string): string[] {
  const [, key, first, last] = SWEEP.exec(assignment) ?? [];
  if (key === undefined) return [assignment];
  const [from, to] = [Number(first), Number(last)];
  if (from > to) throw CliFailure.usage(`${assignment}: a sweep goes upwards, such as ${key}=${to}..${from}`);
  if (to - from >= VARIANTS_MAX)
    throw CliFailure.usage(`${assignment} makes more than ${VARIANTS_MAX} variants; compare fewer at once`);
  return Array.from({ length: to - from + 1 }, (_, index) => `${key}=${from + index}`);
}

/** The limits of a variant. Throws a usage failure if they are about what the workload does not know. */
export function limitsOf({ strategy, change }: AskedVariant, workload: Workload): LimitsChanging {
  const base: LimitsChanging = strategy === null ? (recorded) => recorded : strategyLimits(strategy, workload);
  const known = new Set([...workload.unitsMax.keys(), ...Object.keys(workload.limits.resources ?? {})]);
  for (const tag of Object.keys(change.resources ?? {})) {
    if (known.has(tag)) continue;
    const suggestion = closest(tag, [...known]);
    const allowed = [...known].sort().join(", ") || "none";
    throw CliFailure.usage(
      `resources.${tag}: no recorded job demands it${suggestion === undefined ? "" : `; did you mean ${suggestion}?`}; demanded: ${allowed}`,
    );
  }
  const changed = (recorded: Limits) =>
    applyLimitsChange(base(recorded), change, { types: workload.types, source: "whatif --limits" });
  const now = changed(workload.limits);
  if (now.kind === "refused") throw CliFailure.usage(describeProblems(now.problems));
  return (recorded) => {
    const limits = changed(recorded);
    if (limits.kind === "refused") throw new Error("what may be changed does not depend on the limits before");
    return limits.limits;
  };
}
