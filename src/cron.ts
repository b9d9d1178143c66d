/** When cron expressions come true (DEC-010). The one door to croner, which knows time zones and daylight saving. */
import { Cron } from "croner";
import { remember } from "../events/remember.js";
import type { NextFiring } from "../projections/schedule-commands.js";

/** Expressions kept ready; more than there may be schedules. */
const KEPT_MAX = 2_000;
/** Answers kept: whoever makes up for an outage asks for the same times again and again. */
const ANSWERS_MAX = 10_000;
const kept = new Map<string, Cron>();
const answers = new Map<string, string | null>();

/**
 * The first time after `after` (ISO 8601 UTC) at which an expression of five fields comes true in its time zone; null if never.
 *
 * Times of day, which are those with neither `*` nor a step in minute and hour, come true once a day whatever daylight saving does:
 * one that is skipped right after the gap, one that is repeated only the first time. The others are intervals: what is skipped they
 * leave out, what is repeated they take twice, so that every quarter of an hour stays every quarter of an hour.
 */
export const nextFiring: NextFiring = ({ cron, timezone }, after) => {
  const key = `${timezone} ${cron}`;
  if (answers.size >= ANSWERS_MAX) answers.clear();
  return remember(answers, `${key} ${after}`, () => {
    if (kept.size >= KEPT_MAX) kept.clear();
    const make = () => new Cron(cron, { timezone, mode: "5-part", fixedTimeRule: "no-wildcard", paused: true });
    return remember(kept, key, make).nextRun(new Date(after))?.toISOString() ?? null;
  });
};
