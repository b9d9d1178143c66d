/** Golden ledgers: exported logs of each released format, with the hash of the state that they are folded to beside them. */
import { position } from "../../events/names.js";
import { Fold } from "../../projections/fold.js";
import { headerLine } from "../../src/client/export-header.js";
import { entryLine, readExportedLog } from "../../src/client/exported-log.js";
import { entryOf } from "../../src/log/entry.js";
import type { StoredMessage } from "../../src/log/log.js";
import { subjectsOf } from "../../src/nats/subjects.js";
import type { TurnBook } from "../support/turn-book.js";

/** The text of an export, as `log export` writes it. */
export function exportOf({ lines, entries, now }: TurnBook): string {
  const { namespace, ledger, ledgerStream } = subjectsOf("signalbox");
  const header = { namespace, stream: `${ledgerStream}@golden`, last: lines.length, exportedAt: now };
  const messages = lines.map((line, index): StoredMessage => {
    const storedAt = entries[index]?.at ?? now;
    return { sequence: index + 1, subject: ledger, data: new TextEncoder().encode(line), storedAt };
  });
  return [headerLine(header), ...messages.map(entryLine)].map((line) => `${line}\n`).join("");
}

/** Folds an exported log, through codec and fold. */
export async function foldExport(path: string): Promise<Fold> {
  const { ledger, header } = await readExportedLog(path);
  const fold = new Fold();
  for (let sequence = 1; sequence <= header.last; sequence += 1) {
    const message = await ledger.read(sequence);
    if (message === null) throw new Error(`${path} has no entry ${sequence}`);
    fold.apply(position(sequence), entryOf(message));
  }
  return fold;
}
