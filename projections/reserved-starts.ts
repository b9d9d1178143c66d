/** The part of the grant rule that is about reservations: they go before the queue (DEC-004). */
import type { JobId, PoolName, ReservationId } from "../events/names.js";
import { remember } from "../events/remember.js";
import { type Demand, demandOf } from "./demand.js";
import { NO_POOLS, poolSet, reservationsOf } from "./reservations.js";
import { fits, stuckPools, subtract } from "./room.js";
import type { Reservation, Slots } from "./slots.js";

/** A reservation that gets its slots now. */
export interface ReservedStart {
  readonly reservation: ReservationId;
  readonly demand: Demand;
}

/** Whoever waits ahead: a reservation or a job. */
export interface Rival {
  readonly id: ReservationId | JobId;
}

/**
 * Goes through the waiting reservations in their order, and takes what they get, and what is set aside for them, out of each room.
 * Whoever waits behind another one of the same pools only waits for that one, and keeps nobody from anything.
 */
export function startReservations(
  slots: Slots,
  rooms: readonly Map<PoolName, number>[],
): { readonly reserved: readonly ReservedStart[]; readonly ahead: ReadonlyMap<string, readonly Reservation[]> } {
  const { waiting, active } = reservationsOf(slots);
  const reserved: ReservedStart[] = [];
  const ahead = new Map<string, Reservation[]>();
  const taken = new Set(active.map((reservation) => poolSet(demandOf(reservation, slots.limits))));
  for (const reservation of waiting) {
    const demand = demandOf(reservation, slots.limits);
    const set = poolSet(demand);
    if ((set !== NO_POOLS && taken.has(set)) || stuckPools(demand, slots).length > 0) continue;
    taken.add(set);
    if (rooms.every((room) => fits(demand, room))) reserved.push({ reservation: reservation.id, demand });
    else for (const pool of demand.keys()) remember(ahead, pool, () => [] as Reservation[]).push(reservation);
    for (const room of rooms) subtract(demand, room);
  }
  return { reserved, ahead };
}
