/** The waiting jobs as they are shown: in the order of granting, each with what keeps it from starting. */
import type { JobId } from "../../events/names.js";
import { demandOf } from "../demand.js";
import type { Fold } from "../fold.js";
import type { Forecast } from "../forecast/forecast.js";
import { Heap } from "../heap.js";
import { compareWaiting, type JobRow, type Shortage } from "../jobs.js";
import type { Line } from "../waiting.js";
import { askGrantRule } from "./view-verdicts.js";

export interface QueueItem {
  /** 1 for the next in the order of granting; counted over all waiting jobs, also where only some are shown. */
  readonly place: number;
  readonly job: JobId;
  readonly type: string;
  readonly priority: number;
  readonly position: number;
  readonly createdAt: string;
  /** The number of the attempt that it waits for. */
  readonly attempt: number;
  /** Pool → units, under the limits in force. */
  readonly demand: Readonly<Record<string, number>>;
  /** What keeps it from starting now; empty if nothing does. `explain` tells the details. */
  readonly blockedBy: readonly Shortage[];
  /** When it starts, from how long runs took; there only if it was asked for. */
  readonly forecast?: Forecast;
}

export interface QueueFilter {
  /** Only jobs that demand units of this pool. */
  readonly pool?: string | undefined;
  /** At most so many jobs; absent: all. */
  readonly limit?: number | undefined;
}

export function queueView(fold: Fold, { pool, limit = Number.POSITIVE_INFINITY }: QueueFilter = {}): QueueItem[] {
  const { limits } = fold.slots;
  const shown: { row: JobRow; place: number }[] = [];
  let place = 0;
  for (const row of inGrantOrder(fold.waiting.lines())) {
    if (shown.length >= limit) break;
    place += 1;
    if (row.spec === null) continue;
    const demand: ReadonlyMap<string, number> = demandOf(row.spec, limits);
    if (pool === undefined || demand.has(pool)) shown.push({ row, place });
  }
  const verdicts = askGrantRule(
    fold,
    shown.map(({ row }) => row),
  );
  return shown.map(({ row, place: at }) => {
    const { id: job, spec, position, createdAt, attempts } = row;
    return {
      place: at,
      job,
      type: spec?.type ?? "",
      priority: spec?.priority ?? 0,
      position,
      createdAt,
      attempt: attempts.length + 1,
      demand: spec === null ? {} : Object.fromEntries(demandOf(spec, limits)),
      blockedBy: verdicts.shortagesOf(row),
    };
  });
}

/** The waiting jobs of some lines in the order of granting, one by one as they are asked for. */
export function* inGrantOrder(lines: Iterable<Line>): IterableIterator<JobRow> {
  const heads = new Heap<{ row: JobRow; rest: Iterator<JobRow> }>((a, b) => compareWaiting(a.row, b.row));
  const advance = (rest: Iterator<JobRow>) => {
    const next = rest.next();
    if (next.done !== true) heads.push({ row: next.value, rest });
  };
  for (const line of lines) advance(line.rows[Symbol.iterator]());
  for (let head = heads.pop(); head !== undefined; head = heads.pop()) {
    yield head.row;
    advance(head.rest);
  }
}
