/** What the status of an HTTP answer means for the next attempt. */
import type { IncomingHttpHeaders } from "node:http";

/** Request timeout, too early, too many requests: the only client errors that pass by waiting. */
const passingClientErrors: ReadonlySet<number> = new Set([408, 425, 429]);
/** A longer wait asked for by a server is cut to this, so that no server can park a job for ever. */
export const retryAfterMsMax = 24 * 3_600_000;

/** Whether the same request may succeed later: server errors and the three passing client errors. */
export function isRetryableStatus(status: number): boolean {
  return status >= 500 || passingClientErrors.has(status);
}

/**
 * Milliseconds to wait by the `Retry-After` header (seconds, or a date), or null where there is none that can be read.
 * @param now wall-clock time in milliseconds
 */
export function retryAfterMs(headers: IncomingHttpHeaders, now: number): number | null {
  const text = headers["retry-after"]?.trim();
  if (text === undefined || text === "") return null;
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isNaN(ms) ? null : Math.min(Math.max(0, ms), retryAfterMsMax);
}
