/** A clock that stands still until a test moves it: both its hands together, or one of them alone. */
import type { Clock } from "../../src/clock.js";

interface Alarm {
  readonly atMs: number;
  readonly act: () => void;
}

export class VirtualClock implements Clock {
  #wallMs: number;
  #elapsedMs = 0;
  #alarms: Alarm[] = [];

  constructor(now = "2026-01-01T00:00:00.000Z") {
    this.#wallMs = Date.parse(now);
  }

  now(): number {
    return this.#wallMs;
  }

  nowIso(): string {
    return new Date(this.#wallMs).toISOString();
  }

  elapsedMs(): number {
    return this.#elapsedMs;
  }

  after(ms: number, act: () => void): () => void {
    const alarm = { atMs: this.#elapsedMs + Math.max(0, ms), act };
    this.#alarms.push(alarm);
    return () => {
      this.#alarms = this.#alarms.filter((one) => one !== alarm);
    };
  }

  /** How many are waiting for a time. */
  get alarms(): number {
    return this.#alarms.length;
  }

  /** The wall clock is set to another time; nothing else notices by itself. */
  setForward(ms: number): void {
    this.#wallMs += ms;
  }

  /** The machine or the process slept: time has passed, and no alarm has gone off yet. */
  sleep(ms: number): void {
    this.#elapsedMs += ms;
    this.#wallMs += ms;
  }

  /** Lets so much time pass, alarm by alarm; what an alarm wakes has come to rest before the next one. */
  async pass(ms: number): Promise<void> {
    const until = this.#elapsedMs + ms;
    await atRest();
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      const alarm = next;
      this.#alarms = this.#alarms.filter((one) => one !== alarm);
      this.sleep(Math.max(0, alarm.atMs - this.#elapsedMs));
      alarm.act();
      await atRest();
    }
    this.sleep(Math.max(0, until - this.#elapsedMs));
  }

  #next(untilMs: number): Alarm | undefined {
    return this.#alarms.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
  }
}

/** Settles when everything that only waits for other promises has happened. */
export async function atRest(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
