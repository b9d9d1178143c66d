/**
 * The audit of a ledger that is read: every slot recomputed from zero by two paths, the fold and a count of grants and ends, and compared
 * after each entry.
 */

import type { Entry } from "../../events/entry.js";
import type { PoolName, Position } from "../../events/names.js";
import { type Difference, slotDifferences } from "../../projections/audit/differences.js";
import { SlotCount } from "../../projections/audit/slot-count.js";
import { Fold, LedgerCorrupt } from "../../projections/fold.js";
import { slotsView } from "../../projections/views/views.js";
import { LogGap } from "../log/log.js";
import { entriesUpTo, type LedgerText } from "./entries.js";
import { ExportBroken } from "./exported-log.js";
import type { Until } from "./until.js";

/** A worker that was asked, and how much it says that it runs; null: it has not answered. */
export interface AuditedWorker {
  readonly worker: string;
  readonly running: number | null;
}

export interface Audit {
  /** The entry up to which slots were recomputed, and its time; null for an empty ledger. */
  readonly position: number;
  readonly at: string | null;
  readonly pools: number;
  /** How many jobs and reservations hold slots there. */
  readonly held: number;
  /** None where no server was asked. */
  readonly workers: readonly AuditedWorker[];
  readonly differences: readonly Difference[];
}

export interface Auditing {
  readonly signal: AbortSignal;
  /** Called after each entry, with its position and the last one. */
  readonly onEntry: (position: number, last: number) => void;
}

/** The two paths, side by side. */
export class Recomputation {
  readonly fold = new Fold();
  readonly #count = new SlotCount();
  /** What the fold refused: nothing is read after it. */
  #refused: Difference[] = [];

  /** The next entry. Gives what differs after it; the fold's refusal of it counts as that too. */
  read(at: Position, entry: Entry): Difference[] {
    if (this.#refused.length > 0) return this.#refused;
    try {
      this.fold.apply(at, entry);
    } catch (error) {
      if (!(error instanceof LedgerCorrupt)) throw error;
      this.#refused = [ofLedger(error.message)];
      return this.#refused;
    }
    this.#count.read(at, entry);
    const { pools } = this.fold.slots;
    const isSame = this.#count.pools.every(({ name, used, capacity }) => {
      const pool = pools[name as PoolName];
      return pool?.used === used && pool.capacity === capacity;
    });
    return isSame ? [] : this.differences(slotsView(this.fold).pools, "the projection");
  }

  /** How what somebody says of the slots differs from the count. */
  differences(stated: Parameters<typeof slotDifferences>[1], who: string): Difference[] {
    return slotDifferences(this.#count.pools, stated, who);
  }

  audit(more: Pick<Audit, "workers" | "differences">): Audit {
    const { position, at } = this.fold.head;
    const pools = Object.keys(this.fold.slots.pools).length;
    return { position, at: position === 0 ? null : at, pools, held: this.#count.held, ...more };
  }
}

/** Something that is wrong with the ledger as a whole, or with one place in it. */
export const ofLedger = (text: string): Difference => ({ pool: null, job: null, grant: null, worker: null, text });

/** What was read is no ledger. Throws what is about something else. */
export function refusal(error: unknown): Difference {
  if (error instanceof LedgerCorrupt || error instanceof ExportBroken || error instanceof LogGap)
    return ofLedger(error.message);
  throw error;
}

/** Audits a ledger without a scheduler. Ends at the first entry after which something differs. */
export async function auditText(text: LedgerText, until: Until | null, { signal, onEntry }: Auditing): Promise<Audit> {
  const both = new Recomputation();
  try {
    for await (const [at, entry] of entriesUpTo(text, until)) {
      const differences = both.read(at, entry);
      if (differences.length > 0) return both.audit({ workers: [], differences });
      onEntry(at, text.last);
      if (signal.aborted) break;
    }
  } catch (error) {
    return both.audit({ workers: [], differences: [refusal(error)] });
  }
  const differences = both.differences(slotsView(both.fold).pools, "the projection");
  return both.audit({ workers: [], differences });
}
