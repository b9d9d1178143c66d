/** Slots, limits, workers and the scheduler's health, as they are shown. All as of the last folded entry. */
import type { Limits } from "../../events/limits.js";
import type { DispatcherId, Epoch, JobId, PoolName, Position, WorkerId } from "../../events/names.js";
import type { JobState } from "../../events/states.js";
import { demandOf } from "../demand.js";
import type { Fold } from "../fold.js";
import { type Holder, holdersIn } from "../holders.js";
import { compareText } from "../jobs.js";
import { reservationsOf } from "../reservations.js";
import { oldestFirst, type Pool, type Slots, type Worker } from "../slots.js";

/** The entry as of which something is shown: its position and time. */
export interface AsOf {
  readonly position: Position;
  readonly at: string;
}

export interface HolderView {
  /** The job, or the reservation. */
  readonly job: string;
  readonly units: number;
  /** The position of the entry that granted them. */
  readonly grant: Position;
  readonly since: string;
  /** The worker that runs the job, or whoever has the reservation. */
  readonly worker: string;
  /** There, and true, only for a reservation (DEC-004). */
  readonly reservation?: true;
}

export interface PoolView {
  readonly name: PoolName;
  readonly capacity: number;
  readonly used: number;
  /** Never below 0, though `used` may exceed `capacity` after a limit was lowered (CC-5). */
  readonly free: number;
  readonly paused: boolean;
  /** How many waiting jobs demand units of it. */
  readonly waiting: number;
  /** How many waiting reservations do; they go first. There only if any does (DEC-004). */
  readonly waitingReservations?: number;
  /** Oldest grant first. */
  readonly holders: readonly HolderView[];
}

/** The contract's Slots. */
export interface SlotsView extends AsOf {
  readonly pools: readonly PoolView[];
}

export interface LimitsView extends AsOf {
  /** As in `signalbox.yaml`: what is absent puts no cap. */
  readonly limits: Limits;
  /** True while nobody has set limits, so that the default holds (DEC-011). */
  readonly isDefault: boolean;
}

export interface WorkerView {
  readonly id: WorkerId;
  readonly host: string;
  readonly pid: number;
  readonly joinedAt: string;
  /** How many jobs it runs at once. */
  readonly capacity: number;
  readonly used: number;
  readonly free: number;
  /** Job types that it runs, or null for every type. */
  readonly types: readonly string[] | null;
  /** A process of its own, beside the schedulers. */
  readonly remote: boolean;
  /** It takes no more jobs and is forgotten when its last one has ended. */
  readonly leaving: boolean;
  /** The jobs that it runs, oldest grant first. */
  readonly jobs: readonly JobId[];
}

export interface WorkersView extends AsOf {
  readonly workers: readonly WorkerView[];
}

export interface HealthView extends AsOf {
  readonly epoch: Epoch;
  /** Who was elected last; null if nobody ever was. */
  readonly leader: {
    readonly dispatcher: DispatcherId;
    readonly host: string;
    readonly pid: number;
    readonly version: string;
    readonly since: string;
  } | null;
  /** How many jobs of the index are in each state. */
  readonly jobs: Readonly<Record<JobState, number>>;
  readonly workers: number;
}

export function slotsView(fold: Fold): SlotsView {
  const { slots } = fold;
  const holding = holdersIn(slots);
  const waiting = new Map<PoolName, number>();
  for (const line of fold.waiting.lines()) {
    for (const pool of demandOf(line, slots.limits).keys())
      waiting.set(pool, (waiting.get(pool) ?? 0) + line.rows.size);
  }
  const demandsOfWaiting = reservationsOf(slots).waiting.map((reservation) => demandOf(reservation, slots.limits));
  const pools = Object.values<Pool>(slots.pools).map(({ name, capacity, used, paused }): PoolView => {
    const holders = poolHolders(slots, holding, name);
    const free = Math.max(0, capacity - used);
    const waitingReservations = demandsOfWaiting.filter((demand) => demand.has(name)).length;
    return {
      ...{ name, capacity, used, free, paused, waiting: waiting.get(name) ?? 0 },
      ...(waitingReservations > 0 && { waitingReservations }),
      holders,
    };
  });
  return { ...asOf(fold), pools };
}

/** Those of the holders that hold units of the pool. */
export function poolHolders({ limits }: Slots, holding: readonly Holder[], pool: PoolName): HolderView[] {
  return holding.flatMap((holder): HolderView[] => {
    const { id: job, grant, since, by: worker } = holder;
    const units = demandOf(holder, limits).get(pool);
    if (units === undefined) return [];
    return [{ job, units, grant, since, worker, ...(holder.isReservation && { reservation: true as const }) }];
  });
}

export function limitsView(fold: Fold): LimitsView {
  return { ...asOf(fold), limits: fold.slots.limits, isDefault: !fold.settings.limitsKnown };
}

/** Workers, the longest serving first. */
export function workersView(fold: Fold): WorkersView {
  const holdings = oldestFirst(fold.slots);
  const workers = Object.values<Worker>(fold.slots.workers)
    .sort((a, b) => compareText(a.joinedAt, b.joinedAt) || compareText(a.id, b.id))
    .map(({ id, process, capacity, used, types, joinedAt, leaving, remote }): WorkerView => {
      const jobs = holdings.filter(({ worker }) => worker === id).map(({ job }) => job);
      const free = leaving ? 0 : Math.max(0, capacity - used);
      return { id, host: process.host, pid: process.pid, joinedAt, capacity, used, free, types, remote, leaving, jobs };
    });
  return { ...asOf(fold), workers };
}

/** The projection's part of health, beside what the process that is asked says about itself: its role, and what else it knows. */
export function healthView<Own extends { readonly role: string }>(fold: Fold, own: Own): Own & HealthView {
  const { leader } = fold;
  return {
    ...own,
    ...asOf(fold),
    epoch: fold.head.epoch,
    leader: leader && {
      dispatcher: leader.dispatcher,
      host: leader.process.host,
      pid: leader.process.pid,
      version: leader.version,
      since: leader.at,
    },
    jobs: { ...fold.counts },
    workers: Object.keys(fold.slots.workers).length,
  };
}

function asOf(fold: Fold): AsOf {
  const { position, at } = fold.head;
  return { position, at };
}
