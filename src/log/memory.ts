/** A log in memory: the same port, the same contract suite, for unit tests and simulation. Nothing survives the process. */
import {
  type Append,
  type AppendOutcome,
  BATCH_MESSAGES_MAX,
  type Log,
  LogGap,
  type LogState,
  type StoredMessage,
} from "./log.js";

export class MemoryLog implements Log {
  readonly #identity: string;
  readonly #now: () => string;
  readonly #appendOnly: boolean;
  readonly #messages: StoredMessage[] = [];
  #trimmed = 0;
  #waiters: (() => void)[] = [];

  /** With `after`, a log of which so many messages are not kept any more. */
  constructor(options: { identity: string; now: () => string; appendOnly: boolean; after?: number }) {
    this.#trimmed = options.after ?? 0;
    this.#messages.length = this.#trimmed;
    this.#identity = options.identity;
    this.#now = options.now;
    this.#appendOnly = options.appendOnly;
  }

  async state(): Promise<LogState> {
    return { identity: this.#identity, first: this.#trimmed + 1, last: this.#messages.length };
  }

  async append({ subject, data, expectedLast }: Append): Promise<AppendOutcome> {
    const last = this.#messages.length;
    if (expectedLast !== undefined && expectedLast !== last) {
      return { outcome: "refused", reason: `wrong last sequence: ${last}` };
    }
    const sequence = last + 1;
    // A copy: the caller may use its buffer again.
    this.#messages.push({ sequence, subject, data: data.slice(), storedAt: this.#now() });
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
    return { outcome: "stored", sequence };
  }

  async read(sequence: number): Promise<StoredMessage | null> {
    return sequence > this.#trimmed ? (this.#messages[sequence - 1] ?? null) : null;
  }

  async *follow(after: number, signal: AbortSignal): AsyncIterable<readonly StoredMessage[]> {
    let last = after;
    while (!signal.aborted) {
      if (last > this.#messages.length)
        throw new LogGap(`message ${last} was read before and is not there: this is another log`);
      if (last < this.#trimmed)
        throw new LogGap(`message ${last + 1} is not kept any more; the first one is ${this.#trimmed + 1}`);
      const batch = this.#messages.slice(last, last + BATCH_MESSAGES_MAX);
      if (batch.length > 0) {
        last += batch.length;
        yield batch;
      } else await this.#nextAppend(signal);
    }
  }

  async trim(sequence: number): Promise<void> {
    if (this.#appendOnly) throw new Error("an append-only log cannot be trimmed");
    this.#trimmed = Math.max(this.#trimmed, Math.min(sequence, this.#messages.length));
  }

  #nextAppend(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#waiters.push(done);
      signal.addEventListener("abort", done, { once: true });
    });
  }
}
