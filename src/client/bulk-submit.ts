/**
 * Submits many jobs from a stream of lines (JSON Lines), each a submission of its own, whatever the size of the input: lines are
 * read, checked and packed into batches as they come, and sent through a window. A wrong line is told and left out.
 */
import { type BatchItem, readItem, type WrongLine } from "./bulk-items.js";
import { type Batch, BatchPacker, itemBytesMax } from "./bulk-packer.js";
import { BatchWindow, type WindowTarget } from "./bulk-window.js";
import { ClientFailure } from "./failure.js";
import { type InputLine, LineSplitter } from "./line-splitter.js";

export interface LinesOptions {
  /** The type of all lines that name none themselves. */
  readonly type: string | null;
  /** So many lines at the beginning are left out. */
  readonly skip: number;
  readonly signal: AbortSignal;
}

export interface LinesHooks {
  readonly onWrong: (wrong: WrongLine) => void;
  /** Told after each chunk: bytes and lines read so far. */
  readonly onRead: (bytes: number, line: number) => void;
}

export interface BulkHooks extends LinesHooks {
  /** Called in the order of the lines, when the server has stored them. */
  readonly onStored: (batch: Batch, sequence: number) => Promise<void>;
  readonly onRepeat: (reason: string) => void;
}

/** Lines from one to another, both included. */
export interface LineRange {
  readonly from: number;
  readonly to: number;
}

export interface BulkReport {
  /** The last line that was dealt with, one way or another: whoever goes on leaves out so many. */
  readonly line: number;
  /** Lines of which it is not known whether they are stored. */
  readonly inDoubt: readonly LineRange[];
  /** Why it ended before the input did; null if it did not, or by the signal. */
  readonly failure: ClientFailure | null;
}

/** What every server that a scheduler runs on takes; for checks without one. */
const MESSAGE_BYTES_DEFAULT = 1024 * 1024;
/** The message id and the version line, which count as part of the message. */
const HEADER_BYTES_MAX = 256;
/** When nothing more comes for so long, what has come is sent: whoever writes a line now and then need not fill a batch. */
const LINGER_MS = 20;

/** Checks all lines and sends none. Gives how many could be submitted. */
export async function checkLines(
  chunks: AsyncIterable<Uint8Array>,
  options: LinesOptions,
  hooks: LinesHooks,
): Promise<number> {
  let right = 0;
  for await (const items of readItems(chunks, options, MESSAGE_BYTES_DEFAULT, hooks)) right += items.length;
  return right;
}

/** Submits all lines, until the input ends, the signal aborts, or the server does not take them any more. */
export async function submitLines(
  session: WindowTarget,
  chunks: AsyncIterable<Uint8Array>,
  options: LinesOptions,
  hooks: BulkHooks,
): Promise<BulkReport> {
  const window = new BatchWindow(session, options.signal, hooks);
  const packer = new BatchPacker();
  let [read, sent] = [options.skip, options.skip];

  /** False if no more is sent, and so this was not either. */
  async function send(batch: Batch | null): Promise<boolean> {
    if (batch === null) return true;
    if (!(await window.send(batch))) return false;
    sent = lastLine(batch);
    return true;
  }

  /** True if all was read and sent. */
  async function sendAll(): Promise<boolean> {
    const messageBytesMax = session.nc.info?.max_payload ?? MESSAGE_BYTES_DEFAULT;
    const source = readItems(chunks, options, messageBytesMax, {
      onWrong: hooks.onWrong,
      onRead: (bytes, line) => {
        read = line;
        hooks.onRead(bytes, line);
      },
    });
    for (;;) {
      const next = source.next();
      if (!packer.isEmpty && !(await settlesWithin(next, LINGER_MS)) && !(await send(packer.take()))) return false;
      const { done, value } = await next;
      if (done === true) return send(packer.take());
      for (const item of value) if (!(await send(packer.add(item)))) return false;
    }
  }

  const ended = await sendAll().catch((error: unknown) => {
    if (error instanceof ClientFailure) return error;
    throw error;
  });
  await window.finish();
  const [refused] = window.refused;
  const line = refused === undefined ? (ended === true ? read : sent) : (refused.lines[0] ?? 1) - 1;
  return {
    line,
    inDoubt: window.inDoubt.map((batch) => ({ from: batch.lines[0] ?? 0, to: lastLine(batch) })),
    failure: window.failure ?? (ended instanceof ClientFailure ? ended : null),
  };
}

const lastLine = ({ lines }: Batch): number => lines[lines.length - 1] ?? 0;

/** What of each chunk can be submitted. Ends quietly when the signal aborts. */
async function* readItems(
  chunks: AsyncIterable<Uint8Array>,
  { type, skip, signal }: LinesOptions,
  messageBytesMax: number,
  { onWrong, onRead }: LinesHooks,
): AsyncGenerator<readonly BatchItem[]> {
  const bytesMax = itemBytesMax(messageBytesMax - HEADER_BYTES_MAX);
  const splitter = new LineSplitter();
  let bytes = 0;
  const itemsOf = (lines: readonly InputLine[]): readonly BatchItem[] => {
    const items: BatchItem[] = [];
    for (const line of lines) {
      const item = line.number <= skip ? null : readItem(line, type, bytesMax);
      if (item === null) continue;
      if ("reason" in item) onWrong(item);
      else items.push(item);
    }
    onRead(bytes, splitter.lines);
    return items;
  };
  for await (const chunk of readable(chunks, signal)) {
    bytes += chunk.length;
    yield itemsOf(splitter.push(chunk));
  }
  // A line that was broken off is none.
  if (!signal.aborted) yield itemsOf(splitter.end());
}

/** The chunks; a source that was broken off by the signal has come to its end. */
async function* readable(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    if (signal.aborted) return;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ClientFailure("invalid", `the input cannot be read: ${reason}`, { cause: error });
  }
}

/** Whether it settles so soon. That it may fail is looked at where it is awaited. */
async function settlesWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const settled = promise.then(
    () => true,
    () => true,
  );
  const isSettled = await Promise.race([settled, late]);
  clearTimeout(timer);
  return isSettled;
}
