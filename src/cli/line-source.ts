/** Where lines come from: a file, or standard input; read as a stream. */
import { type FileHandle, open } from "node:fs/promises";
import { resolve } from "node:path";
import { addAbortSignal, type Readable } from "node:stream";
import { CliFailure } from "./failure.js";
import type { Terminal } from "./terminal.js";

export interface LineSource extends AsyncDisposable {
  /** As people call it. */
  readonly name: string;
  /** Its size; null if nobody knows it, and then it can be read only once. */
  readonly bytes: number | null;
  /** Reads it from its beginning; breaks off when the signal aborts. */
  read(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

const CHUNK_BYTES = 256 * 1024;

/** Opens what `option` was given: a file, or `-` for standard input. Throws a usage failure if there is no such file. */
export async function openLines(option: string, given: string, { cwd }: Terminal): Promise<LineSource> {
  if (given === "-") {
    const read = (signal: AbortSignal) => addAbortSignal(signal, process.stdin);
    return { name: "standard input", bytes: null, read, [Symbol.asyncDispose]: async () => {} };
  }
  const unreadable = (error: unknown) =>
    CliFailure.usage(`${option}: ${given} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  const file = await open(resolve(cwd, given)).catch((error: unknown) => {
    throw unreadable(error);
  });
  const stat = await file.stat();
  if (stat.isDirectory()) {
    await file.close();
    throw unreadable("it is a folder");
  }
  return {
    name: given,
    bytes: stat.isFile() ? stat.size : null,
    read: (signal) => addAbortSignal(signal, readFrom(file, stat.isFile())),
    [Symbol.asyncDispose]: () => file.close(),
  };
}

/** A pipe has no places to read from, and so no beginning that could be named. */
function readFrom(file: FileHandle, hasPlaces: boolean): Readable {
  const options = { autoClose: false, highWaterMark: CHUNK_BYTES };
  return file.createReadStream(hasPlaces ? { ...options, start: 0 } : options);
}
