/** Entries of a test's ledger as the stream has them. */

import type { StoredMessage } from "../../src/log/log.js";
import { MemoryLog } from "../../src/log/memory.js";
import { LEDGER_BEGINS } from "../support/ledger-writer.js";

export const messagesOf = (lines: readonly string[]): StoredMessage[] =>
  lines.map((line, index) => ({
    sequence: index + 1,
    subject: "test.ledger",
    data: new TextEncoder().encode(line),
    storedAt: LEDGER_BEGINS,
  }));

export async function logOfLines(lines: readonly string[]): Promise<MemoryLog> {
  const log = new MemoryLog({ identity: "built", now: () => LEDGER_BEGINS, appendOnly: true });
  for (const { subject, data } of messagesOf(lines)) await log.append({ subject, data });
  return log;
}
