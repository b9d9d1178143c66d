/** The board, a part of the protocol: everything that is shown of one moment. */
import type { Limits } from "../../events/limits.js";
import type { Epoch, JobId, PoolName } from "../../events/names.js";
import type { JobState } from "../../events/states.js";
import type {
  AsOf,
  GroupListItem,
  HealthView,
  HolderView,
  PoolView,
  QueueItem,
  ReservationView,
  ScheduleView,
  WorkerView,
} from "../../projections/views/views.js";

/** The first of a list, in its order, and how many there are in all. */
export interface FirstIds<Id extends string = JobId> {
  readonly total: number;
  readonly ids: readonly Id[];
}

/** The same with what is listed, by its id. */
export interface Listed<Id extends string, Item> extends FirstIds<Id> {
  readonly byId: Readonly<Record<Id, Item>>;
}

/**
 * Everything that is shown of one moment, bounded in size. A pure function of the fold at `position`; the numbers are those that
 * `signalbox slots`, `jobs`, `queue` give with `--at` there. Lists are `FirstIds`; the jobs in them stand once, in `jobs`.
 */
export interface Board extends AsOf {
  readonly epoch: Epoch;
  readonly leader: HealthView["leader"];
  /** How many jobs of the index are in each state. */
  readonly counts: Readonly<Record<JobState, number>>;
  readonly limits: Limits;
  /** True while nobody has set limits, so that the default holds. */
  readonly isDefaultLimits: boolean;
  readonly pools: Listed<PoolName, BoardPool>;
  /** Queued jobs in the order of granting, over all pools. */
  readonly waiting: FirstIds;
  /** Scheduled and retrying jobs, next first. Members of a sequential group whose turn it is not are counted, not listed. */
  readonly due: FirstIds;
  /** Jobs that have ended, newest first. */
  readonly ended: FirstIds;
  /** Each job that is named in a list here. */
  readonly jobs: Readonly<Record<JobId, BoardJob>>;
  readonly workers: Listed<string, WorkerView>;
  readonly schedules: Listed<string, ScheduleView>;
  /** The groups of the jobs that are named here; `total` counts all groups. */
  readonly groups: Listed<string, GroupListItem>;
  readonly reservations: Listed<string, ReservationView>;
}

/** A pool as `slots` shows it, its holders and its line bounded. `waiting` is the length of the whole line. */
export interface BoardPool extends Omit<PoolView, "holders"> {
  /** Jobs by their ids and reservations as `direct:<id>`, oldest grant first. */
  readonly holders: Listed<string, BoardHolder>;
  /** The first of those that wait for units of this pool, in the order of granting. Why each waits: `jobs[id].blockedBy`. */
  readonly line: readonly JobId[];
}

export interface BoardHolder extends HolderView {
  /** The length of its lease. It is renewed while the holder lives, which is no fact: what is left of it is told beside the board (`LeaseBatch`). */
  readonly leaseMs: number;
}

export interface BoardJob {
  readonly id: JobId;
  readonly type: string | null;
  readonly state: JobState;
  readonly priority: number;
  readonly createdAt: string;
  /** The number of the latest attempt; 0 before the first grant. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** Pool → units, under the limits in force. */
  readonly demand: Readonly<Record<string, number>>;
  readonly group: string | null;
  /** Of the latest attempt; null before the first. */
  readonly worker: string | null;
  readonly grantedAt: string | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  /** When a scheduled or retrying job is due. */
  readonly dueAt: string | null;
  /** Why it was rejected, skipped or cancelled, or what its last attempt died of. */
  readonly reason: string | null;
  /** Of a waiting job: what keeps it from starting now; empty if nothing does. Else null. */
  readonly blockedBy: QueueItem["blockedBy"] | null;
}
