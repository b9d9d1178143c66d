/**
 * What keeps a waiting job from starting, pool by pool: who holds the slots since when, and who is ahead and why. Which pools it is
 * for want of is the grant rule's own answer, not a second opinion; it can be asked of now, and of a moment in the past.
 */
import type { Block } from "../../events/facts.js";
import { type Demanding, demandOf } from "../demand.js";
import { type Holder, holdersIn } from "../holders.js";
import { compareWaiting, type JobRow, type Shortage } from "../jobs.js";
import { reservationsOf } from "../reservations.js";
import type { Slots, Worker } from "../slots.js";
import { figures } from "../start-facts.js";
import { inGrantOrder } from "../views/view-queue.js";
import { askGrantRule, type Verdicts, type World } from "../views/view-verdicts.js";
import type { Line } from "../waiting.js";

/** Holders and jobs ahead are listed up to this many per pool, so that an answer fits into a message. */
export const NAMED_MAX = 1_000;
/** Of so many of them, per pool, more is told than the name. */
const DETAILED_MAX = 20;

/**
 * Why somebody goes first (INV-004): `reserved`: reservations go before all jobs; a higher `priority`; an earlier `place`;
 * `moved`: an earlier place, though it was submitted later; `created` earlier; or, all else being equal, by its `id`.
 */
export type Precedence = "reserved" | "priority" | "place" | "moved" | "created" | "id";

/** The contract's block, with more about the first 20 of its holders and of those ahead. */
export interface ExplainedBlock extends Block {
  /** Units of the pool, since the grant; oldest grant first. */
  readonly held: readonly { readonly job: string; readonly units: number; readonly since: string }[];
  /** In the order of granting. */
  readonly rivals: readonly { readonly job: string; readonly why: Precedence }[];
}

export interface WaitingAnswer {
  readonly verdict: "startable" | "waiting" | "paused" | "never";
  readonly blockedBy: readonly ExplainedBlock[];
}

/** Explains a job that waits in `world`; names at most so many holders and jobs ahead in each block. */
export function explainWaiting(world: World, row: JobRow, most = NAMED_MAX): WaitingAnswer {
  const heads = headsBefore(row, world.waiting.lines());
  const verdicts = askGrantRule(world, [row, ...heads.values()]);
  if (verdicts.isStarting(row)) return { verdict: "startable", blockedBy: [] };
  const shortages = verdicts.shortagesOf(row);
  const has = (cause: Shortage["cause"]) => shortages.some((shortage) => shortage.cause === cause);
  const verdict = has("over-capacity") ? "never" : has("paused") ? "paused" : "waiting";
  return { verdict, blockedBy: shortages.map((shortage) => blockOf(world, row, shortage, { heads, verdicts, most })) };
}

/** The first job of each line that has jobs before the row. */
function headsBefore(row: JobRow, lines: Iterable<Line>): ReadonlyMap<Line, JobRow> {
  const heads = new Map<Line, JobRow>();
  for (const line of lines) {
    const head = line.rows.first;
    if (head !== undefined && compareWaiting(head, row) < 0) heads.set(line, head);
  }
  return heads;
}

interface Before {
  readonly heads: ReadonlyMap<Line, JobRow>;
  readonly verdicts: Verdicts;
  readonly most: number;
}

function blockOf({ slots }: World, row: JobRow, { pool, cause }: Shortage, before: Before): ExplainedBlock {
  const { most } = before;
  const type = row.askedType ?? "";
  const holding = holdersIn(slots).filter((holder) =>
    pool === "workers" ? sitsWith(slots, holder, type) : demands(slots, pool, holder),
  );
  // Reservations go before every job; one that nothing but its like keeps waiting is no rival, but is not told apart here.
  const reserved = cause === "full" ? reservedAhead(slots, pool) : [];
  const rows = rowsAhead(slots, row, { pool, cause }, { ...before, most: most - reserved.length });
  const rivals = [
    ...reserved.map((job) => ({ job, why: "reserved" as const })),
    ...rows.slice(0, DETAILED_MAX).map((other) => ({ job: other.id, why: precedenceOf(other, row) })),
  ];
  return {
    ...figures(slots, pool, type),
    needs: unitsOf(slots, pool, row.spec),
    holders: holding.slice(0, most).map(({ id }) => id),
    ahead: [...reserved, ...rows.map(({ id }) => id)],
    cause,
    held: holding.slice(0, DETAILED_MAX).map((holder) => {
      const { id: job, since } = holder;
      return { job, units: unitsOf(slots, pool, holder), since };
    }),
    rivals: rivals.slice(0, DETAILED_MAX),
  };
}

function rowsAhead(
  slots: Slots,
  row: JobRow,
  { pool, cause }: Shortage,
  { heads, verdicts, most }: Before,
): readonly JobRow[] {
  const rivals: Line[] = [];
  for (const [line, head] of heads) {
    // A stuck job blocks nobody; only behind the same obstacle does it go first once that is gone.
    const isRival = verdicts
      .shortagesOf(head)
      .every((its) => its.cause === "full" || (its.cause === cause && its.pool === pool));
    if (isRival && sharesPool(slots, pool, line, row.askedType)) rivals.push(line);
  }
  const ahead: JobRow[] = [];
  for (const other of inGrantOrder(rivals)) {
    if (ahead.length >= most || compareWaiting(other, row) >= 0) break;
    ahead.push(other);
  }
  return ahead;
}

/** Why `other`, which is before the row in the order, is. */
export function precedenceOf(other: JobRow, row: JobRow): Exclude<Precedence, "reserved"> {
  if (other.spec?.priority !== row.spec?.priority) return "priority";
  if (other.position !== row.position) return isLater(other, row) ? "moved" : "place";
  return other.createdAt === row.createdAt ? "id" : "created";
}

/** Whether it was submitted after the row, by the addresses of their first facts. */
function isLater({ addresses: [a = 0, b = 0] }: JobRow, { addresses: [position = 0, index = 0] }: JobRow): boolean {
  return a > position || (a === position && b > index);
}

/** What somebody takes of a pool; of `workers`, one seat. */
export function unitsOf(slots: Slots, pool: string, demanding: Demanding | null): number {
  const demand: ReadonlyMap<string, number> = demanding === null ? new Map() : demandOf(demanding, slots.limits);
  return demand.get(pool) ?? 1;
}

/** True if a line's jobs take units of the pool; for `workers`, seats of a worker that the type could have too. */
function sharesPool(slots: Slots, pool: string, line: Line, type: string | null): boolean {
  if (pool !== "workers") return demands(slots, pool, line);
  if (line.type === type) return true;
  return Object.values<Worker>(slots.workers).some((worker) => runs(worker, line.type) && runs(worker, type ?? ""));
}

function reservedAhead(slots: Slots, pool: string): string[] {
  return reservationsOf(slots)
    .waiting.filter((reservation) => demands(slots, pool, reservation))
    .map(({ id }) => id);
}

/** Whether a job has the seat of a worker that runs the type. */
function sitsWith(slots: Slots, { by, isReservation }: Holder, type: string): boolean {
  return !isReservation && runs((slots.workers as Readonly<Record<string, Worker>>)[by], type);
}

function demands(slots: Slots, pool: string, job: Demanding): boolean {
  const demand: ReadonlyMap<string, number> = demandOf(job, slots.limits);
  return demand.has(pool);
}

const runs = (worker: Worker | undefined, type: string): boolean =>
  worker !== undefined && (worker.types?.includes(type) ?? true);
