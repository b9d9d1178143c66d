/** Whatever comes in, in whatever mixture: what the dispatcher decides satisfies the auditor, who shares no code with it. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { factSchema } from "../../events/facts.js";
import { audit, describeViolation } from "../support/auditor.js";
import { dayArbitrary, dayOf } from "../support/random-turns.js";
import { checkRandomly, limitsArbitrary } from "./random-world.js";

/** So many that each fact occurs in one, with near certainty. */
const DAYS = 150;

describe("days of a dispatcher", () => {
  test("given any day, when its ledger is audited, then nothing is found; and every kind of fact has occurred", {
    timeout: 120_000,
  }, () => {
    const seen = new Map<string, number>();
    const limits = limitsArbitrary(fc.constantFrom(0, 0, 2));
    const runs = checkRandomly("days of a dispatcher", DAYS, dayArbitrary(limits), (day) => {
      const book = dayOf(day);
      expect(audit(book.lines, book.intake).violations.map(describeViolation)).toEqual([]);
      for (const { type } of book.facts) seen.set(type, (seen.get(type) ?? 0) + 1);
    });
    const expected = new Set<string>(factSchema.options.map(({ shape }) => shape.type.value));
    // Only an import says so.
    expected.delete("IntakeReplaced");
    if (runs === DAYS) expect([...expected].filter((type) => !seen.has(type))).toEqual([]);
    process.stdout.write(`${[...seen.values()].reduce((sum, count) => sum + count, 0)} facts audited\n`);
  });
});
