/** The lines of an exported log, one by one, without their line breaks: a header, then the entries up to `last`. */
import type { Log } from "../log/log.js";
import { entryLine, headerLine } from "./exported-log.js";
import { readMessages } from "./reader.js";

export async function* exportLines(ledger: Log, namespace: string, last: number): AsyncGenerator<string> {
  const { identity } = await ledger.state();
  yield headerLine({ namespace, stream: identity, last, exportedAt: new Date().toISOString() });
  for await (const message of readMessages(ledger, 0, last)) yield entryLine(message);
}
