/** The small words of the catalogue: names, states, limits, canonical JSON, bytes. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { demandText } from "../../events/demand-text.js";
import { type Fact, isJobFact } from "../../events/facts.js";
import { canonicalJson } from "../../events/json.js";
import { CAPACITY_MAX, capacities, limitsSchema, OVERTAKES_MAX } from "../../events/limits.js";
import {
  defaultJobId,
  factAddress,
  factAddressSchema,
  intakeSequence,
  jobId,
  poolName,
  position,
  resourcePool,
  typePool,
} from "../../events/names.js";
import { remember } from "../../events/remember.js";
import { isSlotHolding, isTerminal, JOB_STATES, SLOT_HOLDING_STATES, TERMINAL_STATES } from "../../events/states.js";
import { amendmentSchema, readAs, utf8Bytes } from "../../events/submission.js";
import { checkRandomly } from "../projections/random-world.js";
import { anyFact, factArbitraries } from "./random-facts.js";

describe("names", () => {
  test("given the constructors of names, when something else is passed, then they throw", () => {
    for (const wrong of ["", "-a", "a.b", "a\n", "a".repeat(129)]) expect(() => jobId(wrong)).toThrow();
    for (const wrong of ["", "Global", "type:", "type:a.b", "pool:a", "global:x", "resource:-a"])
      expect(() => poolName(wrong)).toThrow();
    for (const wrong of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])
      expect(() => position(wrong)).toThrow();
    expect([typePool("a"), resourcePool("a")].map(poolName)).toEqual(["type:a", "resource:a"]);
  });

  test("given intake sequences and positions, when they are written, then as the contract says", () => {
    expect([defaultJobId(intakeSequence(42), null), defaultJobId(intakeSequence(42), 7)]).toEqual(["j42", "j42-7"]);
    expect(factAddress(position(812), 3)).toBe("812.3");
  });

  test("given addresses of facts, when they are read, then only such are taken", () => {
    expect(factAddressSchema.parse("812.13")).toBe("812.13");
    for (const wrong of ["812", ".3", "812.", "a812.3", "812.3b", "812.3.1", 812.3, null])
      expect(factAddressSchema.safeParse(wrong).success, String(wrong)).toBe(false);
  });

  test("given a demand, when it is told, then one unit of a pool is not counted out", () => {
    expect(demandText({ global: 1, "resource:gpu": 2 })).toBe("global, resource:gpu 2");
  });
});

describe("states", () => {
  test("given all states, when they are sorted, then each is terminal, or holds slots, or waits", () => {
    const waits = JOB_STATES.filter((state) => !isTerminal(state) && !isSlotHolding(state));
    expect(waits).toEqual(["scheduled", "queued", "retrying"]);
    expect([...waits, ...SLOT_HOLDING_STATES, ...TERMINAL_STATES].sort()).toEqual([...JOB_STATES].sort());
    expect([isTerminal("constructor"), isSlotHolding("new")]).toEqual([false, false]);
  });
});

describe("limits", () => {
  test.each([0, -1, 1.5, "1", null, CAPACITY_MAX + 1, Number.NaN])(
    "given the capacity %s, when it is read, then it is refused and the allowed values are named",
    (value) => {
      for (const limits of [{ global: value }, { types: { story: value } }, { resources: { cpu: value } }]) {
        const read = limitsSchema.safeParse(limits);
        expect(read.success).toBe(false);
        expect(read.error?.issues[0]?.message).toBe("must be a positive whole number up to 1000000");
      }
    },
  );

  test("given limits that fit, when they are read, then they are as they were; unknown keys and wrong names are refused", () => {
    const limits = { global: 1, types: { a: CAPACITY_MAX }, resources: { b: 2 }, maxOvertakes: OVERTAKES_MAX };
    expect(limitsSchema.parse(limits)).toEqual(limits);
    for (const wrong of [
      { gobal: 1 },
      { types: { "a.b": 1 } },
      { maxOvertakes: -1 },
      { maxOvertakes: OVERTAKES_MAX + 1 },
      null,
      [],
    ])
      expect(limitsSchema.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false);
  });

  test("given as many pools as one fact may hold, when one more comes, then the limits are refused", () => {
    const pools = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, 1]));
    for (const part of ["types", "resources"]) {
      expect(limitsSchema.safeParse({ [part]: pools(1_000) }).success).toBe(true);
      const { error } = limitsSchema.safeParse({ [part]: pools(1_001) });
      expect(error?.issues.map(({ message }) => message)).toEqual(["must not be more than 1000"]);
    }
  });

  test("given limits written in any order, when their pools are listed, then the order is the same", () => {
    const pools = capacities({ resources: { b: 2, a: 1 }, types: { z: 3, y: 4 }, global: 5 });
    expect([...pools]).toEqual([
      ["global", 5],
      ["type:y", 4],
      ["type:z", 3],
      ["resource:a", 1],
      ["resource:b", 2],
    ]);
    expect([...capacities({})]).toEqual([]);
  });
});

describe("facts", () => {
  test("given any fact, when it is asked whether it moves a job, then those that only mention one do not", () => {
    const isAside = (type: string) => ["SubmissionDuplicated", "WebhookFailed"].includes(type);
    checkRandomly("facts of jobs", 500, anyFact, (fact) => {
      expect(isJobFact(fact), fact.type).toBe("job" in fact && !isAside(fact.type));
    });
    for (const [type, arbitrary] of Object.entries<fc.Arbitrary<Fact>>(factArbitraries)) {
      if (isAside(type)) expect(fc.sample(arbitrary, 5).some(isJobFact), type).toBe(false);
    }
  });
});

describe("canonical JSON (INV-009)", () => {
  test("given any value, when its members are in another order, then the text is the same, and says the same", () => {
    checkRandomly("canonical JSON", 500, fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      expect(canonicalJson(reversed(value))).toBe(text);
      expect(canonicalJson(JSON.parse(text))).toBe(text);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    });
  });

  test("given keys like members of every object, when they are written, then they are keys like any other", () => {
    const value: unknown = JSON.parse('{"toString": 1, "__proto__": {"b": 1, "a": 2}, "constructor": 3}');
    expect(canonicalJson(value)).toBe('{"__proto__":{"a":2,"b":1},"constructor":3,"toString":1}');
    expect(canonicalJson({ b: undefined, a: [undefined, 1] })).toBe('{"a":[null,1]}');
  });
});

describe("bytes and refusals", () => {
  test("given any text, when its bytes are counted, then as UTF-8 has them", () => {
    const encoder = new TextEncoder();
    checkRandomly("UTF-8 bytes", 500, fc.string({ unit: "binary" }), (text) => {
      expect(utf8Bytes(text)).toBe(encoder.encode(text).length);
    });
    expect(utf8Bytes("aü語🚂")).toBe(1 + 2 + 3 + 4);
    // On both sides of each length's end; a half of a pair that stands alone is written as U+FFFD, but counts as a half.
    for (const unit of [0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff]) {
      const text = String.fromCharCode(unit);
      expect(utf8Bytes(text), unit.toString(16)).toBe(encoder.encode(text).length);
    }
    for (const half of [0xd800, 0xdfff]) expect(utf8Bytes(String.fromCharCode(half))).toBe(2);
  });

  test("given an amendment, when it has other keys than params and priority, then it is refused and they are named", () => {
    expect(readAs(amendmentSchema, { priority: 3 })).toEqual({ ok: true, value: { priority: 3 } });
    expect(readAs(amendmentSchema, { type: "story" })).toEqual({
      ok: false,
      reason: '"type": unknown; allowed are params, priority',
    });
    expect(readAs(amendmentSchema, 5)).toMatchObject({ ok: false });
  });

  test("given a key that was asked for before, when it is asked for again, then nothing is made again, not even for null", () => {
    const known = new Map<string, number | null>();
    let made = 0;
    const make = () => {
      made += 1;
      return null;
    };
    for (let i = 0; i < 3; i += 1) expect(remember(known, "constructor", make)).toBeNull();
    expect(made).toBe(1);
  });
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries(entries.map(([key, member]) => [key, reversed(member)]));
}
