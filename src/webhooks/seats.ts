/** A bounded number of seats: who finds none free waits, first come first served. */
export class Seats {
  readonly #count: number;
  #taken = 0;
  #waiting: (() => void)[] = [];
  #onEmpty: (() => void)[] = [];

  constructor(count: number) {
    this.#count = count;
  }

  async take(): Promise<void> {
    if (this.#taken < this.#count) {
      this.#taken += 1;
      return;
    }
    // The seat of whoever leaves is handed on: it is never free between.
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next !== undefined) return next();
    this.#taken -= 1;
    if (this.#taken === 0) for (const resolve of this.#onEmpty.splice(0)) resolve();
  }

  /** Settles when nobody sits. */
  async empty(): Promise<void> {
    if (this.#taken > 0) await new Promise<void>((resolve) => this.#onEmpty.push(resolve));
  }
}
