/** The language of `--break`: what it says, and where it is wrong. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ConditionField, describeProblem, parseCondition } from "../../src/replay/condition.js";
import { checkRandomly } from "../projections/random-world.js";

type Subject = Partial<Record<ConditionField, readonly string[]>>;
const isMet = (text: string, subject: Subject): boolean => {
  const parsed = parseCondition(text);
  if (!parsed.ok) throw new Error(describeProblem(text, parsed.problem));
  return parsed.condition((field) => subject[field] ?? []);
};

const granted: Subject = {
  ...{ fact: ["StartGranted"], job: ["chapter-7"], type: ["story"], state: ["granted"] },
  pool: ["global", "resource:ollama"],
};

describe("a condition", () => {
  test.each([
    ["state==granted", true],
    ["state == failed", false],
    ["state!=failed", true],
    ["pool==resource:ollama", true],
    ["pool=='resource:ollama' && pool==global", true],
    ["pool!=global", false],
    ["pool~ollama", true],
    ["pool ~ claude", false],
    ['job~"chapter"', true],
    ["fact==StartGranted&&state==failed||type==story", true],
    ["fact==StartGranted && (state==failed || type==thumbs)", false],
    ["!(state==failed)", true],
    ["!!state==failed", false],
    ["type == 'a type that nobody has'", false],
  ])("given %s, when a grant is looked at, then it is met: %s", (text, met) => {
    expect(isMet(text, granted)).toBe(met);
  });

  test("given a fact without a job, when its fields are compared, then it equals nothing, and differs from everything", () => {
    const joined: Subject = { fact: ["WorkerJoined"] };
    expect(["state==failed", "job==x", "pool~a", "type~''"].map((text) => isMet(text, joined))).toEqual(
      Array(4).fill(false),
    );
    expect(isMet("state!=failed && job!=x", joined)).toBe(true);
  });

  test.each([
    ["", 1, "a field is expected: fact, job, type, state, pool"],
    ["status==failed", 1, "a field is expected"],
    ["state=failed", 6, "compare with =="],
    ["state==", 8, "a value is expected"],
    ["state", 6, "==, != or ~ is expected after state"],
    ["state==failde", 8, '"failde" is no state; there are scheduled, queued,'],
    ["fact!=Started", 7, '"Started" is no fact; there are JobSubmitted,'],
    ["state==failed & job==x", 15, "write &&"],
    ["state==failed job==x", 15, '"job" has no place here; join conditions with && or ||'],
    ["(state==failed", 15, "a ) is missing"],
    ["job=='x", 6, "this quote is not closed"],
    ["job==x; process.exit()", 7, '";" has no place here'],
    ["job==a/b", 7, '"/" has no place here; put values with such characters in quotes'],
    [`${"(".repeat(60)}job==x${")".repeat(60)}`, 51, "at most 50 brackets"],
    [`job==${"x".repeat(1_000)}`, 1_001, "at most 1000 characters"],
  ])("given %s, then character %i is named, and what is wrong with it", (text, at, message) => {
    const parsed = parseCondition(text);
    expect(parsed).toEqual({ ok: false, problem: { at, message: expect.stringContaining(message) } });
    if (!parsed.ok) expect(describeProblem(text, parsed.problem).split("\n").at(-1)).toBe(`${" ".repeat(at + 1)}^`);
  });

  test("given any text, when it is read, then it is a condition or a problem at a place in it, never anything else", () => {
    const pieces = fc.constantFrom(
      "state",
      "job",
      "==",
      "!=",
      "~",
      "&&",
      "||",
      "!",
      "(",
      ")",
      "failed",
      "'a b'",
      " ",
      "=",
      "é",
      "'",
    );
    const text = fc.oneof(
      fc.array(pieces, { maxLength: 20 }).map((parts) => parts.join("")),
      fc.string({ maxLength: 40 }),
    );
    checkRandomly("conditions", 500, text, (written) => {
      const parsed = parseCondition(written);
      if (parsed.ok) expect(typeof parsed.condition(() => ["x"])).toBe("boolean");
      else expect(parsed.problem.at >= 1 && parsed.problem.at <= written.length + 1).toBe(true);
    });
  });

  test("given any tree of comparisons, when it is written down and read, then it says what the tree says", () => {
    type Tree = { text: string; value: boolean };
    const leaf = fc.boolean().map((value): Tree => ({ text: value ? "job==x" : "job!=x", value }));
    const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        leaf,
        tie("tree").map(({ text, value }): Tree => ({ text: `!(${text})`, value: !value })),
        fc
          .tuple(tie("tree"), tie("tree"))
          .map(([a, b]): Tree => ({ text: `(${a.text}) && (${b.text})`, value: a.value && b.value })),
        fc.tuple(tie("tree"), tie("tree")).map(
          ([a, b]): Tree => ({
            text: `(${a.text}) || ${b.text.includes("||") ? `(${b.text})` : b.text}`,
            value: a.value || b.value,
          }),
        ),
      ),
    }));
    checkRandomly("trees", 300, tree, ({ text, value }) => {
      if (text.length <= 1_000) expect(isMet(text, { job: ["x"] })).toBe(value);
    });
  });
});
