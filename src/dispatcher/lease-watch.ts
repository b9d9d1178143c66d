/**
 * Who was heard of when: workers in processes of their own, and holders of reservations. Only while leading, and only in memory:
 * a new leader gives everybody a fresh grace (D8). That a lease has expired becomes a fact; that it was renewed does not.
 */
import { remember } from "../../events/remember.js";
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

  /**
   * How long nothing was heard of somebody. Whoever is asked about for the first time has a whole lease from then on: it came just
   * now, perhaps by a message that nobody answers, or was there when the reign began.
   */
  silentMs(id: string): number {
    const now = this.#clock.elapsedMs();
    return now - remember(this.#heardMs, id, () => now);
  }

  /** Forgets all who are not known any more. */
  keepOnly(isKnown: (id: string) => boolean): void {
    for (const id of [...this.#heardMs.keys()]) if (!isKnown(id)) this.#heardMs.delete(id);
  }
}
