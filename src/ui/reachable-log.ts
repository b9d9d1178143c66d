/**
 * A log that says at once that its server is away. The log itself waits for its server for ever, which is right for whoever
 * follows it, and wrong for whoever is asked something and has somebody waiting for the answer.
 */
import type { AppendOutcome, Log, LogState, StoredMessage } from "../log/log.js";

export class ReachableLog implements Log {
  readonly #log: Log;
  /** Aborts, with the reason, when the server goes away. Another one each time that it is back. */
  readonly #reach: () => AbortSignal;

  constructor(log: Log, reach: () => AbortSignal) {
    this.#log = log;
    this.#reach = reach;
  }

  state(): Promise<LogState> {
    return orGone(this.#reach(), () => this.#log.state());
  }

  read(sequence: number): Promise<StoredMessage | null> {
    return orGone(this.#reach(), () => this.#log.read(sequence));
  }

  async *follow(after: number, signal: AbortSignal): AsyncIterable<readonly StoredMessage[]> {
    const reach = this.#reach();
    const batches = this.#log.follow(after, AbortSignal.any([signal, reach]))[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await orGone(reach, () => batches.next());
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      // One that waits for its server ends when that is back, or never.
      void batches.return?.();
    }
  }

  append(): Promise<AppendOutcome> {
    throw new Error("the visualizer reads and does not write");
  }

  trim(): Promise<void> {
    throw new Error("the visualizer reads and does not write");
  }
}

function orGone<T>(reach: AbortSignal, act: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const gone = () => reject(reach.reason);
    if (reach.aborted) return gone();
    reach.addEventListener("abort", gone, { once: true });
    act()
      .then(resolve, reject)
      .finally(() => reach.removeEventListener("abort", gone));
  });
}
