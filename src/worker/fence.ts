/**
 * What a worker in a process of its own refuses, whatever it is told: orders of an older reign than it has heard of, attempts
 * that are over, and more at once than its capacity (INV-003, INV-007). An order may come twice, late, or from a scheduler that
 * was deposed and does not know it yet; the epoch and the grant, both of which only grow, tell which.
 */
import type { JobId, Position } from "../../events/names.js";
import type { Lease, StartOrder } from "./protocol.js";

/** Of so many jobs the last ended attempt is remembered; an order that is older than all of these is refused unseen. */
export const ENDED_GRANTS_KEPT_MAX = 1_000;

/** `again`: it runs, or has run; there is nothing to do, and the order is as good as obeyed. */
export type Verdict = "run" | "again" | { readonly refused: string };

/** What the worker has in hand when an order comes. */
export interface InHand {
  /** The attempt of this job whose end is not on record yet, as far as the worker knows. */
  readonly grant: Position | null;
  /** Attempts of any job whose code may be running. */
  readonly executing: number;
  readonly capacity: number;
}

export class Fence {
  #ledger = "";
  #epoch = 0;
  /** The newest ended attempt of each job, the longest ended first. */
  readonly #ended = new Map<JobId, Position>();
  /** No grant above it was forgotten. */
  #forgotten = 0;

  /** The ledger of the last lease, and the highest epoch heard of in it. */
  get heard(): Pick<Lease, "ledger" | "epoch"> {
    return { ledger: this.#ledger, epoch: this.#epoch };
  }

  /** A lease was granted. In another ledger epochs and grants begin anew. */
  joined({ ledger, epoch }: Pick<Lease, "ledger" | "epoch">): void {
    if (ledger !== this.#ledger) {
      this.#epoch = 0;
      this.#ended.clear();
      this.#forgotten = 0;
    }
    this.#ledger = ledger;
    this.hears(epoch);
  }

  /** Remembers the epoch; false if a higher one was heard of before. */
  hears(epoch: number): boolean {
    if (epoch < this.#epoch) return false;
    this.#epoch = epoch;
    return true;
  }

  /** The end of the attempt is on record, or it was given up. */
  ended(job: JobId, grant: Position): void {
    const newest = Math.max(grant, this.#ended.get(job) ?? 0) as Position;
    this.#ended.delete(job);
    this.#ended.set(job, newest);
    if (this.#ended.size <= ENDED_GRANTS_KEPT_MAX) return;
    const [oldest] = this.#ended;
    if (oldest === undefined) return;
    this.#ended.delete(oldest[0]);
    this.#forgotten = Math.max(this.#forgotten, oldest[1]);
  }

  judge({ epoch, job, grant }: Pick<StartOrder, "epoch" | "job" | "grant">, hand: InHand): Verdict {
    if (!this.hears(epoch)) return { refused: `it is of reign ${epoch}, and ${this.#epoch} has begun` };
    const ended = this.#ended.get(job) ?? null;
    if (grant === hand.grant || grant === ended) return "again";
    const newest = Math.max(hand.grant ?? 0, ended ?? 0);
    if (grant < newest) return { refused: `attempt ${newest} of the job is newer than ${grant}` };
    if (newest === 0 && grant <= this.#forgotten)
      return { refused: `attempt ${grant} is older than what is remembered` };
    if (hand.executing >= hand.capacity)
      return { refused: `it runs ${hand.executing} of ${hand.capacity} jobs already` };
    return "run";
  }
}
