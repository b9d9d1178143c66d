/**
 * The beginning of a reign: what a new leader records before anything else (DEC-008). Run twice, it does what it does once:
 * after the first time nothing is left that it would say.
 */
import type { Fact, FactOf } from "../events/facts.js";
import type { WorkerId } from "../events/names.js";
import type { Fold } from "./fold.js";
import { type DrawRetryTime, decideReport } from "./reports.js";
import type { Holding, Reservation, Worker } from "./slots.js";

/** Workers inside schedulers that lead no more take no more jobs. Those in processes of their own go on. */
export function retireWorkers(fold: Fold, own: WorkerId): Fact[] {
  return Object.values<Worker>(fold.slots.workers)
    .filter((worker) => worker.id !== own && !worker.leaving && !worker.remote)
    .map(
      (worker): FactOf<"WorkerLeft"> => ({
        type: "WorkerLeft",
        worker: worker.id,
        reason: "the scheduler that it belonged to does not lead any more",
      }),
    );
}

/** Attempts whose worker is as `isLost` says: their leases have expired, and they are tried again by the rules. */
export function expireLeases(
  fold: Fold,
  isLost: (worker: Worker) => boolean,
  message: string,
  drawRetryTime: DrawRetryTime,
): Fact[] {
  const { holdings, workers } = fold.slots;
  const facts: Fact[] = [];
  for (const { job, grant, worker: id } of Object.values<Holding>(holdings)) {
    const worker = workers[id];
    if (worker === undefined || !isLost(worker)) continue;
    const said = { ended: { outcome: "lost", error: { code: "worker-lost", message } } } as const;
    const fact = decideReport(fold, { job, grant, said }, drawRetryTime);
    if (fact !== null) facts.push(fact);
  }
  return facts;
}

/** Workers in processes of their own that are as `isLost` says have left: they are given no more jobs. */
export function partWorkers(fold: Fold, isLost: (worker: Worker) => boolean, reason: string): Fact[] {
  return Object.values<Worker>(fold.slots.workers)
    .filter((worker) => worker.remote && !worker.leaving && isLost(worker))
    .map(({ id }): FactOf<"WorkerLeft"> => ({ type: "WorkerLeft", worker: id, reason }));
}

/** The same, and their leases expire. */
export function dismissWorkers(
  fold: Fold,
  isLost: (worker: Worker) => boolean,
  message: string,
  drawRetryTime: DrawRetryTime,
): Fact[] {
  const expired = expireLeases(fold, (worker) => worker.remote && isLost(worker), message, drawRetryTime);
  return [...expired, ...partWorkers(fold, isLost, message)];
}

/** Reservations whose holders are as `isLost` says: their slots are given back, and dispatch goes on (DEC-004). */
export function expireReservations(fold: Fold, isLost: (reservation: Reservation) => boolean, reason: string): Fact[] {
  return Object.values<Reservation>(fold.slots.reservations)
    .filter(isLost)
    .map(({ id }): FactOf<"ReservationExpired"> => ({ type: "ReservationExpired", reservation: id, reason }));
}
