/** The facts by what they are about, for choosing among them, and their signs in a list. */
import type { FactType } from "../../../../events/facts.js";

export interface FactGroup {
  readonly name: string;
  readonly types: readonly FactType[];
}

/** Every fact stands in one group; the record makes the compiler say so when one is added. */
const GROUPS = {
  JobSubmitted: "jobs",
  JobRejected: "jobs",
  SubmissionDuplicated: "jobs",
  JobDue: "jobs",
  JobAmended: "jobs",
  JobMoved: "jobs",
  JobCancelled: "jobs",
  CancelRequested: "jobs",
  StartDenied: "grants",
  StartGranted: "grants",
  RunStarted: "runs",
  RunCompleted: "runs",
  RunSkipped: "runs",
  RunFailed: "runs",
  RunTimedOut: "runs",
  LeaseExpired: "runs",
  RunCancelled: "runs",
  LimitsChanged: "limits",
  PoolPaused: "limits",
  PoolResumed: "limits",
  ReservationRequested: "direct execution",
  ReservationGranted: "direct execution",
  ReservationReleased: "direct execution",
  ReservationExpired: "direct execution",
  GroupCancelRequested: "groups and schedules",
  GroupEnded: "groups and schedules",
  ScheduleSet: "groups and schedules",
  ScheduleRemoved: "groups and schedules",
  ScheduleEnabled: "groups and schedules",
  ScheduleDisabled: "groups and schedules",
  ScheduleFired: "groups and schedules",
  ScheduleMissed: "groups and schedules",
  WebhookFailed: "the scheduler",
  DispatcherElected: "the scheduler",
  WorkerJoined: "the scheduler",
  WorkerLeft: "the scheduler",
  IntakeOpened: "the scheduler",
  IntakeReplaced: "the scheduler",
  RetentionChanged: "the scheduler",
  CommandRefused: "the scheduler",
} as const satisfies Record<FactType, string>;

const all = Object.keys(GROUPS) as FactType[];

export const FACT_TYPES: readonly FactGroup[] = [...new Set(Object.values(GROUPS))].map((name) => ({
  name,
  types: all.filter((type) => GROUPS[type] === name),
}));

/** The facts that a choice stands for: a group's, one, or null for all. */
export function factTypesOf(choice: string): readonly FactType[] | null {
  const group = FACT_TYPES.find(({ name }) => name === choice);
  if (group !== undefined) return group.types;
  const one = all.filter((type) => type === choice);
  return one.length === 0 ? null : one;
}

/** A sign and a class for each kind, so that a list can be read at a glance. */
export function signOf(type: FactType): { readonly sign: string; readonly kind: string } {
  switch (type) {
    case "JobSubmitted":
      return { sign: "+", kind: "arrives" };
    case "StartGranted":
    case "ReservationGranted":
      return { sign: "◆", kind: "granted" };
    case "StartDenied":
      return { sign: "–", kind: "denied" };
    case "RunStarted":
      return { sign: "▶", kind: "runs" };
    case "RunCompleted":
    case "RunSkipped":
      return { sign: "✓", kind: "good" };
    case "RunFailed":
    case "RunTimedOut":
    case "LeaseExpired":
    case "JobRejected":
    case "WebhookFailed":
    case "CommandRefused":
      return { sign: "✕", kind: "bad" };
    case "LimitsChanged":
    case "PoolPaused":
    case "PoolResumed":
      return { sign: "≡", kind: "rule" };
    case "DispatcherElected":
      return { sign: "♛", kind: "rule" };
    default:
      return { sign: "·", kind: "other" };
  }
}
