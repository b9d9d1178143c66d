/** Who holds slots: jobs and reservations alike, oldest grant first. */
import type { JobId, Position, ReservationId } from "../events/names.js";
import { type Demanding, demandOf } from "./demand.js";
import { inReservationOrder, oldestFirst, type Slots } from "./slots.js";

export interface Holder extends Demanding {
  readonly id: JobId | ReservationId;
  readonly grant: Position;
  readonly since: string;
  /** The worker that runs the job, or whoever has the reservation. */
  readonly by: string;
  readonly isReservation: boolean;
}

export function holdersIn(slots: Slots): Holder[] {
  const jobs = oldestFirst(slots).map(
    (holding): Holder => ({ ...holding, id: holding.job, by: holding.worker, isReservation: false }),
  );
  const reserved = inReservationOrder(slots).flatMap((reservation): Holder[] => {
    const { grant, since } = reservation;
    if (grant === null || since === null) return [];
    return [{ ...reservation, grant, since, by: reservation.holder, isReservation: true }];
  });
  if (reserved.length === 0) return jobs;
  return [...jobs, ...reserved].sort((a, b) => a.grant - b.grant);
}

/** Who holds units of a pool (of `workers`: every running job), oldest grant first. */
export function holdersOf(slots: Slots, pool: string, most = Number.POSITIVE_INFINITY): string[] {
  const holds = (holder: Holder): boolean => {
    if (pool === "workers") return !holder.isReservation;
    const demand: ReadonlyMap<string, number> = demandOf(holder, slots.limits);
    return demand.has(pool);
  };
  return holdersIn(slots)
    .filter(holds)
    .slice(0, most)
    .map(({ id }) => id);
}
