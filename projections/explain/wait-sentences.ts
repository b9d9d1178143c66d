/** What a job had waited for before it started, in a sentence: interval by interval. */
import { formatDuration } from "../../events/duration.js";
import type { JobRow } from "../jobs.js";
import { names } from "./phrases.js";
import { BEHIND_MAX, type Wait, type WaitsTold } from "./waits.js";

/** A sentence tells no more intervals than this, and of each no more stages; the others are counted. */
const INTERVALS_IN_TEXT_MAX = 4;
const STAGES_IN_TEXT_MAX = 3;

/** Of the last attempt. Null if it began to wait longer ago than is remembered. */
export function waitedSentence(row: JobRow, { waits, isComplete }: WaitsTold): string | null {
  const [before, last] = [row.attempts.at(-2), row.attempts.at(-1)];
  if (last === undefined) return null;
  const since = before?.finishedAt ?? null;
  const own = waits.filter(({ from, to }) => (since === null || from >= since) && to <= last.grantedAt);
  const [first] = own;
  if (!isComplete && (first === undefined || since === null || first.from > since)) return null;
  if (first === undefined) return "It started at once.";
  if (own.length === 1) return `It waited ${waitText(first, row)}.`;
  const total = formatDuration(Date.parse(last.grantedAt) - Date.parse(first.from));
  const told = own.slice(0, INTERVALS_IN_TEXT_MAX).map((wait) => waitText(wait, row));
  const more = own.length - told.length;
  return `It waited ${total}: ${told.join("; ")}${more > 0 ? `; and ${more} more intervals` : ""}.`;
}

/** `4 min 10 s behind resource:ollama: j7, then j9` */
export function waitText(wait: Wait, row: JobRow): string {
  const { pool, cause, ms } = wait;
  const long = formatDuration(ms);
  switch (cause) {
    case "full":
      return `${long} ${pool === "workers" ? "for a worker's seat" : `behind ${pool}`}${stagesOf(wait)}`;
    case "kept":
      return `${long} while ${pool} was kept for others${stagesOf(wait)}`;
    case "paused":
      return `${long} while pool ${pool} was paused`;
    case "over-capacity":
      return `${long} while ${pool} was too small for it`;
    case "no-worker":
      return `${long} without a worker that runs type ${row.askedType}`;
    case "undecided":
      return `${long} for the scheduler to decide`;
    case "time":
      return `${long} for its time to come`;
    case "turn":
      return `${long} for its turn in group ${row.spec?.group?.id}`;
    case "retry":
      return `${long} between its attempts`;
    case "unknown":
      return `${long} of which the details are not remembered`;
    default:
      return cause satisfies never;
  }
}

/** `: j7 and j8, then j9`; those that came at the same time are one stage. */
function stagesOf({ behind }: Wait): string {
  const stages = new Map<string, string[]>();
  for (const { job, from } of behind) stages.set(from, [...(stages.get(from) ?? []), job]);
  if (stages.size === 0) return "";
  const told = [...stages.values()].slice(0, STAGES_IN_TEXT_MAX);
  const more = [...stages.values()].slice(STAGES_IN_TEXT_MAX).flat().length;
  return `: ${told.map((jobs) => names(jobs, BEHIND_MAX)).join(", then ")}${more > 0 ? ` and ${more} more` : ""}`;
}
