/** What matters about a fact beside its name and its job, in a few words for one line. */

import { demandText } from "../../events/demand-text.js";
import type { Block, Fact } from "../../events/facts.js";
import { capacities } from "../../events/limits.js";

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
    case "RunCancelled":
    case "CancelRequested":
    case "JobCancelled":
      return fact.reason;
    case "GroupCancelRequested":
      return `${fact.group}: ${fact.reason}`;
    case "GroupEnded":
      return `${fact.group} ${fact.status}, ${fact.members} members`;
    case "ReservationRequested":
      return `${fact.reservation} for ${fact.holder} needs ${demandText(fact.resources) || "a turn"}`;
    case "ReservationGranted":
      return `${fact.reservation} takes ${demandText(fact.demand) || "no slots"}`;
    case "ReservationReleased":
    case "ReservationExpired":
      return `${fact.reservation}: ${fact.reason}`;
    case "ScheduleSet":
      return `${fact.schedule} submits ${fact.template} at "${fact.cron}" ${fact.timezone}${next(fact.nextAt)}`;
    case "ScheduleEnabled":
      return `${fact.schedule}${next(fact.nextAt)}`;
    case "ScheduleRemoved":
    case "ScheduleDisabled":
      return fact.schedule;
    case "ScheduleFired":
      return `${fact.schedule} submits ${fact.submits}${fact.triggered ? " by hand" : ` for ${fact.dueAt}`}${next(fact.nextAt)}`;
    case "ScheduleMissed":
      return `${fact.schedule} leaves out ${fact.count} from ${fact.from} to ${fact.to}${next(fact.nextAt)}`;
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
    case "WebhookFailed":
      return `${fact.webhook} was not told of ${fact.address} in ${fact.attempts} attempts: ${fact.error.message}`;
    case "DispatcherElected":
      return `${fact.dispatcher} leads in epoch ${fact.epoch}`;
    case "WorkerJoined":
      return `${fact.worker}${fact.remote === true ? " (remote)" : ""} with ${fact.capacity} seats for ${fact.types?.join(", ") ?? "every type"}`;
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

const next = (at: string | null): string => (at === null ? "" : `, next at ${at}`);

function blockText({ pool, used, capacity, cause, holders }: Block): string {
  if (cause !== "full") return `${pool} ${cause}`;
  return `${pool} ${used} of ${capacity} used${holders.length === 0 ? "" : ` by ${holders.join(", ")}`}`;
}
