/**
 * The exported log: a file in JSON Lines. The first line is a header with format version, namespace and stream identity;
 * each line after it is one ledger entry with its position and the time at which the server stored it (contract, section 4).
 * In a part of a log (`log export --from`) the state that it begins with stands before them, line by line, and after that the earlier
 * entries that tell of jobs which had not ended.
 *
 *     {"format":"signalbox-ledger","version":1,"namespace":"signalbox","stream":"SIGNALBOX_LEDGER@…","last":2,"exportedAt":"…"}
 *     {"position":1,"storedAt":"…","entry":{"v":1,…}}
 *     {"position":2,"storedAt":"…","entry":{"v":1,…}}
 *
 * An entry's text is the ledger's own, byte for byte. A message that is no JSON in one line is kept as `bytes`, in base64,
 * so that an export never hides what is wrong with a ledger.
 */
import { createReadStream } from "node:fs";
import { z } from "zod";
import { CheckpointDamaged, Restoration } from "../../projections/checkpoint/restoration.js";
import type { Fold } from "../../projections/fold.js";
import type { Log, StoredMessage } from "../log/log.js";
import { MemoryLog } from "../log/memory.js";
import { stateHash } from "../state-hash.js";
import { type ExportHeader, firstOf, readHeader } from "./export-header.js";
import { ClientFailure } from "./failure.js";
import { type InputLine, LineSplitter } from "./line-splitter.js";

const place = { position: z.number().int().positive(), storedAt: z.string() };
const lineSchema = z.union([
  z.object({ ...place, entry: z.record(z.string(), z.unknown()) }),
  z.object({ ...place, bytes: z.base64() }),
]);
/** A line of the state that a part begins with: around one that projections/checkpoint/checkpoint.ts writes. */
const STATE_BEGINS = '{"state":';
export const stateLine = (state: string): string => `${STATE_BEGINS}${state}}`;

const utf8 = new TextDecoder("utf-8", { fatal: true });

export function entryLine({ sequence, storedAt, data }: StoredMessage): string {
  const text = textOf(data);
  return text === null
    ? JSON.stringify({ position: sequence, storedAt, bytes: Buffer.from(data).toString("base64") })
    : `${headOf(sequence, storedAt)}${text}}`;
}

function textOf(data: Uint8Array): string | null {
  try {
    const text = utf8.decode(data);
    JSON.parse(text);
    return text.startsWith("{") && !/[\r\n]/.test(text) ? text : null;
  } catch {
    return null;
  }
}

export interface OpenExport {
  readonly header: ExportHeader;
  /** What a part begins with, in a fold that is the caller's; null for a whole log. */
  readonly begin: Fold | null;
  /** Entries before the first that tell of jobs which had not ended. */
  readonly earlier: readonly StoredMessage[];
  /** Its entries in order, as messages of the ledger; to be read once. Throws `ExportBroken` where one is missing or none. */
  readonly messages: AsyncIterable<StoredMessage>;
}

/** An exported log is cut off, has a gap, or a line that is no entry; `address` is the position that is wrong. */
export class ExportBroken extends ClientFailure {
  readonly address: string;

  constructor(address: number, message: string) {
    super("unreadable-log", message);
    this.address = String(address);
  }
}

/**
 * Opens an exported log for reading as a stream. Throws `ClientFailure` if the file is none. What the entries say is not judged
 * here: the fold does that.
 */
export async function openExport(path: string): Promise<OpenExport> {
  const lines = linesOf(path);
  const first = await lines.next();
  const wrong = (what: string, hint?: string) =>
    new ClientFailure("unreadable-log", `${path}:1: ${what}`, hint === undefined ? {} : { hint });
  if (first.done === true) {
    throw new ClientFailure("unreadable-log", `${path}:0: is empty; an exported log begins with a header`, {
      hint: EXPORT_HINT,
    });
  }
  const header = mustHeader(first.value, wrong);
  const begin = header.first === undefined ? null : await beginOf(lines, header, path);
  const earlier = await earlierOf(lines, header, path);
  return { header, begin, earlier, messages: entriesOf(lines, header, path) };
}

/** Opens a log that is there from its first entry, for those who need all of it. Throws `ClientFailure` like `openExport`. */
export async function openWholeExport(path: string): Promise<OpenExport> {
  const opened = await openExport(path);
  mustBeWhole(path, opened);
  return opened;
}

export function mustBeWhole(path: string, { header, begin }: Pick<OpenExport, "header" | "begin">): void {
  if (begin === null) return;
  throw new ClientFailure("invalid", `${path} is a part of a log: it begins at ${firstOf(header)}`, {
    hint: "This needs all that happened before, too: export the log without --from.",
  });
}

/** The state that a part begins with. */
async function beginOf(lines: AsyncGenerator<InputLine>, header: ExportHeader, path: string): Promise<Fold> {
  const restoration = new Restoration();
  const wrong = (line: number, what: string) => new ExportBroken(firstOf(header), `${path}:${line}: ${what}`);
  try {
    while (!restoration.isComplete) {
      const { value: line } = await lines.next();
      const text = line !== undefined && "text" in line ? line.text : "";
      if (!text.startsWith(STATE_BEGINS) || !text.endsWith("}"))
        throw wrong(line?.number ?? 0, "the state that the part begins with is not complete");
      restoration.read(text.slice(STATE_BEGINS.length, -1));
    }
    const fold = restoration.finish();
    if (fold.head.position + 1 !== firstOf(header) || stateHash(fold) !== header.beginHash)
      throw wrong(1, "the state that the part begins with is not the one that its header names");
    return fold;
  } catch (error) {
    if (error instanceof CheckpointDamaged)
      throw wrong(1, `the state that the part begins with cannot be read by this program: ${error.message}`);
    throw error;
  }
}

async function earlierOf(
  lines: AsyncGenerator<InputLine>,
  header: ExportHeader,
  path: string,
): Promise<readonly StoredMessage[]> {
  const earlier: StoredMessage[] = [];
  while (earlier.length < (header.earlier ?? 0)) {
    const { value: line } = await lines.next();
    const message = line === undefined ? null : messageOf(line, header);
    if (message === null || message.sequence >= firstOf(header)) {
      const what = `one of ${header.earlier} earlier entries is missing; is the file cut off?`;
      throw new ExportBroken(firstOf(header), `${path}:${line?.number ?? 0}: ${what}`);
    }
    earlier.push(message);
  }
  return earlier;
}

export interface ExportedLog extends Pick<OpenExport, "header" | "begin"> {
  readonly ledger: Log;
}

/**
 * Reads an exported log into memory, all of it; `onEntry` is told how far it is. Throws `ClientFailure` that names the line if
 * something is wrong with the file.
 */
export async function readExportedLog(
  path: string,
  onEntry: (position: number, last: number) => void = () => {},
): Promise<ExportedLog> {
  const { header, begin, earlier, messages } = await openExport(path);
  const first = firstOf(header);
  let storedAt = "";
  const now = () => storedAt;
  const memory = new MemoryLog({ identity: header.stream, now, appendOnly: true, after: first - 1 });
  for await (const message of messages) {
    storedAt = message.storedAt;
    await memory.append({ subject: message.subject, data: message.data });
    onEntry(message.sequence, header.last);
  }
  const before = new Map(earlier.map((message) => [message.sequence, message]));
  const read: Log["read"] = async (sequence) => {
    if (sequence >= first) return memory.read(sequence);
    const found = before.get(sequence);
    if (found !== undefined) return found;
    throw new ClientFailure("not-found", `entry ${sequence} is not in ${path}, which begins at ${first}`, {
      hint: "It has the earlier entries of jobs only that had not ended there; export the whole log to ask about others.",
    });
  };
  const ledger: Log = {
    read,
    state: () => memory.state(),
    append: (append) => memory.append(append),
    follow: (after, signal) => memory.follow(after, signal),
    trim: (sequence) => memory.trim(sequence),
  };
  return { header, begin, ledger };
}

async function* entriesOf(
  lines: AsyncIterable<InputLine>,
  header: ExportHeader,
  path: string,
): AsyncGenerator<StoredMessage> {
  let sequence = firstOf(header) - 1;
  let lastLine = 1;
  for await (const line of lines) {
    sequence += 1;
    lastLine = line.number;
    const wrong = (what: string) => new ExportBroken(sequence, `${path}:${line.number}: ${what}`);
    const message = messageOf(line, header);
    if (message === null) throw wrong("is no entry of an exported log; is the file cut off?");
    if (message.sequence !== sequence)
      throw wrong(`position ${sequence} was expected, and this is ${message.sequence}`);
    yield message;
  }
  if (sequence !== header.last) {
    const text = `the file ends here, and its header promises ${header.last} entries: it is cut off`;
    throw new ExportBroken(sequence + 1, `${path}:${lastLine}: ${text}`);
  }
}

/** The entry in a line; null if it holds none. */
function messageOf(line: InputLine, { namespace }: ExportHeader): StoredMessage | null {
  if (!("text" in line)) return null;
  const read = lineSchema.safeParse(parseLine(line.text));
  if (!read.success) return null;
  const { position: sequence, storedAt } = read.data;
  return { sequence, subject: `${namespace}.ledger`, data: dataOf(line.text, read.data), storedAt };
}

async function* linesOf(path: string): AsyncGenerator<InputLine> {
  const splitter = new LineSplitter();
  try {
    for await (const chunk of createReadStream(path)) yield* splitter.push(chunk);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ClientFailure("unreadable-log", `the exported log cannot be read: ${reason}`, { cause: error });
  }
  yield* splitter.end();
}

const EXPORT_HINT = "Make one with `signalbox log export <file>`.";

function mustHeader(line: InputLine, wrong: (what: string, hint?: string) => ClientFailure): ExportHeader {
  const header = readHeader("text" in line ? parseLine(line.text) : undefined);
  if (header === null) throw wrong("is not the header of an exported log", EXPORT_HINT);
  if ("wrongVersion" in header)
    throw wrong(`the format version is ${header.wrongVersion}, which this program does not read`);
  return header;
}

/** The entry's own bytes, cut out of the line: parsing and writing again could change a number or the order of keys. */
function dataOf(line: string, read: z.infer<typeof lineSchema>): Uint8Array {
  if ("bytes" in read) return Buffer.from(read.bytes, "base64");
  const written = headOf(read.position, read.storedAt);
  const text =
    line.startsWith(written) && line.endsWith("}") ? line.slice(written.length, -1) : JSON.stringify(read.entry);
  return new TextEncoder().encode(text);
}

const headOf = (position: number, storedAt: string): string =>
  `{"position":${position},"storedAt":${JSON.stringify(storedAt)},"entry":`;

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
