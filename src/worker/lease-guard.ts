/**
 * Watches a worker's own lease: if it could not be renewed for long, the worker ends its runs by itself well before the lease is
 * over and their slots are given to others (D8). Both clocks count: the one that jumps, and the one that may stand still in sleep.
 *
 * A renewal counts from when it was asked for, not from when the answer was read: whoever grants the lease counts from when it
 * was asked, and a process that was paused finds answers waiting that are long out of date.
 */
import type { Clock } from "../clock.js";

/** Of the lease, what may pass without a renewal; the rest is left for runs to end. */
const UNRENEWED_SHARE_MAX = 2 / 3;
const LOOKS_PER_LEASE = 12;

/** A moment by both clocks. */
export interface Moment {
  readonly elapsedMs: number;
  readonly wallMs: number;
}

export const momentOf = (clock: Clock): Moment => ({ elapsedMs: clock.elapsedMs(), wallMs: clock.now() });

/** How long it is since then, by the clock that says longer. */
export function msSince(then: Moment, clock: Clock): number {
  const { elapsedMs, wallMs } = momentOf(clock);
  return Math.max(elapsedMs - then.elapsedMs, wallMs - then.wallMs);
}

export class LeaseGuard {
  readonly #clock: Clock;
  readonly #onNearEnd: () => void;
  #leaseMs: number;
  #renewed: Moment;
  /** It was said, and no renewal has come since. */
  #isSaid = false;
  #isStopped = false;
  #cancel = () => {};

  /** `since`: when the lease was asked for. */
  constructor(clock: Clock, leaseMs: number, onNearEnd: () => void, since: Moment = momentOf(clock)) {
    this.#clock = clock;
    this.#leaseMs = leaseMs;
    this.#onNearEnd = onNearEnd;
    this.#renewed = since;
    this.#look();
  }

  /** `asked`: when the renewal was asked for. Answers may overtake each other: the question that was asked last counts. */
  renewed(asked: Moment, leaseMs = this.#leaseMs): void {
    if (asked.elapsedMs > this.#renewed.elapsedMs) this.#renewed = asked;
    this.#leaseMs = leaseMs;
    if (!this.isNearEnd) this.#isSaid = false;
  }

  /** So little of the lease is left that nothing may run any more. Asked, not told: no timer goes off in a process that is stopped. */
  get isNearEnd(): boolean {
    return msSince(this.#renewed, this.#clock) >= this.#leaseMs * UNRENEWED_SHARE_MAX;
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  #look(): void {
    if (!this.#isSaid && this.isNearEnd) {
      this.#isSaid = true;
      this.#onNearEnd();
    }
    // Whoever is told may stop it at once.
    if (this.#isStopped) return;
    this.#cancel = this.#clock.after(this.#leaseMs / LOOKS_PER_LEASE, () => this.#look());
  }
}
