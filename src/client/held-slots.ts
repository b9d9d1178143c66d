/**
 * Slots that are held for direct execution: their lease is renewed until they are given back. A lease that could not be renewed
 * cannot be made up for: others may have the slots soon, and whoever holds them must stop using them before (D8).
 */
import { setTimeout as delay } from "node:timers/promises";
import { formatDuration } from "../../events/duration.js";
import { systemClock } from "../clock.js";
import { LeaseGuard, type Moment, msSince } from "../worker/lease-guard.js";
import { nextNews } from "./news.js";
import { RENEWALS_PER_LEASE, type ReservationDesk, type Seen } from "./reservation-desk.js";

/** Slots that are held. */
export interface HeldSlots extends AsyncDisposable {
  readonly id: string;
  /** The position of the entry that granted it, which grows with every grant: a token for whatever you write to. */
  readonly grant: number;
  /** Pool → units, under the limits in force at the grant; empty if they have no pool for it. */
  readonly demand: Readonly<Record<string, number>>;
  readonly leaseMs: number;
  /** Aborts, with a `ReservationLost` as its reason, when the slots must not be used any more. */
  readonly lost: AbortSignal;
  /** Gives them back. May be called twice. */
  release(reason?: string): Promise<Released>;
}

/** `gone`: they had been lost before. `unanswered`: nobody could be told; they are free when the lease has ended. */
export type Released = "released" | "gone" | "unanswered";

/** The reservation ended without our doing: its slots must not be used any more. */
export class ReservationLost extends Error {
  override readonly name = "ReservationLost";
  readonly code = "reservation-lost";
}

/** Then nobody can be told, and the lease has to end by itself. */
const RELEASE_MS_MAX = 10_000;
/** A renewal without an answer is repeated after this share of the lease. */
const TRIES_PER_LEASE = 6;

export class Held implements HeldSlots {
  readonly grant: number;
  readonly demand: Readonly<Record<string, number>>;
  readonly leaseMs: number;
  readonly #desk: ReservationDesk;
  readonly #news: EventTarget;
  readonly #stopListening: () => void;
  readonly #guard: LeaseGuard;
  readonly #lost = new AbortController();
  readonly #over = new AbortController();
  #renewedAt: Moment;
  #released: Promise<Released> | null = null;

  constructor(desk: ReservationDesk, { view, askedAt }: Seen, news: EventTarget, stopListening: () => void) {
    const { id, leaseMs } = view;
    this.#desk = desk;
    this.#news = news;
    this.#stopListening = stopListening;
    this.grant = view.grant ?? 0;
    this.demand = view.demand;
    this.leaseMs = leaseMs;
    this.#renewedAt = askedAt;
    this.#guard = new LeaseGuard(systemClock, leaseMs, () => {
      const silence = formatDuration(msSince(this.#renewedAt, systemClock));
      this.#lose(`${id} could not be renewed for ${silence}, and its lease is ${formatDuration(leaseMs)}`);
    });
    this.#guard.renewed(askedAt);
    void this.#keep();
  }

  get id(): string {
    return this.#desk.id;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  release(reason = "released"): Promise<Released> {
    this.#released ??= this.#release(reason);
    return this.#released;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  /** Where the answer leaves it open, our own clocks tell whether the lease had ended before. */
  async #release(reason: string): Promise<Released> {
    this.#stop();
    const hadEnded = msSince(this.#renewedAt, systemClock) >= this.leaseMs;
    const outcome = await this.#desk.release(reason, Math.min(RELEASE_MS_MAX, this.leaseMs));
    if (outcome === "unsure") return hadEnded ? "gone" : "released";
    return outcome === "unanswered" && hadEnded ? "gone" : outcome;
  }

  /** Renews until it is released or lost. Any news about it is a reason to ask at once. */
  async #keep(): Promise<void> {
    let pauseMs = this.leaseMs / RENEWALS_PER_LEASE;
    const { signal } = this.#over;
    while (!signal.aborted) {
      await nextNews(this.#news, pauseMs, signal);
      if (signal.aborted) return;
      // An answer that is late counts too, but meanwhile it is asked again: it may be lost.
      const isRenewed = await Promise.race([this.#renew(), delay(this.leaseMs / TRIES_PER_LEASE, false)]);
      pauseMs = isRenewed ? this.leaseMs / RENEWALS_PER_LEASE : this.#desk.tryAgainMs;
    }
  }

  /** False if it is not known how it stands. */
  async #renew(): Promise<boolean> {
    // Why nobody answered does not matter: it is tried on, and the guard knows how long that may last.
    const seen = await this.#desk.renew().catch(() => undefined);
    if (seen === undefined) return false;
    if (this.#over.signal.aborted) return true;
    if (seen?.view.grant !== this.grant) {
      this.#lose(`${this.id} is there no more: it has expired, or was released by somebody else`);
      return true;
    }
    if (seen.askedAt.elapsedMs > this.#renewedAt.elapsedMs) {
      this.#renewedAt = seen.askedAt;
      this.#guard.renewed(seen.askedAt);
    }
    return true;
  }

  #lose(text: string): void {
    this.#stop();
    this.#lost.abort(new ReservationLost(`reservation ${text}`));
  }

  #stop(): void {
    this.#over.abort();
    this.#guard.stop();
    this.#stopListening();
  }
}
