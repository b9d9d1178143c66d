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
import { type Demand, type Demanding, demandOf } from "./demand.js";
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

/** One step of the projection. Steps are applied in the order of their facts. */
export type SlotChange =
  | { readonly kind: "take"; readonly holding: Holding; readonly claimed: Readonly<Record<string, number>> }
  | { readonly kind: "free"; readonly job: JobId; readonly demanding: Demanding }
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
  // Read beside the draft: demands are remembered by the identity of the limits, which a draft would hide.
  let { limits } = slots;
  return evolve(slots, (draft) => {
    for (const change of changes) {
      if (change.kind === "limits") limits = change.limits;
      applyChange(draft, change, limits);
    }
  });
}

/** A record without inherited members: a job may be called "constructor". */
const record = <K extends string, V>(): Record<K, V> => Object.create(null);

export const emptySlots: Slots = changeSlots({ limits: {}, pools: record(), workers: record(), holdings: record() }, [
  { kind: "limits", limits: DEFAULT_LIMITS },
]);

function applyChange(slots: SlotsDraft, change: SlotChange, limits: Limits): void {
  switch (change.kind) {
    case "take":
      return take(slots, change.holding, change.claimed, limits);
    case "free":
      return free(slots, change.job, demandOf(change.demanding, limits));
    case "limits":
      return changeLimits(slots, limits);
    case "pause":
      mustPool(slots, change.pool).paused = change.paused;
      return;
    case "join":
      return join(slots, change.fact, change.at);
    case "leave":
      return leave(slots, change.worker);
    default:
      return change satisfies never;
  }
}

/** All slots at once or none (CC-2): every pool and the worker are looked at before the first is touched. */
function take(slots: SlotsDraft, holding: Holding, claimed: Readonly<Record<string, number>>, limits: Limits): void {
  const { job, worker: workerId } = holding;
  if (slots.holdings[job] !== undefined) throw new SlotViolation(`${job} holds its slots already`);
  const demand = demandOf(holding, limits);
  if (Object.keys(claimed).length !== demand.size)
    throw new SlotViolation(`${job} was granted other pools than it demands`);
  for (const [name, units] of demand) {
    const pool = slots.pools[name];
    if (claimed[name] !== units)
      throw new SlotViolation(`${job} demands ${units} of ${name} and was granted ${claimed[name]}`);
    if (pool === undefined || pool.paused) throw new SlotViolation(`${name} is paused or unknown`);
    if (pool.used + units > pool.capacity)
      throw new SlotViolation(
        `${name} would be over capacity: ${pool.used} of ${pool.capacity} used, ${job} takes ${units}`,
      );
  }
  const worker = slots.workers[workerId];
  if (worker === undefined || worker.leaving)
    throw new SlotViolation(`${job} was granted to ${workerId}, which has not joined or has left`);
  if (worker.types !== null && !worker.types.includes(holding.type))
    throw new SlotViolation(`${workerId} does not run ${holding.type}`);
  if (worker.used >= worker.capacity)
    throw new SlotViolation(`${workerId} would run more than its capacity of ${worker.capacity}`);
  for (const [name, units] of demand) mustPool(slots, name).used += units;
  worker.used += 1;
  slots.holdings[job] = holding;
}

function free(slots: SlotsDraft, job: JobId, demand: Demand): void {
  const holding = slots.holdings[job];
  if (holding === undefined) throw new SlotViolation(`${job} holds no slots to give back`);
  for (const [name, units] of demand) mustPool(slots, name).used -= units;
  const worker = slots.workers[holding.worker];
  if (worker === undefined) throw new SlotViolation(`${job} was held by ${holding.worker}, which has left`);
  worker.used -= 1;
  delete slots.holdings[job];
  if (worker.leaving && worker.used === 0) delete slots.workers[holding.worker];
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
  const worker = slots.workers[id];
  if (worker === undefined) throw new SlotViolation(`${id} has not joined`);
  if (worker.used > 0) worker.leaving = true;
  else delete slots.workers[id];
}

function mustPool(slots: SlotsDraft, name: PoolName): Draft<Pool> {
  const pool = slots.pools[name];
  if (pool === undefined) throw new SlotViolation(`there is no pool ${name}`);
  return pool;
}

/** The holdings, oldest grant first. Sorted, because a record puts ids that look like numbers before all others. */
export function oldestFirst(slots: Slots): Holding[] {
  return Object.values<Holding>(slots.holdings).sort((a, b) => a.grant - b.grant);
}
