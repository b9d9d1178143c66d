/** The waiting jobs in their lines: one line per distinct demand, in the order of INV-004. */
import { describe, expect, test } from "vitest";
import { demandKey } from "../../projections/demand.js";
import { Waiting } from "../../projections/waiting.js";
import { ledger } from "../support/ledger-builder.js";

const begin = () =>
  ledger()
    .elected()
    .worker()
    .limits({ resources: { cpu: 9 } });

describe("the lines of the waiting jobs", () => {
  test("given jobs of several demands, when they wait, then each demand has one line, in order", () => {
    const { fold } = begin()
      .submitted("s2", { position: 2 })
      .submitted("s1", { position: 1 })
      .submitted("c1", { resources: { cpu: 1 } })
      .submitted("c2", { resources: { cpu: 2 } })
      .submitted("r1", { type: "research" })
      .submitted("s0", { priority: 1 });
    const lines = [...fold.waiting.lines()].map(({ type, resources, rows }) => [
      demandKey({ type, resources }),
      [...rows].map(({ id }) => id),
    ]);
    expect(Object.fromEntries(lines)).toEqual({
      "story {}": ["s0", "s1", "s2"],
      'story {"cpu":1}': ["c1"],
      'story {"cpu":2}': ["c2"],
      "research {}": ["r1"],
    });
    expect(fold.waiting.size).toBe(6);
  });

  test("given a line, when its last job leaves, then the line is gone; and a job that waits no more has none", () => {
    const book = begin().submitted("a").submitted("b", { type: "research" }).cancelled("b");
    expect([...book.fold.waiting.lines()].map(({ type }) => type)).toEqual(["story"]);
    expect(() => book.fold.waiting.lineOf(book.row("b"))).toThrow(/b is not waiting/);
    book.cancelled("a");
    expect([book.fold.waiting.size, [...book.fold.waiting.lines()]]).toEqual([0, []]);
  });

  test("given jobs without a recorded denial, when they are denied, granted or cancelled, then they are no longer asked after", () => {
    const book = begin().limits({ global: 1 }).submitted("a").submitted("b").submitted("c");
    const undenied = () => [...book.fold.waiting.undenied].map(({ id }) => id);
    expect(undenied()).toEqual(["a", "b", "c"]);
    book.cancelled("c").decided();
    expect(undenied()).toEqual([]);
    book.submitted("d");
    expect(undenied()).toEqual(["d"]);
  });

  test("given a row that does not wait, when it is deleted or its line is asked for, then that is an error, not a silent miss", () => {
    const book = begin().submitted("a").submitted("b").cancelled("b").rejected("r", "no such type");
    const waiting = new Waiting();
    for (const id of ["b", "r"]) {
      expect(() => waiting.delete(book.row(id))).toThrow(`${id} is not waiting`);
      expect(() => waiting.lineOf(book.row(id))).toThrow(`${id} is not waiting`);
    }
    expect(() => waiting.add(book.row("r"))).toThrow(/r was rejected and cannot wait/);
    expect([waiting.size, [...waiting.lines()]]).toEqual([0, []]);
  });
});
