/** Jobs as a table: the list of all, and the members of a group. */
import type { JobListItem } from "../../../projections/views/views.js";
import { type Column, drawTable } from "../table.js";
import type { Terminal } from "../terminal.js";
import { demandText, labelsText, paintState, relativeTime } from "../wording.js";

/** Group and retried job are columns only where one of the jobs has any. */
export function jobsTable(jobs: readonly JobListItem[], terminal: Terminal): string {
  const { job, type, state, priority, tries, created, needs, about } = columnsOf(terminal);
  const group: Column<JobListItem> = { title: "GROUP", text: (item) => item.group?.id ?? "–", mayShrink: true };
  const retryOf: Column<JobListItem> = { title: "RETRY OF", text: (item) => item.retryOf ?? "–", mayShrink: true };
  const columns = [
    ...[job, type, state, priority, tries, created, needs],
    ...(jobs.some((item) => item.group !== null) ? [group] : []),
    ...(jobs.some((item) => item.retryOf !== null) ? [retryOf] : []),
    about,
  ];
  return drawTable(jobs, columns, terminal);
}

/** The members of one group; the order matters only where they run one after the other. */
export function membersTable(jobs: readonly JobListItem[], sequential: boolean, terminal: Terminal): string {
  const { job, type, state, tries, created, about } = columnsOf(terminal);
  const order: Column<JobListItem> = {
    title: "ORDER",
    text: (item) => String(item.group?.order ?? "–"),
    align: "right",
  };
  return drawTable(jobs, [job, ...(sequential ? [order] : []), type, state, tries, created, about], terminal);
}

function columnsOf({ colors }: Terminal) {
  const now = Date.now();
  return {
    job: { title: "JOB", text: ({ id }) => id, mayShrink: true },
    type: { title: "TYPE", text: (item) => item.type ?? "–", mayShrink: true },
    state: {
      title: "STATE",
      text: (item) => item.state,
      paint: (cell, item) => paintState(colors, item.state, cell),
    },
    priority: { title: "PRIO", text: (item) => String(item.priority), align: "right" },
    tries: { title: "TRY", text: ({ attempt, maxAttempts }) => `${attempt}/${maxAttempts}`, align: "right" },
    created: { title: "CREATED", text: ({ createdAt }) => relativeTime(createdAt, now) },
    needs: { title: "NEEDS", text: ({ demand }) => demandText(demand), mayShrink: true },
    about: { title: "ABOUT", text: aboutOf, mayShrink: true },
  } satisfies Record<string, Column<JobListItem>>;
}

/** Why it ended, else why its latest attempt did, else its labels. */
function aboutOf({ reason, attempts, labels, state }: JobListItem): string {
  const lastError = state === "completed" ? null : attempts.at(-1)?.error;
  return reason ?? lastError ?? labelsText(labels);
}
