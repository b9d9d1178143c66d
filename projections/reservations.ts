/**
 * Reservations (DEC-004): a caller takes slots to use by itself. They go before the queue, in the order in which they were asked
 * for, and at most one per pool set is active; the next waits.
 */
import type { FactOf } from "../events/facts.js";
import type { Limits } from "../events/limits.js";
import type { ReservationId } from "../events/names.js";
import { checkClaim, mustPool } from "./claim.js";
import { type Demand, demandOf } from "./demand.js";
import type { Draft } from "./draft.js";
import { inReservationOrder, type Reservation, type SlotChange, type Slots, SlotViolation } from "./slots.js";

type SlotsDraft = Draft<Slots>;

/** No type is called like this: a reservation takes nothing of any type's pool. */
const NO_TYPE = "";

export function reserve(slots: SlotsDraft, fact: FactOf<"ReservationRequested">, at: string): void {
  const { reservation: id, resources, holder, leaseMs } = fact;
  if (slots.reservations[id] !== undefined) throw new SlotViolation(`${id} is reserved already`);
  const places = Object.values<Draft<Reservation>>(slots.reservations).map(({ place }) => place);
  const place = Math.max(0, ...places) + 1;
  // Frozen, so that a demand is found again by it, and a draft need not walk into it.
  const demanding = { type: NO_TYPE, resources: Object.freeze({ ...resources }) };
  slots.reservations[id] = { ...demanding, id, place, holder, leaseMs, requestedAt: at, grant: null, since: null };
}

/** Looks by itself, as for a job: is it asked for, is there room, and does no other one of its pool set hold its slots? */
export function takeReserved(
  slots: SlotsDraft,
  limits: Limits,
  { fact, grant, at }: Extract<SlotChange, { kind: "take-reserved" }>,
): void {
  const reservation = mustReservation(slots, fact.reservation);
  if (reservation.grant !== null) throw new SlotViolation(`${reservation.id} holds its slots already`);
  const demand = demandOf(reservation, limits);
  checkClaim(reservation.id, demand, fact.demand, (name) => {
    const { capacity, used, paused } = mustPool(slots, name);
    return { capacity, used, closed: paused };
  });
  const set = poolSet(demand);
  const rival = Object.values<Draft<Reservation>>(slots.reservations).find(
    (other) => other.grant !== null && poolSet(demandOf(other, limits)) === set,
  );
  if (rival !== undefined && set !== NO_POOLS)
    throw new SlotViolation(`${rival.id} holds the same pools, and only one may (DEC-004)`);
  for (const [name, units] of demand) mustPool(slots, name).used += units;
  reservation.grant = grant;
  reservation.since = at;
}

export function endReservation(slots: SlotsDraft, limits: Limits, id: ReservationId): void {
  const reservation = mustReservation(slots, id);
  if (reservation.grant !== null)
    for (const [name, units] of demandOf(reservation, limits)) mustPool(slots, name).used -= units;
  delete slots.reservations[id];
}

/** The set of a demand of no pool: it is in nobody's way, however many have it. */
export const NO_POOLS = "";
/** Equal for demands of the same pools, whatever the units. */
export const poolSet = (demand: Demand): string => [...demand.keys()].join(" ");

/** The reservations that wait, in their order, and those that hold slots. */
export function reservationsOf(slots: Slots): { readonly waiting: Reservation[]; readonly active: Reservation[] } {
  const all = inReservationOrder(slots);
  return { waiting: all.filter(({ grant }) => grant === null), active: all.filter(({ grant }) => grant !== null) };
}

function mustReservation(slots: SlotsDraft, id: ReservationId): Draft<Reservation> {
  const reservation = slots.reservations[id];
  if (reservation === undefined) throw new SlotViolation(`there is no reservation ${id}`);
  return reservation;
}
