/** Entries as bytes and back: nothing is lost, and what is not an entry is refused with what is wrong and where. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CodecError, decodeEntry, encodeEntry, encodeFact } from "../../events/codec.js";
import { ENTRY_VERSION, type EntryHeader } from "../../events/entry.js";
import { type Fact, factSchema } from "../../events/facts.js";
import { canonicalJson } from "../../events/json.js";
import { entryId, epoch, intakeSequence } from "../../events/names.js";
import { checkRandomly } from "../projections/random-world.js";
import { anyFact, factArbitraries, natural, time } from "./random-facts.js";

const header: fc.Arbitrary<EntryHeader> = fc.record({
  v: fc.constant(ENTRY_VERSION),
  id: fc.string({ minLength: 1, maxLength: 30 }).map(entryId),
  prev: fc.option(fc.string({ minLength: 1, maxLength: 30 }).map(entryId), { nil: null }),
  epoch: natural.map(epoch),
  at: time,
  intake: fc.record({ sequence: natural.map(intakeSequence), taken: fc.nat() }),
});
const plain = {
  v: 1,
  id: "e1",
  prev: null,
  epoch: 1,
  at: "2026-01-01T00:00:00.000Z",
  intake: { sequence: 0, taken: 0 },
  facts: [{ type: "JobDue", job: "a" }],
};

describe("entries as bytes", () => {
  test("given any entry, when it is encoded and decoded, then it is the same, byte for byte", () => {
    const input = fc.tuple(header, fc.array(anyFact, { minLength: 1, maxLength: 8 }));
    checkRandomly("codec", 500, input, ([head, facts]) => {
      const text = encodeEntry(head, facts.map(encodeFact));
      const read = decodeEntry(text);
      expect(canonicalJson(read)).toBe(canonicalJson({ ...head, facts }));
      const { facts: readFacts, ...readHeader } = read;
      expect(canonicalJson(decodeEntry(encodeEntry(readHeader, readFacts.map(encodeFact))))).toBe(canonicalJson(read));
    });
  });

  test.each(Object.entries<fc.Arbitrary<Fact>>(factArbitraries))(
    "given any %s, when it is encoded and decoded, then it is the same",
    (type, arbitrary) => {
      checkRandomly(`codec of ${type}`, 50, arbitrary, (fact) => {
        expect(fact.type).toBe(type);
        const [read] = decodeEntry(encodeEntry(decodeEntry(JSON.stringify(plain)), [encodeFact(fact)])).facts;
        expect(canonicalJson(read)).toBe(canonicalJson(fact));
      });
    },
  );

  test("given the catalogue, when it is compared with the facts that are tested here, then none is missing", () => {
    const types = factSchema.options.map(({ shape }) => shape.type.value);
    expect([...types].sort()).toEqual(Object.keys(factArbitraries).sort());
  });

  test("given members that a later version adds, when an entry is read, then they are passed over", () => {
    const text = JSON.stringify({ ...plain, extra: 1, facts: [{ type: "JobDue", job: "a", extra: { deep: true } }] });
    expect(decodeEntry(text)).toEqual(plain);
  });

  test("given any other version, when an entry is read, then it stops at that, whatever else is in it: nothing is guessed", () => {
    const versions = fc.jsonValue().filter((version) => version !== ENTRY_VERSION);
    const others = fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true });
    checkRandomly("unknown versions", 500, fc.tuple(versions, others), ([v, other]) => {
      const text = JSON.stringify({ ...other, v });
      // As it is in JSON: -0 is 0 there.
      const told = JSON.stringify(JSON.parse(text).v);
      expect(() => decodeEntry(text)).toThrow(
        new CodecError(`entry version ${told} is unknown to this program, which reads version ${ENTRY_VERSION}`),
      );
    });
  });

  test("given any JSON, when it is read as an entry, then it is one or a codec error says why not, and nothing else happens", () => {
    const broken = fc.tuple(header, anyFact, fc.string(), fc.jsonValue()).map(([head, fact, key, value]) => {
      const whole: Record<string, unknown> = JSON.parse(encodeEntry(head, [encodeFact(fact)]));
      const keys = Object.keys(whole);
      return JSON.stringify({ ...whole, [keys[key.length % keys.length] ?? ""]: value });
    });
    checkRandomly("damaged entries", 500, fc.oneof(fc.json(), broken), (text) => {
      try {
        const read = decodeEntry(text);
        const { facts, ...head } = read;
        expect(canonicalJson(decodeEntry(encodeEntry(head, facts.map(encodeFact))))).toBe(canonicalJson(read));
      } catch (error) {
        if (!(error instanceof CodecError)) throw error;
        expect(error.code).toBe("ledger-unreadable");
      }
    });
  });

  test.each<[string, string, RegExp]>([
    ["no JSON", "{", /^not JSON: /],
    ["nothing", "", /^not JSON: /],
    ["a list", "[]", /^entry version missing is unknown to this program, which reads version 1$/],
    ["no version", JSON.stringify({ ...plain, v: undefined }), /^entry version missing is unknown/],
    ["a later version", JSON.stringify({ ...plain, v: 2 }), /^entry version 2 is unknown/],
    ["a version as text", JSON.stringify({ ...plain, v: "1" }), /^entry version "1" is unknown/],
    ["no facts", JSON.stringify({ ...plain, facts: [] }), /^not an entry: facts: /],
    [
      "an unknown fact",
      JSON.stringify({ ...plain, facts: [{ type: "JobVanished", job: "a" }] }),
      /^not an entry: facts\.0\.type: /,
    ],
    [
      "a fact like a member of every object",
      JSON.stringify({ ...plain, facts: [{ type: "constructor" }] }),
      /^not an entry: facts\.0\.type: /,
    ],
    [
      "a fact without its job",
      JSON.stringify({ ...plain, facts: [plain.facts[0], { type: "JobDue" }] }),
      /^not an entry: facts\.1\.job: /,
    ],
    [
      "a job that cannot be one",
      JSON.stringify({ ...plain, facts: [{ type: "JobDue", job: "a b" }] }),
      /^not an entry: facts\.0\.job: /,
    ],
    ["a time without milliseconds", JSON.stringify({ ...plain, at: "2026-01-01T00:00:00Z" }), /^not an entry: at: /],
    [
      "an outcome without its result",
      JSON.stringify({ ...plain, facts: [{ type: "RunCompleted", job: "a", grant: 1, exitCode: 0, result: {} }] }),
      /^not an entry: facts\.0\.result/,
    ],
    ...[null, [], "text", 5].map((params): [string, string, RegExp] => [
      `params that are ${JSON.stringify(params)}`,
      JSON.stringify({ ...plain, facts: [{ type: "JobAmended", job: "a", params }] }),
      /^not an entry: facts\.0\.params: /,
    ]),
    [
      "more that is wrong than is told",
      JSON.stringify({ ...plain, id: "", epoch: -1, at: 5, facts: [] }),
      /^not an entry: id: [^;]+; epoch: [^;]+; at: [^;]+$/,
    ],
    ["a negative epoch", JSON.stringify({ ...plain, epoch: -1 }), /^not an entry: epoch: /],
  ])("given %s, when it is read as an entry, then it is refused with what is wrong and where", (_, text, message) => {
    expect(() => decodeEntry(text)).toThrow(CodecError);
    expect(() => decodeEntry(text)).toThrow(message);
  });
});
