/** Jobs as they are shown: the contract's Job, and lists of jobs. */
import type { Membership } from "../../events/facts.js";
import type { Json, JsonObject } from "../../events/json.js";
import type { JobId, PoolName, Position, WorkerId } from "../../events/names.js";
import { type AttemptOutcome, isSlotHolding, isTerminal, type JobState } from "../../events/states.js";
import { demandOf } from "../demand.js";
import type { Fold } from "../fold.js";
import { Heap } from "../heap.js";
import { type Attempt, compareDue, compareWaiting, type JobRow, stateOf } from "../jobs.js";
import { compareBy, type JobSort } from "./sort-jobs.js";
import type { JobDetails } from "./view-history.js";

export interface AttemptView {
  readonly number: number;
  readonly worker: WorkerId;
  /** The position of the entry that granted it. */
  readonly grant: Position;
  readonly grantedAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly outcome: AttemptOutcome | null;
  readonly exitCode: number | null;
  readonly error: string | null;
  readonly artifacts: readonly Json[];
}

/** A job in a list: the contract's Job without `params`, `result` and `history`. */
export interface JobListItem {
  readonly id: JobId;
  /** Null only for a rejected submission that named no type. */
  readonly type: string | null;
  readonly state: JobState;
  readonly priority: number;
  readonly position: number;
  readonly createdAt: string;
  /** Pool → units, under the limits in force. */
  readonly demand: Readonly<Record<string, number>>;
  readonly labels: Readonly<Record<string, string>>;
  /** The number of the latest attempt; 0 before the first grant. */
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly attempts: readonly AttemptView[];
  readonly reason: string | null;
  readonly retryOf: JobId | null;
  readonly group: Membership | null;
}

/** The contract's Job. */
export interface JobView extends JobListItem, JobDetails {
  readonly params: JsonObject;
}

export interface JobFilter {
  /** Any of these; absent: any at all. */
  readonly states?: readonly JobState[] | undefined;
  readonly type?: string | undefined;
  /** All of these must match. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Only jobs created at this time or later. */
  readonly since?: string | undefined;
  /** Only jobs that demand units of this pool, under the limits in force. */
  readonly pool?: PoolName | undefined;
  /** Only members of this group. */
  readonly group?: string | undefined;
  /** Absent: in the order in which people ask about them. */
  readonly sort?: JobSort | undefined;
  /** Only jobs whose id, type, reason, group or a label has this text, in any case. */
  readonly text?: string | undefined;
  /** At most so many jobs; absent: all. */
  readonly limit?: number | undefined;
}

/** One job with everything about it. `details` come from the ledger, by `historyOf` on the facts at `row.addresses`. */
export function jobView(row: JobRow, fold: Fold, details: JobDetails): JobView {
  const { params, result, history } = details;
  return { ...jobListItem(row, fold), params, result, history };
}

export function jobListItem(row: JobRow, fold: Fold): JobListItem {
  const { id, spec, createdAt, position, attempts, reason, retryOf } = row;
  return {
    id,
    type: row.askedType,
    state: stateOf(row),
    priority: spec?.priority ?? 0,
    position,
    createdAt,
    demand: spec === null ? {} : Object.fromEntries(demandOf(spec, fold.slots.limits)),
    labels: spec?.labels ?? {},
    attempt: attempts.length,
    maxAttempts: spec?.maxAttempts ?? 0,
    attempts: attempts.map(attemptView),
    reason,
    retryOf,
    group: spec?.group ?? null,
  };
}

function attemptView(attempt: Attempt): AttemptView {
  const { number, worker, grant, grantedAt, startedAt, finishedAt, outcome, exitCode, error } = attempt;
  return { number, worker, grant, grantedAt, startedAt, finishedAt, outcome, exitCode, error, artifacts: [] };
}

/**
 * Jobs in the order in which people ask about them: those that hold slots, oldest grant first; those that wait for slots, in
 * the order of granting; those that wait for their time, next first; the finished ones, newest first. Or all together, sorted.
 */
export function jobsView(fold: Fold, filter: JobFilter = {}): JobListItem[] {
  return jobsPage(fold, filter, 0).jobs;
}

/** The same without the first `offset`, and how many jobs match in all. Looks once at all jobs of the index. */
export function jobsPage(
  fold: Fold,
  { limit = Number.POSITIVE_INFINITY, ...filter }: JobFilter,
  offset: number,
): { readonly jobs: JobListItem[]; readonly total: number } {
  const { sort } = filter;
  const wanted = { ...filter, text: filter.text?.toLowerCase() };
  const order = sort === undefined ? SECTIONS : [{ compare: compareBy(sort) }];
  const sections = order.map(({ compare }) => ({ compare, rows: [] as JobRow[] }));
  let total = 0;
  for (const row of fold.jobs.values()) {
    if (!matches(row, wanted, fold)) continue;
    total += 1;
    sections[sort === undefined ? sectionOf(stateOf(row)) : 0]?.rows.push(row);
  }
  const end = offset + limit;
  const first: JobRow[] = [];
  // One by one: a call cannot have 100,000 arguments.
  for (const { rows, compare } of sections)
    for (const row of firstOf(rows, compare, end - first.length)) first.push(row);
  return { jobs: first.slice(offset).map((row) => jobListItem(row, fold)), total };
}

const SECTIONS: readonly { readonly compare: (a: JobRow, b: JobRow) => number }[] = [
  { compare: (a, b) => latestGrant(a) - latestGrant(b) || compareWaiting(a, b) },
  { compare: compareWaiting },
  { compare: compareDue },
  { compare: compareNewestFact },
];

function sectionOf(state: JobState): number {
  if (isSlotHolding(state)) return 0;
  if (state === "queued") return 1;
  return isTerminal(state) ? 3 : 2;
}

/** The filter's text is in lower case. */
function matches(row: JobRow, filter: JobFilter, fold: Fold): boolean {
  const { states, type, labels, since, pool, group, text } = filter;
  if (states !== undefined && !states.includes(stateOf(row))) return false;
  if (type !== undefined && row.askedType !== type) return false;
  if (since !== undefined && row.createdAt < since) return false;
  if (group !== undefined && row.spec?.group?.id !== group) return false;
  if (pool !== undefined && (row.spec === null || !demandOf(row.spec, fold.slots.limits).has(pool))) return false;
  if (text !== undefined && !mentions(row, text)) return false;
  if (labels === undefined) return true;
  const own = row.spec?.labels ?? {};
  return Object.entries(labels).every(([name, value]) => Object.hasOwn(own, name) && own[name] === value);
}

/** `text` is in lower case. */
function mentions({ id, askedType, reason, spec }: JobRow, text: string): boolean {
  const has = (words: string | null | undefined) => words?.toLowerCase().includes(text) === true;
  if (has(id) || has(askedType) || has(reason) || has(spec?.group?.id)) return true;
  return Object.entries(spec?.labels ?? {}).some(([name, value]) => has(`${name}=${value}`));
}

/** The first jobs in a finished state, the one that ended last first. Looks at all jobs of the index. */
export function endedLast(fold: Fold, most: number): readonly JobRow[] {
  const ended = [...fold.jobs.values()].filter((row) => isTerminal(stateOf(row)));
  return firstOf(ended, compareNewestFact, most);
}

const latestGrant = (row: JobRow): number => row.attempts[row.attempts.length - 1]?.grant ?? 0;

/** The last fact of a finished job is the one that ended it. */
export function compareNewestFact(a: JobRow, b: JobRow): number {
  return lastNumber(b, 2) - lastNumber(a, 2) || lastNumber(b, 1) - lastNumber(a, 1);
}

/** Of a row's addresses, the number that is so far from the end: 2 is the position of its last fact, 1 the index in there. */
const lastNumber = ({ addresses }: JobRow, fromEnd: number): number => addresses[addresses.length - fromEnd] ?? 0;

/** The first `most` rows in order. Of 100,000 rows only the few that are shown are kept sorted. */
function firstOf(rows: readonly JobRow[], compare: (a: JobRow, b: JobRow) => number, most: number): JobRow[] {
  if (most >= rows.length) return [...rows].sort(compare);
  const lastOnTop = new Heap<JobRow>((a, b) => compare(b, a));
  let kept = 0;
  for (const row of rows) {
    lastOnTop.push(row);
    kept += 1;
    if (kept > most) lastOnTop.pop();
  }
  const first: JobRow[] = [];
  for (let row = lastOnTop.pop(); row !== undefined; row = lastOnTop.pop()) first.push(row);
  return first.reverse();
}
