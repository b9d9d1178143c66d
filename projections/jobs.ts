/**
 * The job index: one row a job. Only the fold touches rows; everyone else reads them, or a view made from them. A plain Map and
 * plain rows, because a draft of 100,000 rows would cost milliseconds a fact (D5).
 */
import type { JobSpec } from "../events/facts.js";
import type { JobId, Position, WorkerId } from "../events/names.js";
import type { AttemptOutcome, JobState } from "../events/states.js";
import { type JobNode, jobState } from "../machines/job.js";
import type { Line } from "./waiting.js";

/** One try. Only its end is written later, once (INV-002). */
export interface Attempt {
  readonly number: number;
  readonly worker: WorkerId;
  readonly grant: Position;
  readonly grantedAt: string;
  readonly leaseMs: number;
  startedAt: string | null;
  finishedAt: string | null;
  outcome: AttemptOutcome | null;
  exitCode: number | null;
  error: string | null;
}

/** A spec that nobody changes: rows that are alike may share one. */
export type RowSpec = Omit<JobSpec, "resources"> & { readonly resources: Readonly<JobSpec["resources"]> };

export interface JobRow {
  readonly id: JobId;
  readonly createdAt: string;
  readonly retryOf: JobId | null;
  /** Null for a rejected submission, which never became a job that could run. */
  spec: RowSpec | null;
  /** The type as it was asked for, where there is no spec to say so. */
  readonly askedType: string | null;
  node: JobNode;
  /** The place inside its priority: lower goes first (DEC-005). */
  position: number;
  /** The line that it waits in, while it is queued; kept by the lines themselves. */
  line: Line | null;
  /** When JobDue is due, in scheduled and retrying; else null. */
  dueAt: string | null;
  /** Why it was rejected, skipped or cancelled, or what its last attempt died of; else, and once it has completed, null. */
  reason: string | null;
  readonly attempts: Attempt[];
  /** The key of the last recorded denial's pools and causes; null: none recorded since it was queued. */
  deniedBy: string | null;
  /** How often a job behind it was started first by `limits.maxOvertakes` (INV-004). */
  overtaken: number;
  /** Addresses of its facts, flat: position, index, position, index, … The facts themselves stay in the ledger. */
  readonly addresses: number[];
}

/** What of a row is written to later is its own; the line is set by the lines. */
export const copyRow = (row: JobRow): JobRow => ({
  ...row,
  line: null,
  attempts: row.attempts.map((attempt) => ({ ...attempt })),
  addresses: [...row.addresses],
});

export const stateOf = (row: JobRow): JobState => jobState(row.node);

/** How many jobs are in each state, before the first job. */
export function noJobs(): Record<JobState, number> {
  const waiting = { scheduled: 0, queued: 0, retrying: 0 };
  const holding = { granted: 0, running: 0, cancelling: 0 };
  const finished = { completed: 0, skipped: 0, failed: 0, cancelled: 0, rejected: 0 };
  return { ...waiting, ...holding, ...finished };
}

/** The attempt that holds a live grant, if there is one (INV-007). */
export function liveAttempt(row: JobRow): Attempt | null {
  const last = row.attempts[row.attempts.length - 1];
  return last !== undefined && last.outcome === null ? last : null;
}

/** The order of the waiting jobs: priority descending, position ascending, created-at ascending, id (INV-004). */
export function compareWaiting(a: JobRow, b: JobRow): number {
  return (
    (b.spec?.priority ?? 0) - (a.spec?.priority ?? 0) ||
    a.position - b.position ||
    compareText(a.createdAt, b.createdAt) ||
    compareText(a.id, b.id)
  );
}

/** Order of due times; ties by id, so that the same log gives the same order. */
export const compareDue = (a: JobRow, b: JobRow): number =>
  compareText(a.dueAt ?? "", b.dueAt ?? "") || compareText(a.id, b.id);

/** By UTF-16 code units, the same on every machine, unlike a locale's order. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** One pool's part in why a job does not start. */
export interface Shortage {
  /** A pool's name, or `workers` where no worker that runs the type has a free seat. */
  readonly pool: string;
  /** `full`: in use or set aside; the other causes do not pass by waiting for a slot. */
  readonly cause: "full" | "paused" | "over-capacity" | "no-worker";
}

const keys = new WeakMap<readonly Shortage[], string>();

/** Equal for equal sets of shortages: a denial is recorded again only when the set has changed. */
export function shortageKey(shortages: readonly Shortage[]): string {
  let key = keys.get(shortages);
  if (key === undefined) {
    key = shortages.map(({ pool, cause }) => `${pool}=${cause}`).join(" ");
    keys.set(shortages, key);
  }
  return key;
}
