/** Entries as bytes and back. What is written is checked when it is read, whoever wrote it. */
import { ENTRY_VERSION, type Entry, type EntryHeader, entrySchema } from "./entry.js";
import type { Block, Fact } from "./facts.js";
import { isPlainObject } from "./json.js";

/** The ledger holds something that this program cannot take as an entry. The scheduler stops on it and names the address. */
export class CodecError extends Error {
  readonly code = "ledger-unreadable";
}

export function encodeFact(fact: Fact): string {
  if (fact.type !== "StartDenied") return JSON.stringify(fact);
  // Many jobs are denied for the same reasons at once, and share the list that says so.
  return `{"type":"StartDenied","job":${JSON.stringify(fact.job)},"blockedBy":${encodeBlocks(fact.blockedBy)}}`;
}

const encodedBlocks = new WeakMap<readonly Block[], string>();

function encodeBlocks(blocks: readonly Block[]): string {
  let text = encodedBlocks.get(blocks);
  if (text === undefined) {
    text = JSON.stringify(blocks);
    encodedBlocks.set(blocks, text);
  }
  return text;
}

/** An entry from its header and its facts, each already encoded: a fact is encoded once, for ledger and watchers both. */
export function encodeEntry(header: EntryHeader, facts: readonly string[]): string {
  return `${JSON.stringify(header).slice(0, -1)},"facts":[${facts.join(",")}]}`;
}

const ISSUES_TOLD_MAX = 3;

/** Reads one entry. Throws `CodecError` with what is wrong and where in the entry. */
export function decodeEntry(text: string): Entry {
  const parsed = entrySchema.safeParse(upcast(parseJson(text)));
  if (parsed.success) return parsed.data;
  const told = parsed.error.issues
    .slice(0, ISSUES_TOLD_MAX)
    .map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new CodecError(`not an entry: ${told.join("; ")}`);
}

/** Turns older entry versions into the current one, step by step. An unknown version stops: guessing would be worse. */
function upcast(value: unknown): unknown {
  const version = isPlainObject(value) ? value["v"] : undefined;
  if (version === ENTRY_VERSION) return value;
  throw new CodecError(
    `entry version ${JSON.stringify(version) ?? "missing"} is unknown to this program, which reads version ${ENTRY_VERSION}`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CodecError(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
