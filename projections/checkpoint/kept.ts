/** What a fold keeps and that does not follow from the rest of it: from this it can be made again. A checkpoint holds it. */
import type { GroupId, JobId } from "../../events/names.js";
import type { Group } from "../groups.js";
import type { Head, Leader, Settings } from "../head.js";
import type { JobRow } from "../jobs.js";
import type { Frame, HoldingStay, Moment, QueueStay } from "../past.js";
import type { Schedules } from "../schedules.js";
import type { Slots } from "../slots.js";

export interface Kept {
  readonly head: Head;
  readonly leader: Leader | null;
  readonly settings: Settings;
  readonly slots: Slots;
  readonly schedules: Schedules;
  readonly jobs: KeptJobs;
}

export interface KeptJobs {
  /** In the order in which they came. Their lines are not read. */
  readonly rows: readonly JobRow[];
  /** Finished jobs, oldest first. */
  readonly finished: readonly JobId[];
  /** Waiting jobs without a recorded denial, in the order in which they came to wait. */
  readonly undenied: readonly JobRow[];
  readonly groups: readonly KeptGroup[];
  readonly unsettled: readonly GroupId[];
  /** The place at the end of the waiting order. */
  readonly nextPlace: number;
  readonly past: KeptPast;
  readonly durations: readonly KeptTimes[];
}

/** What of a group does not follow from its members. */
export interface KeptGroup
  extends Pick<Group, "id" | "sequential" | "counts" | "stopReason" | "cancelRequested" | "ended"> {
  readonly turn: JobId | null;
}

/** What is remembered of the past, for explanations. */
export interface KeptPast {
  readonly reach: Moment;
  /** Since when each waiting job stands in its place. */
  readonly since: readonly (readonly [JobId, Moment])[];
  readonly stays: readonly QueueStay[];
  readonly holdings: readonly HoldingStay[];
  readonly frames: readonly Frame[];
}

/** How long the latest runs of a kind took, for forecasts: its type, and its model if that tells kinds apart. */
export interface KeptTimes {
  readonly type: string;
  readonly model: string | null;
  /** Milliseconds, the oldest run first. */
  readonly latestMs: readonly number[];
}
