/** The requests about one reservation (DEC-004), each of which may be repeated: the id is ours, and asking twice is asking once. */
import { setTimeout as delay } from "node:timers/promises";
import type { ReservationView } from "../../projections/views/views.js";
import { systemClock } from "../clock.js";
import { type Moment, momentOf } from "../worker/lease-guard.js";
import { ClientFailure } from "./failure.js";
import { request } from "./request.js";
import type { Session } from "./session.js";

/** What is asked for, as it goes over the wire. */
export interface Wanted {
  readonly id: string;
  /** Tag → units. */
  readonly resources: Readonly<Record<string, number>>;
  /** In milliseconds; absent: the scheduler's own. */
  readonly lease?: number;
  /** Who holds it, for people. */
  readonly holder: string;
}

/** How a reservation stood, and when that was asked: its lease counts from no later than then. */
export interface Seen {
  readonly view: ReservationView;
  readonly askedAt: Moment;
}

/**
 * What became of a release. `gone`: there was nothing to give back. `unsure`: nor was there, but an earlier request without an answer
 * may have done it. `unanswered`: nobody could be told.
 */
export type ReleaseOutcome = "released" | "gone" | "unsure" | "unanswered";

export const RENEWALS_PER_LEASE = 3;
/** Until the scheduler has said which lease it gives. */
const LEASE_MS_GUESS = 30_000;
/** An answer takes milliseconds; on a busy machine it may take a good part of a short lease. */
const ANSWERS_PER_LEASE = 2;
const ANSWER_MS_MIN = 500;
const ANSWER_MS_MAX = 2_000;
const TRIES_PER_LEASE = 20;
const TRY_AGAIN_MS_MIN = 50;
const TRY_AGAIN_MS_MAX = 500;

const INVALID = 400;
const CONFLICT = 409;
const INTERNAL = 500;

/** Whether asking again may help: nobody answers while the leader changes, and who leads no more says so. */
export function mayPass(error: unknown): error is ClientFailure {
  if (!(error instanceof ClientFailure)) return false;
  const { code, status } = error;
  return code === "no-scheduler" || code === "unanswered" || status === CONFLICT || status === INTERNAL;
}

export class ReservationDesk {
  readonly #session: Session;
  readonly #wanted: Wanted;
  #leaseMs: number;

  constructor(session: Session, wanted: Wanted) {
    this.#session = session;
    this.#wanted = wanted;
    this.#leaseMs = wanted.lease ?? LEASE_MS_GUESS;
  }

  get id(): string {
    return this.#wanted.id;
  }

  get leaseMs(): number {
    return this.#leaseMs;
  }

  /** The pause before a request is repeated. */
  get tryAgainMs(): number {
    return within(this.#leaseMs / TRIES_PER_LEASE, TRY_AGAIN_MS_MIN, TRY_AGAIN_MS_MAX);
  }

  /** False once the connection was closed on our side: then nobody will ever answer. */
  get isOpen(): boolean {
    return !this.#session.nc.isClosed();
  }

  /** Asks for it; if it is there already, this renews it. Throws `ClientFailure`, with `invalid` if it cannot be had. */
  async reserve(): Promise<Seen> {
    try {
      return await this.#look("reserve", this.#wanted);
    } catch (error) {
      if (error instanceof ClientFailure && error.status === INVALID)
        throw new ClientFailure("invalid", error.message, { cause: error });
      throw error;
    }
  }

  /** Says that we are there still; null if there is no such reservation any more. */
  async renew(): Promise<Seen | null> {
    try {
      return await this.#look("renew", { id: this.id });
    } catch (error) {
      if (error instanceof ClientFailure && error.code === "not-found") return null;
      throw error;
    }
  }

  /** Gives it back, asking again for at most `msMax`. */
  async release(reason: string, msMax: number): Promise<ReleaseOutcome> {
    const deadline = systemClock.elapsedMs() + msMax;
    let isSure = true;
    for (;;) {
      try {
        await this.#ask("release", { id: this.id, reason });
        return "released";
      } catch (error) {
        if (error instanceof ClientFailure && error.code === "not-found") return isSure ? "gone" : "unsure";
        if (!mayPass(error)) throw error;
        if (error.code !== "no-scheduler") isSure = false;
      }
      if (systemClock.elapsedMs() >= deadline || !this.isOpen) return "unanswered";
      await delay(this.tryAgainMs);
    }
  }

  async #look(verb: "reserve" | "renew", args: object): Promise<Seen> {
    const askedAt = momentOf(systemClock);
    // What src/api/service.ts answers to these two.
    const { reservation: view } = (await this.#ask(verb, args)) as { readonly reservation: ReservationView };
    this.#leaseMs = view.leaseMs;
    return { view, askedAt };
  }

  #ask(verb: "reserve" | "renew" | "release", args: object): Promise<unknown> {
    const { nc, subjects } = this.#session;
    const answerMs = within(this.#leaseMs / ANSWERS_PER_LEASE, ANSWER_MS_MIN, ANSWER_MS_MAX);
    return request(nc, `${subjects.api}.${verb}`, args, answerMs);
  }
}

const within = (ms: number, min: number, max: number): number => Math.min(max, Math.max(min, ms));
