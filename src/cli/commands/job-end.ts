/** How a job ended, for whoever waited for it: the result on standard output, what went wrong on standard error. */

import { isPlainObject, type Json } from "../../../events/json.js";
import type { JobView } from "../../../projections/views/views.js";
import { CliFailure } from "../failure.js";
import type { Terminal } from "../terminal.js";
import { counted, span } from "../wording.js";

/** The result as people read it: a text as it is, everything else as JSON; nothing without a result. */
export function jobEnding({ state, result }: JobView): string {
  if (state !== "completed" || result === null) return "";
  return answerText(result) ?? JSON.stringify(result, null, 2);
}

/** What a model said, or a result that is a text; null if it is something else. */
export function answerText(result: Json): string | null {
  if (typeof result === "string") return result;
  if (!isPlainObject(result)) return null;
  const { text, message } = result;
  if (typeof text === "string") return text;
  return isPlainObject(message) && typeof message["content"] === "string" ? message["content"] : null;
}

/** Says how it ended. Throws a failure (exit code 1) if the job did not complete. */
export function reportEnd(job: JobView, terminal: Terminal): void {
  const { id, state, createdAt, history, attempts, reason } = job;
  const took = span(createdAt, history.at(-1)?.at ?? null, Date.parse(createdAt));
  const tried = counted(attempts.length, "attempt");
  if (state === "completed") return terminal.err(terminal.errColors.dim(`${id} completed after ${took}, ${tried}`));
  const why = reason ?? attempts.at(-1)?.error ?? null;
  throw CliFailure.failed(`${id} ${endWord(state)} after ${took}, ${tried}${why === null ? "" : `: ${why}`}`);
}

const endWord = (state: JobView["state"]): string => (state === "failed" ? state : `was ${state}`);
