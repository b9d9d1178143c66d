/**
 * Explains one job: why it waits and behind whom, or why it started when it did, or how it ended. What keeps a waiting job from
 * starting is the grant rule's own answer, not a second opinion.
 */
import type { Block } from "../events/facts.js";
import type { JobId, Position } from "../events/names.js";
import { isSlotHolding, isTerminal, type JobState } from "../events/states.js";
import { type Demanding, demandOf } from "./demand.js";
import type { Fold } from "./fold.js";
import { type Holder, holdersIn } from "./holders.js";
import { compareWaiting, type JobRow, type Shortage, stateOf } from "./jobs.js";
import { reservationsOf } from "./reservations.js";
import type { Slots, Worker } from "./slots.js";
import { figures } from "./start-facts.js";
import type { AddressedFact } from "./view-history.js";
import { inGrantOrder } from "./view-queue.js";
import { NAMED_MAX, sentenceOf } from "./view-sentences.js";
import { askGrantRule, type Verdicts } from "./view-verdicts.js";
import type { Line } from "./waiting.js";

/** `never`: not under the limits in force. `paused`: not until a pool is resumed. `granted`: it holds its slots. */
export type Verdict = "startable" | "waiting" | "paused" | "never" | "granted" | "terminal";

/** The contract's Explain. */
export interface Explanation {
  readonly job: JobId;
  readonly state: JobState;
  /** The position of the ledger as of which this holds. */
  readonly position: Position;
  readonly verdict: Verdict;
  /** The pools for want of which a queued job does not start; `workers` where no worker has a seat for it. */
  readonly blockedBy: readonly Block[];
  /** A sentence or two for a person. */
  readonly text: string;
}

/**
 * Explains a job as of the last folded entry; null if the index does not know it. With its facts from the ledger, the text
 * also tells what a granted job had waited for, and when exactly it ended.
 */
export function explain(fold: Fold, id: JobId, facts: readonly AddressedFact[] = []): Explanation | null {
  const row = fold.jobs.get(id);
  if (row === undefined) return null;
  const state = stateOf(row);
  const { verdict, blockedBy } =
    state === "queued" ? explainWaiting(fold, row) : { verdict: verdictOf(state), blockedBy: [] };
  const turn = heldBehind(fold, row);
  const text = sentenceOf({ row, state, verdict, blockedBy, facts, turn, limits: fold.slots.limits });
  return { job: id, state, position: fold.head.position, verdict, blockedBy, text };
}

/** The member of its sequential group whose turn it is, where that keeps the row waiting. */
function heldBehind(fold: Fold, { spec, id }: JobRow): JobId | null {
  const group = spec?.group === undefined ? undefined : fold.groups.all.get(spec.group.id);
  return group?.sequential === true && group.turn !== null && group.turn.id !== id ? group.turn.id : null;
}

function verdictOf(state: Exclude<JobState, "queued">): Verdict {
  if (isTerminal(state)) return "terminal";
  // The scheduled and the retrying wait too, but for their time.
  return isSlotHolding(state) ? "granted" : "waiting";
}

function explainWaiting(fold: Fold, row: JobRow): Pick<Explanation, "verdict" | "blockedBy"> {
  const heads = headsBefore(row, fold.waiting.lines());
  const verdicts = askGrantRule(fold, [row, ...heads.values()]);
  if (verdicts.isStarting(row)) return { verdict: "startable", blockedBy: [] };
  const shortages = verdicts.shortagesOf(row);
  const has = (cause: Shortage["cause"]) => shortages.some((shortage) => shortage.cause === cause);
  const verdict = has("over-capacity") ? "never" : has("paused") ? "paused" : "waiting";
  return { verdict, blockedBy: shortages.map((shortage) => blockOf(fold, row, shortage, { heads, verdicts })) };
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
}

function blockOf(fold: Fold, row: JobRow, { pool, cause }: Shortage, { heads, verdicts }: Before): Block {
  const { slots } = fold;
  const rivals: Line[] = [];
  for (const [line, head] of heads) {
    // A stuck job blocks nobody; only behind the same obstacle does it go first once that is gone.
    const isRival = verdicts
      .shortagesOf(head)
      .every((its) => its.cause === "full" || (its.cause === cause && its.pool === pool));
    if (isRival && sharesPool(slots, pool, line, row.askedType)) rivals.push(line);
  }
  // Reservations go before every job; one that nothing but its like keeps waiting is no rival, but is not told apart here.
  const ahead: string[] = cause === "full" ? reservedAhead(slots, pool) : [];
  for (const other of inGrantOrder(rivals)) {
    if (ahead.length >= NAMED_MAX || compareWaiting(other, row) >= 0) break;
    ahead.push(other.id);
  }
  const type = row.askedType ?? "";
  const holders = holdersIn(slots)
    .filter((holder) => (pool === "workers" ? sitsWith(slots, holder, type) : demands(slots, pool, holder)))
    .slice(0, NAMED_MAX)
    .map(({ id }) => id);
  const demand: ReadonlyMap<string, number> = row.spec === null ? new Map() : demandOf(row.spec, slots.limits);
  return { ...figures(slots, pool, type), needs: demand.get(pool) ?? 1, holders, ahead, cause };
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
