/** The reservations of a program: each is its own, and what is still held when the signalbox closes is given back. */
import { hostname } from "node:os";
import { DURATION_FORMS } from "../../events/duration.js";
import { type HeldSlots, reserveSlots, type Session } from "../client/index.js";
import { parseDuration } from "../config/index.js";
import { SignalboxClosed } from "./endings.js";
import { type Duration, SignalboxOptionsError } from "./options.js";

export interface ReserveOptions {
  /** Units by resource tag: `{ollama: 1}`. */
  readonly resources: Readonly<Record<string, number>>;
  /** Ends the waiting. What is held then, is held until it is released. */
  readonly signal?: AbortSignal;
  /** How long a silence of this program is endured before its slots are given to others. Default: the scheduler's `lease`. */
  readonly lease?: Duration;
}

export class Reservations {
  readonly #session: Session;
  readonly #waiting = new Set<Promise<HeldSlots>>();
  readonly #held = new Set<HeldSlots>();
  readonly #closing = new AbortController();

  constructor(session: Session) {
    this.#session = session;
  }

  async reserve({ resources, signal, lease }: ReserveOptions): Promise<HeldSlots> {
    const closing = this.#closing.signal;
    const asked = reserveSlots(this.#session, {
      ...{ resources, holder: `process ${process.pid} on ${hostname()}` },
      ...(lease !== undefined && { lease: readLease(lease) }),
      signal: signal === undefined ? closing : AbortSignal.any([closing, signal]),
    });
    const waiting = asked.then((slots) => this.#hold(slots));
    this.#waiting.add(waiting);
    try {
      return await waiting;
    } finally {
      this.#waiting.delete(waiting);
    }
  }

  /** Settles when nobody waits any more, and all that is held was given back, or could not be. */
  async close(): Promise<void> {
    this.#closing.abort(new SignalboxClosed("closed before the slots were granted"));
    await Promise.allSettled(this.#waiting);
    await Promise.allSettled([...this.#held].map((slots) => slots.release("closed")));
  }

  /** Known until they are released. */
  #hold(slots: HeldSlots): HeldSlots {
    this.#held.add(slots);
    const { id, grant, demand, leaseMs, lost } = slots;
    const release = async (reason?: string) => {
      const released = await slots.release(reason);
      this.#held.delete(slots);
      return released;
    };
    const dispose = async () => void (await release());
    return { id, grant, demand, leaseMs, lost, release, [Symbol.asyncDispose]: dispose };
  }
}

function readLease(lease: Duration): number {
  const ms = parseDuration(lease);
  if (ms === null)
    throw new SignalboxOptionsError(`lease: ${JSON.stringify(lease)} is not a duration; write ${DURATION_FORMS}`);
  return ms;
}
