/**
 * Asks the grant rule about jobs that wait: would they start now, and if not, for want of what?
 *
 * The rule itself says only what is new: a job whose denial is on record already is not denied again, and one in a line that
 * was left early is not looked at. So it is run, without recording anything, on a view in which the jobs in question are as if
 * they had never been denied: then it answers for each of them.
 */
import { remember } from "../../events/remember.js";
import { demandOf } from "../demand.js";
import type { Fold } from "../fold.js";
import { compareWaiting, type JobRow, type Shortage } from "../jobs.js";
import { SortedList } from "../sorted-list.js";
import { decideStarts } from "../starts.js";
import type { Line, WaitingView } from "../waiting.js";

/** What the grant rule decides from: the fold's as of its head, or a moment's in the past. */
export type World = Pick<Fold, "waiting" | "slots">;

export interface Verdicts {
  /** True if the job starts in the next pass. */
  isStarting(row: JobRow): boolean;
  /** What a job of those asked about lacks; empty if it starts. */
  shortagesOf(row: JobRow): readonly Shortage[];
}

/** Asked about in one pass: fewer than the denials that a pass gives at most, to leave room for jobs not asked about. */
const ASKED_PER_PASS_MAX = 250;

/** Asks about waiting jobs. A pass costs what a decision costs, and answers for many at once. */
export function askGrantRule(world: World, asked: readonly JobRow[]): Verdicts {
  const starting = new Set<JobRow["id"]>();
  const shortages = new Map<JobRow["id"], readonly Shortage[]>();
  for (let from = 0; from < asked.length; from += ASKED_PER_PASS_MAX) {
    const view = withoutDenials(world.waiting, asked.slice(from, from + ASKED_PER_PASS_MAX));
    const { starts, denials } = decideStarts(view, world.slots);
    for (const { row } of starts) starting.add(row.id);
    for (const denial of denials) shortages.set(denial.row.id, denial.shortages);
  }
  return {
    isStarting: (row) => starting.has(row.id),
    shortagesOf: (row) => (starting.has(row.id) ? [] : (shortages.get(row.id) ?? allOf(row, world))),
  };
}

/** A job that a pass does not come to, because its bounds cut it short, waits behind others for all that it needs. */
function allOf(row: JobRow, world: World): readonly Shortage[] {
  const pools: string[] = row.spec === null ? [] : [...demandOf(row.spec, world.slots.limits).keys()];
  return (pools.length === 0 ? ["workers"] : pools).map((pool) => ({ pool, cause: "full" }));
}

/** The waiting jobs, some of them as if no denial were on record. Reads through to the original, and copies only those. */
function withoutDenials(waiting: WaitingView, asked: readonly JobRow[]): WaitingView {
  const rows = new Map(asked.map((row) => [row, { ...row, deniedBy: null }]));
  const lines = new Map<Line, Line>();
  for (const row of asked) {
    const line = waiting.lineOf(row);
    remember(lines, line, () => ({ ...line, rows: new Replaced(line.rows, rows) }));
  }
  const replace = (line: Line): Line => lines.get(line) ?? line;
  return {
    size: waiting.size,
    undenied: new Set(rows.values()),
    lines: () => Array.from(waiting.lines(), replace).values(),
    lineOf: (row) => replace(waiting.lineOf(row)),
  };
}

/** A line's rows with some replaced by copies that stand in the same place. Only for going through. */
class Replaced extends SortedList<JobRow> {
  readonly #rows: Iterable<JobRow>;
  readonly #copies: ReadonlyMap<JobRow, JobRow>;

  constructor(rows: Iterable<JobRow>, copies: ReadonlyMap<JobRow, JobRow>) {
    super(compareWaiting);
    this.#rows = rows;
    this.#copies = copies;
  }

  override *[Symbol.iterator](): IterableIterator<JobRow> {
    for (const row of this.#rows) yield this.#copies.get(row) ?? row;
  }
}
