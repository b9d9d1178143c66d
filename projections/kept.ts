/** What a fold keeps and that does not follow from the rest of it: from this it can be made again. A checkpoint holds it. */
import type { GroupId, JobId } from "../events/names.js";
import type { Group } from "./groups.js";
import type { Head, Leader, Settings } from "./head.js";
import type { JobRow } from "./jobs.js";
import type { Schedules } from "./schedules.js";
import type { Slots } from "./slots.js";

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
}

/** What of a group does not follow from its members. */
export interface KeptGroup
  extends Pick<Group, "id" | "sequential" | "counts" | "stopReason" | "cancelRequested" | "ended"> {
  readonly turn: JobId | null;
}
