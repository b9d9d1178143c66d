/** The entry that a ledger message holds. */
import { decodeEntry } from "../../events/codec.js";
import type { Entry } from "../../events/entry.js";
import { LedgerCorrupt } from "../../projections/fold.js";
import type { StoredMessage } from "./log.js";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Throws `LedgerCorrupt` with the message's address if it holds none. */
export function entryOf({ sequence, data }: StoredMessage): Entry {
  try {
    return decodeEntry(utf8.decode(data));
  } catch (error) {
    throw new LedgerCorrupt(String(sequence), error instanceof Error ? error.message : String(error));
  }
}
