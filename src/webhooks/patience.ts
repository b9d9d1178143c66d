/** Waiting, and trying again: on the clock that is given, and until a signal aborts. */
import { LedgerCorrupt } from "../../projections/fold.js";
import type { Clock } from "../clock.js";
import { LogGap } from "../log/log.js";
import type { Logger } from "../logger.js";

/** Between attempts to reach what should be there, such as the ledger: doubled each time from the first to the second. */
const AGAIN_MS_MIN = 500;
const AGAIN_MS_MAX = 30_000;

/** Settles after `ms`, or as soon as the signal aborts. */
export function pause(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      cancel();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal.addEventListener("abort", done, { once: true });
  });
}

export interface Patience {
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Tries again until it succeeds. Throws what cannot get better by itself, and whatever goes wrong after the signal aborts. */
export async function untilDone<T>(what: string, act: () => Promise<T>, { clock, log, signal }: Patience): Promise<T> {
  for (let againMs = AGAIN_MS_MIN; ; againMs = Math.min(againMs * 2, AGAIN_MS_MAX)) {
    try {
      return await act();
    } catch (error) {
      if (error instanceof LedgerCorrupt || error instanceof LogGap || signal.aborted) throw error;
      log.warn({ err: error, againMs }, `${what}; trying again`);
      await pause(againMs, clock, signal);
    }
  }
}
