/** How an attempt ends in an alternative: as it did, with the times moved. */
import type { JobRow } from "../jobs.js";
import { stateOf } from "../jobs.js";
import type { Running } from "./course.js";
import type { EndFact } from "./recorded.js";

export function endFact({ life, attempt, grant, boundTo }: Running, row: JobRow, atMs: number): EndFact {
  const recorded = life.attempts[attempt - 1];
  const job = life.id;
  const isCancelling = stateOf(row) === "cancelling";
  const wasCancelled = recorded?.cancelledMs != null;
  if (recorded?.ended == null || (wasCancelled && !isCancelling))
    return isCancelling
      ? { type: "RunCancelled", job, grant, reason: row.reason ?? "" }
      : { type: "RunCompleted", job, grant, exitCode: null, result: { inline: null } };
  const { fact, atMs: endedMs } = recorded.ended;
  switch (fact.type) {
    case "RunCompleted":
    case "RunSkipped":
    case "RunCancelled":
      // Bound or not: asked to abort here and not then, it ends as it is told to.
      return isCancelling && !wasCancelled && boundTo === null
        ? { type: "RunCancelled", job, grant, reason: row.reason ?? "" }
        : { ...fact, grant };
    case "RunFailed":
    case "RunTimedOut":
    case "LeaseExpired": {
      const waitMs = fact.retryAt === null ? null : Date.parse(fact.retryAt) - endedMs;
      const retryAt = waitMs === null || isCancelling ? null : new Date(atMs + waitMs).toISOString();
      return { ...fact, grant, retryAt };
    }
    default:
      return fact satisfies never;
  }
}
