/**
 * Slots to try things on: those of some moment, on which holdings are put and taken away without a ledger. For asking the grant rule
 * what it said in the past, and what it would say in the future. Not checked by anything: what is put on them is known to fit.
 */
import type { Limits } from "../events/limits.js";
import { type JobId, type PoolName, position, type ReservationId, type WorkerId } from "../events/names.js";
import { type Demanding, demandOf } from "./demand.js";
import type { Holding, Pool, Reservation, Slots, Worker } from "./slots.js";

type Settings = Pick<Slots, "limits" | "pools" | "workers" | "reservations">;
type Counted<T> = Omit<T, "used"> & { used: number };

export class ScratchSlots implements Slots {
  readonly limits: Limits;
  readonly pools: Record<PoolName, Counted<Pool>> = Object.create(null);
  readonly workers: Record<WorkerId, Counted<Worker>> = Object.create(null);
  readonly holdings: Record<JobId, Holding> = Object.create(null);
  reservations: Slots["reservations"];

  /** The settings of a moment, and who held slots then; whatever the settings say about use is counted anew. */
  constructor({ limits, pools, workers, reservations }: Settings, holdings: Iterable<Holding>) {
    this.limits = limits;
    this.reservations = reservations;
    for (const pool of Object.values<Pool>(pools)) this.pools[pool.name] = { ...pool, used: 0 };
    for (const worker of Object.values<Worker>(workers)) this.workers[worker.id] = { ...worker, used: 0 };
    for (const reservation of Object.values<Reservation>(reservations))
      if (reservation.grant !== null) this.#count(reservation, 1);
    for (const holding of holdings) this.take(holding);
    for (const worker of Object.values<Worker>(this.workers)) this.#forgetGone(worker.id);
  }

  take(holding: Holding): void {
    this.holdings[holding.job] = holding;
    this.#count(holding, 1);
    this.#seat(holding.worker, 1);
  }

  /** Nothing happens if the job holds no slots. */
  free(job: JobId): void {
    const holding = this.holdings[job];
    if (holding === undefined) return;
    delete this.holdings[job];
    this.#count(holding, -1);
    this.#seat(holding.worker, -1);
    this.#forgetGone(holding.worker);
  }

  /** A reservation that waits gets its slots. */
  grantReserved(id: ReservationId): void {
    const reservation = this.reservations[id];
    if (reservation === undefined) return;
    this.reservations = { ...this.reservations, [id]: { ...reservation, grant: position(0), since: "" } };
    this.#count(reservation, 1);
  }

  #count(demanding: Demanding, sign: 1 | -1): void {
    for (const [name, units] of demandOf(demanding, this.limits)) {
      const pool = this.pools[name];
      if (pool !== undefined) pool.used += sign * units;
    }
  }

  #seat(id: WorkerId, sign: 1 | -1): void {
    const worker = this.workers[id];
    if (worker !== undefined) worker.used += sign;
  }

  /** A worker that has left is forgotten with its last job. */
  #forgetGone(id: WorkerId): void {
    const worker = this.workers[id];
    if (worker?.leaving === true && worker.used === 0) delete this.workers[id];
  }
}
