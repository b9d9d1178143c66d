/** The jobs that ended last, kept while the ledger is followed: to look for them would be to look at every job. */
import type { Fold } from "../../projections/fold.js";
import type { JobRow } from "../../projections/jobs.js";
import { compareNewestFact, endedLast } from "../../projections/views/views.js";
import { ENDED_SHOWN_MAX } from "./board.js";

/** Sorted and cut when twice as many are there: each job is sorted in a few times, not each time. */
const KEPT_MAX = 2 * ENDED_SHOWN_MAX;

export class EndedJobs {
  #rows: JobRow[];

  constructor(rows: readonly JobRow[] = []) {
    this.#rows = [...rows];
  }

  static from(fold: Fold): EndedJobs {
    return new EndedJobs(endedLast(fold, ENDED_SHOWN_MAX));
  }

  /** A job of the fold has come to a state that never changes again. */
  ended(row: JobRow): void {
    this.#rows.push(row);
    if (this.#rows.length > KEPT_MAX) this.#cut();
  }

  /** Newest first; without those that the index has forgotten meanwhile. */
  newest(fold: Fold): readonly JobRow[] {
    this.#cut();
    return this.#rows.filter((row) => fold.jobs.get(row.id) === row);
  }

  #cut(): void {
    this.#rows = this.#rows.sort(compareNewestFact).slice(0, ENDED_SHOWN_MAX);
  }
}
