/** Reservations as they are shown: who holds which slots for direct execution, and what the others wait for (DEC-004). */
import type { PoolName, Position, ReservationId } from "../../events/names.js";
import { type Demand, type Demanding, demandOf } from "../demand.js";
import type { Fold } from "../fold.js";
import { type Holder, holdersIn } from "../holders.js";
import { NO_POOLS, poolSet, reservationsOf } from "../reservations.js";
import { startReservations } from "../reserved-starts.js";
import type { Pool, Reservation, Slots } from "../slots.js";

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
  /** What it waits for: pools that are paused, full or kept for others; who holds them, and which reservations go first there. */
  readonly blockedBy: readonly {
    readonly pool: string;
    readonly capacity: number;
    readonly used: number;
    readonly needs: number;
    readonly paused: boolean;
    readonly holders: readonly { readonly id: string; readonly since: string }[];
    readonly ahead: readonly string[];
  }[];
}

/** Those that hold their slots and those that wait, in their order. */
export function reservationsView({ slots }: Fold): ReservationView[] {
  const { active, waiting } = reservationsOf(slots);
  const around = surroundingsOf(slots, active);
  return [
    ...active.map((one) => viewOf(around, one, null)),
    ...waiting.map((one, index) => viewOf(around, one, index + 1)),
  ];
}

/** Null if there is no such reservation, or no more. */
export function reservationView({ slots }: Fold, id: string): ReservationView | null {
  const { active, waiting } = reservationsOf(slots);
  const one = [...active, ...waiting].find((other) => other.id === id);
  if (one === undefined) return null;
  return viewOf(surroundingsOf(slots, active), one, one.grant === null ? waiting.indexOf(one) + 1 : null);
}

/** What all views have in common, worked out once. */
interface Around {
  readonly slots: Slots;
  readonly active: readonly Reservation[];
  readonly holders: readonly Holder[];
  /** Pool → the reservations that go first there. */
  readonly ahead: ReadonlyMap<string, readonly Reservation[]>;
}

function surroundingsOf(slots: Slots, active: readonly Reservation[]): Around {
  const pools = Object.values<Pool>(slots.pools);
  const room = new Map<PoolName, number>(pools.map(({ name, capacity, used }) => [name, capacity - used]));
  const { ahead } = startReservations(slots, [room]);
  return { slots, active, holders: holdersIn(slots), ahead };
}

function viewOf(around: Around, reservation: Reservation, place: number | null): ReservationView {
  const { id, holder, leaseMs, requestedAt, grant, since } = reservation;
  const demand = demandOf(reservation, around.slots.limits);
  return {
    ...{ id, state: grant === null ? "waiting" : "granted", place, holder, leaseMs, requestedAt },
    ...{ demand: Object.fromEntries(demand), grant, since },
    blockedBy: grant === null ? blockedBy(around, reservation, demand) : [],
  };
}

/** A pool of which another one with the same pools is active or goes first counts as taken, whatever room it has (DEC-004). */
function blockedBy({ slots, active, holders, ahead }: Around, own: Reservation, demand: Demand) {
  const isAlike = (other: Reservation) => {
    const set = poolSet(demand);
    return set !== NO_POOLS && poolSet(demandOf(other, slots.limits)) === set;
  };
  const unitsOf = (other: Demanding, pool: PoolName) => demandOf(other, slots.limits).get(pool) ?? 0;
  const rival = active.find(isAlike);
  return [...demand].flatMap(([name, needs]) => {
    const pool = slots.pools[name];
    if (pool === undefined) return [];
    const { capacity, used, paused } = pool;
    const first = (ahead.get(name) ?? []).filter((other) => other.place < own.place);
    const kept = first.reduce((sum, other) => sum + unitsOf(other, name), 0);
    const isFull = used + kept + needs > capacity;
    if (!paused && !isFull && rival === undefined && !first.some(isAlike)) return [];
    const holding = holders.filter((other) => (rival === undefined ? unitsOf(other, name) > 0 : other.id === rival.id));
    return [
      {
        ...{ pool: name, capacity, used, needs, paused },
        holders: holding.map(({ id, since }) => ({ id, since })),
        ahead: first.map(({ id }) => id),
      },
    ];
  });
}
