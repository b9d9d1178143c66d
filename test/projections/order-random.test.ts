/** The orders that decide: each is a strict total order, and the list that keeps to it agrees with a sorted array (INV-004). */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jobId } from "../../events/names.js";
import { compareDue, compareText, compareWaiting, type JobRow } from "../../projections/jobs.js";
import { SortedList } from "../../projections/sorted-list.js";
import { ledger } from "../support/ledger-builder.js";
import { checkRandomly } from "./random-world.js";

const plain = ledger().elected().submitted("plain").row("plain");
const few = (...texts: readonly string[]) => fc.constantFrom(...texts);
/** Rows that are often equal in most of what they are ordered by. Ids are always distinct, as in a ledger. */
const rows = fc
  .uniqueArray(
    fc.record({
      id: fc.oneof(few("a", "A", "j2", "j10", "10", "9"), fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,3}$/)),
      priority: fc.constantFrom(-1, 0, 0, 1),
      position: fc.constantFrom(-1_000, 0, 1, 1_000),
      createdAt: few("2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.001Z"),
      dueAt: few("2026-01-02T00:00:00.000Z", "2026-01-02T00:00:00.001Z"),
    }),
    { selector: ({ id }) => id, minLength: 3, maxLength: 12 },
  )
  .map((all) => all.map(({ id, priority, ...row }) => rowOf({ ...row, id: jobId(id) }, priority)));

function rowOf(row: Partial<JobRow>, priority: number): JobRow {
  const { spec } = plain;
  if (spec === null) throw new Error("a submitted job has a spec");
  return { ...plain, ...row, spec: { ...spec, priority } };
}

/** By what INV-004 says, key after key. */
const waitingKeys = (row: JobRow) => [-(row.spec?.priority ?? 0), row.position, row.createdAt, row.id] as const;
const dueKeys = (row: JobRow) => [row.dueAt ?? "", row.id] as const;

function plainly(keys: (row: JobRow) => readonly (number | string)[]) {
  return (a: JobRow, b: JobRow): number => {
    const [x, y] = [keys(a), keys(b)];
    const at = x.findIndex((key, index) => key !== y[index]);
    if (at < 0) return 0;
    return (x[at] ?? 0) < (y[at] ?? 0) ? -1 : 1;
  };
}

describe.each([
  ["waiting", compareWaiting, plainly(waitingKeys)],
  ["due", compareDue, plainly(dueKeys)],
] as const)("the order of those that are %s", (name, compare, expected) => {
  test("given any rows, when two are compared, then one is before the other, as the keys say, and never both", () => {
    checkRandomly(`order of ${name}: total`, 150, rows, (all) => {
      for (const a of all) {
        expect(compare(a, a)).toBe(0);
        for (const b of all) {
          expect(Math.sign(compare(a, b))).toBe(expected(a, b));
          expect(Math.sign(compare(b, a)) + Math.sign(compare(a, b))).toBe(0);
          if (a !== b) expect(compare(a, b)).not.toBe(0);
        }
      }
    });
  });

  test("given any three rows, when one is before the second and that before the third, then the first is before the third", () => {
    checkRandomly(`order of ${name}: transitive`, 60, rows, (all) => {
      for (const a of all)
        for (const b of all)
          for (const c of all) if (compare(a, b) < 0 && compare(b, c) < 0) expect(compare(a, c)).toBeLessThan(0);
    });
  });

  test("given any rows, when they come into a list in any order, then what is before and after each is as in a sorted array", () => {
    const input = fc.tuple(rows, fc.array(fc.nat({ max: 11 })));
    checkRandomly(`order of ${name}: list`, 150, input, ([all, out]) => {
      const list = new SortedList<JobRow>(compare);
      for (const row of all) list.add(row);
      const left = new Set(out.map((at) => all[at]));
      for (const row of left) if (row !== undefined) expect(list.delete(row)).toBe(true);
      const kept = all.filter((row) => !left.has(row)).sort(expected);
      expect([...list]).toEqual(kept);
      // Also of those that are not in the list any more.
      for (const row of all) {
        expect(list.before(row)).toBe(kept.filter((other) => expected(other, row) < 0).at(-1));
        expect(list.after(row)).toBe(kept.find((other) => expected(other, row) > 0));
      }
    });
  });
});

describe("neighbours in a large list", () => {
  test("given more than fit into one chunk, when neighbours are asked for, then they are those of a sorted array", () => {
    const list = new SortedList<number>((a, b) => a - b);
    const even = Array.from({ length: 3_000 }, (_, index) => index * 2);
    for (const item of even) list.add(item);
    const there = new Set(even);
    for (let item = -1; item <= 6_000; item += 1) {
      const isEven = item % 2 === 0;
      const [before, after] = isEven ? [item - 2, item + 2] : [item - 1, item + 1];
      expect([item, list.before(item)]).toEqual([item, there.has(before) ? before : undefined]);
      expect([item, list.after(item)]).toEqual([item, there.has(after) ? after : undefined]);
    }
  });

  test("given an empty list, when neighbours are asked for, then there are none", () => {
    const list = new SortedList<number>((a, b) => a - b);
    expect([list.before(1), list.after(1), list.first, list.size]).toEqual([undefined, undefined, undefined, 0]);
  });
});

describe("the order of texts", () => {
  const text = fc.string({ unit: "binary", maxLength: 4 });
  test("given any texts, when they are compared, then by their code units, wherever this runs", () => {
    checkRandomly("order of texts", 500, fc.tuple(text, text), ([a, b]) => {
      const units = (text: string) => Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
      const [x, y] = [units(a), units(b)];
      const at = x.findIndex((unit, index) => unit !== y[index]);
      const expected = at < 0 ? Math.sign(x.length - y.length) : Math.sign((x[at] ?? 0) - (y[at] ?? -1));
      expect(compareText(a, b)).toBe(expected);
    });
  });
});
