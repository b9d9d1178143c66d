/** What is kept of an output, cut anywhere. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../events/json.js";
import {
  HeadOfOutput,
  LineProgress,
  progressLineCharsMax,
  progressLinesPerSecondMax,
  TailOfOutput,
} from "../../src/runners/output.js";

const texts = fc.string({ unit: "binary", maxLength: 60 });
const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 });

function chunks(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const length = lengths[turn % lengths.length] ?? 1;
    parts.push(bytes.subarray(at, at + length));
    at += length;
  }
  return parts;
}

describe("an output in any chunks", () => {
  it("given any text and bound, when the head is kept, then it is whole characters from the start, as many as fit", () => {
    fc.assert(
      fc.property(texts, sizes, fc.integer({ min: 1, max: 80 }), (text, lengths, bytesMax) => {
        const bytes = Buffer.from(text);
        const head = new HeadOfOutput(bytesMax);
        for (const chunk of chunks(bytes, lengths)) head.add(chunk);
        const { text: kept, binary } = head.read();
        expect(binary).toBe(false);
        expect(text.startsWith(kept)).toBe(true);
        expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(bytesMax);
        expect(Buffer.byteLength(kept)).toBeGreaterThan(Math.min(bytesMax, bytes.length) - 4);
        expect([head.seenBytes, head.truncated]).toEqual([bytes.length, bytes.length > bytesMax]);
      }),
    );
  });

  it("given any text and bound, when the tail is kept, then it is whole characters up to the end, as many as fit", () => {
    fc.assert(
      fc.property(texts, sizes, fc.integer({ min: 1, max: 80 }), (text, lengths, bytesMax) => {
        const bytes = Buffer.from(text);
        const tail = new TailOfOutput(bytesMax);
        for (const chunk of chunks(bytes, lengths)) tail.add(chunk);
        expect(text.endsWith(tail.text())).toBe(true);
        expect(Buffer.byteLength(tail.text())).toBeGreaterThan(Math.min(bytesMax, bytes.length) - 4);
      }),
    );
  });

  it("given any few lines, when they pass, then each complete one is reported once, in order", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary", maxLength: 8 }), { maxLength: 15 }), sizes, (parts, lengths) => {
        const text = parts.join("\n");
        const updates: Json[] = [];
        const lines = new LineProgress(
          (update) => updates.push(update),
          () => 0,
        );
        for (const chunk of chunks(Buffer.from(text), lengths)) lines.add(chunk);
        const complete = text.split("\n").slice(0, -1).slice(0, progressLinesPerSecondMax);
        expect(updates).toEqual(complete.map((line) => ({ line: line.replace(/\r$/, "") })));
      }),
    );
  });
});

describe("lines as progress", () => {
  it("given more lines than a second may have, when the second is over, then the next line says how many were left out", () => {
    const updates: Json[] = [];
    let now = 5_000;
    const lines = new LineProgress(
      (update) => updates.push(update),
      () => now,
    );
    lines.add(Buffer.from("line\n".repeat(progressLinesPerSecondMax + 7)));
    expect(updates).toHaveLength(progressLinesPerSecondMax);
    now += 999;
    lines.add(Buffer.from("still too soon\n"));
    now += 1;
    lines.add(Buffer.from("later\nand on\n"));
    expect(updates.slice(progressLinesPerSecondMax)).toEqual([{ line: "later", omitted: 8 }, { line: "and on" }]);
  });

  it("given a line without end, when it grows, then only its start is kept, and the next line is whole again", () => {
    const updates: Json[] = [];
    const lines = new LineProgress((update) => updates.push(update));
    for (let index = 0; index < 100; index++) lines.add(Buffer.from("🚂".repeat(1_000)));
    lines.add(Buffer.from("\nnext\n"));
    expect(updates).toEqual([{ line: "🚂".repeat(progressLineCharsMax / 2) }, { line: "next" }]);
  });
});
