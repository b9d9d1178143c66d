/** How long to wait before the next attempt (DEC-007). Drawn once and recorded in the fact; nobody computes it again. */
import type { DrawRetryTime } from "../../projections/reports.js";
import type { Backoff } from "../config/index.js";
import type { DispatcherOptions } from "./options.js";

/**
 * Milliseconds before the attempt after number `attempt`: base × factor^(attempt-1), at most the cap. With jitter, a random
 * part between half and all of it; `random` is from 0 to 1. A wait that the other side asked for is kept, if it is longer.
 */
export function backoffMs(backoff: Backoff, attempt: number, random: number, retryAfterMs: number | null): number {
  const full = Math.min(backoff.capMs, backoff.baseMs * backoff.factor ** (attempt - 1));
  const drawn = backoff.jitter ? full * (0.5 + random / 2) : full;
  return Math.round(Math.max(drawn, Math.min(retryAfterMs ?? 0, RETRY_AFTER_MS_MAX)));
}

/** Draws the time of the next attempt, when it is asked for: the fact that records it is the only place where it stands. */
export function retryTimes({
  backoffOf,
  random,
  clock,
}: Pick<DispatcherOptions, "backoffOf" | "random" | "clock">): DrawRetryTime {
  return (row, retryAfterMs) => {
    const wait = backoffMs(backoffOf(row.spec?.type ?? ""), row.attempts.length, random(), retryAfterMs);
    return new Date(clock.now() + wait).toISOString();
  };
}

/** Nobody outside makes a job wait longer than a day. */
const RETRY_AFTER_MS_MAX = 86_400_000;
