/** Packing: every item in exactly one batch, in order, no batch beyond its bounds, and none smaller than need be. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BATCH_SUBMISSIONS_MAX } from "../../events/submission.js";
import type { BatchItem } from "../../src/client/bulk-items.js";
import { BATCH_BYTES_MAX, type Batch, BatchPacker } from "../../src/client/bulk-packer.js";
import { checkRandomly } from "../projections/random-world.js";

function itemOf(line: number, chars: number): BatchItem {
  const text = JSON.stringify({ type: "a", params: { text: "é".repeat(chars), line } });
  return { line, text, bytes: Buffer.byteLength(text), id: line % 3 === 0 ? `id-${line}` : null };
}

function pack(items: readonly BatchItem[]): Batch[] {
  const packer = new BatchPacker();
  const batches = [...items.map((item) => packer.add(item)), packer.take()].filter((batch) => batch !== null);
  expect(packer.isEmpty).toBe(true);
  expect(packer.take()).toBeNull();
  return batches;
}

const textsOf = ({ data }: Batch): unknown[] => JSON.parse(Buffer.from(data).toString("utf8"));

describe("packing", () => {
  test("given any items, when they are packed, then each is in one batch, in order, within the bounds", () => {
    const chars = fc.oneof(
      { weight: 20, arbitrary: fc.constant(0) },
      { weight: 3, arbitrary: fc.nat(3_000) },
      { weight: 1, arbitrary: fc.nat(60_000) },
    );
    const sizes = fc.array(chars, { minLength: 1, maxLength: 2_500, size: "max" });
    checkRandomly("packing", 60, sizes, (lengths) => {
      const items = lengths.map((length, index) => itemOf(2 * index + 1, length));
      const batches = pack(items);
      expect(batches.flatMap(({ lines }) => lines)).toEqual(items.map(({ line }) => line));
      expect(batches.flatMap(({ ids }) => ids)).toEqual(items.map(({ id }) => id));
      expect(batches.flatMap(textsOf)).toEqual(items.map(({ text }) => JSON.parse(text)));
      for (const [index, { lines, data }] of batches.entries()) {
        expect(lines.length).toBeLessThanOrEqual(BATCH_SUBMISSIONS_MAX);
        if (lines.length > 1) expect(data.length).toBeLessThanOrEqual(BATCH_BYTES_MAX);
        const next = batches[index + 1];
        if (next === undefined || lines.length === BATCH_SUBMISSIONS_MAX) continue;
        // The next batch's first item would not have fitted.
        const first = items.find(({ line }) => line === next.lines[0])?.bytes ?? 0;
        expect(data.length + first).toBeGreaterThan(BATCH_BYTES_MAX - 2);
      }
    });
  });

  test("given an item that is larger than a batch of several, then it has a message of its own between the others", () => {
    const batches = pack([itemOf(1, 0), itemOf(2, 200_000), itemOf(3, 0)]);
    expect(batches.map(({ lines }) => lines)).toEqual([[1], [2], [3]]);
  });

  test("given many small items, when they are packed, then a batch holds as many as the scheduler takes", () => {
    const items = Array.from({ length: 2 * BATCH_SUBMISSIONS_MAX + 1 }, (_, index) => itemOf(index + 1, 0));
    expect(pack(items).map(({ lines }) => lines.length)).toEqual([BATCH_SUBMISSIONS_MAX, BATCH_SUBMISSIONS_MAX, 1]);
  });
});
