/** The sorted list against an array that is sorted anew every time. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SortedList } from "../../projections/sorted-list.js";
import { checkRandomly } from "./random-world.js";

const ascending = (a: number, b: number): number => a - b;

describe("the sorted list", () => {
  test("given numbers in any order, when some are added and some deleted, then the rest comes out in order", () => {
    const step = fc.record({ add: fc.boolean(), item: fc.integer({ min: 0, max: 60 }) });
    checkRandomly("sorted list", 500, fc.array(step, { maxLength: 300, size: "max" }), (steps) => {
      const list = new SortedList<number>(ascending);
      const model = new Set<number>();
      for (const { add, item } of steps) {
        if (add && !model.has(item)) {
          list.add(item);
          model.add(item);
        } else if (!add) {
          expect(list.delete(item)).toBe(model.delete(item));
        }
        expect(list.size).toBe(model.size);
        expect(list.first).toBe([...model].sort(ascending)[0]);
      }
      expect([...list]).toEqual([...model].sort(ascending));
    });
  });

  test.each([
    ["ascending", (i: number) => i],
    ["descending", (i: number) => 5_000 - i],
    ["scattered", (i: number) => (i * 1_237) % 5_000],
  ])(
    "given five thousand numbers added in %s order, when every other one is deleted, then the rest is in order",
    (_, item) => {
      const list = new SortedList<number>(ascending);
      for (let i = 0; i < 5_000; i += 1) list.add(item(i));
      const all = [...list];
      expect(all).toEqual([...all].sort(ascending));
      expect(list.size).toBe(5_000);
      for (const one of all) if (one % 2 === 0) expect(list.delete(one)).toBe(true);
      expect([...list]).toEqual(all.filter((one) => one % 2 === 1));
      for (const one of [...list]) list.delete(one);
      expect([list.size, list.first, [...list]]).toEqual([0, undefined, []]);
    },
  );

  test("given a list, when something is deleted that is not in it, then it says so and stays as it was", () => {
    const list = new SortedList<number>(ascending);
    expect(list.delete(1)).toBe(false);
    for (const one of [1, 3, 5]) list.add(one);
    for (const one of [0, 2, 4, 6]) expect(list.delete(one)).toBe(false);
    expect([...list]).toEqual([1, 3, 5]);
    expect(list.size).toBe(3);
  });
});
