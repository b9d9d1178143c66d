/**
 * The grant rule: who starts now, and for everyone the pass looks at, why not. A pure function of the projection; the
 * dispatcher, StartDenied and `explain` all use this one.
 *
 * Reservations go first, in their order (DEC-004): one starts under the same conditions as a job, but needs no worker; one that
 * waits behind another one of the same pools sets nothing aside. Then, going down the waiting order, a job starts if every pool
 * that it demands is not paused and has room beside what is in use and what is *set aside*, and a worker for its type has a free
 * seat. If it does not start, its units are set aside in each of its pools for the rest of the pass, so a job behind it may start
 * only where that cannot delay it (INV-004). A job that cannot start whatever ends (paused pool, demand above a lowered capacity,
 * no worker) sets nothing aside (CC-5).
 *
 * All jobs of a line demand the same, so a line is left as soon as nothing behind can change the outcome: its head is stuck,
 * or all its pools have nothing left. A pass costs the number of lines plus the free units, not the number of jobs.
 */
import type { JobId, PoolName, WorkerId } from "../events/names.js";
import { remember } from "../events/remember.js";
import { type Demand, demandOf } from "./demand.js";
import { Heap } from "./heap.js";
import { compareText, compareWaiting, type JobRow, type Shortage, shortageKey } from "./jobs.js";
import { type ReservedStart, type Rival, startReservations } from "./reserved-starts.js";
import { fits, stuckPools, subtract } from "./room.js";
import type { Freed, Slots, Worker } from "./slots.js";
import type { Line, WaitingView } from "./waiting.js";

export interface Start {
  readonly row: JobRow;
  readonly worker: WorkerId;
  readonly demand: Demand;
  /** Waiting jobs ahead that this start overtakes; empty unless `limits.maxOvertakes` allows it. */
  readonly overtook: readonly JobId[];
}

export interface Denial {
  readonly row: JobRow;
  readonly shortages: readonly Shortage[];
  /** Per pool, the first few reservations and waiting jobs ahead of this one that take it too. */
  readonly ahead: ReadonlyMap<string, readonly Rival[]>;
}

export interface Decision {
  readonly reserved: readonly ReservedStart[];
  readonly starts: readonly Start[];
  /** True if the bounds cut the pass short: another one, after these facts, would find more. */
  readonly more: boolean;
  /** Jobs that do not start and whose shortages are not on record yet, or are other ones now. */
  readonly denials: readonly Denial[];
}

/** Where overtaking is allowed, a pass looks at about so many blocked jobs; then it closes their pools. */
const BLOCKED_JOBS_LOOKED_AT_MAX = 1_000;
/** Bounds on one pass, so that its facts fit into one entry. What is left over is found by the next pass. */
const STARTS_PER_PASS_MAX = 500;
const DENIALS_PER_PASS_MAX = 500;
/** How many jobs ahead a denial names per pool. */
const AHEAD_NAMED_MAX = 3;

/** `freed`: slots given back that `slots` still counts as used. */
export function decideStarts(waiting: WaitingView, slots: Slots, freed: readonly Freed[] = []): Decision {
  return new Pass(slots, freed).run(waiting);
}

interface Cursor {
  readonly line: Line;
  readonly rest: Iterator<JobRow>;
  readonly row: JobRow;
}

class Pass {
  readonly #slots: Slots;
  readonly #overtakesMax: number;
  /** Units neither in use nor set aside. May go below zero, which is as good as zero. */
  readonly #room = new Map<PoolName, number>();
  /** The same beside the units of jobs that must not be overtaken any more. The same map while overtaking is not allowed. */
  readonly #roomOvertaking: Map<PoolName, number>;
  readonly #rooms: readonly Map<PoolName, number>[];
  readonly #seats = new Map<WorkerId, number>();
  readonly #workersByType = new Map<string, readonly Worker[]>();
  /** Blocked jobs that may still be overtaken, with how often they were. */
  readonly #overtakable = new Map<JobRow, number>();
  readonly #ahead = new Map<string, JobRow[]>();
  #reservedAhead: ReadonlyMap<string, readonly Rival[]> = new Map();
  readonly #starts: Start[] = [];
  readonly #started = new Set<JobRow>();
  readonly #denials: Denial[] = [];
  readonly #looked = new Set<JobRow>();
  /** Why each line was left. */
  readonly #lineShortages = new Map<Line, readonly Shortage[]>();

  constructor(slots: Slots, freed: readonly Freed[]) {
    this.#slots = slots;
    this.#overtakesMax = slots.limits.maxOvertakes ?? 0;
    for (const pool of Object.values<Slots["pools"][PoolName]>(slots.pools))
      this.#room.set(pool.name, pool.capacity - pool.used);
    for (const worker of Object.values<Worker>(slots.workers))
      this.#seats.set(worker.id, worker.capacity - worker.used);
    for (const { demanding, worker } of freed) {
      for (const [pool, units] of demandOf(demanding, slots.limits))
        this.#room.set(pool, (this.#room.get(pool) ?? 0) + units);
      this.#seats.set(worker, (this.#seats.get(worker) ?? 0) + 1);
    }
    this.#roomOvertaking = this.#overtakesMax === 0 ? this.#room : new Map(this.#room);
    this.#rooms = this.#overtakesMax === 0 ? [this.#room] : [this.#room, this.#roomOvertaking];
  }

  run(waiting: WaitingView): Decision {
    const { reserved, ahead } = startReservations(this.#slots, this.#rooms);
    this.#reservedAhead = ahead;
    const cursors = new Heap<Cursor>((a, b) => compareWaiting(a.row, b.row));
    const advance = (line: Line, rest: Iterator<JobRow>) => {
      const next = rest.next();
      if (next.done !== true) cursors.push({ line, rest, row: next.value });
    };
    for (const line of waiting.lines()) advance(line, line.rows[Symbol.iterator]());
    for (let next = cursors.pop(); next !== undefined; next = cursors.pop()) {
      const { line, rest, row } = next;
      const goesOn = this.#look(line, row);
      if (goesOn) advance(line, rest);
      if (this.#starts.length >= STARTS_PER_PASS_MAX) break;
    }
    this.#denyUnlooked(waiting.undenied, waiting);
    const more = this.#starts.length >= STARTS_PER_PASS_MAX || this.#denials.length > DENIALS_PER_PASS_MAX;
    return {
      reserved,
      starts: this.#starts,
      denials: this.#denials.slice(0, DENIALS_PER_PASS_MAX),
      more,
    };
  }

  /** Starts the row or denies it. False if nothing behind it in its line can start in this pass. */
  #look(line: Line, row: JobRow): boolean {
    const demand = demandOf(line, this.#slots.limits);
    this.#looked.add(row);
    const stuck = this.#stuckBy(line.type, demand);
    if (stuck.length > 0) {
      this.#lineShortages.set(line, stuck);
      this.#deny(row, stuck);
      return false;
    }
    const worker = this.#freeWorker(line.type);
    if (worker !== null && fits(demand, this.#room)) {
      this.#start(row, worker, demand, []);
      return true;
    }
    if (worker !== null && this.#overtakesMax > 0 && fits(demand, this.#roomOvertaking)) {
      this.#start(row, worker, demand, this.#overtake(demand));
      return true;
    }
    this.#deny(row, this.#fullFor(demand, worker !== null));
    this.#setAside(row, demand);
    if (this.#overtakable.size > BLOCKED_JOBS_LOOKED_AT_MAX) this.#closePools(demand);
    const isClosed = [...demand.keys()].every((pool) => (this.#roomOvertaking.get(pool) ?? 0) <= 0);
    if (isClosed) this.#lineShortages.set(line, this.#fullFor(demand, worker !== null));
    return !isClosed;
  }

  #start(row: JobRow, worker: Worker, demand: Demand, overtook: readonly JobId[]): void {
    for (const room of this.#rooms) subtract(demand, room);
    this.#seats.set(worker.id, (this.#seats.get(worker.id) ?? 0) - 1);
    this.#started.add(row);
    this.#starts.push({ row, worker: worker.id, demand, overtook });
  }

  #setAside(row: JobRow, demand: Demand): void {
    for (const pool of demand.keys()) {
      const first = remember(this.#ahead, pool, () => [] as JobRow[]);
      if (first.length < AHEAD_NAMED_MAX) first.push(row);
    }
    subtract(demand, this.#room);
    if (this.#roomOvertaking === this.#room) return;
    if (row.overtaken < this.#overtakesMax) this.#overtakable.set(row, row.overtaken);
    else subtract(demand, this.#roomOvertaking);
  }

  /** So many jobs are blocked that nobody counts how far: nothing more of these pools is given away in this pass. */
  #closePools(demand: Demand): void {
    for (const pool of demand.keys()) {
      this.#room.set(pool, Math.min(0, this.#room.get(pool) ?? 0));
      this.#roomOvertaking.set(pool, 0);
    }
  }

  /** Counts an overtake for each job ahead whose set-aside units are used; whoever reaches the bound is strict from then on. */
  #overtake(demand: Demand): readonly JobId[] {
    const overtook: JobId[] = [];
    for (const [row, times] of this.#overtakable) {
      const theirs = row.spec === null ? new Map() : demandOf(row.spec, this.#slots.limits);
      const isPassed = [...demand].some(([pool, units]) => theirs.has(pool) && (this.#room.get(pool) ?? 0) < units);
      if (!isPassed) continue;
      overtook.push(row.id);
      if (times + 1 < this.#overtakesMax) this.#overtakable.set(row, times + 1);
      else {
        this.#overtakable.delete(row);
        subtract(theirs, this.#roomOvertaking);
      }
    }
    return overtook;
  }

  #stuckBy(type: string, demand: Demand): Shortage[] {
    const shortages = stuckPools(demand, this.#slots);
    if (this.#workersFor(type).length === 0) shortages.push({ pool: "workers", cause: "no-worker" });
    return shortages;
  }

  #fullFor(demand: Demand, hasWorker: boolean): Shortage[] {
    const shortages: Shortage[] = [];
    for (const [pool, units] of demand)
      if ((this.#room.get(pool) ?? 0) < units) shortages.push({ pool, cause: "full" });
    if (!hasWorker) shortages.push({ pool: "workers", cause: "full" });
    return shortages;
  }

  #deny(row: JobRow, shortages: readonly Shortage[]): void {
    if (row.deniedBy === shortageKey(shortages)) return;
    this.#denials.push({ row, shortages, ahead: this.#aheadOf(row, shortages) });
  }

  #aheadOf(row: JobRow, shortages: readonly Shortage[]): Denial["ahead"] {
    const isAhead = (other: JobRow) => compareWaiting(other, row) < 0;
    return new Map(
      shortages.map(({ pool }) => {
        const rivals: readonly Rival[] = [
          ...(this.#reservedAhead.get(pool) ?? []),
          ...(this.#ahead.get(pool) ?? []).filter(isAhead),
        ];
        return [pool, rivals.slice(0, AHEAD_NAMED_MAX)];
      }),
    );
  }

  /** New jobs that the pass did not come to: their line was left before, for a reason that holds for all of it. */
  #denyUnlooked(undenied: ReadonlySet<JobRow>, waiting: WaitingView): void {
    // Many jobs come to the end of the same line at once. If all the named are ahead of one, they are ahead of those behind it.
    const lasts = new Map<readonly Shortage[], Denial>();
    for (const row of undenied) {
      if (this.#denials.length > DENIALS_PER_PASS_MAX) return;
      if (this.#looked.has(row)) continue;
      const shortages = this.#lineShortages.get(waiting.lineOf(row));
      if (shortages === undefined || row.deniedBy === shortageKey(shortages)) continue;
      const last = lasts.get(shortages);
      const isBehind = last !== undefined && compareWaiting(last.row, row) < 0;
      const denial = { row, shortages, ahead: isBehind ? last.ahead : this.#aheadOf(row, shortages) };
      if (this.#namesAll(denial)) lasts.set(shortages, denial);
      this.#denials.push(denial);
    }
  }

  #namesAll({ ahead }: Denial): boolean {
    for (const [pool, named] of ahead) {
      const rivals = (this.#reservedAhead.get(pool)?.length ?? 0) + (this.#ahead.get(pool)?.length ?? 0);
      if (named.length < Math.min(rivals, AHEAD_NAMED_MAX)) return false;
    }
    return true;
  }

  /** The worker with the most free seats that runs the type; by id among equals, so that the same log gives the same choice. */
  #freeWorker(type: string): Worker | null {
    let best: Worker | null = null;
    let bestSeats = 0;
    for (const worker of this.#workersFor(type)) {
      const seats = this.#seats.get(worker.id) ?? 0;
      if (seats > bestSeats) {
        best = worker;
        bestSeats = seats;
      }
    }
    return best;
  }

  #workersFor(type: string): readonly Worker[] {
    return remember(this.#workersByType, type, () =>
      Object.values<Worker>(this.#slots.workers)
        .filter((worker) => !worker.leaving && (worker.types?.includes(type) ?? true))
        .sort((a, b) => compareText(a.id, b.id)),
    );
  }
}
