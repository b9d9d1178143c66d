/** The part of a ledger that is played: from one position to another, both included. */
import { ClientFailure } from "../client/failure.js";
import { firstAfter } from "../client/reader.js";
import type { Until } from "../client/until.js";
import type { Log } from "../log/log.js";

export interface Range {
  /** The first position that is played. */
  readonly from: number;
  /** The last one; less than `from` if there is nothing to play. */
  readonly to: number;
}

/** A beginning in time is the first entry of that time or after it; an end, the last one of that time or before. */
export async function rangeOf(ledger: Log, from: Until | null, to: Until | null): Promise<Range> {
  const { last } = await ledger.state();
  const there = (position: number): number => {
    if (position <= last) return position;
    throw new ClientFailure("not-found", `the ledger ends at position ${last}; there is no ${position} yet`);
  };
  return { from: await firstOf(ledger, from, there), to: await lastOf(ledger, to, last, there) };
}

/** The position that is meant by a position or a time in the middle of a replay, within the range. */
export async function placeOf(ledger: Log, place: Until, { from, to }: Range): Promise<number> {
  const position = "position" in place ? place.position : await firstOf(ledger, place, (there) => there);
  return Math.min(to, Math.max(from - 1, position));
}

async function firstOf(ledger: Log, from: Until | null, there: (position: number) => number): Promise<number> {
  if (from === null) return 1;
  if ("position" in from) return Math.max(1, there(from.position));
  return there(await firstAfter(ledger, new Date(Date.parse(from.time) - 1).toISOString()));
}

async function lastOf(
  ledger: Log,
  to: Until | null,
  last: number,
  there: (position: number) => number,
): Promise<number> {
  if (to === null) return last;
  return "position" in to ? there(to.position) : (await firstAfter(ledger, to.time)) - 1;
}
