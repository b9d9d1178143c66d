/** Which checkpoints stay: the newest, and of the older ones such that none is far from any position. */
import { describe, expect, test } from "vitest";
import { crowdedIndex } from "../../src/checkpoints/spacing.js";

describe("the checkpoint that is missed least", () => {
  test.each<[string, readonly number[], number]>([
    ["nothing", [], -1],
    ["no more than the newest four", [1, 2, 3, 4], -1],
    ["one beside them", [10, 20, 30, 40, 50], 0],
    ["two close together", [100, 200, 210, 300, 400, 500, 600, 700], 2],
    ["equal gaps", [10, 20, 30, 40, 50, 60, 70], 0],
    ["newest ones that are crowded", [100, 200, 201, 202, 203, 204], 1],
  ])("given %s, when one is to go, then it is this one", (_what, positions, index) => {
    expect(crowdedIndex(positions)).toBe(index);
  });

  test("given one each thousand for long, when at most 32 stay, then no gap is wider than four times the even one", () => {
    const LAST = 1_000_000;
    const kept: number[] = [];
    for (let position = 1_000; position <= LAST; position += 1_000) {
      if (kept.length === 32) kept.splice(crowdedIndex(kept), 1);
      kept.push(position);
    }
    expect(kept.slice(-4)).toEqual([997_000, 998_000, 999_000, 1_000_000]);
    const gaps = kept.map((position, index) => position - (kept[index - 1] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual((4 * LAST) / 28);
  });
});
