/** Long work on the one thread that this process has, cut into slices, between which others have their turn. */
import { setTimeout as delay, setImmediate } from "node:timers/promises";

/** Whoever waits for something else of this process waits for no longer than this, and the step in which it is over. */
const SLICE_MS_MAX = 20;

export class Slices {
  readonly #restMs: number;
  #began = performance.now();

  /** `restMs`: so long nothing is done after each slice, so that work for which nobody waits leaves the machine to others. */
  constructor(restMs = 0) {
    this.#restMs = restMs;
  }

  /** Called between two steps: lets others have their turn if it is time. True if they had one, and anything may have changed. */
  async between(): Promise<boolean> {
    if (performance.now() - this.#began < SLICE_MS_MAX) return false;
    await (this.#restMs === 0 ? setImmediate() : delay(this.#restMs, undefined, { ref: false }));
    this.#began = performance.now();
    return true;
  }
}
