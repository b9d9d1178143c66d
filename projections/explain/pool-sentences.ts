/** A pool in words: what is used of it by whom, and who waits in which order. */
import type { PoolExplanation, PoolWaiter } from "./explain-pool.js";
import { clockTime } from "./phrases.js";
import { PRECEDENCE, sinceTimes } from "./reasons.js";

/** Of those that wait, so many are named. */
const WAITERS_IN_TEXT_MAX = 3;

export function poolText(told: Omit<PoolExplanation, "text">): string {
  const { pool, used, capacity, paused, pausedSince, capacitySince, holders, waiting, next, at } = told;
  const by = holders.length === 0 ? "" : ` by ${sinceTimes(holders, at)}`;
  const since = (time: string | null) => (time === null ? "" : ` since ${clockTime(time, at)}`);
  const isOver = used > capacity;
  const excess = isOver ? `, which is more than its capacity${since(capacitySince)}` : "";
  const pause = paused ? ` is paused${since(pausedSince)}` : "";
  const usage = `${pool}${pause}: ${used} of ${capacity} used${by}${excess}`;
  if (waiting.length === 0) return `${usage}. Nobody waits for it.`;
  return `${usage}; ${waitersText(waiting)}. ${next}`;
}

/** `2 wait for it: j41, then j43` with the reason between them. */
function waitersText(waiting: readonly PoolWaiter[]): string {
  const named = waiting.slice(0, WAITERS_IN_TEXT_MAX);
  const told = named.map(({ job, why }, index) => {
    const isLast = index === named.length - 1;
    return isLast || why === null ? job : `${job} (${PRECEDENCE[why]})`;
  });
  const more = waiting.length - named.length;
  const count = waiting.length === 1 ? "one waits" : `${waiting.length} wait`;
  return `${count} for it: ${told.join(", then ")}${more > 0 ? `, and ${more} more` : ""}`;
}
