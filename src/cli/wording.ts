/** Words that several commands show people: how long ago, in which state, what is demanded. */

import { formatDuration } from "../../events/duration.js";
import type { GroupStatus, Membership } from "../../events/facts.js";
import { JOB_STATES, type JobState } from "../../events/states.js";
import type { Colors } from "./terminal.js";

export { demandText } from "../../events/demand-text.js";

/** `12 s ago`, `in 5 min`; `–` for a time that has not come about. */
export function relativeTime(at: string | null, nowMs: number): string {
  if (at === null) return "–";
  const ms = nowMs - Date.parse(at);
  if (Math.abs(ms) < 1_000) return "now";
  return ms >= 0 ? `${formatDuration(ms)} ago` : `in ${formatDuration(-ms)}`;
}

/** From one time to another, or to now if the other has not come. */
export function span(from: string | null, to: string | null, nowMs: number): string {
  return from === null ? "–" : formatDuration((to === null ? nowMs : Date.parse(to)) - Date.parse(from));
}

export function paintState(colors: Colors, state: JobState, text: string): string {
  switch (state) {
    case "granted":
    case "running":
      return colors.cyan(text);
    case "queued":
      return colors.yellow(text);
    case "cancelling":
      return colors.magenta(text);
    case "completed":
      return colors.green(text);
    case "failed":
    case "rejected":
      return colors.red(text);
    case "scheduled":
    case "retrying":
      return colors.blue(text);
    case "cancelled":
    case "skipped":
      return colors.dim(text);
    default:
      return state satisfies never;
  }
}

export function paintStatus(colors: Colors, status: GroupStatus, text: string): string {
  switch (status) {
    case "running":
      return colors.cyan(text);
    case "completed":
      return colors.green(text);
    case "partial":
      return colors.red(text);
    case "cancelled":
      return colors.dim(text);
    default:
      return status satisfies never;
  }
}

/** `2 running, 5 queued`, in the order of a job's life. */
export function countsText(counts: Readonly<Partial<Record<JobState, number>>>): string {
  return JOB_STATES.filter((state) => (counts[state] ?? 0) > 0)
    .map((state) => `${counts[state]} ${state}`)
    .join(", ");
}

/** `book-9`, or `book-9, order 7` where the order says who is next. */
export function membershipText({ id, order, sequential }: Membership): string {
  return sequential ? `${id}, order ${order}` : id;
}

export function labelsText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}

/** `1 job`, `2 jobs`; `2 entries`, where the plural is another. */
export const counted = (count: number, thing: string, things = `${thing}s`): string =>
  `${count} ${count === 1 ? thing : things}`;
