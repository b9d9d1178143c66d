/** Real facts for the events of the job machine, so that its paths can be walked through the fold. */
import type { JobFact } from "../../events/facts.js";
import { type JobId, jobId, type Position, position } from "../../events/names.js";
import type { JobEvent } from "../../machines/job.js";
import { demandOf } from "../../projections/demand.js";
import { startGranted } from "../../projections/start-facts.js";
import type { LedgerBuilder } from "../support/ledger-builder.js";

const LEASE_MS = 30_000;
export const LATER = "2027-01-01T00:00:00.000Z";

/** The fact that `event` stands for, about a job in `ledger` as it is now; also where the machine is going to refuse it. */
export function factOf(event: JobEvent, id: string, ledger: LedgerBuilder): JobFact {
  const job = jobId(id);
  switch (event.type) {
    case "JobSubmitted":
      return submitted(event, job, ledger);
    case "JobRejected":
      return { type: event.type, job, jobType: null, createdAt: ledger.now, reason: "no such type", intake: null };
    case "JobDue":
      return { type: event.type, job };
    case "JobAmended":
      return { type: event.type, job, priority: 7 };
    case "JobMoved":
      return { type: event.type, job, position: 3 };
    case "StartDenied":
      return { type: event.type, job, blockedBy: [] };
    case "StartGranted":
      return granted(job, ledger);
    case "JobCancelled":
      return { type: event.type, job, reason: "not wanted any more" };
    default:
      return aboutAttempt(event, job, latestGrant(job, ledger), ledger);
  }
}

type AttemptEvent = Exclude<
  JobEvent,
  {
    type:
      | "JobSubmitted"
      | "JobRejected"
      | "JobDue"
      | "JobAmended"
      | "JobMoved"
      | "StartDenied"
      | "StartGranted"
      | "JobCancelled";
  }
>;

function aboutAttempt(event: AttemptEvent, job: JobId, grant: Position, ledger: LedgerBuilder): JobFact {
  const error = { code: "broken", message: "it broke" };
  switch (event.type) {
    case "RunStarted":
      return { type: event.type, job, grant, startedAt: ledger.now };
    case "RunCompleted":
      return { type: event.type, job, grant, exitCode: null, result: { inline: null } };
    case "RunSkipped":
      return { type: event.type, job, grant, reason: "nothing to do" };
    case "RunCancelled":
      return { type: event.type, job, grant, reason: "not worth it" };
    case "RunFailed":
      return { type: event.type, job, grant, exitCode: 1, error, retryAt: retryAt(event) };
    case "RunTimedOut":
    case "LeaseExpired":
      return { type: event.type, job, grant, error, retryAt: retryAt(event) };
    case "CancelRequested":
      return { type: event.type, job, grant, reason: "not wanted any more" };
    default:
      throw new Error(`${event.type} is not about an attempt`);
  }
}

const retryAt = (event: JobEvent): string | null => ("retry" in event && event.retry ? LATER : null);

function submitted(event: Extract<JobEvent, { type: "JobSubmitted" }>, job: JobId, ledger: LedgerBuilder): JobFact {
  return {
    type: event.type,
    job,
    spec: {
      type: "story",
      params: {},
      priority: 0,
      resources: {},
      maxAttempts: event.maxAttempts,
      timeoutMs: null,
      labels: {},
      template: null,
    },
    position: ledger.fold.nextPlace,
    createdAt: ledger.now,
    runAt: event.delayed ? LATER : null,
    retryOf: null,
    intake: null,
  };
}

function granted(job: JobId, { fold }: LedgerBuilder): JobFact {
  const row = fold.jobs.get(job);
  const worker = Object.values(fold.slots.workers)[0]?.id;
  if (worker === undefined) throw new Error("the ledger has no worker to grant to");
  const demand = row?.spec == null ? new Map() : demandOf(row.spec, fold.slots.limits);
  const attempts = row?.attempts.length ?? 0;
  if (row !== undefined) return startGranted({ row, worker, demand, overtook: [] }, LEASE_MS);
  return { type: "StartGranted", job, attempt: attempts + 1, worker, demand: {}, leaseMs: LEASE_MS };
}

/** The grant of the live attempt, or of the last one: so that only the machine can have something against the fact. */
function latestGrant(job: JobId, { fold }: LedgerBuilder): Position {
  const attempts = fold.jobs.get(job)?.attempts ?? [];
  return attempts[attempts.length - 1]?.grant ?? position(1);
}
