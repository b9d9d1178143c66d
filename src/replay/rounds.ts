/** Long work that gives way: keys, signals and timers have their turn every so often. */
import { setImmediate as nextRound } from "node:timers/promises";

const ROUND_MS = 20;

export class Rounds {
  #endsMs = performance.now() + ROUND_MS;

  /** True if it was time, and the others have had their turn. */
  async giveWay(): Promise<boolean> {
    if (performance.now() < this.#endsMs) return false;
    await nextRound();
    this.#endsMs = performance.now() + ROUND_MS;
    return true;
  }
}
