/** Reads a small text file strictly: bounded, and UTF-8 or nothing. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** A configuration of a thousand job types has about a tenth of this. */
const configurationBytesMax = 1024 * 1024;

type TextFile =
  | { readonly text: string; readonly problem?: never }
  | { readonly problem: string; readonly absent: boolean; readonly line: number | null; readonly text?: never };

/** The text of a file (or pipe), or what is wrong with it. */
export function readTextFile(path: string): TextFile {
  let bytes: Uint8Array | string;
  try {
    bytes = readBytes(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    // ENOTDIR: a part of the path is a file, so there is no such file either.
    return wrong(explainCode(code), code === "ENOENT" || code === "ENOTDIR");
  }
  if (typeof bytes === "string") return wrong(bytes);
  try {
    return { text: decode(bytes) };
  } catch {
    return wrong("is not UTF-8 text from this line on", false, firstBadLine(bytes));
  }
}

function readBytes(path: string): Uint8Array | string {
  const file = openSync(path, "r");
  try {
    const stat = fstatSync(file);
    if (stat.isDirectory()) return "is a folder, not a file";
    if (!stat.isFile() && !stat.isFIFO()) return "is not a regular file";
    // One byte more than allowed, so that a file that is too long shows; a pipe does not know its length.
    const buffer = new Uint8Array(configurationBytesMax + 1);
    let length = 0;
    while (length < buffer.length) {
      const read = readSync(file, buffer, length, buffer.length - length, null);
      if (read === 0) return buffer.subarray(0, length);
      length += read;
    }
    return `is longer than ${configurationBytesMax} bytes`;
  } finally {
    closeSync(file);
  }
}

function wrong(problem: string, absent = false, line: number | null = null): TextFile {
  return { problem, absent, line };
}

function explainCode(code: string): string {
  if (code === "ENOENT" || code === "ENOTDIR") return "there is no such file";
  if (code === "EACCES" || code === "EPERM") return "may not be read by this user; change its permissions";
  return `cannot be read (${code})`;
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}

/** A line feed is never part of a longer UTF-8 sequence, so each line can be tried by itself. Lines count from 1. */
function firstBadLine(bytes: Uint8Array): number {
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const feed = bytes.indexOf(0x0a, start);
    const end = feed === -1 ? bytes.length : feed;
    try {
      decode(bytes.subarray(start, end));
    } catch {
      return line;
    }
    start = end + 1;
  }
  return line;
}
