/** Waits for a server that has gone away to answer again. */
import { setTimeout as delay } from "node:timers/promises";
import type { NatsConnection } from "../nats/door.js";
import { Link } from "../nats/link.js";

/** True when the server answers; false if it does not within `ms`, if the connection is closed for good, or with the interrupt. */
export type Reach = (ms: number, interrupt: AbortSignal) => Promise<boolean>;

/** Between two attempts, so that a server that is starting is not asked without a pause. */
const PAUSE_MS = 250;

export function reacher(nc: NatsConnection): Reach {
  const link = new Link(nc);
  return async (ms, interrupt) => {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), Math.max(0, ms));
    const signal = AbortSignal.any([interrupt, late.signal]);
    const isOver = new Promise<false>((resolve) =>
      signal.addEventListener("abort", () => resolve(false), { once: true }),
    );
    let isAnswered = false;
    while (!isAnswered && !signal.aborted && !nc.isClosed()) {
      // The signal ends the pause, too; whoever loops sees that.
      await delay(PAUSE_MS, undefined, { signal }).catch(() => {});
      const answered = link
        .ask(() => nc.flush())
        .then(
          () => true,
          () => false,
        );
      isAnswered = await Promise.race([answered, isOver]);
    }
    clearTimeout(timer);
    return isAnswered;
  };
}
