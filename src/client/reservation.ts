/**
 * Direct execution from outside (DEC-004): asks for slots and waits for its turn. Anything may be lost on the way: an answer (the
 * request is repeated), an announcement (each renewal tells how it stands), the leader (it is tried on).
 */
import { randomBytes } from "node:crypto";
import { JOB_ID_PATTERN } from "../../events/names.js";
import type { ReservationView } from "../../projections/views/views.js";
import { systemClock } from "../clock.js";
import { type Moment, momentOf, msSince } from "../worker/lease-guard.js";
import { ClientFailure } from "./failure.js";
import { Held, type HeldSlots, ReservationLost } from "./held-slots.js";
import { nextNews } from "./news.js";
import { mayPass, RENEWALS_PER_LEASE, ReservationDesk, type Seen, type Wanted } from "./reservation-desk.js";
import type { Session } from "./session.js";

export interface ReservationRequest extends Omit<Wanted, "id"> {
  /** Chosen by the caller, or a random one. */
  readonly id?: string;
  /** Ends the waiting, and gives the place back. What is held then, is held until it is released. */
  readonly signal?: AbortSignal;
}

export interface WaitingHooks {
  /** How it stands, each time that it was asked. */
  readonly onWaiting?: (view: ReservationView) => void;
  /** Nobody answers just now. It is tried on. */
  readonly onSilence?: (failure: ClientFailure) => void;
  /** It had expired in a long silence, and is asked for anew: at the end of the line. */
  readonly onPlaceLost?: () => void;
}

/** How often a place in the line is asked for, where the lease does not need it more often. */
const ASK_EVERY_MS = 1_000;
/** Nobody answered yet: a change of leader takes about so long. */
const FIRST_ANSWER_MS_MAX = 10_000;
/** Then the lease has to end by itself. */
const GIVE_UP_MS_MAX = 3_000;
/** 48 random bits: no two reservations that are there at once share them by chance. */
const ID_BYTES = 6;

/**
 * Waits until the slots are ours. Throws `ClientFailure`: `invalid` if they cannot be had, `no-scheduler` or `unanswered` if nobody
 * answers for long; `ReservationLost` if somebody else released it; the signal's reason if that aborts.
 */
export async function reserveSlots(
  session: Session,
  { id = `run-${randomBytes(ID_BYTES).toString("hex")}`, signal, ...wanted }: ReservationRequest,
  hooks: WaitingHooks = {},
): Promise<HeldSlots> {
  signal?.throwIfAborted();
  // It becomes a part of a subject, on which the server must not stumble.
  if (!JOB_ID_PATTERN.test(id)) throw new ClientFailure("invalid", "id: must be a reservation's id");
  const desk = new ReservationDesk(session, { id, ...wanted });
  const news = new EventTarget();
  const { nc, subjects } = session;
  const subscription = nc.subscribe(subjects.event(id, "*"), {
    // Without the right to listen there is no news, and asking has to do.
    callback: (error) => void (error === null && news.dispatchEvent(new Event("news"))),
  });
  const stopListening = () => {
    if (!nc.isClosed() && !subscription.isClosed()) subscription.unsubscribe();
  };
  const waiting = new Waiting(desk, news, hooks);
  try {
    return new Held(desk, await waiting.untilGranted(signal ?? null), news, stopListening);
  } catch (error) {
    stopListening();
    if (waiting.mayBeThere) await desk.release("gave up waiting", GIVE_UP_MS_MAX).catch(() => {});
    throw error;
  }
}

class Waiting {
  readonly #desk: ReservationDesk;
  readonly #news: EventTarget;
  readonly #hooks: WaitingHooks;
  #began = momentOf(systemClock);
  /** When it was last seen to be there; null before the first time. */
  #seenAt: Moment | null = null;
  mayBeThere = false;

  constructor(desk: ReservationDesk, news: EventTarget, hooks: WaitingHooks) {
    this.#desk = desk;
    this.#news = news;
    this.#hooks = hooks;
  }

  async untilGranted(signal: AbortSignal | null): Promise<Seen> {
    const over = new AbortController();
    const ended = signal === null ? over.signal : AbortSignal.any([signal, over.signal]);
    try {
      for (;;) {
        // Listening begins before asking: what comes between the answer and the wait is not slept through.
        const { leaseMs, tryAgainMs } = this.#desk;
        const next = nextNews(this.#news, Math.min(ASK_EVERY_MS, leaseMs / RENEWALS_PER_LEASE), ended);
        const seen = await this.#look();
        signal?.throwIfAborted();
        if (seen?.view.state === "granted") {
          // An old answer, because we were stopped or asleep in between, is no ground to begin on: it is asked again.
          if (msSince(seen.askedAt, systemClock) < seen.view.leaseMs / RENEWALS_PER_LEASE) return seen;
          continue;
        }
        if (seen !== null) this.#hooks.onWaiting?.(seen.view);
        await (seen === null ? nextNews(this.#news, tryAgainMs, ended) : next);
        signal?.throwIfAborted();
      }
    } finally {
      over.abort();
    }
  }

  /** How it stands; null if nobody answers. */
  async #look(): Promise<Seen | null> {
    try {
      const seen = this.#seenAt === null ? await this.#ask() : await this.#desk.renew();
      if (seen === null) return this.#missed();
      this.#seenAt = seen.askedAt;
      return seen;
    } catch (error) {
      if (!mayPass(error) || !this.#desk.isOpen) throw error;
      if (this.#seenAt === null && msSince(this.#began, systemClock) >= FIRST_ANSWER_MS_MAX) throw error;
      this.#hooks.onSilence?.(error);
      return null;
    }
  }

  async #ask(): Promise<Seen> {
    this.mayBeThere = true;
    return await this.#desk.reserve();
  }

  /** It is there no more. After a silence as long as the lease that is our own doing, and we ask anew; else it was somebody's will. */
  #missed(): null {
    const { id, leaseMs } = this.#desk;
    this.mayBeThere = false;
    if (this.#seenAt !== null && msSince(this.#seenAt, systemClock) < leaseMs)
      throw new ReservationLost(`reservation ${id} was released by somebody else while it waited`);
    this.#seenAt = null;
    this.#began = momentOf(systemClock);
    this.#hooks.onPlaceLost?.();
    return null;
  }
}
