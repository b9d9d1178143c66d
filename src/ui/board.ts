/**
 * The board: everything that the page shows of one moment, from the fold of that moment and by the views that also answer the
 * command line. Bounded, and at a cost that does not grow with the number of jobs: it is made anew several times a second.
 */
import type { JobId, ReservationId } from "../../events/names.js";
import { demandOf } from "../../projections/demand.js";
import type { Fold } from "../../projections/fold.js";
import { type JobRow, stateOf } from "../../projections/jobs.js";
import { inGrantOrder } from "../../projections/views/view-queue.js";
import { askGrantRule, type Verdicts } from "../../projections/views/view-verdicts.js";
import {
  groupListItem,
  type HolderView,
  healthView,
  limitsView,
  type PoolView,
  reservationsView,
  schedulesView,
  slotsView,
  workersView,
} from "../../projections/views/views.js";
import type { Board, BoardHolder, BoardJob, BoardPool, FirstIds, Listed } from "./protocol.js";

const POOLS_SHOWN_MAX = 200;
const WAITING_SHOWN_MAX = 50;
const DUE_SHOWN_MAX = 30;
export const ENDED_SHOWN_MAX = 50;
const WORKERS_SHOWN_MAX = 100;
const SCHEDULES_SHOWN_MAX = 100;
const RESERVATIONS_SHOWN_MAX = 50;
/** Of each pool's holders and line so many are shown where there are few pools, and fewer where there are many. */
const HOLDERS_PER_POOL_MAX = 100;
const HOLDERS_SHOWN_MAX = 1_000;
const LINE_PER_POOL_MAX = 30;
const LINES_SHOWN_MAX = 400;

/** The board of a fold in which no entry is open. `ended`: the jobs that ended last, newest first (`endedLast`). */
export function boardOf(fold: Fold, ended: readonly JobRow[]): Board {
  const named = new NamedJobs(fold);
  const { position, at, epoch, leader, jobs: counts } = healthView(fold, { role: "reader" });
  const { limits, isDefault } = limitsView(fold);
  const waiting = named.first(inGrantOrder(fold.waiting.lines()), WAITING_SHOWN_MAX, fold.waiting.size);
  const due = named.first(fold.due, DUE_SHOWN_MAX, counts.scheduled + counts.retrying);
  const endedTotal = counts.completed + counts.skipped + counts.failed + counts.cancelled + counts.rejected;
  const pools = poolsOf(fold, named);
  return {
    ...{ position, at, epoch, leader, counts, limits, isDefaultLimits: isDefault, pools, waiting, due },
    ended: named.first(ended, ENDED_SHOWN_MAX, endedTotal),
    jobs: named.jobs(),
    workers: listed(workersView(fold).workers, ({ id }) => id, WORKERS_SHOWN_MAX, asIs),
    schedules: listed(schedulesView(fold), ({ name }) => name, SCHEDULES_SHOWN_MAX, asIs),
    groups: named.groups(),
    reservations: listed(reservationsView(fold), ({ id }) => id, RESERVATIONS_SHOWN_MAX, asIs),
  };
}

function poolsOf(fold: Fold, named: NamedJobs): Board["pools"] {
  const { pools } = slotsView(fold);
  const shown = Math.max(1, Math.min(pools.length, POOLS_SHOWN_MAX));
  const holdersMax = Math.min(HOLDERS_PER_POOL_MAX, Math.ceil(HOLDERS_SHOWN_MAX / shown));
  const lineMax = Math.min(LINE_PER_POOL_MAX, Math.ceil(LINES_SHOWN_MAX / shown));
  const lines = [...fold.waiting.lines()].map((line) => ({ line, demand: demandOf(line, fold.slots.limits) }));
  const boardPool = ({ holders, ...pool }: PoolView): BoardPool => {
    const own = lines.filter(({ demand }) => demand.has(pool.name)).map(({ line }) => line);
    const line = named.first(inGrantOrder(own), lineMax, pool.waiting).ids;
    return { ...pool, holders: holdersOf(fold, named, holders, holdersMax), line };
  };
  return listed(pools, ({ name }) => name, POOLS_SHOWN_MAX, boardPool);
}

function holdersOf(
  fold: Fold,
  named: NamedJobs,
  holders: readonly HolderView[],
  most: number,
): Listed<string, BoardHolder> {
  return listed(
    holders,
    // A reservation may be called like a job.
    ({ job, reservation }) => (reservation === true ? `direct:${job}` : job),
    most,
    (holder) => ({ ...holder, leaseMs: leaseOf(fold, named, holder) }),
  );
}

function leaseOf(fold: Fold, named: NamedJobs, { job, reservation }: HolderView): number {
  if (reservation === true) return fold.slots.reservations[job as ReservationId]?.leaseMs ?? 0;
  const row = fold.jobs.get(job as JobId);
  if (row === undefined) return 0;
  named.add(row);
  return row.attempts[row.attempts.length - 1]?.leaseMs ?? 0;
}

/** The jobs that are named in some list of the board. Each stands there once, however many lists name it. */
class NamedJobs {
  readonly #fold: Fold;
  readonly #rows = new Map<JobId, JobRow>();

  constructor(fold: Fold) {
    this.#fold = fold;
  }

  add(row: JobRow): void {
    this.#rows.set(row.id, row);
  }

  first(rows: Iterable<JobRow>, most: number, total: number): FirstIds {
    const ids: JobId[] = [];
    for (const row of rows) {
      if (ids.length >= most) break;
      this.add(row);
      ids.push(row.id);
    }
    return { total, ids };
  }

  jobs(): Board["jobs"] {
    const rows = [...this.#rows.values()];
    const verdicts = askGrantRule(
      this.#fold,
      rows.filter((row) => stateOf(row) === "queued"),
    );
    return Object.fromEntries(rows.map((row) => [row.id, boardJob(row, this.#fold, verdicts)]));
  }

  groups(): Board["groups"] {
    const { all } = this.#fold.groups;
    const ids = new Set([...this.#rows.values()].flatMap(({ spec }) => spec?.group?.id ?? []));
    const groups = [...ids].flatMap((id) => all.get(id) ?? []).map(groupListItem);
    return { ...listed(groups, ({ id }) => id, Number.POSITIVE_INFINITY, asIs), total: all.size };
  }
}

function boardJob(row: JobRow, { slots }: Fold, verdicts: Verdicts): BoardJob {
  const { id, spec, createdAt, attempts, dueAt, reason } = row;
  const state = stateOf(row);
  const latest = attempts[attempts.length - 1];
  // Written out: taken apart and put together it would cost ten times as much, and there are hundreds of them.
  return {
    id,
    type: row.askedType,
    state,
    priority: spec?.priority ?? 0,
    createdAt,
    attempt: attempts.length,
    maxAttempts: spec?.maxAttempts ?? 0,
    demand: spec === null ? {} : Object.fromEntries(demandOf(spec, slots.limits)),
    group: spec?.group?.id ?? null,
    worker: latest?.worker ?? null,
    grantedAt: latest?.grantedAt ?? null,
    startedAt: latest?.startedAt ?? null,
    finishedAt: latest?.finishedAt ?? null,
    dueAt,
    reason,
    blockedBy: state === "queued" ? verdicts.shortagesOf(row) : null,
  };
}

/** The first items in their order; `idOf` tells them apart. */
function listed<Id extends string, Item, Shown>(
  items: readonly Item[],
  idOf: (item: Item) => Id,
  most: number,
  show: (item: Item) => Shown,
): Listed<Id, Shown> {
  const first = items.slice(0, most);
  const ids = first.map(idOf);
  // Its keys are just these ids.
  const byId = Object.fromEntries(first.map((item) => [idOf(item), show(item)])) as Record<Id, Shown>;
  return { total: items.length, ids, byId };
}

const asIs = <T>(item: T): T => item;
