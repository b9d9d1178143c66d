/** What can be said of a submission without a scheduler: whether any scheduler could take it. */
import { NAME_PATTERN } from "../../events/names.js";
import { PARAMS_BYTES_MAX, readAs, submissionSchema, utf8Bytes } from "../../events/submission.js";

/** JSON written anew is at most so many times as long as it was read. */
const GROWTH_MAX = 6;

/** What is wrong with a submission, whatever the configuration; null if nothing is. `chars`: the length of its JSON, where known. */
export function faultOfSubmission(submission: unknown, chars = Number.POSITIVE_INFINITY): string | null {
  const read = readAs(submissionSchema, submission);
  if (!read.ok) return read.reason;
  const { runAt, delay, params } = read.value;
  if (runAt !== undefined && delay !== undefined) return "runAt and delay: give one of them, not both";
  if (params === undefined || chars * GROWTH_MAX <= PARAMS_BYTES_MAX) return null;
  const bytes = utf8Bytes(JSON.stringify(params));
  return bytes > PARAMS_BYTES_MAX
    ? `params: ${bytes} bytes of JSON are too many; at most ${PARAMS_BYTES_MAX} are taken`
    : null;
}

export const faultOfType = (type: string): string | null =>
  NAME_PATTERN.test(type) ? null : `"${type}" cannot be a job type: a type is a name of letters, digits, _ and -`;
