/**
 * What schedules do when their time has come (DEC-010): each firing submits exactly once, because the word that it has fired and the
 * job stand in one entry. Times that passed while nobody led are made up for, or left out, as the schedule says.
 */
import type { Fact, FactOf } from "../events/facts.js";
import type { JobId } from "../events/names.js";
import { decideSubmission, rejected } from "./admission.js";
import type { Surroundings } from "./commands.js";
import type { Fold } from "./fold.js";
import { compareText } from "./jobs.js";
import type { Schedule } from "./schedules.js";

/** A firing this late is late, as in a change of leader; a later one was missed. */
export const MISSED_AFTER_MS = 60_000;
/** `catch-up-all` makes up for no more than the last so many of one outage. */
export const CATCH_UP_MAX = 100;
/** Times that were missed are counted up to this; a schedule of every minute has half a million a year. */
const MISSED_COUNTED_MAX = 1_000;

type Around = Omit<Surroundings, "intake">;

/** The schedules that are due at `around.now`, in the order of their times, then of their names. */
export function dueSchedules(fold: Fold, { now }: Pick<Around, "now">): Schedule[] {
  return Object.values<Schedule>(fold.schedules)
    .filter(({ nextAt }) => nextAt !== null && nextAt <= now)
    .sort((a, b) => compareText(a.nextAt ?? "", b.nextAt ?? "") || compareText(a.name, b.name));
}

/** The facts for one time of a schedule that is due: it fires, or the times before the one that may still fire are left out. */
export function scheduleFacts(fold: Fold, schedule: Schedule, around: Around): Fact[] {
  const { name, nextAt: dueAt, missed } = schedule;
  if (dueAt === null) return [];
  const fires = () =>
    fire(fold, schedule, { dueAt, triggered: false, nextAt: around.nextFiring(schedule, dueAt) }, around);
  const lastMissed = new Date(Date.parse(around.now) - MISSED_AFTER_MS - 1).toISOString();
  if (dueAt > lastMissed) return fires();
  const times = timesUpTo(schedule, dueAt, lastMissed, around);
  const kept = { skip: 0, "catch-up-one": 1, "catch-up-all": CATCH_UP_MAX }[missed];
  const leftOut = times.slice(0, Math.max(0, times.length - kept));
  const to = leftOut[leftOut.length - 1];
  if (to === undefined) return fires();
  // Where even counting was cut short, what is between the count and what is kept is passed over with it.
  const isCut = times.length >= MISSED_COUNTED_MAX;
  const passed = isCut ? beforeTheLast(kept, schedule, lastMissed, around) : to;
  // Of times that come in bunches the last few may reach back further than the count.
  const isFurtherBack = passed < to;
  const nextAt = around.nextFiring(schedule, isFurtherBack ? to : passed);
  return [{ type: "ScheduleMissed", schedule: name, from: dueAt, to, count: leftOut.length, nextAt }];
}

/** The word that it has fired, and the job: whose id follows from schedule and time, so that it can be there only once. */
export function fire(
  fold: Fold,
  { name, template }: Schedule,
  { dueAt, triggered, nextAt }: Pick<FactOf<"ScheduleFired">, "dueAt" | "triggered" | "nextAt">,
  { catalogue, now }: Around,
): Fact[] {
  const moment = dueAt.replace(/[-:]/g, "").replace(/\.\d+Z$/, "Z");
  const job = `${name}-${triggered ? `by-hand-${moment}-${dueAt.slice(20, 23)}` : moment}` as JobId;
  const fired: Fact = { type: "ScheduleFired", schedule: name, dueAt, submits: job, triggered, nextAt };
  if (fold.jobs.has(job)) return [{ type: "SubmissionDuplicated", job, intake: null }, fired];
  const request = { job, submission: { template }, subjectType: null, bytes: 0, createdAt: now };
  const submitted = decideSubmission(request, catalogue, fold, now);
  if (!("refused" in submitted)) return [submitted, fired];
  return [rejected(job, null, now, `schedule ${name}: ${submitted.refused}`), fired];
}

/** A time after which the schedule has `count` times up to `last`, or a few more. */
function beforeTheLast(count: number, schedule: Schedule, last: string, around: Around): string {
  let time = last;
  let found = 0;
  for (let backMs = 60_000; found < count; backMs *= 2) {
    time = new Date(Date.parse(last) - backMs).toISOString();
    const next = around.nextFiring(schedule, time);
    found = next === null ? 0 : timesUpTo(schedule, next, last, around).length;
  }
  return time;
}

function timesUpTo(schedule: Schedule, first: string, last: string, { nextFiring }: Around): string[] {
  const times: string[] = [];
  for (let time: string | null = first; time !== null && time <= last; time = nextFiring(schedule, time)) {
    times.push(time);
    if (times.length >= MISSED_COUNTED_MAX) break;
  }
  return times;
}
