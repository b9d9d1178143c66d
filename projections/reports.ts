/**
 * Reports: what a worker says about an attempt, and the fact that becomes of it. A report about anything but the live
 * attempt becomes nothing: it is late, and the attempt has ended already (INV-007, D8).
 */
import type { AttemptFact, FactOf, Result, RunError } from "../events/facts.js";
import type { JobId, Position, WorkerId } from "../events/names.js";
import type { Fold } from "./fold.js";
import { type JobRow, liveAttempt, stateOf } from "./jobs.js";

/** How an attempt ended, as its worker knows it. */
export type Ending =
  | { readonly outcome: "completed"; readonly result: Result; readonly exitCode: number | null }
  | { readonly outcome: "skipped"; readonly reason: string }
  /** The runner itself ends the job here. */
  | { readonly outcome: "cancelled"; readonly reason: string }
  | {
      readonly outcome: "failed";
      readonly error: RunError;
      readonly retryable: boolean;
      readonly exitCode: number | null;
      /** Milliseconds that the other side asked to wait before the next attempt. */
      readonly retryAfterMs: number | null;
    }
  | { readonly outcome: "timed-out" | "lost"; readonly error: RunError };

export interface Report {
  readonly job: JobId;
  readonly grant: Position;
  /** The worker that says so; absent: the one inside the scheduler, which knows only its own attempts. */
  readonly by?: WorkerId;
  readonly said: { readonly started: string } | { readonly ended: Ending };
}

/** When the next attempt is due after a failure: drawn outside, because it needs a clock and a random number (D6). */
export type DrawRetryTime = (row: JobRow, retryAfterMs: number | null) => string;

/** The fact that a report becomes, or null if it is late. */
export function decideReport(fold: Fold, report: Report, drawRetryTime: DrawRetryTime): AttemptFact | null {
  const row = fold.jobs.get(report.job);
  const live = row === undefined ? null : liveAttempt(row);
  if (row === undefined || live === null || live.grant !== report.grant) return null;
  if (report.by !== undefined && report.by !== live.worker) return null;
  const { job, grant, said } = report;
  if ("started" in said) {
    return live.startedAt !== null ? null : { type: "RunStarted", job, grant, startedAt: said.started };
  }
  return decideEnding(row, { job, grant }, said.ended, drawRetryTime);
}

function decideEnding(
  row: JobRow,
  about: Pick<Report, "job" | "grant">,
  ending: Ending,
  drawRetryTime: DrawRetryTime,
): AttemptFact {
  switch (ending.outcome) {
    case "completed":
      return { type: "RunCompleted", ...about, exitCode: ending.exitCode, result: ending.result };
    case "skipped":
      return { type: "RunSkipped", ...about, reason: ending.reason };
    case "cancelled":
      return { type: "RunCancelled", ...about, reason: ending.reason };
    case "failed": {
      const { error, exitCode } = ending;
      const retryAt = ending.retryable && mayRetry(row) ? drawRetryTime(row, ending.retryAfterMs) : null;
      return { type: "RunFailed", ...about, exitCode, error, retryAt };
    }
    case "timed-out":
    case "lost": {
      const retryAt = mayRetry(row) ? drawRetryTime(row, null) : null;
      const type: FactOf<"RunTimedOut" | "LeaseExpired">["type"] =
        ending.outcome === "lost" ? "LeaseExpired" : "RunTimedOut";
      return { type, ...about, error: ending.error, retryAt };
    }
    default:
      return ending satisfies never;
  }
}

/** A cancelled run is not tried again, whatever it died of (DEC-007). */
function mayRetry(row: JobRow): boolean {
  return stateOf(row) !== "cancelling" && row.spec !== null && row.attempts.length < row.spec.maxAttempts;
}
