/** The world as the second opinion sees it: plain JSON facts, read one after the other into plain records. */

type Raw = Readonly<Record<string, unknown>>;

export interface SeenJob {
  readonly id: string;
  readonly type: string;
  readonly resources: Readonly<Record<string, number>>;
  readonly createdAt: string;
  readonly isInLine: boolean;
  priority: number;
  place: number;
  /** `time`: scheduled, or held back in its group. */
  state: "time" | "queued" | "holding" | "retry" | "ended";
  /** The entry by which it came to wait in the queue. */
  queued: number;
  isCancelling: boolean;
  grant: number;
  worker: string;
  /** When it was last granted, or was cancelled without being so: what is later it did not wait for. */
  lastLeft: string;
}

export interface SeenReservation {
  readonly id: string;
  readonly type: null;
  readonly resources: Readonly<Record<string, number>>;
  grant: number | null;
}

export interface SeenWorker {
  readonly id: string;
  readonly capacity: number;
  readonly types: readonly string[] | null;
  isLeaving: boolean;
}

export class OpinionWorld {
  readonly jobs = new Map<string, SeenJob>();
  /** In the order in which they were asked for. */
  readonly reservations = new Map<string, SeenReservation>();
  readonly workers = new Map<string, SeenWorker>();
  pools = new Map([["global", 1]]);
  paused = new Set<string>();

  read(position: number, entry: Raw): void {
    for (const fact of entry["facts"] as readonly Raw[]) this.#read(fact, position, String(entry["at"]));
    for (const [id, { isLeaving }] of this.workers) if (isLeaving && this.seated(id) === 0) this.workers.delete(id);
  }

  seated(worker: string): number {
    return [...this.jobs.values()].filter((job) => job.state === "holding" && job.worker === worker).length;
  }

  #read(fact: Raw, position: number, at: string): void {
    const job = this.jobs.get(String(fact["job"]));
    switch (fact["type"]) {
      case "JobSubmitted":
        return this.#submitted(fact, position);
      case "LimitsChanged":
        return this.#limits(fact["limits"] as Raw);
      case "PoolPaused":
        this.paused.add(String(fact["pool"]));
        return;
      case "PoolResumed":
        this.paused.delete(String(fact["pool"]));
        return;
      case "WorkerJoined": {
        const { worker, capacity, types } = fact as { worker: string; capacity: number; types: string[] | null };
        this.workers.set(worker, { id: worker, capacity, types, isLeaving: false });
        return;
      }
      case "WorkerLeft": {
        const worker = this.workers.get(String(fact["worker"]));
        if (worker !== undefined) worker.isLeaving = true;
        return;
      }
      case "ReservationRequested": {
        const id = String(fact["reservation"]);
        const resources = fact["resources"] as Record<string, number>;
        this.reservations.set(id, { id, type: null, resources, grant: null });
        return;
      }
      case "ReservationGranted": {
        const reservation = this.reservations.get(String(fact["reservation"]));
        if (reservation !== undefined) reservation.grant = position;
        return;
      }
      case "ReservationReleased":
      case "ReservationExpired":
        this.reservations.delete(String(fact["reservation"]));
        return;
      default:
        if (job !== undefined) this.#happened(job, fact, position, at);
    }
  }

  #submitted(fact: Raw, position: number): void {
    const spec = fact["spec"] as Raw;
    const group = spec["group"] as { sequential: boolean } | undefined;
    const id = String(fact["job"]);
    this.jobs.set(id, {
      id,
      type: String(spec["type"]),
      resources: spec["resources"] as Record<string, number>,
      createdAt: String(fact["createdAt"]),
      isInLine: group?.sequential === true,
      priority: Number(spec["priority"]),
      place: Number(fact["position"]),
      state: fact["runAt"] === null ? "queued" : "time",
      ...{ queued: position, isCancelling: false, grant: 0, worker: "", lastLeft: "" },
    });
  }

  #happened(job: SeenJob, fact: Raw, position: number, at: string): void {
    switch (fact["type"]) {
      case "JobDue":
        job.state = "queued";
        job.queued = position;
        return;
      case "JobAmended":
        job.priority = Number(fact["priority"] ?? job.priority);
        return;
      case "JobMoved":
        job.place = Number(fact["position"]);
        return;
      case "StartGranted":
        Object.assign(job, { state: "holding", grant: position, worker: String(fact["worker"]), lastLeft: at });
        return;
      case "CancelRequested":
        job.isCancelling = true;
        return;
      case "JobCancelled":
        if (job.state === "queued" && job.queued < position) job.lastLeft = at;
        job.state = "ended";
        return;
      case "RunFailed":
      case "RunTimedOut":
      case "LeaseExpired":
        job.state = job.isCancelling || fact["retryAt"] === null ? "ended" : "retry";
        return;
      case "RunCompleted":
      case "RunSkipped":
      case "RunCancelled":
        job.state = "ended";
        return;
      default:
        return;
    }
  }

  #limits(limits: Raw): void {
    const pools = new Map<string, number>();
    if (limits["global"] !== undefined) pools.set("global", Number(limits["global"]));
    for (const [name, units] of Object.entries((limits["types"] ?? {}) as Raw))
      pools.set(`type:${name}`, Number(units));
    for (const [name, units] of Object.entries((limits["resources"] ?? {}) as Raw))
      pools.set(`resource:${name}`, Number(units));
    this.pools = pools;
    // A pool that is taken away takes its pause along.
    for (const pool of this.paused) if (!pools.has(pool)) this.paused.delete(pool);
  }
}
