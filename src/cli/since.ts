/** --since: from when on something is asked for. */
import { InvalidArgumentError } from "commander";
import { DURATION_FORMS, parseDuration } from "../../events/duration.js";
import type { Questions } from "../client/questions.js";
import { parseUntil } from "../client/until.js";
import type { CommonOptions } from "./options.js";

/** So long ago, or since a time (ISO 8601). */
export type Since = { readonly ms: number } | { readonly time: string };

export function readSince(text: string): Since {
  const ms = parseDuration(text);
  if (ms !== null) return { ms };
  const until = parseUntil(text);
  if (until !== null && "time" in until) return until;
  throw new InvalidArgumentError(`Give a time such as 2026-12-01T08:00:00Z, or how long ago: ${DURATION_FORMS}.`);
}

/** The time, ISO 8601. How long ago is counted from now; where a recorded past is asked, from its last entry. */
export async function momentOf(since: Since, questions: Questions, { log, at }: CommonOptions): Promise<string> {
  if ("time" in since) return since.time;
  const isPast = log !== undefined || at !== undefined;
  const end = isPast ? Date.parse((await questions.query("health")).at) : Date.now();
  // Before the first entry there is no time, and there are no jobs either.
  return new Date((Number.isNaN(end) ? Date.now() : end) - since.ms).toISOString();
}
