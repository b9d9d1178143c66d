/** The ledger of a builder as a log in memory. */
import { encodeEntry, encodeFact } from "../../events/codec.js";
import type { MemoryLog } from "../../src/log/memory.js";
import { memoryLog } from "../log/dispatcher-stage.js";
import type { LedgerBuilder, StoredEntry } from "../support/ledger-builder.js";

/** What the builder writes later is not in it; `append` puts that there. */
export async function logOf(book: LedgerBuilder): Promise<MemoryLog> {
  const log = memoryLog("ledger", true);
  for (const stored of book.entries) await append(log, stored);
  return log;
}

export async function append(log: MemoryLog, { entry }: StoredEntry): Promise<void> {
  const { facts, ...header } = entry;
  await log.append({ subject: "test.ledger", data: Buffer.from(encodeEntry(header, facts.map(encodeFact))) });
}
