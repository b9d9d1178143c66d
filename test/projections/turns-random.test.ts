/** Whatever comes in, in whatever mixture: what the dispatcher decides satisfies the auditor, who shares no code with it. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { factSchema } from "../../events/facts.js";
import { audit, describeViolation } from "../support/auditor.js";
import { dayArbitrary, dayOf } from "../support/random-turns.js";
import { checkRandomly, limitsArbitrary } from "./random-world.js";

/** So many that each fact occurs in one, as a rule; if not, there are twice as many in the next round. */
const DAYS = 150;
const ROUNDS_MAX = 5;

describe("days of a dispatcher", () => {
  test("given any day, when its ledger is audited, then nothing is found; and every kind of fact has occurred", {
    timeout: 120_000,
  }, () => {
    const seen = new Map<string, number>();
    const limits = limitsArbitrary(fc.constantFrom(0, 0, 2));
    const expected = new Set<string>(factSchema.options.map(({ shape }) => shape.type.value));
    // Only an import says so.
    expected.delete("IntakeReplaced");
    const missing = () => [...expected].filter((type) => !seen.has(type));
    for (let round = 0; round < ROUNDS_MAX && missing().length > 0; round += 1) {
      checkRandomly("days of a dispatcher", DAYS * 2 ** round, dayArbitrary(limits), (day) => {
        const book = dayOf(day);
        expect(audit(book.lines, book.intake).violations.map(describeViolation)).toEqual([]);
        for (const { type } of book.facts) seen.set(type, (seen.get(type) ?? 0) + 1);
      });
    }
    expect(missing()).toEqual([]);
    process.stdout.write(`${[...seen.values()].reduce((sum, count) => sum + count, 0)} facts audited\n`);
  });
});
