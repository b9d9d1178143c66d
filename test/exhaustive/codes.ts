/**
 * What a turn can take, as small numbers: a sequence of them and the beliefs that it is decided from say all about a turn.
 * `inputs.ts` makes the shipped inputs of them.
 */

/** `ACCESSION + gone`: the first facts of a reign; `gone` has a bit for each worker, oldest first, whose process is gone. */
export const ACCESSION = 1;
/** The grace of the workers before is over. */
export const GRACE = 17;
/** The worker leaves at the end of a drain. */
export const LEAVE = 18;
export const ITEM = 20;
export const REQUEST = 80;
const STARTED = 100;
const ENDED = 120;
const END = 248;
export const ITEMS_MAX = REQUEST - ITEM;
export const REQUESTS_MAX = STARTED - REQUEST;
/** Attempts are counted in two bits. */
export const ATTEMPTS_MAX = 3;
/** So many inputs fit into the number that a turn is remembered by. */
export const INPUTS_MAX = 6;

/** How a run may have ended, as a number from 1 to 7; the last two are those of runs that were asked to abort. */
export const ENDINGS = ["", "completed", "failed", "broken", "skipped", "timed-out", "cancelled", "lost"] as const;
export const COMPLETED = 1;
export const CANCELLED = 6;
export const LOST = 7;

export const itemInput = (item: number): number => ITEM + item;
export const requestInput = (request: number): number => REQUEST + request;
export const startedInput = (job: number, attempt: number): number => STARTED + job * 4 + attempt;
export const endedInput = (job: number, attempt: number, ending: number): number =>
  ENDED + (job * 4 + attempt) * 8 + ending;
export const isItem = (input: number): boolean => input >= ITEM && input < REQUEST;
export const isRequest = (input: number): boolean => input >= REQUEST && input < STARTED;
export const isStarted = (input: number): boolean => input >= STARTED && input < ENDED;
export const isEnded = (input: number): boolean => input >= ENDED && input < END;
export const jobOf = (input: number): number => (isStarted(input) ? (input - STARTED) >> 2 : (input - ENDED) >> 5);
export const attemptOf = (input: number): number =>
  isStarted(input) ? (input - STARTED) & 3 : ((input - ENDED) >> 3) & 3;
export const endingOf = (input: number): number => (input - ENDED) & 7;
