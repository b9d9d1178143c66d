/** What matters about a fact beside its name and its job, in a few words for one line. */
import type { Block, Fact } from "../../events/facts.js";
import { capacities } from "../../events/limits.js";
import { demandText } from "./wording.js";

export function gistOf(fact: Fact): string {
  switch (fact.type) {
    case "JobSubmitted": {
      const { spec, runAt } = fact;
      const priority = spec.priority === 0 ? "" : ` priority ${spec.priority}`;
      const needs = demandText(spec.resources);
      return `${spec.type}${priority}${needs === "" ? "" : ` needs ${needs}`}${runAt === null ? "" : ` not before ${runAt}`}`;
    }
    case "JobRejected":
    case "RunSkipped":
    case "CancelRequested":
    case "JobCancelled":
      return fact.reason;
    case "SubmissionDuplicated":
      return "the id is known: nothing was submitted";
    case "JobDue":
    case "RunStarted":
      return "";
    case "JobAmended":
      return [fact.priority === undefined ? "" : `priority ${fact.priority}`, fact.params === undefined ? "" : "params"]
        .filter((part) => part !== "")
        .join(", ");
    case "JobMoved":
      return `to place ${fact.position}`;
    case "StartDenied":
      return fact.blockedBy.map(blockText).join("; ");
    case "StartGranted":
      return `attempt ${fact.attempt} takes ${demandText(fact.demand) || "no slots"} on ${fact.worker}`;
    case "RunCompleted":
      return fact.exitCode === null ? "" : `exit code ${fact.exitCode}`;
    case "RunFailed":
    case "RunTimedOut":
    case "LeaseExpired":
      return `${fact.error.message}${fact.retryAt === null ? "" : `; again at ${fact.retryAt}`}`;
    case "DispatcherElected":
      return `${fact.dispatcher} leads in epoch ${fact.epoch}`;
    case "WorkerJoined":
      return `${fact.worker} with ${fact.capacity} seats for ${fact.types?.join(", ") ?? "every type"}`;
    case "WorkerLeft":
      return `${fact.worker}: ${fact.reason}`;
    case "LimitsChanged":
      return `${[...capacities(fact.limits)].map(([pool, units]) => `${pool} ${units}`).join(", ") || "none"} by ${fact.source}`;
    case "PoolPaused":
    case "PoolResumed":
      return fact.pool;
    case "IntakeOpened":
      return fact.stream;
    case "IntakeReplaced":
      return `${fact.stream}: ${fact.reason}`;
    case "RetentionChanged":
      return `${fact.finishedJobsMax} finished jobs are kept`;
    case "CommandRefused":
      return `${fact.verb}: ${fact.reason}`;
    default:
      return fact satisfies never;
  }
}

function blockText({ pool, used, capacity, cause, holders }: Block): string {
  if (cause !== "full") return `${pool} ${cause}`;
  return `${pool} ${used} of ${capacity} used${holders.length === 0 ? "" : ` by ${holders.join(", ")}`}`;
}
