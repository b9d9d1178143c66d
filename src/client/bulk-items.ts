/** A line as an item of a batch: its text as it is sent, checked as far as that can be done without a scheduler. */
import { isPlainObject } from "../../events/json.js";
import { utf8Bytes } from "../../events/submission.js";
import type { InputLine } from "./line-splitter.js";
import { faultOfSubmission } from "./submission-check.js";

export interface BatchItem {
  /** The line that it stands in. */
  readonly line: number;
  readonly text: string;
  /** Of the text in UTF-8. */
  readonly bytes: number;
  /** The id that it chose; null: it is given one. */
  readonly id: string | null;
}

export interface WrongLine {
  readonly line: number;
  readonly reason: string;
}

/** What of a line becomes part of a batch; null for a blank line. `type`: of all lines that name none themselves. */
export function readItem(input: InputLine, type: string | null, bytesMax: number): BatchItem | WrongLine | null {
  const { number: line } = input;
  if ("wrong" in input) return { line, reason: input.wrong };
  const given = input.text.trim();
  if (given === "") return null;
  let value: unknown;
  try {
    value = JSON.parse(given);
  } catch (error) {
    return { line, reason: `is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  const reason = faultOf(value, given, type);
  if (reason !== null) return { line, reason };
  // A submission is an object: what is no object has been refused.
  const { id, type: own } = value as { readonly id?: string; readonly type?: string };
  const isTypeAdded = own === undefined && type !== null;
  let text = isTypeAdded ? withType(given, value as object, type) : given;
  let bytes = utf8Bytes(text);
  if (bytes > bytesMax) {
    // Blanks and escapes are what can be saved.
    text = JSON.stringify(isTypeAdded ? { type, ...(value as object) } : value);
    bytes = utf8Bytes(text);
  }
  if (bytes > bytesMax) return { line, reason: `${bytes} bytes are too many; this server takes at most ${bytesMax}` };
  return { line, text, bytes, id: id ?? null };
}

function faultOf(value: unknown, text: string, type: string | null): string | null {
  if (!isPlainObject(value)) return "must be a JSON object";
  const { type: own, template } = value;
  if (own === undefined && type === null && template === undefined)
    return "type: is missing; name a job type here or on the command line, or a template here";
  if (own !== undefined && type !== null && own !== type)
    return `type: the line says ${JSON.stringify(own)} and the command line "${type}"; they must agree`;
  return faultOfSubmission(value, text.length);
}

/** The text itself, with one key more: writing the value anew could change a number or the order of keys. */
function withType(text: string, value: object, type: string): string {
  const rest = text.slice(1);
  return `{"type":${JSON.stringify(type)}${Object.keys(value).length === 0 ? "" : ","}${rest}`;
}
