/** What facts do to a job's attempts: one begins, one ends, and a late word of an older one is refused (INV-002, INV-007). */
import type { AttemptFact, FactOf } from "../events/facts.js";
import type { AttemptOutcome } from "../events/states.js";
import { type JobRow, liveAttempt, stateOf } from "./jobs.js";

const OUTCOMES = { RunFailed: "failed", RunTimedOut: "timed-out", LeaseExpired: "lost" } as const satisfies Record<
  string,
  AttemptOutcome
>;

/** A word about an attempt counts only while that attempt is the live one (INV-007). */
export function checkFence(row: JobRow, fact: AttemptFact): void {
  const live = liveAttempt(row);
  if (live?.grant !== fact.grant)
    throw new Error(`${row.id}: grant ${fact.grant} is not live, ${live?.grant ?? "none"} is`);
}

function mustLive(row: JobRow) {
  const live = liveAttempt(row);
  if (live === null) throw new Error(`${row.id} has no live attempt`);
  return live;
}

export function endAttempt(
  row: JobRow,
  outcome: AttemptOutcome,
  at: string,
  exitCode: number | null,
  error: string | null,
): void {
  const live = mustLive(row);
  live.finishedAt = at;
  live.outcome = outcome;
  live.exitCode = exitCode;
  live.error = error;
}

export function startAttempt(row: JobRow, fact: FactOf<"RunStarted">): void {
  const live = mustLive(row);
  if (live.startedAt !== null) throw new Error(`${row.id} started already, at ${live.startedAt} (INV-002)`);
  live.startedAt = fact.startedAt;
}

export function failAttempt(
  row: JobRow,
  fact: FactOf<"RunFailed"> | FactOf<"RunTimedOut"> | FactOf<"LeaseExpired">,
  at: string,
): void {
  const exitCode = fact.type === "RunFailed" ? fact.exitCode : null;
  const { message } = fact.error;
  row.dueAt = fact.retryAt;
  // A run that was asked to abort and did is cancelled, for the reason of the cancel, whatever it died of.
  if (stateOf(row) === "cancelled") return endAttempt(row, "cancelled", at, exitCode, message);
  row.reason = message;
  endAttempt(row, OUTCOMES[fact.type], at, exitCode, message);
}
