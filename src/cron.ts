/** When cron expressions come true (DEC-010). The one door to croner, which knows time zones and daylight saving. */
import { Cron } from "croner";
import type { NextFiring } from "../projections/schedule-commands.js";

/** What croner has against an expression of five fields; null if nothing. */
export function cronRefusal(cron: string): string | null {
  try {
    parse(cron, "UTC");
    return null;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^CronPattern: /, "") : String(error);
  }
}

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
    expression = parse(cron, timezone);
    kept.set(key, expression);
  }
  return expression.nextRun(new Date(after))?.toISOString() ?? null;
};

const parse = (cron: string, timezone: string): Cron => new Cron(cron, { timezone, mode: "5-part", paused: true });
