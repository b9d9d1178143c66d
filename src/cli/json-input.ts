/** A JSON object given on the command line: as it stands, `@file`, or `-` for standard input. */
import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import { isPlainObject, type JsonObject } from "../../events/json.js";
import { PARAMS_BYTES_MAX } from "../../events/submission.js";
import { CliFailure } from "./failure.js";
import type { Terminal } from "./terminal.js";

/** With room for blanks and line breaks beside what may be submitted. */
const INPUT_BYTES_MAX = 4 * PARAMS_BYTES_MAX;

/** Reads what `option` was given. Throws a usage failure that says which option, and where in the text. */
export async function readJsonObject(option: string, given: string, { cwd }: Terminal): Promise<JsonObject> {
  const { text, source } = await readGiven(option, given, cwd);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw CliFailure.usage(
      `${option}: ${source} is not JSON: ${reason}`,
      `Give a JSON object, such as '{"prompt": "…"}', @file, or - for standard input.`,
    );
  }
  if (!isPlainObject(value)) throw CliFailure.usage(`${option}: ${source} must be a JSON object`);
  // JSON.parse makes nothing but JSON.
  return value as JsonObject;
}

async function readGiven(option: string, given: string, cwd: string): Promise<{ text: string; source: string }> {
  if (given === "-") return { text: await readAll(option, "standard input", process.stdin), source: "standard input" };
  if (!given.startsWith("@")) return { text: given, source: "what was given" };
  const file = given.slice(1);
  return { text: await readAll(option, file, createReadStream(resolve(cwd, file))), source: file };
}

async function readAll(option: string, source: string, stream: NodeJS.ReadableStream): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of stream) {
      const buffer = Buffer.from(part);
      bytes += buffer.length;
      if (bytes > INPUT_BYTES_MAX) break;
      parts.push(buffer);
    }
  } catch (error) {
    throw CliFailure.usage(
      `${option}: ${source} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (bytes > INPUT_BYTES_MAX) throw CliFailure.usage(`${option}: ${source} has more than ${INPUT_BYTES_MAX} bytes`);
  return Buffer.concat(parts).toString("utf8");
}
