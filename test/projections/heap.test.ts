/** The heap against a sorted array. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Heap } from "../../projections/heap.js";
import { checkRandomly } from "./random-world.js";

describe("the heap", () => {
  test("given any pushes and pops, when something is popped, then it is the smallest that is in it", () => {
    const step = fc.option(fc.integer({ min: 0, max: 50 }), { nil: "pop" as const });
    checkRandomly("heap", 500, fc.array(step, { maxLength: 200, size: "max" }), (steps) => {
      const heap = new Heap<number>((a, b) => a - b);
      const model: number[] = [];
      for (const one of steps) {
        if (one === "pop") {
          expect(heap.pop()).toBe(model.sort((a, b) => a - b).shift());
        } else {
          heap.push(one);
          model.push(one);
        }
      }
      model.sort((a, b) => a - b);
      for (const one of model) expect(heap.pop()).toBe(one);
      expect(heap.pop()).toBeUndefined();
    });
  });

  test("given an empty heap, when it is popped, then nothing comes, and it can be filled again", () => {
    const heap = new Heap<string>((a, b) => (a < b ? -1 : 1));
    expect(heap.pop()).toBeUndefined();
    heap.push("only");
    expect(heap.pop()).toBe("only");
    expect(heap.pop()).toBeUndefined();
    for (const one of ["c", "a", "b"]) heap.push(one);
    expect([heap.pop(), heap.pop(), heap.pop(), heap.pop()]).toEqual(["a", "b", "c", undefined]);
  });
});
