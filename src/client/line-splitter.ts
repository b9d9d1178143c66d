/**
 * A stream of bytes as numbered lines, for input of any size: in memory is no more than one chunk, and the line that it cuts
 * in two. A line that is too long or not UTF-8 is told as wrong and not kept.
 */
import { isUtf8 } from "node:buffer";
import { PARAMS_BYTES_MAX } from "../../events/submission.js";

/** With room for blanks and escapes beside what may be submitted. */
export const LINE_BYTES_MAX = 4 * PARAMS_BYTES_MAX;

/** A line without its line break, or why it cannot be read. The first line is number 1. */
export type InputLine =
  | { readonly number: number; readonly text: string }
  | { readonly number: number; readonly wrong: string };

const NEWLINE = 0x0a;
const BYTE_ORDER_MARK = "\uFEFF";

export class LineSplitter {
  #number = 0;
  /** The beginning of a line whose end has not come yet. */
  #cut: Uint8Array[] = [];
  #cutBytes = 0;

  /** How many lines have been read. */
  get lines(): number {
    return this.#number;
  }

  /** The lines that end in this chunk. */
  push(chunk: Uint8Array): readonly InputLine[] {
    const first = chunk.indexOf(NEWLINE);
    if (first === -1) {
      this.#keep(chunk);
      return [];
    }
    const last = chunk.lastIndexOf(NEWLINE);
    this.#keep(chunk.subarray(0, first));
    const lines = [this.#endCut()];
    this.#splitWhole(chunk.subarray(first + 1, last + 1), lines);
    this.#keep(chunk.subarray(last + 1));
    return lines;
  }

  /** The last line, if it has no line break. */
  end(): readonly InputLine[] {
    return this.#cutBytes === 0 ? [] : [this.#endCut()];
  }

  /** Whole lines. They are decoded in one go; only where that fails, each is looked at by itself. */
  #splitWhole(bytes: Uint8Array, lines: InputLine[]): void {
    if (bytes.length <= LINE_BYTES_MAX && isUtf8(bytes)) {
      const texts = toText(bytes).split("\n");
      // Behind the last line break is nothing.
      texts.pop();
      for (const text of texts) lines.push(this.#line(text));
      return;
    }
    for (let from = 0; from < bytes.length; ) {
      const to = bytes.indexOf(NEWLINE, from);
      this.#keep(bytes.subarray(from, to));
      lines.push(this.#endCut());
      from = to + 1;
    }
  }

  #keep(bytes: Uint8Array): void {
    this.#cutBytes += bytes.length;
    // Beyond the bound only its length is of interest.
    if (this.#cutBytes <= LINE_BYTES_MAX) this.#cut.push(bytes);
    else this.#cut = [];
  }

  #endCut(): InputLine {
    const [parts, bytes] = [this.#cut, this.#cutBytes];
    this.#cut = [];
    this.#cutBytes = 0;
    if (bytes > LINE_BYTES_MAX) return this.#wrong(`${bytes} bytes are too many; at most ${LINE_BYTES_MAX} are taken`);
    const whole = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
    return isUtf8(whole) ? this.#line(toText(whole)) : this.#wrong("is not UTF-8");
  }

  #line(text: string): InputLine {
    this.#number += 1;
    const isMarked = this.#number === 1 && text.startsWith(BYTE_ORDER_MARK);
    return { number: this.#number, text: isMarked ? text.slice(BYTE_ORDER_MARK.length) : text };
  }

  #wrong(wrong: string): InputLine {
    this.#number += 1;
    return { number: this.#number, wrong };
  }
}

const toText = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
