/**
 * Schedules (DEC-010): which template is submitted when. An immer state, bounded by the configuration. When a schedule fires next
 * stands in the facts: time zones are worked out outside, and the same log gives the same state anywhere (D6, INV-009).
 */
import type { FactOf, MissedPolicy } from "../events/facts.js";
import type { JobId } from "../events/names.js";
import { type Draft, evolve } from "./draft.js";

export interface Schedule {
  readonly name: string;
  readonly template: string;
  readonly cron: string;
  readonly timezone: string;
  readonly missed: MissedPolicy;
  /** As it was set; `enabled` is what a later enable or disable made of it. */
  readonly setEnabled: boolean;
  readonly enabled: boolean;
  readonly source: "configuration" | "command";
  /** When it fires next; null while it is disabled, or if its time never comes again. */
  readonly nextAt: string | null;
  readonly lastAt: string | null;
  readonly lastJob: JobId | null;
  /** How often it has fired, by its time or by hand. */
  readonly fired: number;
  /** How many of its times were left out. */
  readonly missedCount: number;
}

export type Schedules = Readonly<Record<string, Schedule>>;

export type ScheduleFact = FactOf<
  "ScheduleSet" | "ScheduleRemoved" | "ScheduleEnabled" | "ScheduleDisabled" | "ScheduleFired" | "ScheduleMissed"
>;

// Without a prototype: a schedule may be called "constructor".
export const noSchedules: Schedules = Object.create(null);

/** Throws if the schedule is not there, or was not due at the time for which it fired or was left out. */
export function changeSchedules(schedules: Schedules, fact: ScheduleFact): Schedules {
  return evolve(schedules, (draft) => {
    if (fact.type === "ScheduleSet") return set(draft, fact);
    const schedule = draft[fact.schedule];
    if (schedule === undefined) throw new Error(`there is no schedule ${fact.schedule}`);
    switch (fact.type) {
      case "ScheduleRemoved":
        delete draft[fact.schedule];
        return;
      case "ScheduleEnabled":
        schedule.enabled = true;
        schedule.nextAt = fact.nextAt;
        return;
      case "ScheduleDisabled":
        schedule.enabled = false;
        schedule.nextAt = null;
        return;
      case "ScheduleFired":
        return fire(schedule, fact);
      case "ScheduleMissed":
        goOn(schedule, fact.from, fact.nextAt);
        schedule.missedCount += fact.count;
        return;
      default:
        return fact satisfies never;
    }
  });
}

/** A change leaves what it has done so far on record, and applies to the next firing. */
function set(schedules: Draft<Schedules>, fact: FactOf<"ScheduleSet">): void {
  const { schedule: name, template, cron, timezone, missed, enabled, source, nextAt } = fact;
  const before = schedules[name];
  schedules[name] = {
    ...{ name, template, cron, timezone, missed, enabled, setEnabled: enabled, source, nextAt },
    lastAt: before?.lastAt ?? null,
    lastJob: before?.lastJob ?? null,
    fired: before?.fired ?? 0,
    missedCount: before?.missedCount ?? 0,
  };
}

function fire(schedule: Draft<Schedule>, { dueAt, submits, triggered, nextAt }: FactOf<"ScheduleFired">): void {
  if (!triggered) goOn(schedule, dueAt, nextAt);
  else if (nextAt !== schedule.nextAt) throw new Error(`${schedule.name} was triggered by hand, which moves nothing`);
  schedule.lastAt = dueAt;
  schedule.lastJob = submits;
  schedule.fired += 1;
}

/** Each time is done with once, in order: fired, or left out. */
function goOn(schedule: Draft<Schedule>, from: string, nextAt: string | null): void {
  if (schedule.nextAt !== from) throw new Error(`${schedule.name} is due at ${schedule.nextAt}, not at ${from}`);
  if (nextAt !== null && nextAt <= from) throw new Error(`${schedule.name} would be due at ${nextAt} again`);
  schedule.nextAt = nextAt;
}
