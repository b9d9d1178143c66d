/** The nearest checkpoint to begin folding from. Whatever is wrong with one, the ledger says the same: it only takes longer. */
import type { Fold } from "../../projections/fold.js";
import type { Until } from "../client/until.js";
import { entryOf } from "../log/entry.js";
import type { Log } from "../log/log.js";
import { CODE, type ShelfReader, type Shelved } from "./shelf.js";

export interface NearestOptions {
  readonly shelf: ShelfReader;
  readonly ledger: Log;
  /** Where the ledger is to be folded to; null: to its end. */
  readonly until: Until | null;
  /**
   * So far there is a fold already: one is taken only if the one before it is at this position or later, too. To make a fold again from
   * a checkpoint costs about as much as to fold what lies between two of them. Absent: any one.
   */
  readonly beyond?: number;
  /** Told once, in a line, if there were some that could not be used. */
  readonly onNotice: (text: string) => void;
}

/** If so many are not what they say, the others will not be better. */
const TRIED_MAX = 3;

/** The fold of the newest checkpoint of this very ledger that is not behind `until`; null if there is none that can be used. */
export async function nearestCheckpoint(options: NearestOptions): Promise<Fold | null> {
  const { shelf, ledger, until, beyond = 0, onNotice } = options;
  const wrong: string[] = [];
  let found: Fold | null = null;
  try {
    const { identity, last } = await ledger.state();
    const all = await shelf.list();
    const usable = all.filter((one) => one.ledger === identity && one.code === CODE);
    const foreign = all.length - usable.length;
    if (foreign > 0 && usable.length === 0)
      wrong.push(`all ${foreign} are of another stream or written by another version of this program`);
    const fitting = usable.filter((one) => one.position <= last && isWithin(one, until));
    const saving = fitting.filter((_, index) => (fitting[index - 1]?.position ?? 0) >= beyond);
    for (const one of saving.reverse().slice(0, TRIED_MAX)) {
      try {
        found = await mustFit(one, shelf, ledger);
        break;
      } catch (error) {
        wrong.push(`at ${one.position}: ${reasonOf(error)}`);
      }
    }
  } catch (error) {
    wrong.push(reasonOf(error));
  }
  if (wrong.length > 0) {
    const from = found === null ? "the first entry" : `the one at ${found.head.position}`;
    onNotice(`checkpoints could not be used (${wrong.join("; ")}); folded from ${from}`);
  }
  return found;
}

async function mustFit(one: Shelved, shelf: ShelfReader, ledger: Log): Promise<Fold> {
  const message = await ledger.read(one.position);
  if (message === null || entryOf(message).id !== one.entry) throw new Error("the entry there is another one");
  return shelf.read(one);
}

function isWithin({ position, at }: Shelved, until: Until | null): boolean {
  if (until === null) return true;
  return "position" in until ? position <= until.position : at <= until.time;
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
