/**
 * Explains one pool: who holds its slots since when, who waits for them in which order and why in that one, and what has to happen
 * before the next of them starts.
 */
import type { PoolName, Position } from "../../events/names.js";
import { demandOf } from "../demand.js";
import type { Fold } from "../fold.js";
import { holdersIn } from "../holders.js";
import type { JobRow } from "../jobs.js";
import { reservationsOf } from "../reservations.js";
import { inGrantOrder } from "../views/view-queue.js";
import { type HolderView, poolHolders } from "../views/view-slots.js";
import { explainWaiting, type Precedence, precedenceOf, unitsOf } from "./blocks.js";
import { heldSince } from "./causes-since.js";
import { nextStep } from "./next-step.js";
import { poolText } from "./pool-sentences.js";

export interface PoolExplanation {
  readonly pool: PoolName;
  /** The position and the time as of which this holds. */
  readonly position: Position;
  readonly at: string;
  readonly capacity: number;
  /** Above the capacity only after that was lowered (CC-5). */
  readonly used: number;
  readonly free: number;
  readonly paused: boolean;
  /** Since when it is paused; null if it is not, or has been for longer than is remembered. */
  readonly pausedSince: string | null;
  /** Since when it has this capacity; null if for longer than is remembered. */
  readonly capacitySince: string | null;
  /** Oldest grant first. */
  readonly holders: readonly HolderView[];
  /** Who waits for units of it, in the order of granting: the first 1,000. */
  readonly waiting: readonly PoolWaiter[];
  /** What has to happen before the first of them that can start does; null if nobody waits. */
  readonly next: string | null;
  /** A sentence or two for a person. */
  readonly text: string;
}

export interface PoolWaiter {
  /** The job, or the reservation. */
  readonly job: string;
  /** Units of the pool. */
  readonly needs: number;
  /** Why it goes before the one behind it; null for the last. */
  readonly why: Precedence | null;
  /** There, and true, only for a reservation (DEC-004). */
  readonly reservation?: true;
}

const WAITERS_MAX = 1_000;
/** Looked at from the front, to find one that can start. */
const LOOKED_AT_MAX = 50;

/** As of the last folded entry. Throws if there is no such pool. */
export function explainPool(fold: Fold, name: PoolName): PoolExplanation {
  const { slots, past, head } = fold;
  const pool = slots.pools[name];
  if (pool === undefined) throw new Error(`there is no pool ${name}`);
  const { capacity, used, paused } = pool;
  const rows = rowsFor(fold, name);
  const reservations = reservationsOf(slots).waiting.filter((one) => demandOf(one, slots.limits).has(name));
  const explained = {
    ...{ pool: name, position: head.position, at: head.at, capacity, used, free: Math.max(0, capacity - used), paused },
    pausedSince: paused ? heldSince(past, ({ pools }) => pools[name]?.paused === true) : null,
    capacitySince: heldSince(past, ({ pools }) => pools[name]?.capacity === capacity),
    holders: poolHolders(slots, holdersIn(slots), name),
    waiting: [
      ...reservations.map(({ id }, index, all): PoolWaiter => {
        const isLast = index === all.length - 1 && rows.length === 0;
        const needs = unitsOf(slots, name, all[index] ?? null);
        return { job: id, needs, why: isLast ? null : "reserved", reservation: true };
      }),
      ...rows.map((row, index): PoolWaiter => {
        const behind = rows[index + 1];
        const why = behind === undefined ? null : precedenceOf(row, behind);
        return { job: row.id, needs: unitsOf(slots, name, row.spec), why };
      }),
    ],
    next: nextOf(fold, name, paused, reservations[0]?.id, rows),
  };
  return { ...explained, text: poolText(explained) };
}

function rowsFor({ waiting, slots }: Fold, name: PoolName): readonly JobRow[] {
  const lines = [...waiting.lines()].filter((line) => demandOf(line, slots.limits).has(name));
  const rows: JobRow[] = [];
  for (const row of inGrantOrder(lines)) {
    if (rows.length >= WAITERS_MAX) break;
    rows.push(row);
  }
  return rows;
}

function nextOf(
  fold: Fold,
  name: PoolName,
  isPaused: boolean,
  reserved: string | undefined,
  rows: readonly JobRow[],
): string | null {
  if (reserved === undefined && rows.length === 0) return null;
  if (isPaused) return `Pool ${name} has to be resumed.`;
  if (reserved !== undefined) return `Next is the reservation ${reserved}, when there is room for it.`;
  for (const row of rows.slice(0, LOOKED_AT_MAX)) {
    const answer = explainWaiting(fold, row);
    if (answer.verdict === "startable") return `The scheduler's next decision starts ${row.id}.`;
    if (answer.blockedBy.some(({ cause }) => cause !== "full")) continue;
    const step = nextStep(answer, row);
    return `Next is ${row.id}: ${step.charAt(0).toLowerCase()}${step.slice(1)}`;
  }
  const first = rows[0]?.id ?? "";
  return `None of those that wait can start as things are; \`explain ${first}\` says why.`;
}
