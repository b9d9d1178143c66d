/** The facts by which jobs end. */
import type { Fact } from "../../events/facts.js";
import { type FactAddress, factAddress, type JobId, type Position } from "../../events/names.js";
import type { TerminalState } from "../../events/states.js";
import type { EntryFacts } from "../log/job-facts.js";

/** A fact by which a job has ended. */
export interface Ending {
  readonly job: JobId;
  readonly position: Position;
  /** Its place in the entry. */
  readonly index: number;
  readonly address: FactAddress;
  readonly at: string;
  /** The states in which the job may be now; which one it is, the job itself tells. */
  readonly mayBe: readonly TerminalState[];
}

export function endingsIn(at: Position, entry: EntryFacts): readonly Ending[] {
  return entry.facts.flatMap((fact, index) => {
    const mayBe = endsBy(fact);
    if (mayBe.length === 0 || !("job" in fact)) return [];
    return [{ job: fact.job, position: at, index, address: factAddress(at, index), at: entry.at, mayBe }];
  });
}

/** The states in which a fact may leave its job for ever; none if it ends no job. */
export function endsBy(fact: Fact): readonly TerminalState[] {
  switch (fact.type) {
    case "RunCompleted":
      return ["completed"];
    case "RunSkipped":
      return ["skipped"];
    case "JobRejected":
      return ["rejected"];
    case "JobCancelled":
    case "RunCancelled":
      return ["cancelled"];
    case "RunFailed":
    case "RunTimedOut":
    case "LeaseExpired":
      // What ends badly while it is being cancelled is cancelled.
      return fact.retryAt === null ? ["failed", "cancelled"] : [];
    default:
      return [];
  }
}
