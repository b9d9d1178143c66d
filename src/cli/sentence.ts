/** A fact as a sentence, for whoever reads along. */
import type { Fact, FactOf, FactType } from "../../events/facts.js";
import type { PoolName } from "../../events/names.js";
import type { Slots } from "../../projections/slots.js";
import { gistOf } from "../../projections/views/view-gist.js";

/** What has happened to the job, or to whatever the gist names. */
const VERBS = {
  JobSubmitted: "is submitted",
  JobRejected: "is rejected",
  SubmissionDuplicated: "is submitted again",
  JobDue: "is due",
  JobAmended: "is amended",
  JobMoved: "is moved",
  StartDenied: "must wait",
  StartGranted: "starts",
  RunStarted: "runs",
  RunCompleted: "completes",
  RunSkipped: "is skipped",
  RunFailed: "fails",
  RunTimedOut: "takes too long",
  LeaseExpired: "is lost",
  RunCancelled: "is cancelled by its runner",
  CancelRequested: "is asked to end",
  JobCancelled: "is cancelled",
  GroupCancelRequested: "a group is to be cancelled",
  GroupEnded: "a group has ended",
  ReservationRequested: "slots are asked for",
  ReservationGranted: "slots are reserved",
  ReservationReleased: "slots are given back",
  ReservationExpired: "a reservation has expired",
  ScheduleSet: "a schedule is set",
  ScheduleRemoved: "a schedule is removed",
  ScheduleEnabled: "a schedule is enabled",
  ScheduleDisabled: "a schedule is disabled",
  ScheduleFired: "a schedule fires",
  ScheduleMissed: "a schedule was missed",
  WebhookFailed: "nobody was told",
  DispatcherElected: "a dispatcher is elected",
  WorkerJoined: "a worker joins",
  WorkerLeft: "a worker leaves",
  LimitsChanged: "the limits are",
  PoolPaused: "a pool is paused",
  PoolResumed: "a pool goes on",
  IntakeOpened: "the intake is opened",
  IntakeReplaced: "the intake is another",
  RetentionChanged: "the retention is changed",
  CommandRefused: "a command is refused",
} as const satisfies Record<FactType, string>;

/** `j7 starts on w1: ollama 1/1`, with the slots after the fact; without them, what it takes. */
export function sentenceOf(fact: Fact, slots: Slots | null = null): string {
  if (fact.type === "StartGranted") return startText(fact, slots);
  const said = "job" in fact ? `${fact.job} ${VERBS[fact.type]}` : VERBS[fact.type];
  const gist = gistOf(fact);
  return gist === "" ? said : `${said}: ${gist}`;
}

function startText({ job, worker, attempt, demand }: FactOf<"StartGranted">, slots: Slots | null): string {
  const again = attempt === 1 ? "" : ` for attempt ${attempt}`;
  const taken = Object.entries<number>(demand).map(([pool, units]) => {
    const room = slots?.pools[pool as PoolName];
    return `${pool.replace(/^resource:/, "")} ${room === undefined ? units : `${room.used}/${room.capacity}`}`;
  });
  const said = `${job} starts on ${worker}${again}`;
  return taken.length === 0 ? said : `${said}: ${taken.join(", ")}`;
}
