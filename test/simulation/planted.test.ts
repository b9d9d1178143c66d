/**
 * Bugs that are planted, one at a time, and must be found: else the simulation would prove nothing. And the other way round: a plan
 * that fails is made small, and still fails.
 */
import { describe, expect, test } from "vitest";
import { drawPlan } from "./draw-plan.js";
import type { Plan } from "./plan.js";
import type { Planted } from "./planted.js";
import { shrink } from "./shrink.js";
import { tellStory } from "./story.js";
import type { Broken } from "./verdict.js";
import { World } from "./world.js";

const SEEDS_MAX = 150;
/** A second or two; more on a machine that is busy. */
const TIMEOUT_MS = 120_000;

interface Found {
  readonly plan: Plan;
  readonly broken: Broken;
}

/** The first seed whose world breaks a rule with this bug in it, and none without. */
async function firstFound(planted: Planted): Promise<Found | null> {
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

describe("a planted bug", () => {
  const bugs: readonly (readonly [string, Planted, readonly string[]])[] = [
    [
      "the server ignores what an append expects",
      { ignoresExpectations: true },
      ["contiguity", "chain", "halted", "epoch"],
    ],
    ["the server acknowledges a submission and loses it", { losesEvery: 20 }, ["lost-message"]],
    ["a run never ends", { hangsEvery: 20 }, ["stuck"]],
    ["a worker executes a grant twice", { runsTwiceEvery: 20 }, ["run-twice"]],
    [
      "schedulers take each other for dead",
      { takesAllForDead: true },
      ["released-early", "two-leaders", "needless-election"],
    ],
    ["a grant stands twice in the ledger", { shown: grantedTwice }, ["live-grant", "capacity"]],
    [
      "ends are missing from the ledger",
      { shown: neverEnded },
      ["capacity", "live-grant", "stuck", "seats", "life", "order"],
    ],
  ];
  test.for(bugs)(
    "given that %s, when worlds run, then a rule is broken that says so",
    { timeout: TIMEOUT_MS },
    async ([, planted, rules]) => {
      const found = await firstFound(planted);
      expect(found, `not found within ${SEEDS_MAX} seeds`).not.toBeNull();
      expect(rules).toContain(found?.broken.rule);
      // Without it, the same world breaks nothing.
      expect((await new World(found?.plan ?? drawPlan(1)).run()).broken).toEqual([]);
    },
  );
});

describe("a failing plan", () => {
  test(
    "given a failure, when its plan is made small, then less happens in it, it breaks the same rule, and the story tells which",
    async () => {
      const planted = { ignoresExpectations: true };
      const found = await firstFound(planted);
      if (found === null) return expect.fail("the bug was not found");
      const { plan, broken } = found;
      const breaks = async (candidate: Plan) =>
        (await new World(candidate, { planted }).run()).broken[0]?.rule === broken.rule;
      const small = await shrink(plan, breaks, 300);
      expect(small.plan.happenings.length).toBeLessThan(plan.happenings.length);
      // As it comes back from a file.
      const kept = JSON.parse(JSON.stringify(small.plan)) as Plan;
      const verdict = await new World(kept, { planted, isTold: true }).run();
      expect(verdict.broken[0]?.rule).toBe(broken.rule);
      const story = tellStory(kept, verdict);
      expect(story).toContain(`seed ${plan.seed}`);
      expect(story).toContain(`BROKEN ${broken.rule}`);
      expect(story).toContain("ledger  stored");
    },
    TIMEOUT_MS,
  );
});
