/**
 * Imports an exported log as the ledger of a namespace that has none: the same entries at the same positions, byte for byte. The file
 * is folded as a whole before the first is written, and again as it is written; each append expects the position before (D1).
 *
 * Its own intake is not imported with it, so a scheduler refuses to go on with an imported ledger: it is there to be asked. With
 * `continues` one more entry says that submissions come from another intake from now on, and a scheduler goes on.
 */
import { randomBytes } from "node:crypto";
import { encodeEntry, encodeFact } from "../../events/codec.js";
import { ENTRY_VERSION } from "../../events/entry.js";
import type { FactOf } from "../../events/facts.js";
import { entryId, position } from "../../events/names.js";
import { Fold } from "../../projections/fold.js";
import { CODE } from "../checkpoints/shelf.js";
import { entryOf } from "../log/entry.js";
import type { Log } from "../log/log.js";
import { Publisher } from "../log/publisher.js";
import { findStream, openLedger, openManager } from "../nats/streams.js";
import { stateHash } from "../state-hash.js";
import { ContinuedIntake, type IntakeBegin } from "./continued-intake.js";
import type { ExportHeader } from "./export-header.js";
import { openExport } from "./exported-log.js";
import { ClientFailure } from "./failure.js";
import { type Reach, reacher } from "./reach.js";
import type { Session } from "./session.js";

export interface ImportOptions {
  readonly path: string;
  /** A scheduler is to go on with it. */
  readonly continues: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (doing: "checked" | "written", entries: number, all: number) => void;
}

export interface Imported {
  readonly header: ExportHeader;
  /** How many entries the ledger has now. */
  readonly entries: number;
  /** The hash of the state that the file's entries come to. */
  readonly stateHash: string;
  /** False if the signal aborted before all were written. */
  readonly isComplete: boolean;
}

type AppendAt = (at: number, data: Uint8Array) => Promise<boolean>;

/** A server that does not answer for so long is given up. */
const UNANSWERED_MS_MAX = 60_000;
/** A message's headers count as part of it; ours has one. */
const HEADER_BYTES_MAX = 256;

/** Throws `LedgerCorrupt` or `ClientFailure`, before anything is written, if the file or the namespace is not fit for it. */
export async function importLedger(session: Session, options: ImportOptions): Promise<Imported> {
  const { path, continues, signal } = options;
  const { nc, subjects, namespace } = session;
  const bytesMax = (nc.info?.max_payload ?? Number.POSITIVE_INFINITY) - HEADER_BYTES_MAX;
  const { header, fold, hash } = await check(options, bytesMax);
  const stopped = (entries: number): Imported => ({ header, entries, stateHash: hash, isComplete: false });
  if (signal.aborted) return stopped(0);
  const jsm = await openManager(nc);
  if ((await findStream(jsm, subjects.ledgerStream)) !== null) await mustBeEmpty(session);
  const intake = continues ? await ContinuedIntake.close({ nc, jsm, subjects, publisher: new Publisher(nc) }) : null;
  await openLedger(jsm, subjects);
  const append = appender(await session.ledger(), subjects.ledger, reacher(nc), signal);
  const again = new Fold();
  const written = await writeAll(options, again, append).catch(async (error: unknown) => {
    // Nothing is written: the namespace is left as if nobody had come.
    if (again.head.position <= 1) await intake?.open();
    throw error;
  });
  if (written < header.last) return stopped(written);
  if (again.head.entryId !== fold.head.entryId)
    throw new ClientFailure(
      "refused",
      `${path} was changed while it was imported; what is in ${namespace} is not trusted`,
    );
  if (intake === null) return { header, entries: written, stateHash: hash, isComplete: true };
  const last = header.last + 1;
  const begin = await intake.moveBehind(again.head.intake.sequence);
  if (!(await append(last, replacingEntry(again, begin, header)))) return stopped(written);
  await intake.open();
  return { header, entries: last, stateHash: hash, isComplete: true };
}

/** Writes the entries of the file; gives how many, which are fewer than it has if the signal aborts. */
async function writeAll({ path, signal, onProgress }: ImportOptions, fold: Fold, append: AppendAt): Promise<number> {
  const { header, messages } = await openExport(path);
  let written = 0;
  for await (const message of messages) {
    fold.apply(position(message.sequence), entryOf(message));
    if (signal.aborted || !(await append(message.sequence, message.data))) break;
    written = message.sequence;
    onProgress("written", written, header.last);
  }
  return written;
}

/** Folds the file as a whole. */
async function check(
  options: ImportOptions,
  bytesMax: number,
): Promise<{ header: ExportHeader; fold: Fold; hash: string }> {
  const { path, signal, onProgress } = options;
  const { header, messages } = await openExport(path);
  refuseUnfit(header, options);
  if (header.last === 0) throw new ClientFailure("refused", `${path} holds no entry: there is nothing to import`);
  const fold = new Fold();
  for await (const message of messages) {
    const { sequence, data } = message;
    if (data.length > bytesMax)
      throw new ClientFailure(
        "refused",
        `entry ${sequence} has ${data.length} bytes; this server takes at most ${bytesMax}`,
      );
    fold.apply(position(sequence), entryOf(message));
    onProgress("checked", sequence, header.last);
    if (signal.aborted) break;
  }
  const hash = stateHash(fold);
  const { stateHash: said, code } = header;
  if (!signal.aborted && said !== undefined && code === CODE && said !== hash)
    throw new ClientFailure(
      "refused",
      `${path} was changed since it was exported: its header names the state hash ${said}, and it comes to ${hash}`,
    );
  return { header, fold, hash };
}

/** A part has no place in a ledger that begins with the first entry, and nobody can go on with jobs whose params are left out. */
function refuseUnfit({ first, redacted }: ExportHeader, { path, continues }: ImportOptions): void {
  if (first !== undefined)
    throw new ClientFailure(
      "refused",
      `${path} is a part of a log, from position ${first} on: only a whole one can be imported`,
      {
        hint: "Ask the part itself, with --log, or export the log without --from.",
      },
    );
  if (continues && redacted !== undefined && redacted.length > 0)
    throw new ClientFailure(
      "refused",
      `${path} is redacted (${redacted.join(", ")}): a scheduler cannot go on with it`,
      {
        hint: "Without --continue it can be imported, to be asked.",
      },
    );
}

async function mustBeEmpty(session: Session): Promise<void> {
  const { last } = await (await session.ledger()).state();
  if (last === 0) return;
  const { namespace, subjects } = session;
  throw new ClientFailure("refused", `namespace ${namespace} has a ledger already, with ${last} entries`, {
    hint: `Import into another --namespace, or delete the stream ${subjects.ledgerStream} first.`,
  });
}

/**
 * Appends an entry at its position, however often that has to be tried: what became of it is read from the stream (D9). False if
 * the signal aborts before.
 */
function appender(ledger: Log, subject: string, reach: Reach, signal: AbortSignal): AppendAt {
  return async (at, data) => {
    const beganMs = performance.now();
    for (;;) {
      const appended = await ledger.append({ subject, data, expectedLast: at - 1 });
      if (appended.outcome === "stored" && appended.sequence === at) return true;
      const leftMs = beganMs + UNANSWERED_MS_MAX - performance.now();
      const isReached = leftMs > 0 && (await reach(leftMs, signal));
      if (signal.aborted) return false;
      const reason = "reason" in appended ? appended.reason : `it was stored at ${appended.sequence}`;
      if (!isReached) throw new ClientFailure("unanswered", `entry ${at} could not be written: ${reason}`);
      const found = await ledger.read(at);
      if (found !== null && Buffer.compare(found.data, data) === 0) return true;
      if (found !== null || (await ledger.state()).last !== at - 1)
        throw new ClientFailure(
          "refused",
          `somebody else has written to the ledger meanwhile; entry ${at} has no place`,
        );
    }
  };
}

/** The entry after the last one: from now on submissions come from this intake. It is folded before it is written, like any other. */
function replacingEntry(fold: Fold, intake: IntakeBegin, from: ExportHeader): Uint8Array {
  const { position: last, entryId: prev, epoch } = fold.head;
  const now: string = new Date().toISOString();
  const fact: FactOf<"IntakeReplaced"> = {
    type: "IntakeReplaced",
    stream: intake.identity,
    reason: `imported from ${from.stream} of namespace ${from.namespace}, exported at ${from.exportedAt}`,
  };
  const entry = {
    v: ENTRY_VERSION,
    id: entryId(`import-${randomBytes(8).toString("hex")}`),
    prev,
    epoch,
    // Clocks differ between machines, and time never goes back (D6).
    at: now > fold.head.at ? now : fold.head.at,
    intake: { sequence: intake.last, taken: 0 },
  } as const;
  fold.apply(position(last + 1), { ...entry, facts: [fact] });
  return new TextEncoder().encode(encodeEntry(entry, [encodeFact(fact)]));
}
