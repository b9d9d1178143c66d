/**
 * Watches a worker's own lease: if it could not be renewed for long, the worker ends its runs by itself well before the lease is
 * over and their slots are given to others (D8). Both clocks count: the one that jumps, and the one that may stand still in sleep.
 */
import type { Clock } from "../clock.js";

/** Of the lease, what may pass without a renewal; the rest is left for runs to end. */
const UNRENEWED_SHARE_MAX = 2 / 3;
const LOOKS_PER_LEASE = 12;

export class LeaseGuard {
  readonly #clock: Clock;
  readonly #leaseMs: number;
  readonly #onNearEnd: () => void;
  #renewed: { readonly elapsedMs: number; readonly wallMs: number };
  #isNearEnd = false;
  #cancel = () => {};

  constructor(clock: Clock, leaseMs: number, onNearEnd: () => void) {
    this.#clock = clock;
    this.#leaseMs = leaseMs;
    this.#onNearEnd = onNearEnd;
    this.#renewed = this.#read();
    this.#look();
  }

  renewed(): void {
    this.#renewed = this.#read();
    this.#isNearEnd = false;
  }

  /** So little of the lease is left that nothing may run any more. Asked, not told: no timer goes off in a process that is stopped. */
  get isNearEnd(): boolean {
    const { elapsedMs, wallMs } = this.#read();
    const unrenewedMs = Math.max(elapsedMs - this.#renewed.elapsedMs, wallMs - this.#renewed.wallMs);
    return unrenewedMs >= this.#leaseMs * UNRENEWED_SHARE_MAX;
  }

  stop(): void {
    this.#cancel();
  }

  #look(): void {
    const { elapsedMs, wallMs } = this.#read();
    const unrenewedMs = Math.max(elapsedMs - this.#renewed.elapsedMs, wallMs - this.#renewed.wallMs);
    if (!this.#isNearEnd && unrenewedMs >= this.#leaseMs * UNRENEWED_SHARE_MAX) {
      this.#isNearEnd = true;
      this.#onNearEnd();
    }
    this.#cancel = this.#clock.after(this.#leaseMs / LOOKS_PER_LEASE, () => this.#look());
  }

  #read() {
    return { elapsedMs: this.#clock.elapsedMs(), wallMs: this.#clock.now() };
  }
}
