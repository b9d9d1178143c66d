/** The bugs that are planted into worlds, and the search for the first world that shows one. */
import { drawPlan } from "./draw-plan.js";
import type { Plan } from "./plan.js";
import type { Planted } from "./planted.js";
import type { Broken } from "./verdict.js";
import { World } from "./world.js";

export interface Bug {
  /** As a sentence after "given that …". */
  readonly bug: string;
  readonly planted: Planted;
  /** Of these, one must be broken. */
  readonly rules: readonly string[];
}

export const SEEDS_MAX = 150;

export interface Found {
  readonly plan: Plan;
  readonly broken: Broken;
}

/** The first seed whose world breaks a rule with this bug in it, and none without. */
export async function firstFound(planted: Planted): Promise<Found | null> {
  for (let seed = 1; seed <= SEEDS_MAX; seed += 1) {
    const plan = drawPlan(seed);
    const [broken] = (await new World(plan, { planted }).run()).broken;
    if (broken !== undefined) return { plan, broken };
  }
  return null;
}

/** Grants in an entry are shown twice to the auditor. */
function grantedTwice(line: string): string {
  const entry = JSON.parse(line) as { facts: { type: string }[] };
  const granted = entry.facts.find(({ type }) => type === "StartGranted");
  return granted === undefined ? line : JSON.stringify({ ...entry, facts: [...entry.facts, granted] });
}

/** The end of an attempt is kept from the auditor: for all that it knows, the slot is never given back. */
function neverEnded(line: string): string {
  const entry = JSON.parse(line) as { facts: { type: string }[] };
  const facts = entry.facts.filter(({ type }) => type !== "RunCompleted");
  return JSON.stringify({ ...entry, facts: facts.length === 0 ? entry.facts : facts });
}

export const BUGS: readonly Bug[] = [
  {
    bug: "the server ignores what an append expects",
    planted: { ignoresExpectations: true },
    rules: ["contiguity", "chain", "halted", "epoch"],
  },
  { bug: "the server acknowledges a submission and loses it", planted: { losesEvery: 20 }, rules: ["lost-message"] },
  { bug: "a run never ends", planted: { hangsEvery: 20 }, rules: ["stuck"] },
  { bug: "a worker executes a grant twice", planted: { runsTwiceEvery: 20 }, rules: ["run-twice"] },
  {
    bug: "schedulers take each other for dead",
    planted: { takesAllForDead: true },
    rules: ["released-early", "two-leaders", "needless-election", "untold", "slot-twice"],
  },
  {
    bug: "a grant stands twice in the ledger",
    planted: { shown: grantedTwice },
    rules: ["live-grant", "capacity"],
  },
  {
    bug: "ends are missing from the ledger",
    planted: { shown: neverEnded },
    rules: ["capacity", "live-grant", "stuck", "seats", "life", "order", "group"],
  },
];
