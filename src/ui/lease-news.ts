/**
 * What is left of the leases by which slots are held. No fact says that a lease was renewed, so the scheduler that leads is asked,
 * again and again; but only while a page is open and somebody holds slots by a lease.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Fold } from "../../projections/fold.js";
import type { Holding, Reservation } from "../../projections/slots.js";
import type { Broadcast } from "./broadcast.js";
import type { LeaseLeft } from "./protocol.js";
import type { Shown } from "./shown.js";
import type { Streams } from "./streams.js";

const ASK_EVERY_MS = 1_000;

export interface LeaseNewsOptions {
  readonly shown: Pick<Shown, "recording" | "leases">;
  readonly streams: Pick<Streams, "size">;
  readonly broadcast: Pick<Broadcast, "leases">;
}

export class LeaseNews {
  readonly #of: LeaseNewsOptions;
  /** The pages were told of some. */
  #isTold = false;

  constructor(of: LeaseNewsOptions) {
    this.#of = of;
  }

  /** Tells until the signal aborts. */
  async tellOn(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.tell();
      await delay(ASK_EVERY_MS, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  /** One round: asks if there is a reason to, and tells what is known now. */
  async tell(): Promise<void> {
    const { shown, streams, broadcast } = this.#of;
    const holders = streams.size === 0 ? new Set<string>() : holdersByLease(shown.recording.fold);
    const known = holders.size === 0 ? null : ((await shown.leases?.()) ?? null);
    const leases = (known?.leases ?? []).filter((lease) => holders.has(keyOf(lease)));
    // That nothing is known any more is told once.
    if (leases.length > 0 || this.#isTold) broadcast.leases(leases);
    this.#isTold = leases.length > 0;
  }
}

/** Whoever has slots now and would lose them by silence: workers in processes of their own, and holders of reservations. */
function holdersByLease({ slots }: Fold): ReadonlySet<string> {
  const { holdings, workers, reservations } = slots;
  const held = Object.values<Holding>(holdings).filter(({ worker }) => workers[worker]?.remote === true);
  const reserved = Object.values<Reservation>(reservations).filter(({ grant }) => grant !== null);
  return new Set([
    ...held.map(({ worker }) => keyOf({ kind: "worker", holder: worker })),
    ...reserved.map(({ id }) => keyOf({ kind: "reservation", holder: id })),
  ]);
}

const keyOf = ({ kind, holder }: Pick<LeaseLeft, "kind" | "holder">): string => `${kind} ${holder}`;
