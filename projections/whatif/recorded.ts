/**
 * The recorded workload, as a ledger tells it: turn by turn what came from outside, and for each job and reservation what became of it
 * then. What the scheduler decided is not here: that is decided again. Nothing of params and results is kept.
 *
 * A life is one stretch of an id: a job that was forgotten, and whose id came again, has lived twice.
 */
import type { FactOf } from "../../events/facts.js";
import type { Limits } from "../../events/limits.js";
import type { GroupId, JobId, Position, ReservationId } from "../../events/names.js";
import type { Measured } from "./measures.js";

/** The facts that end an attempt. */
export type EndFact =
  | FactOf<"RunCompleted">
  | FactOf<"RunSkipped">
  | FactOf<"RunCancelled">
  | FactOf<"RunFailed">
  | FactOf<"RunTimedOut">
  | FactOf<"LeaseExpired">;

/** Times in milliseconds since 1970; `turn` is an index into the workload's turns. */
export interface AttemptLife {
  readonly grantedMs: number;
  /** When its worker was asked to abort it. */
  cancelledMs: number | null;
  /** Null: it had not ended when the ledger did. */
  ended: { readonly turn: number; readonly atMs: number; readonly fact: EndFact } | null;
}

export interface JobLife {
  readonly id: JobId;
  readonly type: string;
  readonly attempts: AttemptLife[];
  /** The times that came to it, each with the turn that saw to it, which may be late. */
  readonly dues: { readonly dueAt: string; readonly turn: number }[];
}

export interface ReservationLife {
  readonly id: ReservationId;
  grantedMs: number | null;
  ended: {
    readonly turn: number;
    readonly atMs: number;
    readonly fact: FactOf<"ReservationReleased" | "ReservationExpired">;
  } | null;
}

/** Facts that say the same whatever the limits are. */
export type PlainFact = FactOf<
  | "DispatcherElected"
  | "RetentionChanged"
  | "WorkerJoined"
  | "WorkerLeft"
  | "PoolPaused"
  | "PoolResumed"
  | "JobRejected"
>;

/** One thing that came in, in the order in which it did. */
export type Input =
  | { readonly kind: "plain"; readonly fact: PlainFact }
  | { readonly kind: "limits"; readonly limits: Limits; readonly source: FactOf<"LimitsChanged">["source"] }
  | { readonly kind: "submission"; readonly fact: FactOf<"JobSubmitted">; readonly life: JobLife }
  | { readonly kind: "amendment"; readonly priority: number; readonly life: JobLife }
  | { readonly kind: "move"; readonly place: number; readonly life: JobLife }
  /** `byGroup`: because its group was stopped; decided again wherever that turn left nothing of it over. */
  | { readonly kind: "cancel"; readonly reason: string; readonly life: JobLife; readonly byGroup: boolean }
  | { readonly kind: "group-cancel"; readonly group: GroupId; readonly reason: string }
  /** As `byGroup`: that a group has ended is decided again, too. */
  | { readonly kind: "group-end"; readonly group: GroupId }
  | { readonly kind: "due"; readonly life: JobLife }
  | { readonly kind: "end"; readonly life: JobLife; readonly attempt: number }
  | { readonly kind: "reservation"; readonly fact: FactOf<"ReservationRequested">; readonly life: ReservationLife }
  | { readonly kind: "give-back"; readonly life: ReservationLife };

/** One entry of the ledger, without what was decided in it. */
export interface RecordedTurn {
  readonly position: Position;
  readonly at: string;
  readonly inputs: readonly Input[];
  /**
   * How many starts it granted, if the grant rule would have granted more: the scheduler was stopping, or its entry was full. Null
   * where the rule was followed to its end.
   */
  readonly startsMax: number | null;
  /** Jobs whose time had come, and groups of which something was to be decided, were left to the next turn. */
  readonly leavesDues: boolean;
  readonly leavesGroups: boolean;
}

export interface Workload {
  readonly turns: readonly RecordedTurn[];
  readonly lives: readonly JobLife[];
  /** The workers that took jobs when the last start was granted. */
  readonly lastWorkers: readonly FactOf<"WorkerJoined">[];
  /** The limits in force at the end. */
  readonly limits: Limits;
  /** The types that were submitted, by name, and the most units of each tag that one job demanded. */
  readonly types: readonly string[];
  readonly unitsMax: ReadonlyMap<string, number>;
  /** The last position, and its time; null if there is no entry. */
  readonly end: { readonly position: Position; readonly at: string } | null;
  /** The time from which on it is measured, as asked for; null: from the beginning. */
  readonly from: string | null;
  /** As it was. */
  readonly measured: Measured;
}
