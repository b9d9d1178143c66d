/** Jobs sorted by something that is shown of them. */
import { JOB_STATES } from "../../events/states.js";
import { compareText, type JobRow, stateOf } from "../jobs.js";

/** As they are called in a listed job; `grantedAt` and `finishedAt` are those of its latest attempt. */
export type JobSortField =
  | "id"
  | "type"
  | "state"
  | "priority"
  | "position"
  | "createdAt"
  | "attempt"
  | "grantedAt"
  | "finishedAt";

export interface JobSort {
  readonly field: JobSortField;
  readonly descending: boolean;
}

/** Jobs without a value stand last in both directions; those with the same value in the order in which they came. */
export function compareBy({ field, descending }: JobSort): (a: JobRow, b: JobRow) => number {
  const shown = VALUES[field];
  const sign = descending ? -1 : 1;
  return (a, b) =>
    compareValues(shown(a), shown(b), sign) || compareText(a.createdAt, b.createdAt) || compareText(a.id, b.id);
}

type Value = string | number | null;

const latest = ({ attempts }: JobRow) => attempts[attempts.length - 1];

const VALUES: Readonly<Record<JobSortField, (row: JobRow) => Value>> = {
  id: ({ id }) => id,
  type: ({ askedType }) => askedType,
  /** In the order of a job's life. */
  state: (row) => JOB_STATES.indexOf(stateOf(row)),
  priority: ({ spec }) => spec?.priority ?? null,
  position: ({ position }) => position,
  createdAt: ({ createdAt }) => createdAt,
  attempt: ({ attempts }) => attempts.length,
  grantedAt: (row) => latest(row)?.grantedAt ?? null,
  finishedAt: (row) => latest(row)?.finishedAt ?? null,
};

function compareValues(a: Value, b: Value, sign: 1 | -1): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  const order = typeof a === "number" && typeof b === "number" ? a - b : compareText(String(a), String(b));
  return sign * order;
}
