/** Reservations as they are shown: who holds which slots for direct execution, and what the others wait for (DEC-004). */
import type { Position, ReservationId } from "../events/names.js";
import { type Demand, demandOf } from "./demand.js";
import type { Fold } from "./fold.js";
import { holdersIn } from "./holders.js";
import { poolSet, reservationsOf } from "./reservations.js";
import type { Reservation, Slots } from "./slots.js";

export interface ReservationView {
  readonly id: ReservationId;
  readonly state: "waiting" | "granted";
  /** 1 for the next among those that wait; null once it is granted. */
  readonly place: number | null;
  readonly holder: string;
  readonly leaseMs: number;
  readonly requestedAt: string;
  /** Pool → units. */
  readonly demand: Readonly<Record<string, number>>;
  /** The position of the entry that granted it. */
  readonly grant: Position | null;
  readonly since: string | null;
  /** What it waits for: pools that are paused or full, and who holds them. */
  readonly blockedBy: readonly {
    readonly pool: string;
    readonly capacity: number;
    readonly used: number;
    readonly needs: number;
    readonly paused: boolean;
    readonly holders: readonly { readonly id: string; readonly since: string }[];
  }[];
}

/** Those that hold their slots and those that wait, in their order. */
export function reservationsView({ slots }: Fold): ReservationView[] {
  const { active, waiting } = reservationsOf(slots);
  return [
    ...active.map((one) => viewOf(slots, one, null)),
    ...waiting.map((one, index) => viewOf(slots, one, index + 1)),
  ];
}

/** Null if there is no such reservation, or no more. */
export function reservationView(fold: Fold, id: string): ReservationView | null {
  return reservationsView(fold).find((one) => one.id === id) ?? null;
}

function viewOf(slots: Slots, reservation: Reservation, place: number | null): ReservationView {
  const { id, holder, leaseMs, requestedAt, grant, since } = reservation;
  const demand = demandOf(reservation, slots.limits);
  return {
    ...{ id, state: grant === null ? "waiting" : "granted", place, holder, leaseMs, requestedAt },
    ...{ demand: Object.fromEntries(demand), grant, since },
    blockedBy: grant === null ? blockedBy(slots, demand) : [],
  };
}

/** A pool of which another one with the same pools is active counts as taken, whatever room it has (DEC-004). */
function blockedBy(slots: Slots, demand: Demand): ReservationView["blockedBy"] {
  const { active } = reservationsOf(slots);
  const rival = active.find((other) => poolSet(demandOf(other, slots.limits)) === poolSet(demand));
  return [...demand].flatMap(([name, needs]) => {
    const pool = slots.pools[name];
    if (pool === undefined) return [];
    const { capacity, used, paused } = pool;
    if (!paused && rival === undefined && used + needs <= capacity) return [];
    const holders = holdersIn(slots)
      .filter((holder) => (rival === undefined ? demandOf(holder, slots.limits).has(name) : holder.id === rival.id))
      .map((holder) => ({ id: holder.id, since: holder.since }));
    return [{ pool: name, capacity, used, needs, paused, holders }];
  });
}
