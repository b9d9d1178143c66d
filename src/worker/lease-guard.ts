/**
 * Watches a worker's own lease: if it could not be renewed for long, the worker ends its runs by itself well before the lease is
 * over and their slots are given to others (D8). Both clocks count: the one that jumps, and the one that may stand still in sleep.
 */
import type { Clock } from "../clock.js";

/** Of the lease, what may pass without a renewal; the rest is left for runs to end. */
const UNRENEWED_SHARE_MAX = 2 / 3;
const LOOKS_PER_LEASE = 12;

/** What the two clocks say at one moment. */
export interface Reading {
  readonly elapsedMs: number;
  readonly wallMs: number;
}

export const readClocks = (clock: Clock): Reading => ({ elapsedMs: clock.elapsedMs(), wallMs: clock.now() });

/** How long it is since then, by the clock that says longer. */
export function msSince(then: Reading, clock: Clock): number {
  const { elapsedMs, wallMs } = readClocks(clock);
  return Math.max(elapsedMs - then.elapsedMs, wallMs - then.wallMs);
}

export class LeaseGuard {
  readonly #clock: Clock;
  readonly #leaseMs: number;
  readonly #onNearEnd: () => void;
  #renewed: Reading;
  #isNearEnd = false;
  #isStopped = false;
  #cancel = () => {};

  constructor(clock: Clock, leaseMs: number, onNearEnd: () => void) {
    this.#clock = clock;
    this.#leaseMs = leaseMs;
    this.#onNearEnd = onNearEnd;
    this.#renewed = readClocks(clock);
    this.#look();
  }

  /** `at`: when the renewal was sent, if its answer may have taken long: the lease counts from no later than that. */
  renewed(at: Reading = readClocks(this.#clock)): void {
    this.#renewed = at;
    this.#isNearEnd = false;
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  #look(): void {
    const unrenewedMs = msSince(this.#renewed, this.#clock);
    if (!this.#isNearEnd && unrenewedMs >= this.#leaseMs * UNRENEWED_SHARE_MAX) {
      this.#isNearEnd = true;
      this.#onNearEnd();
    }
    // Whoever is told may stop it at once.
    if (this.#isStopped) return;
    this.#cancel = this.#clock.after(this.#leaseMs / LOOKS_PER_LEASE, () => this.#look());
  }
}
