import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Limits } from "../../events/limits.js";
import {
  applyLimitsChange,
  describeProblems,
  type LimitsChange,
  limitsChangeSchema,
  parseLimitAssignments,
} from "../../src/config/index.js";

const source = "limits set";

function changeFrom(...assignments: string[]): LimitsChange {
  const parsed = parseLimitAssignments(assignments, source);
  if (parsed.kind === "refused") throw new Error(describeProblems(parsed.problems));
  return parsed.change;
}

function errorsOf(...assignments: string[]): string {
  const parsed = parseLimitAssignments(assignments, source);
  return parsed.kind === "refused" ? describeProblems(parsed.problems) : "(no error)";
}

function limitsAfter(limits: Limits, ...assignments: string[]): Limits {
  const applied = applyLimitsChange(limits, changeFrom(...assignments), { source });
  if (applied.kind === "refused") throw new Error(describeProblems(applied.problems));
  return applied.limits;
}

const forms = "global=N, types.<type>=N, resources.<tag>=N, maxOvertakes=N, <any>=none";

describe("limits on the command line", () => {
  test("given every form, when parsed, then the change says each", () => {
    expect(
      changeFrom("global=1", "types.story=2", "resources.ollama=none", "resources.cpu-bound= 3 ", "maxOvertakes=0"),
    ).toEqual({
      global: 1,
      types: { story: 2 },
      resources: { ollama: null, "cpu-bound": 3 },
      maxOvertakes: 0,
    });
    expect(changeFrom("global=off", "maxOvertakes=NONE")).toEqual({ global: null, maxOvertakes: null });
    expect(changeFrom()).toEqual({});
  });

  test.each([
    ["globl=1", `limits set globl: unknown limit; did you mean global? allowed: ${forms}`],
    [
      "resource.ollama=1",
      `limits set resource.ollama: unknown limit; did you mean resources.ollama? allowed: ${forms}`,
    ],
    ["types=1", `limits set types: unknown limit; did you mean types.<name>? allowed: ${forms}`],
    ["types.a.b=1", `limits set types.a.b: unknown limit; allowed: ${forms}`],
    ["weather=1", `limits set weather: unknown limit; allowed: ${forms}`],
    ["global", "limits set global: must be a whole number from 1 to 1000000, or none to remove the limit: global=1"],
    ["global=0", "limits set global: must be a whole number from 1 to 1000000, or none to remove the limit: global=1"],
    [
      "types.a=1.5",
      "limits set types.a: must be a whole number from 1 to 1000000, or none to remove the limit: types.a=1",
    ],
    [
      "maxOvertakes=10001",
      "limits set maxOvertakes: must be a whole number from 0 to 10000, or none to remove the limit: maxOvertakes=1",
    ],
  ])("given %s, when parsed, then it is refused with key and forms", (assignment, expected) => {
    expect(errorsOf(assignment)).toBe(expected);
  });

  test("given several wrong ones, when parsed, then all are reported", () => {
    expect(errorsOf("global=1", "global=2", "nope=1").split("\n")).toHaveLength(2);
  });
});

describe("a change of limits", () => {
  test("given strategy A, when pools are set and the global cap is removed, then it is strategy C", () => {
    expect(limitsAfter({ global: 1 }, "global=none", "resources.ollama=1", "resources.cpu=2")).toEqual({
      resources: { ollama: 1, cpu: 2 },
    });
  });

  test("given limits, when one is changed, then the others stay, and the old value is untouched", () => {
    const before: Limits = { global: 2, types: { a: 1, b: 2 }, maxOvertakes: 1 };
    expect(limitsAfter(before, "types.a=5")).toEqual({ global: 2, types: { a: 5, b: 2 }, maxOvertakes: 1 });
    expect(before).toEqual({ global: 2, types: { a: 1, b: 2 }, maxOvertakes: 1 });
  });

  test("given the last cap of a kind, when it is removed, then the kind is gone", () => {
    expect(
      limitsAfter(
        { types: { a: 1 }, resources: { x: 1 }, maxOvertakes: 2 },
        "types.a=none",
        "resources.x=off",
        "maxOvertakes=off",
      ),
    ).toEqual({});
  });

  test("given known types, when a cap names another, then it is refused, but it may be removed", () => {
    const refused = applyLimitsChange({}, changeFrom("types.storie=1"), { source, types: ["story"] });
    expect(refused.kind === "refused" && describeProblems(refused.problems)).toBe(
      "limits set types.storie: unknown type; did you mean story? allowed: story",
    );
    expect(applyLimitsChange({ types: { old: 1 } }, { types: { old: null } }, { source, types: ["story"] })).toEqual({
      kind: "limits",
      limits: {},
    });
  });

  test("given any limits, when they are written as assignments and applied to nothing, then they come back", () => {
    const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,10}$/);
    const capacities = fc.dictionary(name, fc.integer({ min: 1, max: 1_000_000 }), {
      minKeys: 1,
      maxKeys: 5,
      noNullPrototype: true,
    });
    const limits = fc.record(
      {
        global: fc.integer({ min: 1, max: 1_000_000 }),
        types: capacities,
        resources: capacities,
        maxOvertakes: fc.nat(10_000),
      },
      { requiredKeys: [], noNullPrototype: true },
    );
    fc.assert(
      fc.property(limits, (wanted) => {
        const assignments = Object.entries(wanted).flatMap(([key, value]) =>
          typeof value === "object"
            ? Object.entries(value).map(([one, units]) => `${key}.${one}=${units}`)
            : [`${key}=${value}`],
        );
        expect(limitsAfter({}, ...assignments)).toEqual(wanted);
        expect(limitsChangeSchema.parse(changeFrom(...assignments))).toEqual(wanted);
      }),
    );
  });
});
