/**
 * Who was heard of when: workers in processes of their own, and holders of reservations. Only while leading, and only in memory:
 * a new leader gives everybody a fresh grace (D8). That a lease has expired becomes a fact; that it was renewed does not.
 */
import type { Clock } from "../clock.js";

export class LeaseWatch {
  readonly #clock: Clock;
  readonly #heardMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  heard(id: string): void {
    this.#heardMs.set(id, this.#clock.elapsedMs());
  }

  /** How long nothing was heard of somebody; of whom nothing ever was, since this was first asked: when the reign began, or they came. */
  silentMs(id: string): number {
    const now = this.#clock.elapsedMs();
    const heard = this.#heardMs.get(id);
    if (heard === undefined) this.#heardMs.set(id, now);
    return now - (heard ?? now);
  }

  /** Forgets all who are not known any more. */
  keepOnly(isKnown: (id: string) => boolean): void {
    for (const id of [...this.#heardMs.keys()]) if (!isKnown(id)) this.#heardMs.delete(id);
  }
}
