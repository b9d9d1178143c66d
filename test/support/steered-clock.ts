/** A clock that goes with the real one and can be put forward: what is due then happens at once, in the order of its times. */
import type { Clock } from "../../src/clock.js";

interface Timer {
  readonly dueMs: number;
  readonly act: () => void;
}

export class SteeredClock implements Clock {
  #aheadMs = 0;
  readonly #timers = new Set<Timer>();
  #wakeUp: NodeJS.Timeout | undefined;

  now(): number {
    return Date.now() + this.#aheadMs;
  }

  nowIso(): string {
    return new Date(this.now()).toISOString();
  }

  elapsedMs(): number {
    return performance.now() + this.#aheadMs;
  }

  after(ms: number, act: () => void): () => void {
    const timer = { dueMs: this.elapsedMs() + ms, act };
    this.#timers.add(timer);
    this.#setAlarm();
    return () => this.#timers.delete(timer);
  }

  /** Puts the clock forward. */
  advance(ms: number): void {
    this.#aheadMs += ms;
    this.#fire();
  }

  #fire(): void {
    const now = this.elapsedMs();
    const due = [...this.#timers].filter(({ dueMs }) => dueMs <= now).sort((a, b) => a.dueMs - b.dueMs);
    for (const timer of due) if (this.#timers.delete(timer)) timer.act();
    this.#setAlarm();
  }

  #setAlarm(): void {
    clearTimeout(this.#wakeUp);
    if (this.#timers.size === 0) return;
    const next = Math.min(...[...this.#timers].map(({ dueMs }) => dueMs));
    this.#wakeUp = setTimeout(() => this.#fire(), Math.max(0, next - this.elapsedMs()));
  }
}
