/** How a list of jobs may be sorted, in words: `createdAt`, `priority:desc`. Whoever asks knows it too. */
import type { JobSort, JobSortField } from "../../projections/views/sort-jobs.js";

const FIELDS: Readonly<Record<JobSortField, true>> = {
  id: true,
  type: true,
  state: true,
  priority: true,
  position: true,
  createdAt: true,
  attempt: true,
  grantedAt: true,
  finishedAt: true,
};
// The keys of the record are the fields.
export const JOB_SORT_FIELDS = Object.keys(FIELDS) as readonly JobSortField[];

/** Null if it is none. */
export function parseJobSort(text: string): JobSort | null {
  const [name, direction = "asc", ...more] = text.split(":");
  const field = JOB_SORT_FIELDS.find((known) => known === name);
  if (field === undefined || more.length > 0 || (direction !== "asc" && direction !== "desc")) return null;
  return { field, descending: direction === "desc" };
}
