/** A ledger that a test has built, as the lines of an exported log. */
import { encodeEntry, encodeFact } from "../../events/codec.js";
import type { Entry } from "../../events/entry.js";
import { entryLine, headerLine } from "../../src/client/index.js";
import type { StoredEntry } from "./ledger-builder.js";

/** The entry as it stands in the stream. */
export function bytesOf({ facts, ...header }: Entry): Uint8Array {
  return Buffer.from(encodeEntry(header, facts.map(encodeFact)));
}

export function exportText(entries: readonly StoredEntry[], namespace = "signalbox"): string {
  const exportedAt = "2026-12-01T00:00:00.000Z";
  const header = { namespace, stream: "BUILT_LEDGER@then", last: entries.length, exportedAt };
  const lines = entries.map(({ position: sequence, entry }) =>
    entryLine({ sequence, subject: `${namespace}.ledger`, storedAt: entry.at, data: bytesOf(entry) }),
  );
  return `${[headerLine(header), ...lines].join("\n")}\n`;
}
