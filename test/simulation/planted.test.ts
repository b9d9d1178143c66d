/**
 * Bugs that are planted, one at a time, and must be found: else the simulation would prove nothing. And the other way round: a plan
 * that fails is made small, and still fails.
 */
import { describe, expect, test } from "vitest";
import { drawPlan } from "./draw-plan.js";
import type { Plan } from "./plan.js";
import { BUGS, firstFound, SEEDS_MAX } from "./planted-bugs.js";
import { shrink } from "./shrink.js";
import { tellStory } from "./story.js";
import { World } from "./world.js";

/** Seconds; minutes on a machine that is busy. */
const TIMEOUT_MS = 600_000;

describe("a planted bug", () => {
  test.for(BUGS.map((each) => [each.bug, each] as const))(
    "given that %s, when worlds run, then a rule is broken that says so",
    { timeout: TIMEOUT_MS },
    async ([, { planted, rules }]) => {
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
