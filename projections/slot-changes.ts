/**
 * What changes the slot projection. This is the second of two independent guards (D1): the decision grants only what fits, and
 * this fold refuses, by other code, any grant that would put a pool or a worker over capacity (INV-003).
 */
import type { FactOf } from "../events/facts.js";
import { capacities, DEFAULT_LIMITS, type Limits } from "../events/limits.js";
import type { PoolName, WorkerId } from "../events/names.js";
import { remember } from "../events/remember.js";
import { checkClaim, mustPool, type Room } from "./claim.js";
import { demandOf } from "./demand.js";
import { type Draft, evolve } from "./draft.js";
import { endReservation, reserve, takeReserved } from "./reservations.js";
import {
  type Freed,
  type Holding,
  type Reservation,
  type SlotChange,
  type Slots,
  SlotViolation,
  type Worker,
} from "./slots.js";

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
interface Sum extends Room {
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
      case "reserve":
        return reserve(this.#draft, change.fact, change.at);
      case "take-reserved":
        return takeReserved(this.#draft, this.#limits, change);
      case "end-reservation":
        return endReservation(this.#draft, this.#limits, change.reservation);
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
    checkClaim(job, demand, claimed, (name) => this.#pool(name));
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
  for (const reservation of Object.values<Draft<Reservation>>(slots.reservations)) {
    if (reservation.grant === null) continue;
    for (const [name, units] of demandOf(reservation, limits)) mustPool(slots, name).used += units;
  }
}

function join(slots: SlotsDraft, fact: FactOf<"WorkerJoined">, joinedAt: string): void {
  const { worker: id, process, capacity, types, remote } = fact;
  if (slots.workers[id] !== undefined) throw new SlotViolation(`${id} has joined already`);
  slots.workers[id] = {
    id,
    process,
    capacity,
    used: 0,
    types: types === null ? null : [...types],
    joinedAt,
    leaving: false,
    remote: remote === true,
  };
}

function leave(slots: SlotsDraft, id: WorkerId): void {
  const worker = mustWorker(slots, id);
  if (worker.used > 0) worker.leaving = true;
  else delete slots.workers[id];
}

function mustWorker(slots: SlotsDraft, id: WorkerId): Draft<Worker> {
  const worker = slots.workers[id];
  if (worker === undefined) throw new SlotViolation(`${id} has not joined, or has left`);
  return worker;
}

export const emptySlots: Slots = changeSlots(
  { limits: {}, pools: record(), workers: record(), holdings: record(), reservations: record() },
  [{ kind: "limits", limits: DEFAULT_LIMITS }],
);
