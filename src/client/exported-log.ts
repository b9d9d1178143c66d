/**
 * The exported log: a file in JSON Lines. The first line is a header with format version, namespace and stream identity;
 * each line after it is one ledger entry with its position and the time at which the server stored it (contract, section 4).
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
import type { StoredMessage } from "../log/log.js";
import { MemoryLog } from "../log/memory.js";
import { ClientFailure } from "./failure.js";
import { type InputLine, LineSplitter } from "./line-splitter.js";

const EXPORT_FORMAT = "signalbox-ledger";
const EXPORT_VERSION = 1;

const headerSchema = z.object({
  format: z.literal(EXPORT_FORMAT),
  version: z.number().int(),
  namespace: z.string(),
  /** Names the very stream: one that was deleted and made again is another. */
  stream: z.string(),
  /** The position of the last entry in the file; every one from 1 is there. */
  last: z.number().int().nonnegative(),
  exportedAt: z.string(),
});
export type ExportHeader = z.infer<typeof headerSchema>;

const place = { position: z.number().int().positive(), storedAt: z.string() };
const lineSchema = z.union([
  z.object({ ...place, entry: z.record(z.string(), z.unknown()) }),
  z.object({ ...place, bytes: z.base64() }),
]);

export function headerLine(header: Omit<ExportHeader, "format" | "version">): string {
  return JSON.stringify({ format: EXPORT_FORMAT, version: EXPORT_VERSION, ...header });
}

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
  const header = readHeader(first.value, wrong);
  return { header, messages: entriesOf(lines, header, path) };
}

export interface ExportedLog {
  readonly header: ExportHeader;
  readonly ledger: MemoryLog;
}

/**
 * Reads an exported log into memory, all of it; `onEntry` is told how far it is. Throws `ClientFailure` that names the line if
 * something is wrong with the file.
 */
export async function readExportedLog(
  path: string,
  onEntry: (position: number, last: number) => void = () => {},
): Promise<ExportedLog> {
  const { header, messages } = await openExport(path);
  let storedAt = "";
  const ledger = new MemoryLog({ identity: header.stream, now: () => storedAt, appendOnly: true });
  for await (const message of messages) {
    storedAt = message.storedAt;
    await ledger.append({ subject: message.subject, data: message.data });
    onEntry(message.sequence, header.last);
  }
  return { header, ledger };
}

async function* entriesOf(
  lines: AsyncIterable<InputLine>,
  { namespace, last }: ExportHeader,
  path: string,
): AsyncGenerator<StoredMessage> {
  let sequence = 0;
  for await (const line of lines) {
    sequence += 1;
    const wrong = (what: string) => new ExportBroken(sequence, `${path}:${line.number}: ${what}`);
    const read = lineSchema.safeParse("text" in line ? parseLine(line.text) : undefined);
    if (!("text" in line) || !read.success) throw wrong("is no entry of an exported log; is the file cut off?");
    const { position, storedAt } = read.data;
    if (position !== sequence) throw wrong(`position ${sequence} was expected, and this is ${position}`);
    yield { sequence, subject: `${namespace}.ledger`, data: dataOf(line.text, read.data), storedAt };
  }
  if (sequence !== last) {
    const text = `the file ends here, and its header promises ${last} entries: it is cut off`;
    throw new ExportBroken(sequence + 1, `${path}:${sequence + 1}: ${text}`);
  }
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

function readHeader(line: InputLine, wrong: (what: string, hint?: string) => ClientFailure): ExportHeader {
  const read = headerSchema.safeParse("text" in line ? parseLine(line.text) : undefined);
  if (!read.success) throw wrong("is not the header of an exported log", EXPORT_HINT);
  const { version } = read.data;
  if (version !== EXPORT_VERSION) throw wrong(`the format version is ${version}; this program reads ${EXPORT_VERSION}`);
  return read.data;
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
