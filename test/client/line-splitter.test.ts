/** A stream of bytes as numbered lines: the same however it is cut into chunks, and nothing too long is kept. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type InputLine, LINE_BYTES_MAX, LineSplitter } from "../../src/client/line-splitter.js";
import { checkRandomly } from "../projections/random-world.js";

function split(chunks: readonly Uint8Array[]): InputLine[] {
  const splitter = new LineSplitter();
  const lines = [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()];
  expect(splitter.lines).toBe(lines.length);
  return lines;
}
const bytes = (text: string) => new TextEncoder().encode(text);
const texts = (lines: readonly InputLine[]) =>
  lines.map((line) => ("text" in line ? line.text : `wrong: ${line.wrong}`));

/** The bytes in pieces that end at these places. */
function cut(whole: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places.map((place) => place % (whole.length + 1)), whole.length].sort((a, b) => a - b);
  return ends.map((end, index) => whole.slice(ends[index - 1] ?? 0, end));
}

describe("a stream of bytes as lines", () => {
  test("given any text, when it comes in any chunks, then its lines are those of the text, numbered from 1", () => {
    const input = fc.record({
      lines: fc.array(fc.string({ unit: fc.constantFrom("a", "é", "日", "👩‍🚒", " ", "\r", '"') }), { minLength: 1 }),
      places: fc.array(fc.nat()),
      endsWithBreak: fc.boolean(),
    });
    checkRandomly("lines of a stream", 500, input, ({ lines, places, endsWithBreak }) => {
      const text = lines.join("\n") + (endsWithBreak ? "\n" : "");
      const expected = text.split("\n");
      if (expected.at(-1) === "") expected.pop();
      const found = split(cut(bytes(text), places));
      expect(texts(found)).toEqual(expected);
      expect(found.map(({ number }) => number)).toEqual(expected.map((_, index) => index + 1));
    });
  });

  test("given a byte order mark, when it stands at the beginning, then it is no part of the first line, and elsewhere it is", () => {
    expect(texts(split([bytes("\uFEFFa\n\uFEFFb\n")]))).toEqual(["a", "\uFEFFb"]);
  });

  test.each([
    ["in a chunk with others", [Uint8Array.of(97, 10, 0xff, 10, 98, 10)]],
    ["cut in two", [Uint8Array.of(97, 10, 0xff), Uint8Array.of(10, 98)]],
  ])("given a line that is not UTF-8, %s, then it alone is told to be wrong", (_where, chunks) => {
    expect(texts(split(chunks))).toEqual(["a", "wrong: is not UTF-8", "b"]);
  });

  test("given a line that is too long, when it has passed, then it is told with its length, and the next one is read", () => {
    const piece = bytes("x".repeat(LINE_BYTES_MAX / 8));
    const long = Array.from({ length: 9 }, () => piece);
    const lines = split([bytes("a\n"), ...long, bytes("\nb\n")]);
    expect(texts(lines)).toEqual([
      "a",
      `wrong: ${(LINE_BYTES_MAX / 8) * 9} bytes are too many; at most ${LINE_BYTES_MAX} are taken`,
      "b",
    ]);
    expect(texts(split(long.slice(0, 8)))[0]).toHaveLength(LINE_BYTES_MAX);
  });

  test("given nothing, or only line breaks, then there are no lines, or empty ones", () => {
    expect(split([])).toEqual([]);
    expect(texts(split([bytes("\n"), bytes("\n\n")]))).toEqual(["", "", ""]);
  });
});
