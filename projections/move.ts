/**
 * Moving a waiting job to another place inside its priority (DEC-005). Places are whole numbers with room between them; where
 * there is none left, the jobs behind are pushed on until there is.
 */
import type { FactOf } from "../events/facts.js";
import type { JobId } from "../events/names.js";
import type { Decided } from "./commands.js";
import type { Fold } from "./fold.js";
import { PLACE_STRIDE } from "./job-index.js";
import { compareWaiting, type JobRow, stateOf } from "./jobs.js";

export type Destination =
  | { readonly to: "first" | "last" }
  | { readonly to: "before" | "after"; readonly other: JobId };

/** Jobs that one move may push on. Places are far apart, so this is never reached by people. */
const PUSHED_MAX = 1_000;

export function decideMove(fold: Fold, id: JobId, destination: Destination): Decided {
  const row = movable(fold, id);
  if ("refused" in row) return row;
  switch (destination.to) {
    case "first": {
      const first = firstOf(fold, row);
      if (first === undefined || compareWaiting(row, first) < 0) return { facts: [] };
      return { facts: [moved(row, first.position - PLACE_STRIDE)] };
    }
    case "last":
      if (nextOf(fold, row, row) === undefined) return { facts: [] };
      return { facts: [moved(row, fold.nextPlace)] };
    case "before":
    case "after": {
      const other = movable(fold, destination.other);
      if ("refused" in other) return other;
      if (other === row) return { refused: "invalid", reason: `${id} cannot be moved ${destination.to} itself` };
      if (priorityOf(other) !== priorityOf(row)) {
        const reason = `${id} has priority ${priorityOf(row)} and ${other.id} ${priorityOf(other)}: a place is one inside a priority; amend the priority first`;
        return { refused: "conflict", reason };
      }
      const [before, after] =
        destination.to === "before" ? [previousOf(fold, other, row), other] : [other, nextOf(fold, other, row)];
      return between(fold, row, before, after);
    }
    default:
      return destination satisfies never;
  }
}

/** Places the row between two neighbours, either of which may be missing. */
function between(fold: Fold, row: JobRow, before: JobRow | undefined, after: JobRow | undefined): Decided {
  const isThere =
    (before === undefined || compareWaiting(before, row) < 0) &&
    (after === undefined || compareWaiting(row, after) < 0);
  if (isThere) return { facts: [] };
  if (before === undefined) return { facts: [moved(row, (after?.position ?? 0) - PLACE_STRIDE)] };
  if (after === undefined) return { facts: [moved(row, fold.nextPlace)] };
  const gap = after.position - before.position;
  if (gap >= 2) return { facts: [moved(row, before.position + Math.floor(gap / 2))] };
  const facts = [moved(row, before.position + 1)];
  let place = before.position + 1;
  for (
    let next: JobRow | undefined = after;
    next !== undefined && next.position <= place;
    next = nextOf(fold, next, row)
  ) {
    if (facts.length > PUSHED_MAX)
      return {
        refused: "conflict",
        reason: `more than ${PUSHED_MAX} jobs stand without room between them; use first or last`,
      };
    place += 1;
    facts.push(moved(next, place));
  }
  return { facts };
}

const moved = (row: JobRow, position: number): FactOf<"JobMoved"> => ({ type: "JobMoved", job: row.id, position });
const priorityOf = (row: JobRow): number => row.spec?.priority ?? 0;

function movable(fold: Fold, id: JobId): JobRow | Extract<Decided, { refused: unknown }> {
  const row = fold.jobs.get(id);
  if (row === undefined) return { refused: "not-found", reason: `there is no job ${id}` };
  const state = stateOf(row);
  if (state === "queued" || state === "scheduled" || state === "retrying") return row;
  return { refused: "conflict", reason: `${id} is ${state}; only a waiting job has a place in the order` };
}

/** The neighbours of `row` in the order of its priority, as if `without` were not there. */
function previousOf(fold: Fold, row: JobRow, without: JobRow): JobRow | undefined {
  return nearest(fold, row, without, (line) => line.before(row), -1);
}

function nextOf(fold: Fold, row: JobRow, without: JobRow): JobRow | undefined {
  return nearest(fold, row, without, (line) => line.after(row), 1);
}

type Rows = { before(row: JobRow): JobRow | undefined; after(row: JobRow): JobRow | undefined };

function nearest(
  fold: Fold,
  row: JobRow,
  without: JobRow,
  look: (rows: Rows) => JobRow | undefined,
  direction: 1 | -1,
): JobRow | undefined {
  let best: JobRow | undefined;
  const consider = (other: JobRow | undefined) => {
    if (other === undefined || other === row || other === without || priorityOf(other) !== priorityOf(row)) return;
    if (compareWaiting(other, row) * direction < 0) return;
    if (best === undefined || compareWaiting(other, best) * direction < 0) best = other;
  };
  for (const { rows } of fold.waiting.lines()) {
    const found = look(rows);
    // The one to leave out may hide its own neighbour.
    consider(
      found === without && found !== undefined ? (direction > 0 ? rows.after(found) : rows.before(found)) : found,
    );
  }
  // Those that wait for their time, or for their turn in a group, come back to their place.
  for (const waiting of fold.due) consider(waiting);
  for (const { sequential, live } of fold.groups.all.values())
    if (sequential) for (const member of live) if (stateOf(member) === "scheduled") consider(member);
  return best;
}

/** The first of the priority, as if `row` were not there. */
function firstOf(fold: Fold, row: JobRow): JobRow | undefined {
  const beforeAll = { ...row, position: Number.MIN_SAFE_INTEGER };
  return nearest(fold, beforeAll, row, (line) => line.after(beforeAll), 1);
}
