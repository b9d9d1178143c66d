/** The clock as a port: real in the scheduler, virtual in tests. */
export interface Clock {
  /** Milliseconds since 1970, UTC. */
  now(): number;
  /** The same as ISO 8601 with milliseconds. */
  nowIso(): string;
  /** Milliseconds since some fixed moment: never jumps, unlike `now`, but may stand still while the machine sleeps. */
  elapsedMs(): number;
  /** Calls `act` once after `ms`, unless the returned function is called before. */
  after(ms: number, act: () => void): () => void;
}

/** Node.js fires timers longer than this at once; a longer wait is made of several. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  nowIso: () => isoTime(Date.now()),
  elapsedMs: () => performance.now(),
  after: (ms, act) => {
    let timer: NodeJS.Timeout;
    const wait = (left: number) => {
      timer = setTimeout(() => (left > TIMER_MS_MAX ? wait(left - TIMER_MS_MAX) : act()), Math.min(left, TIMER_MS_MAX));
    };
    wait(Math.max(0, ms));
    return () => clearTimeout(timer);
  },
};

let lastMs = Number.NaN;
let lastIso = "";

/** Milliseconds since 1970 as ISO 8601. Under load many things happen in the same millisecond, and share the text. */
export function isoTime(ms: number): string {
  if (ms !== lastMs) {
    lastMs = ms;
    lastIso = new Date(ms).toISOString();
  }
  return lastIso;
}
