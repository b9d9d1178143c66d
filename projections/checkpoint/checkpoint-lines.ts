/** The lines of a checkpoint, as they are written (checkpoint.ts) and read (restoration.ts). */
import type { GroupId, JobId } from "../../events/names.js";
import type { JobState } from "../../events/states.js";
import type { Head, Leader, Settings } from "../head.js";
import type { RowSpec } from "../jobs.js";
import type { Frame, HoldingStay, Moment, QueueStay } from "../past.js";
import type { Schedule } from "../schedules.js";
import type { Holding, Pool, Reservation, Slots, Worker } from "../slots.js";
import type { KeptGroup, KeptPast, KeptTimes } from "./kept.js";

/** The form of the lines. Raised when something else is kept, or otherwise: checkpoints of other forms are not read. */
export const CHECKPOINT_FORM = 2;

/** A job by its place among the rows. */
export type RowNumber = number;
/** The place of something in the table of its kind, which is told before it is referred to. */
export type Reference = number;

export interface HeadLine {
  readonly kind: "head";
  readonly form: number;
  readonly head: Head;
  readonly leader: Leader | null;
  readonly settings: Settings;
  readonly nextPlace: number;
  readonly limits: Slots["limits"];
  readonly pools: readonly Pool[];
  readonly workers: readonly Worker[];
  readonly reservations: readonly Reservation[];
  readonly schedules: readonly Schedule[];
}

/** Where a job's machine stands: state, attempt, maxAttempts. */
export type NodeRecord = readonly [state: JobState, attempt: number, maxAttempts: number];

/**
 * Some rows, column by column: one list a column is read much faster than one a row. What a row has several of stands in one list for
 * all rows, and how many are whose in another.
 */
export interface RowsLine {
  readonly kind: "rows";
  readonly ids: readonly JobId[];
  readonly nodes: readonly Reference[];
  /** Null for a rejected submission. */
  readonly specs: readonly (Reference | null)[];
  readonly positions: readonly number[];
  readonly overtaken: readonly number[];
  /** References to texts: createdAt, retryOf, askedType, dueAt, reason, deniedBy of each row. */
  readonly texts: readonly (Reference | null)[];
  readonly addressCounts: readonly number[];
  readonly addresses: readonly number[];
  readonly attemptCounts: readonly number[];
  /** Number, grant, leaseMs and exit code of each attempt. */
  readonly attempts: readonly (number | null)[];
  /** References to texts: worker, grantedAt, startedAt, finishedAt, outcome, error of each attempt. */
  readonly attemptTexts: readonly (Reference | null)[];
}

/** The past, for explanations, and how long runs took, for forecasts. */
export type RememberedLine =
  | { readonly kind: "reach"; readonly items: readonly Moment[] }
  | { readonly kind: "since"; readonly items: KeptPast["since"] }
  | { readonly kind: "stays"; readonly items: readonly QueueStay[] }
  | { readonly kind: "held"; readonly items: readonly HoldingStay[] }
  | { readonly kind: "frames"; readonly items: readonly Frame[] }
  | { readonly kind: "durations"; readonly items: readonly KeptTimes[] };

export type CheckpointLine =
  | HeadLine
  | { readonly kind: "holdings"; readonly items: readonly Holding[] }
  | { readonly kind: "groups"; readonly items: readonly KeptGroup[] }
  | { readonly kind: "unsettled"; readonly items: readonly GroupId[] }
  | { readonly kind: "texts"; readonly items: readonly string[] }
  | { readonly kind: "specs"; readonly items: readonly RowSpec[] }
  | { readonly kind: "nodes"; readonly items: readonly NodeRecord[] }
  | RowsLine
  /** Finished jobs, oldest first. */
  | { readonly kind: "finished"; readonly items: readonly RowNumber[] }
  | { readonly kind: "undenied"; readonly items: readonly RowNumber[] }
  | RememberedLine
  /** `remembered`: how many items there were of the past and of the durations, which no hash of the state counts. */
  | { readonly kind: "end"; readonly rows: number; readonly remembered: number };
