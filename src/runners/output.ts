/** What is kept of a stream of bytes whose length nobody bounds: its head, its tail, or its lines as they pass. */
import { isUtf8 } from "node:buffer";
import { StringDecoder } from "node:string_decoder";
import type { Json } from "../../events/json.js";
import { cut } from "./text.js";

/** Keeps the first `bytesMax` bytes and counts the rest. */
export class HeadOfOutput {
  readonly #bytesMax: number;
  readonly #kept: Buffer[] = [];
  #keptBytes = 0;
  #seenBytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  add(chunk: Buffer): void {
    this.#seenBytes += chunk.length;
    const room = this.#bytesMax - this.#keptBytes;
    if (room <= 0) return;
    const part = chunk.subarray(0, room);
    // Copied, because a short part would keep its whole chunk in memory.
    this.#kept.push(Buffer.from(part));
    this.#keptBytes += part.length;
  }

  /** All bytes that passed, kept or not. */
  get seenBytes(): number {
    return this.#seenBytes;
  }

  get truncated(): boolean {
    return this.#seenBytes > this.#keptBytes;
  }

  /** The text kept, and whether it was binary: not UTF-8, so that U+FFFD stands for what could not be read. */
  read(): { readonly text: string; readonly binary: boolean } {
    const all = Buffer.concat(this.#kept);
    const whole = this.truncated ? all.subarray(0, characterBoundary(all)) : all;
    return { text: whole.toString("utf8"), binary: !isUtf8(whole) };
  }
}

/** Keeps the last `bytesMax` bytes: the end of an error output is where the error is. */
export class TailOfOutput {
  readonly #bytesMax: number;
  #kept: Buffer = Buffer.alloc(0);

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  add(chunk: Buffer): void {
    const joined = Buffer.concat([this.#kept, chunk.subarray(-this.#bytesMax)]);
    this.#kept = Buffer.from(joined.subarray(-this.#bytesMax));
  }

  text(): string {
    // The cut may have left up to three bytes of a character at the start.
    let start = 0;
    while (start < 3 && isContinuation(this.#kept[start])) start++;
    return this.#kept.subarray(start).toString("utf8");
  }
}

/** A line for watchers is cut to this length. */
export const progressLineCharsMax = 2_000;
/** A program that prints a million lines must not become a million messages; what is above is left out and counted. */
export const progressLinesPerSecondMax = 20;

/** Passes complete lines on as progress `{line}`; after lines that were left out, `{line, omitted}` says how many. */
export class LineProgress {
  readonly #report: (update: Json) => void;
  readonly #now: () => number;
  readonly #decoder = new StringDecoder("utf8");
  #line = "";
  #secondStartedAt = Number.NEGATIVE_INFINITY;
  #sentThisSecond = 0;
  #omitted = 0;

  /** @param now monotonic time in milliseconds */
  constructor(report: (update: Json) => void, now: () => number = () => performance.now()) {
    this.#report = report;
    this.#now = now;
  }

  add(chunk: Buffer): void {
    const parts = this.#decoder.write(chunk).split("\n");
    const unfinished = parts.pop() ?? "";
    for (const part of parts) {
      this.#extend(part);
      this.#send(this.#line.endsWith("\r") ? this.#line.slice(0, -1) : this.#line);
      this.#line = "";
    }
    this.#extend(unfinished);
  }

  #extend(text: string): void {
    this.#line = cut(this.#line + text.slice(0, progressLineCharsMax), progressLineCharsMax);
  }

  #send(line: string): void {
    const now = this.#now();
    if (now - this.#secondStartedAt >= 1_000) {
      this.#secondStartedAt = now;
      this.#sentThisSecond = 0;
    }
    if (this.#sentThisSecond >= progressLinesPerSecondMax) {
      this.#omitted++;
      return;
    }
    this.#sentThisSecond++;
    this.#report(this.#omitted === 0 ? { line } : { line, omitted: this.#omitted });
    this.#omitted = 0;
  }
}

/** Where to cut `bytes` so that no character at its end is cut in two. */
function characterBoundary(bytes: Buffer): number {
  // A character has at most four bytes: look back for its first, and see whether all of them are there.
  for (let back = 1; back <= 4 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (isContinuation(byte)) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return needed > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
