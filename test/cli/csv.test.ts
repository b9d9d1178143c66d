/** Comma-separated values as RFC 4180 has them, and YAML that older readers take for the same. */
import { describe, expect, test } from "vitest";
import { csvText } from "../../src/cli/csv.js";
import { writeYaml } from "../../src/config/yaml-text.js";

describe("csv", () => {
  test.each([
    ["plain text and numbers as they are", { a: "x y", b: -3, c: true }, "x y,-3,true"],
    ["a comma in quotes", { a: "x, y" }, '"x, y"'],
    ["a quote twice, in quotes", { a: 'say "so"' }, '"say ""so"""'],
    ["line breaks in quotes", { a: "one\ntwo\r\n" }, '"one\ntwo\r\n"'],
    ["null, and what is not there, as nothing", { a: null, b: undefined, c: "" }, ",,"],
    ["what has parts as JSON", { a: { b: 1 }, c: ["x"], d: [] }, '"{""b"":1}","[""x""]",[]'],
  ])("writes %s", (_what, row, line) => {
    expect(csvText([row]).slice(Object.keys(row).join(",").length + 1)).toBe(line);
  });

  test("given rows with different keys, then the columns are all of them, in the order in which they come", () => {
    expect(
      csvText([
        { a: 1, b: 2 },
        { b: 3, c: 4 },
      ]),
    ).toBe("a,b,c\n1,2,\n,3,4");
  });

  test("given columns, then there are these and no others, also without a row", () => {
    expect(csvText([{ a: 1, b: 2 }], ["b", "z"])).toBe("b,z\n2,");
    expect(csvText([], ["b", "z"])).toBe("b,z");
  });
});

describe("yaml", () => {
  test("given texts that older readers take for something else, then they are in quotes; nothing is folded or an alias", () => {
    const twice = ["long ".repeat(50)];
    const text = writeYaml({ a: "no", b: "2026-12-01T08:00:00.000Z", c: "812", twice, again: twice });
    expect(text).toContain('a: "no"\nb: "2026-12-01T08:00:00.000Z"\nc: "812"\n');
    expect(text).not.toMatch(/[&*]/);
    expect(text.split("\n").filter((line) => line.includes("long"))).toHaveLength(2);
  });
});
