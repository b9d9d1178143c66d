/**
 * Committing an entry by compare-and-set (D1), and what became of it (D9): nothing infers that somebody else has won; what is not known
 * is read from the ledger, by the entry's id, at the place where it would stand.
 *
 * An entry starts runs, and that only if we lead still. A process that was stopped finds an acknowledgement waiting that says what was,
 * not what is: somebody else may have led since, given the lease up for lost, and the job to another. So an answer counts only if it
 * came well within the lease; else the ledger is asked who has written last.
 */
import { position } from "../../events/names.js";
import { LedgerCorrupt } from "../../projections/fold.js";
import { entryOf } from "../log/entry.js";
import { type Moment, momentOf, msSince } from "../worker/lease-guard.js";
import type { DispatcherOptions } from "./options.js";
import type { Standby } from "./standby.js";
import type { Proposal } from "./turn.js";

export interface CommitPort extends Pick<DispatcherOptions, "ledger" | "subjects" | "log" | "clock" | "leaseMs"> {
  /** That an entry is stored, and we lead, is said as of the moment when it was asked; the answer may come much later. */
  readonly storedAsOf: (asked: Moment) => void;
}

/** Of the lease, what an answer may take and still say who leads: as long as runs may go on without a renewal. */
const ANSWER_SHARE_MAX = 2 / 3;

export async function appendEntry(proposal: Proposal, port: CommitPort): Promise<"STORED" | "REFUSED" | "UNKNOWN"> {
  const { data, position: at } = proposal;
  const { ledger, subjects, log, clock } = port;
  const asked = momentOf(clock);
  const appended = await ledger.append({ subject: subjects.ledger, data, expectedLast: at - 1 });
  if (appended.outcome === "stored" && appended.sequence === at && !isLate(asked, port)) {
    port.storedAsOf(asked);
    return "STORED";
  }
  log.warn({ appended, position: at }, "an entry was not stored at once; reading the ledger");
  return appended.outcome === "refused" ? "REFUSED" : "UNKNOWN";
}

/** Throws `LedgerCorrupt` if the ledger is not the one that was folded, or lacks an entry. */
export async function settleEntry(
  { id, position: at }: Proposal,
  standby: Standby,
  port: CommitPort,
  signal: AbortSignal,
): Promise<"STORED" | "REFUSED" | "ABSENT"> {
  for (;;) {
    const asked = momentOf(port.clock);
    const last = await standby.reach(position(at - 1), signal);
    const found = await standby.retrying(() => port.ledger.read(at), signal);
    if (found === null && last >= at) throw new LedgerCorrupt(String(at), "the entry is missing from the stream");
    if (found === null) {
      await standby.beforeAppending(id);
      return "ABSENT";
    }
    // Ours or not: if somebody has written after it, we lead no more, and what it grants is theirs to start or to give up.
    if (entryOf(found).id !== id || last > at) return "REFUSED";
    if (signal.aborted) return "STORED";
    if (isLate(asked, port)) continue;
    port.storedAsOf(asked);
    return "STORED";
  }
}

/** Whether too much of a lease has passed since then, by either clock: one jumps, and the other may stand still in sleep. */
const isLate = (asked: Moment, { clock, leaseMs }: CommitPort): boolean =>
  msSince(asked, clock) >= leaseMs * ANSWER_SHARE_MAX;
