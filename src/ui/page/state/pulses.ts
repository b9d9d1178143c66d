/** Short pulses on the chart: which ways were just taken. A pulse is over by itself; nothing is kept. */
import type { Step } from "./board-moves.js";

export class Pulses {
  readonly #watchers = new Set<(steps: readonly Step[]) => void>();

  watch(watcher: (steps: readonly Step[]) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  beat(steps: readonly Step[]): void {
    for (const watcher of this.#watchers) watcher(steps);
  }
}
