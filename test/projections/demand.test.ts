/** What a job demands, against a plain statement of the rules: pools under any limits (CC-1), tags inherited tag by tag (CC-4). */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Limits } from "../../events/limits.js";
import { intakeSequence } from "../../events/names.js";
import { admit, type Catalogue } from "../../projections/admission.js";
import { demandKey, demandOf } from "../../projections/demand.js";
import { ledger } from "../support/ledger-builder.js";
import { checkRandomly, limitsArbitrary, TAGS, TYPES } from "./random-world.js";

type Units = Readonly<Record<string, number>>;

const type = fc.constantFrom(...TYPES, "other");
const tags = (min: number) =>
  fc.dictionary(fc.constantFrom(...TAGS, "note", "constructor"), fc.integer({ min, max: 5 }), {
    noNullPrototype: true,
  });
const demanding = fc.record({ type, resources: tags(1) });
const limits = limitsArbitrary(fc.integer({ min: 0, max: 2 }));

/** 1 of `global`, 1 of the type's pool, the tagged units of each resource pool; wherever such a pool is configured. */
function plainDemand(job: { readonly type: string; readonly resources: Units }, { global, types, resources }: Limits) {
  const demand: Record<string, number> = {};
  if (global !== undefined) demand["global"] = 1;
  if (types !== undefined && Object.hasOwn(types, job.type)) demand[`type:${job.type}`] = 1;
  for (const [tag, units] of Object.entries(job.resources))
    if (resources !== undefined && Object.hasOwn(resources, tag)) demand[`resource:${tag}`] = units;
  return demand;
}

describe("what a job demands of the pools (CC-1)", () => {
  test("given any job and any limits, when its demand is worked out, then it is what the rule says, in a fixed order", () => {
    checkRandomly("demands", 1_000, fc.tuple(demanding, limits), ([job, inForce]) => {
      const demand = demandOf(job, inForce);
      expect(Object.fromEntries(demand)).toEqual(plainDemand(job, inForce));
      const tagged = [...demand.keys()].filter((pool) => pool.startsWith("resource:"));
      expect(tagged).toEqual([...tagged].sort());
      expect([...demand.keys()].slice(-tagged.length || demand.size)).toEqual(tagged.length > 0 ? tagged : []);
    });
  });

  test("given a job under one set of limits after the other, when they change back and forth, then nothing is remembered wrongly", () => {
    const input = fc.tuple(fc.array(demanding, { minLength: 1, maxLength: 4 }), limits, limits);
    checkRandomly("demands under changing limits (CC-5)", 300, input, ([jobs, before, after]) => {
      for (const inForce of [before, after, before, { ...before }])
        for (const job of jobs) {
          expect(Object.fromEntries(demandOf(job, inForce))).toEqual(plainDemand(job, inForce));
          // Another type with the very same tags is another job.
          const other = { ...job, type: `${job.type}-2` };
          expect(Object.fromEntries(demandOf(other, inForce))).toEqual(plainDemand(other, inForce));
        }
    });
  });

  test("given two jobs of one key, when limits are any, then their demands are equal; of other demands the keys are others", () => {
    checkRandomly("keys of demands", 500, fc.tuple(demanding, demanding, limits), ([a, b, inForce]) => {
      const isSame = (x: Units, y: Units) => JSON.stringify(x) === JSON.stringify(y);
      expect(demandKey(a) === demandKey(b)).toBe(a.type === b.type && isSame(a.resources, b.resources));
      if (demandKey(a) === demandKey(b)) expect([...demandOf(a, inForce)]).toEqual([...demandOf(b, inForce)]);
    });
  });
});

describe("what a job inherits (CC-4)", () => {
  test("given any tags of type, template and job, when it is submitted, then the later override the earlier, and 0 removes", () => {
    const layers = fc.record({ ofType: tags(0), ofTemplate: fc.option(tags(0)), ofJob: fc.option(tags(0)) });
    checkRandomly("inherited tags", 500, layers, ({ ofType, ofTemplate, ofJob }) => {
      const catalogue: Catalogue = {
        types: new Map([["story", { resources: ofType }]]),
        templates: new Map([["nightly", { type: "story", ...(ofTemplate !== null && { resources: ofTemplate }) }]]),
      };
      const content = {
        value: { ...(ofTemplate !== null && { template: "nightly" }), ...(ofJob !== null && { resources: ofJob }) },
      };
      const { fold } = ledger().elected();
      const point = { sequence: intakeSequence(1), index: null };
      const storedAt = "2026-01-01T00:00:00.000Z";
      const fact = admit({ point, subjectType: "story", content, bytes: 9, storedAt }, catalogue, fold, storedAt);
      if (fact.type !== "JobSubmitted") throw new Error(JSON.stringify(fact));
      const merged = new Map(Object.entries({ ...ofType, ...ofTemplate, ...ofJob }).filter(([, units]) => units > 0));
      expect(Object.entries(fact.spec.resources)).toEqual([...merged].sort(([a], [b]) => (a < b ? -1 : 1)));
    });
  });
});
