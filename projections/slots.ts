/**
 * The slot projection: pools, workers' seats, and who holds what. An immer state, because it is small (its size is bounded by
 * the configuration) and shown to many. What changes it is in slot-changes.ts.
 */
import type { FactOf, ProcessIdentity } from "../events/facts.js";
import type { Limits } from "../events/limits.js";
import type { JobId, PoolName, Position, ReservationId, WorkerId } from "../events/names.js";
import type { Demanding } from "./demand.js";

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
  /** It runs in a process of its own and outlives the reign, as long as it renews its lease (D8). */
  readonly remote: boolean;
}

/** A live grant: what a job holds from StartGranted until its attempt ends. */
export interface Holding extends Demanding {
  readonly job: JobId;
  readonly grant: Position;
  readonly since: string;
  readonly worker: WorkerId;
}

/** A caller who waits for slots to use by itself, or holds them (DEC-004). It belongs to no type, and takes no worker's seat. */
export interface Reservation extends Demanding {
  readonly id: ReservationId;
  /** Reservations go in the order in which they were asked for: lower first. */
  readonly place: number;
  readonly holder: string;
  readonly leaseMs: number;
  readonly requestedAt: string;
  /** The position of the entry that granted it; null while it waits. */
  readonly grant: Position | null;
  readonly since: string | null;
}

export interface Slots {
  readonly limits: Limits;
  /** The configured pools, by name. */
  readonly pools: Readonly<Record<PoolName, Pool>>;
  readonly workers: Readonly<Record<WorkerId, Worker>>;
  readonly holdings: Readonly<Record<JobId, Holding>>;
  readonly reservations: Readonly<Record<ReservationId, Reservation>>;
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
  | { readonly kind: "leave"; readonly worker: WorkerId }
  | { readonly kind: "reserve"; readonly fact: FactOf<"ReservationRequested">; readonly at: string }
  | {
      readonly kind: "take-reserved";
      readonly fact: FactOf<"ReservationGranted">;
      readonly grant: Position;
      readonly at: string;
    }
  | { readonly kind: "end-reservation"; readonly reservation: ReservationId };

/** A change that must not be: the ledger, or the decision that is about to be written to it, is wrong. */
export class SlotViolation extends Error {
  readonly code = "slot-violation";
}

/** A record without inherited members: a job may be called "constructor". */
export function recordOf<K extends string, V>(values: readonly V[], keyOf: (value: V) => K): Record<K, V> {
  const record: Record<K, V> = Object.create(null);
  for (const value of values) record[keyOf(value)] = value;
  return record;
}

/** The holdings, oldest grant first. Sorted, because a record puts ids that look like numbers before all others. */
export function oldestFirst(slots: Slots): Holding[] {
  return Object.values<Holding>(slots.holdings).sort((a, b) => a.grant - b.grant);
}

/** The reservations in their order: those that hold their slots are before those that wait. */
export function inReservationOrder(slots: Slots): Reservation[] {
  return Object.values<Reservation>(slots.reservations).sort((a, b) => a.place - b.place);
}
