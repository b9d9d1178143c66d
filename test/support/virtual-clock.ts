/** A clock that stands still until a test moves it. */
import type { Clock } from "../../src/clock.js";

interface Alarm {
  readonly atMs: number;
  readonly act: () => void;
}

export class VirtualClock implements Clock {
  #nowMs: number;
  #alarms: Alarm[] = [];

  constructor(now: string) {
    this.#nowMs = Date.parse(now);
  }

  now(): number {
    return this.#nowMs;
  }

  nowIso(): string {
    return new Date(this.#nowMs).toISOString();
  }

  elapsedMs(): number {
    return this.#nowMs;
  }

  after(ms: number, act: () => void): () => void {
    const alarm = { atMs: this.#nowMs + ms, act };
    this.#alarms.push(alarm);
    return () => {
      this.#alarms = this.#alarms.filter((one) => one !== alarm);
    };
  }

  /** How many are waiting for a time. */
  get alarms(): number {
    return this.#alarms.length;
  }

  /** Lets so much time pass, alarm by alarm; what an alarm wakes has come to rest before the next one. */
  async pass(ms: number): Promise<void> {
    const until = this.#nowMs + ms;
    await atRest();
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      const alarm = next;
      this.#alarms = this.#alarms.filter((one) => one !== alarm);
      this.#nowMs = alarm.atMs;
      alarm.act();
      await atRest();
    }
    this.#nowMs = until;
  }

  #next(untilMs: number): Alarm | undefined {
    const [first] = this.#alarms.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs);
    return first;
  }
}

/** Settles when everything that only waits for other promises has happened. */
export async function atRest(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
