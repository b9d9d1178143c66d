/**
 * Fences, by other code than the fold's: each word about an attempt names the entry that granted it, and counts only while that grant
 * is live (INV-007); attempts are numbered one by one (INV-002).
 */
import type { Fact } from "../../events/facts.js";
import type { JobId, Position } from "../../events/names.js";
import { isTerminal } from "../../events/states.js";
import { type JobRow, liveAttempt, stateOf } from "../jobs.js";

interface Attempts {
  /** The position of the entry that granted the live one; null if none is. */
  live: Position | null;
  count: number;
}

export class FenceCheck {
  readonly #attempts = new Map<JobId, Attempts>();

  /** Of the jobs that are there before, those count that have not ended. */
  constructor(before: Iterable<JobRow> = []) {
    for (const row of before) {
      if (isTerminal(stateOf(row)) || row.attempts.length === 0) continue;
      this.#attempts.set(row.id, { live: liveAttempt(row)?.grant ?? null, count: row.attempts.length });
    }
  }

  /** What is wrong with a fact of the entry at `at`; if nothing is, it is taken as having happened. */
  faultOf(fact: Fact, at: Position): string | null {
    if (!("job" in fact)) return null;
    const attempts = this.#attempts.get(fact.job) ?? { live: null, count: 0 };
    if (fact.type === "StartGranted") {
      if (attempts.live !== null) return `${fact.job} has a live grant already, ${attempts.live}`;
      if (fact.attempt !== attempts.count + 1)
        return `attempt ${fact.attempt} of ${fact.job} does not follow ${attempts.count}`;
      this.#attempts.set(fact.job, { live: at, count: fact.attempt });
      return null;
    }
    if ("grant" in fact && fact.grant !== attempts.live)
      return `${fact.job}: grant ${fact.grant} is not live, ${attempts.live ?? "none"} is`;
    if (endsAttempt(fact)) attempts.live = null;
    // After its last attempt nothing is to be remembered of a job.
    if (isEnd(fact)) this.#attempts.delete(fact.job);
    return null;
  }
}

function endsAttempt({ type }: Fact): boolean {
  switch (type) {
    case "RunCompleted":
    case "RunSkipped":
    case "RunCancelled":
    case "RunFailed":
    case "RunTimedOut":
    case "LeaseExpired":
    case "JobCancelled":
      return true;
    default:
      return false;
  }
}

const isEnd = (fact: Fact): boolean => endsAttempt(fact) && !("retryAt" in fact && fact.retryAt !== null);
