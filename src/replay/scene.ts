/**
 * What a replay shows of a ledger at one position: plain data, bounded, whatever the ledger's size. Two reels at the same position give
 * equal scenes, however they came there.
 */
import type { Fact } from "../../events/facts.js";
import type { FactAddress, JobId, Position } from "../../events/names.js";
import type { JobState } from "../../events/states.js";
import { demandOf } from "../../projections/demand.js";
import { stateOf } from "../../projections/jobs.js";
import { reservationsOf } from "../../projections/reservations.js";
import { oldestFirst } from "../../projections/slots.js";
import { inGrantOrder } from "../../projections/views/view-queue.js";
import { slotsView } from "../../projections/views/views.js";
import type { Left, Reel, ToldFact } from "./reel.js";

/** A pool with whoever waits for it, holds its slots, and has left it. */
export interface Lane {
  /** The pool; null: jobs that demand of no pool. */
  readonly pool: string | null;
  /** Null where there is no pool. */
  readonly capacity: number | null;
  readonly used: number;
  readonly paused: boolean;
  /** How many wait; `waiting` names the first of them, the next to start first. */
  readonly waitingCount: number;
  readonly waiting: readonly string[];
  /** Oldest grant first; some of them, if they are many. */
  readonly holders: readonly Holding[];
  readonly holdersCount: number;
  /** The latest first. */
  readonly left: readonly Left[];
}

export interface Holding {
  readonly id: string;
  readonly units: number;
  /** `reserved` for a reservation (DEC-004). */
  readonly state: JobState | "reserved";
}

export interface Scene {
  readonly position: Position;
  /** The time of the last entry; null before the first. */
  readonly at: string | null;
  /** All jobs that ever were, also those that the index has forgotten. */
  readonly counts: Readonly<Record<JobState, number>>;
  readonly lanes: readonly Lane[];
  /** The last facts, the latest last. */
  readonly facts: readonly ToldFact[];
  /** Whom the last entry is about. */
  readonly moved: ReadonlySet<string>;
  /** The first fact of the last entry that met the condition. */
  readonly met: FactAddress | null;
}

/** More than the widest and highest terminals show. */
const WAITING_MAX = 60;
const HOLDERS_MAX = 100;
const LEFT_MAX = 40;
const FACTS_MAX = 100;
const MOVED_MAX = 2_000;

export function sceneOf(reel: Reel): Scene {
  const { fold, counts, met, position } = reel;
  return {
    position,
    at: position === 0 ? null : fold.head.at,
    counts: { ...counts },
    lanes: lanesOf(reel),
    facts: reel.facts.slice(-FACTS_MAX),
    moved: new Set(reel.entry.slice(0, MOVED_MAX).flatMap(idOf)),
    met,
  };
}

function lanesOf(reel: Reel): Lane[] {
  const { fold } = reel;
  const { limits } = fold.slots;
  const reserved = reservationsOf(fold.slots).waiting;
  const states = new Map<string, JobState>();
  for (const { job } of holdingsOf(reel)) states.set(job, stateIn(reel, job));
  const lanes = slotsView(fold).pools.map(
    ({ name, capacity, used, paused, waiting, waitingReservations = 0, holders }): Lane => {
      const lines = [...fold.waiting.lines()].filter((line) => demandOf(line, limits).has(name));
      const first = reserved.filter((one) => demandOf(one, limits).has(name)).map(({ id }): string => id);
      return {
        ...{ pool: name, capacity, used, paused },
        waitingCount: waiting + waitingReservations,
        waiting: firstOf(lines, first),
        holders: holders
          .slice(0, HOLDERS_MAX)
          .map(({ job, units }) => ({ id: job, units, state: states.get(job) ?? "reserved" })),
        holdersCount: holders.length,
        left: leftOf(reel, (one) => demandOf(one, limits).has(name)),
      };
    },
  );
  const free = freeLane(reel);
  return free === null ? lanes : [...lanes, free];
}

/** Jobs that demand of no pool start as soon as a worker is free; their lane is there only while there are any. */
function freeLane(reel: Reel): Lane | null {
  const { fold } = reel;
  const { limits } = fold.slots;
  const lines = [...fold.waiting.lines()].filter((line) => demandOf(line, limits).size === 0);
  const waitingCount = lines.reduce((sum, { rows }) => sum + rows.size, 0);
  const held = holdingsOf(reel).filter((holding) => demandOf(holding, limits).size === 0);
  const left = leftOf(reel, (one) => demandOf(one, limits).size === 0);
  if (waitingCount + held.length + left.length === 0) return null;
  const holders = held.slice(0, HOLDERS_MAX).map(({ job }) => ({ id: job, units: 1, state: stateIn(reel, job) }));
  return {
    ...{ pool: null, capacity: null, used: held.length, paused: false },
    ...{ waitingCount, waiting: firstOf(lines, []), holders, holdersCount: held.length, left },
  };
}

const holdingsOf = ({ fold }: Reel) => oldestFirst(fold.slots);

function stateIn({ fold }: Reel, job: JobId): JobState {
  const row = fold.jobs.get(job);
  if (row === undefined) throw new Error(`${job} holds slots and is not in the index`);
  return stateOf(row);
}

function firstOf(lines: Parameters<typeof inGrantOrder>[0], ahead: readonly string[]): readonly string[] {
  const first = ahead.slice(0, WAITING_MAX);
  for (const { id } of inGrantOrder(lines)) {
    if (first.length >= WAITING_MAX) break;
    first.push(id);
  }
  return first;
}

function leftOf({ left }: Reel, fits: (one: Left) => boolean): readonly Left[] {
  return left.filter(fits).slice(-LEFT_MAX).reverse();
}

function idOf(fact: Fact): string[] {
  if ("job" in fact) return [fact.job];
  return "reservation" in fact ? [fact.reservation] : [];
}
