/** A process that may die: after that, its timers never fire and nothing that it asked of a log is ever answered. */
import type { Clock } from "../../src/clock.js";
import type { Log } from "../../src/log/log.js";

export class MortalProcess {
  readonly clock: Clock;
  #isDead = false;

  constructor(clock: Clock) {
    this.clock = {
      now: () => clock.now(),
      nowIso: () => clock.nowIso(),
      elapsedMs: () => clock.elapsedMs(),
      after: (ms, act) => clock.after(ms, () => (this.#isDead ? undefined : act())),
    };
  }

  crash(): void {
    this.#isDead = true;
  }

  /** A log as this process sees it. */
  log(inner: Log): Log {
    return {
      state: () => this.#unlessDead(() => inner.state()),
      append: (append) => this.#unlessDead(() => inner.append(append)),
      read: (sequence) => this.#unlessDead(() => inner.read(sequence)),
      trim: (sequence) => this.#unlessDead(() => inner.trim(sequence)),
      follow: (after, signal) => this.#follow(inner, after, signal),
    };
  }

  async *#follow(inner: Log, after: number, signal: AbortSignal): ReturnType<Log["follow"]> {
    for await (const batch of inner.follow(after, signal)) {
      if (this.#isDead) await never();
      yield batch;
    }
  }

  async #unlessDead<T>(act: () => Promise<T>): Promise<T> {
    if (this.#isDead) await never();
    const answer = await act();
    if (this.#isDead) await never();
    return answer;
  }
}

const never = () => new Promise<never>(() => {});
