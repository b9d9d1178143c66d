/**
 * The slot projection: pools, workers' seats, and who holds what. An immer state, because it is small (its size is bounded by
 * the configuration) and shown to many.
 *
 * This is the second of two independent guards (D1): the decision grants only what fits, and this fold refuses, by other
 * code, any grant that would put a pool or a worker over capacity (INV-003).
 */
import type { FactOf, ProcessIdentity } from "../events/facts.js";
import { capacities, DEFAULT_LIMITS, type Limits } from "../events/limits.js";
import type { JobId, PoolName, Position, WorkerId } from "../events/names.js";
import { remember } from "../events/remember.js";
import { type Demanding, demandOf } from "./demand.js";
import { type Draft, evolve } from "./draft.js";

/** A named capacity. `used` may exceed `capacity` only after a limit was lowered or introduced (CC-5). */
export interface Pool {
  readonly name: PoolName;
  readonly capacity: number;
  readonly used: number;
  readonly paused: boolean;
}

/** A worker and its seats: how many jobs it executes at once. */
export interface Worker {
  readonly id: WorkerId;
  readonly process: ProcessIdentity;
  readonly capacity: number;
  readonly used: number;
  /** Job types that it runs, or null for every type. */
  readonly types: readonly string[] | null;
  readonly joinedAt: string;
  /** It has left and takes no more jobs; it is forgotten when its last one has ended. */
  readonly leaving: boolean;
}

/** A live grant: what a job holds from StartGranted until its attempt ends. */
export interface Holding extends Demanding {
  readonly job: JobId;
  readonly grant: Position;
  readonly since: string;
  readonly worker: WorkerId;
}

export interface Slots {
  readonly limits: Limits;
  /** The configured pools, by name. */
  readonly pools: Readonly<Record<PoolName, Pool>>;
  readonly workers: Readonly<Record<WorkerId, Worker>>;
  readonly holdings: Readonly<Record<JobId, Holding>>;
}

/** Slots given back. */
export interface Freed {
  readonly kind: "free";
  readonly job: JobId;
  readonly demanding: Demanding;
  readonly worker: WorkerId;
}

/** One step of the projection. Steps are applied in the order of their facts. */
export type SlotChange =
  | { readonly kind: "take"; readonly holding: Holding; readonly claimed: Readonly<Record<string, number>> }
  | Freed
  | { readonly kind: "limits"; readonly limits: Limits }
  | { readonly kind: "pause"; readonly pool: PoolName; readonly paused: boolean }
  | { readonly kind: "join"; readonly fact: FactOf<"WorkerJoined">; readonly at: string }
  | { readonly kind: "leave"; readonly worker: WorkerId };

/** A change that must not be: the ledger, or the decision that is about to be written to it, is wrong. */
export class SlotViolation extends Error {
  readonly code = "slot-violation";
}

type SlotsDraft = Draft<Slots>;

/** Applies changes in order. Throws `SlotViolation` at the first that breaks a rule. */
export function changeSlots(slots: Slots, changes: readonly SlotChange[]): Slots {
  if (changes.length === 0) return slots;
  return evolve(slots, (draft) => {
    const batch = new Batch(draft, slots.limits);
    for (const change of changes) batch.apply(change);
    batch.writeSums();
  });
}

/** A record without inherited members: a job may be called "constructor". */
const record = <K extends string, V>(): Record<K, V> => Object.create(null);

/** What of a pool or a worker a batch adds up. */
interface Sum {
  readonly capacity: number;
  /** A pool that is paused, or a worker that has left: nothing more is taken of it. */
  readonly closed: boolean;
  readonly types: readonly string[] | null;
  used: number;
}

/**
 * A batch of changes to one draft. Many slots of few pools are taken and given back in a batch, and going through a draft
 * costs: so the sums are kept beside it, and written when something else is changed, or at the end.
 */
class Batch {
  readonly #draft: SlotsDraft;
  /** Not read from the draft: demands are remembered by the identity of the limits, which a draft would hide. */
  #limits: Limits;
  readonly #pools = new Map<PoolName, Sum>();
  readonly #workers = new Map<WorkerId, Sum>();
  readonly #holdings: SlotsDraft["holdings"];

  constructor(draft: SlotsDraft, limits: Limits) {
    this.#draft = draft;
    this.#limits = limits;
    this.#holdings = draft.holdings;
  }

  apply(change: SlotChange): void {
    if (change.kind === "take") return this.#take(change.holding, change.claimed);
    if (change.kind === "free") return this.#free(change);
    this.writeSums();
    switch (change.kind) {
      case "limits":
        this.#limits = change.limits;
        return changeLimits(this.#draft, change.limits);
      case "pause":
        mustPool(this.#draft, change.pool).paused = change.paused;
        return;
      case "join":
        return join(this.#draft, change.fact, change.at);
      case "leave":
        return leave(this.#draft, change.worker);
      default:
        return change satisfies never;
    }
  }

  writeSums(): void {
    for (const [name, { used }] of this.#pools) mustPool(this.#draft, name).used = used;
    for (const [id, { used, closed }] of this.#workers) {
      if (closed && used === 0) delete this.#draft.workers[id];
      else mustWorker(this.#draft, id).used = used;
    }
    this.#pools.clear();
    this.#workers.clear();
  }

  /** All slots at once or none (CC-2): every pool and the worker are looked at before the first is touched. */
  #take(holding: Holding, claimed: Readonly<Record<string, number>>): void {
    const { job, type, worker: workerId } = holding;
    if (job in this.#holdings) throw new SlotViolation(`${job} holds its slots already`);
    const demand = demandOf(holding, this.#limits);
    if (Object.keys(claimed).length !== demand.size)
      throw new SlotViolation(`${job} was granted other pools than it demands`);
    for (const [name, units] of demand) {
      const { capacity, closed, used } = this.#pool(name);
      if (claimed[name] !== units)
        throw new SlotViolation(`${job} demands ${units} of ${name} and was granted ${claimed[name]}`);
      if (closed) throw new SlotViolation(`${name} is paused`);
      if (used + units > capacity)
        throw new SlotViolation(`${name} would be over capacity: ${used} of ${capacity} used, ${job} takes ${units}`);
    }
    const worker = this.#worker(workerId);
    if (worker.closed) throw new SlotViolation(`${job} was granted to ${workerId}, which has left`);
    if (worker.types !== null && !worker.types.includes(type))
      throw new SlotViolation(`${workerId} does not run ${type}`);
    if (worker.used >= worker.capacity)
      throw new SlotViolation(`${workerId} would run more than its capacity of ${worker.capacity}`);
    for (const [name, units] of demand) this.#pool(name).used += units;
    worker.used += 1;
    this.#holdings[job] = holding;
  }

  /** Asks only whether the holding is there: to read it from a draft would make a draft of it. */
  #free({ job, demanding, worker }: Freed): void {
    if (!(job in this.#holdings)) throw new SlotViolation(`${job} holds no slots to give back`);
    for (const [name, units] of demandOf(demanding, this.#limits)) this.#pool(name).used -= units;
    this.#worker(worker).used -= 1;
    delete this.#holdings[job];
  }

  #pool(name: PoolName): Sum {
    return remember(this.#pools, name, () => {
      const { capacity, used, paused } = mustPool(this.#draft, name);
      return { capacity, used, closed: paused, types: null };
    });
  }

  #worker(id: WorkerId): Sum {
    return remember(this.#workers, id, () => {
      const { capacity, used, leaving, types } = mustWorker(this.#draft, id);
      return { capacity, used, closed: leaving, types };
    });
  }
}

/** New limits count what is running as if they had always been there: a pool may begin above its capacity, and drains. */
function changeLimits(slots: SlotsDraft, limits: Limits): void {
  const before = slots.pools;
  slots.limits = limits;
  slots.pools = record();
  for (const [name, capacity] of capacities(limits)) {
    slots.pools[name] = { name, capacity, used: 0, paused: before[name]?.paused ?? false };
  }
  for (const holding of Object.values<Draft<Holding>>(slots.holdings)) {
    for (const [name, units] of demandOf(holding, limits)) mustPool(slots, name).used += units;
  }
}

function join(slots: SlotsDraft, fact: FactOf<"WorkerJoined">, joinedAt: string): void {
  const { worker: id, process, capacity, types } = fact;
  if (slots.workers[id] !== undefined) throw new SlotViolation(`${id} has joined already`);
  slots.workers[id] = {
    id,
    process,
    capacity,
    used: 0,
    types: types === null ? null : [...types],
    joinedAt,
    leaving: false,
  };
}

function leave(slots: SlotsDraft, id: WorkerId): void {
  const worker = mustWorker(slots, id);
  if (worker.used > 0) worker.leaving = true;
  else delete slots.workers[id];
}

function mustPool(slots: SlotsDraft, name: PoolName): Draft<Pool> {
  const pool = slots.pools[name];
  if (pool === undefined) throw new SlotViolation(`there is no pool ${name}`);
  return pool;
}

function mustWorker(slots: SlotsDraft, id: WorkerId): Draft<Worker> {
  const worker = slots.workers[id];
  if (worker === undefined) throw new SlotViolation(`${id} has not joined, or has left`);
  return worker;
}

/** The holdings, oldest grant first. Sorted, because a record puts ids that look like numbers before all others. */
export function oldestFirst(slots: Slots): Holding[] {
  return Object.values<Holding>(slots.holdings).sort((a, b) => a.grant - b.grant);
}

export const emptySlots: Slots = changeSlots({ limits: {}, pools: record(), workers: record(), holdings: record() }, [
  { kind: "limits", limits: DEFAULT_LIMITS },
]);
