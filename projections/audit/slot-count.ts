/**
 * The slots, counted by another path: from grants and ends alone, pool by pool over all who hold something, anew each time. It shares
 * no code with the fold, its slots or its demands, so that a mistake in one of the two shows as a difference.
 */
import type { Entry } from "../../events/entry.js";
import type { Fact } from "../../events/facts.js";
import { capacities, DEFAULT_LIMITS, type Limits } from "../../events/limits.js";
import type { PoolName, Position } from "../../events/names.js";

/** Who holds what of a pool, as anyone says it: the scheduler, the fold, or this count. */
export interface StatedHolder {
  /** The job, or the reservation. */
  readonly job: string;
  readonly units: number;
  /** The position of the entry that granted them. */
  readonly grant: number;
  readonly worker: string;
  /** There, and true, only for a reservation: it may have a job's name. */
  readonly reservation?: true;
}

export interface StatedPool {
  readonly name: string;
  readonly capacity: number;
  readonly used: number;
  readonly paused: boolean;
  readonly holders: readonly StatedHolder[];
}

/** What somebody may hold: of a job its type and tags, of a reservation its tags. */
interface Claim {
  readonly type: string | null;
  readonly tags: Readonly<Record<string, number>>;
  /** A reservation's own; a job's worker is in its grant. */
  readonly holder: string;
}

interface Held {
  readonly claim: Claim;
  readonly grant: Position;
  readonly worker: string;
}

export class SlotCount {
  #limits: Limits = DEFAULT_LIMITS;
  readonly #paused = new Set<string>();
  /** Jobs that have not ended, and reservations; two kinds of names. */
  readonly #jobs = new Map<string, Claim>();
  readonly #reservations = new Map<string, Claim>();
  readonly #heldByJobs = new Map<string, Held>();
  readonly #heldByReservations = new Map<string, Held>();

  read(position: Position, { facts }: Entry): void {
    for (const fact of facts) this.#take(fact, position);
  }

  /** How many hold something. */
  get held(): number {
    return this.#heldByJobs.size + this.#heldByReservations.size;
  }

  get pools(): StatedPool[] {
    const jobs = [...this.#heldByJobs].map(([job, held]) => ({ job, held }));
    const reservations = [...this.#heldByReservations].map(([job, held]) => ({
      job,
      held,
      reservation: true as const,
    }));
    const all = [...jobs, ...reservations].sort((a, b) => a.held.grant - b.held.grant);
    return [...capacities(this.#limits)].map(([name, capacity]) => {
      const holders = all.flatMap(({ held: { claim, grant, worker }, ...who }): StatedHolder[] => {
        const units = unitsOf(claim, name);
        return units === 0 ? [] : [{ ...who, units, grant, worker }];
      });
      const used = holders.reduce((sum, { units }) => sum + units, 0);
      return { name, capacity, used, paused: this.#paused.has(name), holders };
    });
  }

  #take(fact: Fact, position: Position): void {
    switch (fact.type) {
      case "LimitsChanged": {
        this.#limits = fact.limits;
        const there = capacities(fact.limits);
        // A pool that is taken away and given again later is not paused any more.
        for (const name of this.#paused) if (!there.has(name as PoolName)) this.#paused.delete(name);
        return;
      }
      case "PoolPaused":
        this.#paused.add(fact.pool);
        return;
      case "PoolResumed":
        this.#paused.delete(fact.pool);
        return;
      case "JobSubmitted":
        this.#jobs.set(fact.job, { type: fact.spec.type, tags: fact.spec.resources, holder: "" });
        return;
      case "StartGranted": {
        const claim = this.#jobs.get(fact.job);
        if (claim !== undefined) this.#heldByJobs.set(fact.job, { claim, grant: position, worker: fact.worker });
        return;
      }
      case "RunCompleted":
      case "RunSkipped":
      case "RunCancelled":
      case "JobCancelled":
        this.#heldByJobs.delete(fact.job);
        this.#jobs.delete(fact.job);
        return;
      case "RunFailed":
      case "RunTimedOut":
      case "LeaseExpired":
        this.#heldByJobs.delete(fact.job);
        if (fact.retryAt === null) this.#jobs.delete(fact.job);
        return;
      case "ReservationRequested":
        this.#reservations.set(fact.reservation, { type: null, tags: fact.resources, holder: fact.holder });
        return;
      case "ReservationGranted": {
        const claim = this.#reservations.get(fact.reservation);
        if (claim !== undefined)
          this.#heldByReservations.set(fact.reservation, { claim, grant: position, worker: claim.holder });
        return;
      }
      case "ReservationReleased":
      case "ReservationExpired":
        this.#heldByReservations.delete(fact.reservation);
        this.#reservations.delete(fact.reservation);
        return;
      default:
        // Nothing else takes or gives slots, or says what there is of them.
        return;
    }
  }
}

function unitsOf({ type, tags }: Claim, pool: PoolName): number {
  const [kind = "", name = ""] = pool.split(":");
  if (kind === "global") return 1;
  if (kind === "type") return name === type ? 1 : 0;
  return Object.hasOwn(tags, name) ? (tags[name] ?? 0) : 0;
}
