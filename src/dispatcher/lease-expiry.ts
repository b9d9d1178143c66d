/**
 * What a leader looks after all the time: that it leads still, and that leases end. A worker that is provably gone, or silent for a
 * whole lease, has lost its attempts; a holder that is silent for its lease has lost its reservation; and both are said so (D8).
 */
import type { Fact } from "../../events/facts.js";
import type { EntryId, JobId, Position, WorkerId } from "../../events/names.js";
import type { Fold } from "../../projections/fold.js";
import { dismissWorkers, expireReservations, partWorkers } from "../../projections/recovery.js";
import type { DrawRetryTime } from "../../projections/reports.js";
import type { Holding, Reservation, Worker } from "../../projections/slots.js";
import { entryOf } from "../log/entry.js";
import { type Moment, momentOf } from "../worker/lease-guard.js";
import { graceIsOver, isOther } from "./first-facts.js";
import type { LeaseWatch } from "./lease-watch.js";
import type { DispatcherOptions } from "./options.js";
import type { RemoteWorkers } from "./remote-workers.js";

/** How often it looks, at the most; with a short lease more often. */
const LOOK_EVERY_MS_MAX = 1_000;
const LOOKS_PER_LEASE = 6;

const WORKER_SILENT = "its worker is gone: its process ended, or nothing was heard of it for a whole lease";
const HOLDER_SILENT = "its holder is gone: nothing was heard of it for a whole lease";

/** An entry that is folded already, and may never be stored: another one may come to stand in its place. */
export interface InFlight {
  readonly position: Position;
  readonly id: EntryId;
}

export interface LeaseExpiryOptions {
  readonly options: DispatcherOptions;
  readonly fold: Fold;
  readonly workerLeases: LeaseWatch;
  readonly reservationLeases: LeaseWatch;
  readonly remote: RemoteWorkers;
  /** The worker inside. */
  readonly worker: WorkerId;
  readonly drawRetryTime: DrawRetryTime;
  readonly own: (facts: (fold: Fold) => readonly Fact[]) => void;
  readonly wake: () => void;
  /** The entry that is being stored; null if none is. */
  readonly inFlight: () => InFlight | null;
  /** The ledger was asked at that moment, and its last entry is ours. */
  readonly confirmed: (asked: Moment) => void;
  readonly deposed: () => void;
}

export class LeaseExpiry {
  readonly #of: LeaseExpiryOptions;
  #cancelLook = () => {};
  readonly #cancelGrace: () => void;
  #isAsking = false;
  #isDismissing = false;
  #isOver = false;

  constructor(of: LeaseExpiryOptions) {
    this.#of = of;
    const { clock, leaseMs } = of.options;
    // Runs inside other schedulers that may still live get a fresh grace of one lease; then they are lost.
    this.#cancelGrace = clock.after(leaseMs, () => void this.#endGrace());
    this.#lookLater();
  }

  stop(): void {
    this.#isOver = true;
    this.#cancelLook();
    this.#cancelGrace();
  }

  #lookLater(): void {
    const { clock, leaseMs } = this.#of.options;
    this.#cancelLook = clock.after(Math.min(LOOK_EVERY_MS_MAX, leaseMs / LOOKS_PER_LEASE), () => this.#look());
  }

  #look(): void {
    const { fold, workerLeases, reservationLeases, remote, own, wake } = this.#of;
    const { slots } = fold;
    const lost = Object.values<Worker>(slots.workers).filter(this.#isLost);
    if (lost.length > 0) void this.#dismiss(new Set(lost.map(({ id }) => id)));
    if (Object.values<Reservation>(slots.reservations).some(this.#isAbandoned))
      own((now) => expireReservations(now, this.#isAbandoned, HOLDER_SILENT));
    workerLeases.keepOnly((id) => id in slots.workers);
    reservationLeases.keepOnly((id) => id in slots.reservations);
    remote.forgetOrders();
    void this.#confirm();
    // A clock that jumped ahead makes things due that no alarm was set for.
    wake();
    this.#lookLater();
  }

  readonly #isLost = ({ id, remote, process }: Worker): boolean =>
    remote &&
    (this.#of.options.system.isProvablyGone(process) || this.#of.workerLeases.silentMs(id) >= this.#of.options.leaseMs);

  readonly #isAbandoned = ({ id, leaseMs }: Reservation): boolean => this.#of.reservationLeases.silentMs(id) >= leaseMs;

  /** Whoever has nothing to write would not notice that somebody else leads: so the ledger is asked. */
  async #confirm(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const asked = momentOf(this.#of.options.clock);
    try {
      const { last } = await this.#of.options.ledger.state();
      const isOurs = await this.#isOurs(last);
      if (this.#isOver) return;
      if (isOurs) this.#of.confirmed(asked);
      // Of an entry in flight the server's answer tells what became of it.
      else if (this.#of.inFlight() === null) this.#of.deposed();
    } catch (error) {
      this.#of.options.log.debug({ err: error }, "the ledger cannot be reached");
    } finally {
      this.#isAsking = false;
    }
  }

  /** Whether nobody else has written the ledger, up to its last entry. */
  async #isOurs(last: number): Promise<boolean> {
    const inFlight = this.#of.inFlight();
    if (inFlight === null) return last <= this.#of.fold.head.position;
    if (last !== inFlight.position) return last < inFlight.position;
    const found = await this.#of.options.ledger.read(last);
    return found !== null && entryOf(found).id === inFlight.id;
  }

  /** They get nothing more at once, and lose what they hold when nothing of it runs on this machine any more. */
  async #dismiss(lost: ReadonlySet<WorkerId>): Promise<void> {
    if (this.#isDismissing) return;
    this.#isDismissing = true;
    const { own, wake, drawRetryTime, options, remote } = this.#of;
    const isLost = ({ id }: Worker) => lost.has(id);
    remote.lost(lost);
    options.log.warn({ workers: [...lost] }, WORKER_SILENT);
    own((now) => partWorkers(now, isLost, WORKER_SILENT));
    wake();
    await this.#endOrphansOf(isLost);
    this.#isDismissing = false;
    if (this.#isOver) return;
    own((now) => dismissWorkers(now, isLost, WORKER_SILENT, drawRetryTime));
    wake();
  }

  async #endGrace(): Promise<void> {
    const { own, wake, drawRetryTime, worker } = this.#of;
    await this.#endOrphansOf(isOther(worker));
    if (this.#isOver) return;
    own(graceIsOver({ worker, drawRetryTime }));
    wake();
  }

  /** What runs of such workers have left on this machine ends before their slots are given to others. */
  async #endOrphansOf(isLost: (worker: Worker) => boolean): Promise<void> {
    const { options, fold } = this.#of;
    const { holdings, workers } = fold.slots;
    const lost = new Map<JobId, Position>();
    for (const { job, grant, worker: id } of Object.values<Holding>(holdings)) {
      const holder = workers[id];
      if (holder !== undefined && isLost(holder)) lost.set(job, grant);
    }
    if (lost.size === 0) return;
    await options
      .endOrphans((job, grant) => lost.get(job) === grant)
      .catch((error: unknown) => options.log.error({ err: error }, "processes of lost runs could not be ended"));
  }
}
