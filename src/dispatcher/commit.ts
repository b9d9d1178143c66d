/**
 * Committing an entry by compare-and-set (D1), and what became of it (D9): nothing infers that somebody else has won; what is not known
 * is read from the ledger, by the entry's id, at the place where it would stand.
 */
import { position } from "../../events/names.js";
import { LedgerCorrupt } from "../../projections/fold.js";
import { entryOf } from "../log/entry.js";
import type { DispatcherOptions } from "./options.js";
import type { Standby } from "./standby.js";
import type { Proposal } from "./turn.js";

type Port = Pick<DispatcherOptions, "ledger" | "subjects" | "log">;

export async function appendEntry(
  proposal: Proposal,
  { ledger, subjects, log }: Port,
): Promise<"STORED" | "REFUSED" | "UNKNOWN"> {
  const { data, position: at } = proposal;
  const appended = await ledger.append({ subject: subjects.ledger, data, expectedLast: at - 1 });
  if (appended.outcome === "stored" && appended.sequence === at) return "STORED";
  log.warn({ appended, position: at }, "an entry was not stored at once; reading the ledger");
  return appended.outcome === "refused" ? "REFUSED" : "UNKNOWN";
}

/** Throws `LedgerCorrupt` if the ledger is not the one that was folded, or lacks an entry. */
export async function settleEntry(
  { id, position: at }: Proposal,
  standby: Standby,
  { ledger }: Port,
  signal: AbortSignal,
): Promise<"STORED" | "REFUSED" | "ABSENT"> {
  const last = await standby.reach(position(at - 1), signal);
  const found = await standby.retrying(() => ledger.read(at), signal);
  if (found !== null) return entryOf(found).id === id ? "STORED" : "REFUSED";
  if (last >= at) throw new LedgerCorrupt(String(at), "the entry is missing from the stream");
  return "ABSENT";
}
