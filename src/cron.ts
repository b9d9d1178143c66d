/** When cron expressions come true (DEC-010). The one door to croner, which knows time zones and daylight saving. */
import { Cron } from "croner";
import type { NextFiring } from "../projections/schedule-commands.js";

/** Expressions kept ready; more than there may be schedules. */
const KEPT_MAX = 2_000;
const kept = new Map<string, Cron>();

/**
 * The first time after `after` (ISO 8601 UTC) at which an expression of five fields comes true in its time zone; null if never.
 * A time of day that daylight saving skips comes true right after the gap, one that it repeats only the first time.
 */
export const nextFiring: NextFiring = ({ cron, timezone }, after) => {
  const key = `${timezone} ${cron}`;
  let expression = kept.get(key);
  if (expression === undefined) {
    if (kept.size >= KEPT_MAX) kept.clear();
    expression = new Cron(cron, { timezone, mode: "5-part", paused: true });
    kept.set(key, expression);
  }
  return expression.nextRun(new Date(after))?.toISOString() ?? null;
};
