/**
 * When waiting jobs will start, as far as it can be told from how long runs like those ahead of them took. The expectation is the
 * middle of several plays of the grant rule (forecast-play.ts), the range is where eight of ten of them end up.
 */
import type { JobId } from "../../events/names.js";
import type { RunTimes } from "../durations.js";
import type { Fold } from "../fold.js";
import type { JobRow } from "../jobs.js";
import { inGrantOrder, type QueueItem } from "../views/view-queue.js";
import { askGrantRule } from "../views/view-verdicts.js";
import { type Play, playForward } from "./forecast-play.js";
import { forecastText } from "./forecast-sentences.js";

export interface Forecast {
  /** ISO 8601; null: no forecast can be made. */
  readonly expected: string | null;
  /** Eight of ten times it starts between these. */
  readonly earliest: string | null;
  readonly latest: string | null;
  /** Whose recorded times it is made from, and how many runs that are. */
  readonly basis: readonly Basis[];
  /** When and how sure, or why there is no forecast. */
  readonly text: string;
}

export interface Basis {
  readonly type: string;
  readonly model: string | null;
  readonly runs: number;
}

/** More jobs are not looked at from the front of the queue: so far ahead a forecast says little. */
const WAITING_MAX = 2_000;
/** Decisions of all plays together: a fraction of a second. */
const DECISIONS_MAX = 10_000;
/** Numbers of plays, of which the largest is taken that the decisions allow. Primes, so that the draws below are permutations. */
const PLAYS = [19, 11, 5] as const;

/** Forecasts for some of the waiting jobs, asked at `now`, which is no earlier than the last entry. */
export function forecastStarts(fold: Fold, asked: ReadonlySet<JobId>, now: string): ReadonlyMap<JobId, Forecast> {
  const { waiting, found } = upToLast(fold, asked);
  const tooFar = none(`not forecast: more than ${WAITING_MAX} jobs are waiting before it`);
  if (found.size === 0) return new Map(Array.from(asked, (id) => [id, tooFar]));
  const stage = {
    ...{ slots: fold.slots, durations: fold.durations, waiting, nowMs: Date.parse(now) },
    rowOf: (id: JobId) => fold.jobs.get(id),
  };
  const most = waiting.length + Object.keys(fold.slots.holdings).length;
  const count = PLAYS.find((plays) => plays * most <= DECISIONS_MAX) ?? PLAYS[PLAYS.length - 1] ?? 1;
  const plays = Array.from({ length: count }, (_none, play) =>
    playForward(stage, (ordinal) => quantileIn(play, count, ordinal), Math.floor(DECISIONS_MAX / count)),
  );
  const forecasts = new Map<JobId, Forecast>();
  const verdicts = askGrantRule(
    fold,
    [...found.values()].filter(({ id }) => !plays[0]?.started.has(id)),
  );
  for (const id of asked) {
    const row = found.get(id);
    const isStuck = row !== undefined && verdicts.shortagesOf(row).some(({ cause }) => cause !== "full");
    if (row === undefined) forecasts.set(id, tooFar);
    else forecasts.set(id, isStuck ? none("no forecast: it cannot start as things are") : forecastOf(id, plays, now));
  }
  return forecasts;
}

/** Items of the queue with their forecasts, asked at `now`; null: at the time of the last entry. */
export function withForecasts(fold: Fold, items: readonly QueueItem[], now: string | null): readonly QueueItem[] {
  const forecasts = forecastStarts(fold, new Set(items.map(({ job }) => job)), askedAt(fold, now));
  return items.map((item) => {
    const forecast = forecasts.get(item.job);
    return forecast === undefined ? item : { ...item, forecast };
  });
}

/** No earlier than the last entry: the clock of whoever asks may be behind. */
export const askedAt = ({ head }: Fold, now: string | null): string => (now !== null && now > head.at ? now : head.at);

function upToLast(fold: Fold, asked: ReadonlySet<JobId>): { waiting: JobRow[]; found: ReadonlyMap<JobId, JobRow> } {
  const waiting: JobRow[] = [];
  const found = new Map<JobId, JobRow>();
  for (const row of inGrantOrder(fold.waiting.lines())) {
    if (found.size === asked.size || waiting.length >= WAITING_MAX) break;
    waiting.push(row);
    if (asked.has(row.id)) found.set(row.id, row);
  }
  return { waiting, found };
}

function forecastOf(id: JobId, plays: readonly Play[], now: string): Forecast {
  const started = plays.flatMap((play) => play.started.get(id) ?? []);
  const [first] = plays;
  if (started.length < plays.length) {
    const unknown = [...(first?.unknown ?? [])];
    if (unknown.length > 0) return none(`no run of ${unknown.join(" or ")} has ended yet: no forecast`);
    if (first !== undefined && first.decisions * plays.length >= DECISIONS_MAX - plays.length)
      return none("not forecast: too many jobs are ahead of it");
    return none("no forecast: nothing that runs now gives it what it waits for");
  }
  const times = started.map(({ atMs }) => atMs).sort((a, b) => a - b);
  const at = (share: number) => new Date(times[Math.floor(share * times.length)] ?? 0).toISOString();
  const told = { expected: at(0.5), earliest: at(0.1), latest: at(0.9) };
  const basis = (started[0]?.basis ?? []).map(({ type, model, runs }: RunTimes): Basis => ({ type, model, runs }));
  return { ...told, basis, text: forecastText({ ...told, basis }, now) };
}

const none = (text: string): Forecast => ({ expected: null, earliest: null, latest: null, basis: [], text });

/**
 * Which quantile of its durations a job draws in a play: over all plays each job draws each part of its durations once, and in
 * another order than the jobs beside it, so that a few plays tell as much as many with independent draws would.
 */
function quantileIn(play: number, plays: number, ordinal: number): number {
  const mixed = mix(ordinal);
  const step = 1 + (mixed % (plays - 1));
  const first = (mixed >>> 8) % plays;
  return ((step * play + first) % plays) / plays + 1 / (2 * plays);
}

/** Whole numbers that look as if they had nothing to do with each other, the same on every machine. */
function mix(number: number): number {
  let mixed = Math.imul(number + 1, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
