/**
 * The lease of a worker in a process of its own: asked for until it is granted, renewed until the scheduler does not know the worker
 * any more, and watched, so that nothing runs when it nears its end unrenewed (D8).
 */
import type { JobId, Position } from "../../events/names.js";
import type { Clock } from "../clock.js";
import type { Logger } from "../logger.js";
import type { Fence } from "./fence.js";
import type { LeaderLink } from "./leader-link.js";
import { LeaseGuard, type Moment, momentOf } from "./lease-guard.js";
import type { Hello, Lease } from "./protocol.js";

/** A question that nobody has answered is asked again after this. */
const JOIN_AGAIN_MS = 1_000;
const RENEW_AGAIN_MS = 250;
/** For an answer to a renewal; of a short lease, less. */
const RENEW_ANSWER_MS_MAX = 1_000;

export interface TenureOptions {
  readonly hello: Hello;
  readonly leader: LeaderLink;
  readonly fence: Fence;
  readonly clock: Clock;
  readonly log: Logger;
  /** The attempts whose end is not on record yet. */
  readonly running: () => readonly { readonly job: JobId; readonly grant: Position }[];
  readonly abort: (job: JobId, grant: Position, cause: "cancel" | "lease") => void;
  /** Nothing may run any more, until a renewal comes. */
  readonly nearEnd: () => void;
  /** Nobody has answered the question for a lease; told once. */
  readonly waits: () => void;
}

/** The scheduler will never take it in as it is, or the server does not let it ask. */
export class JoinRefused extends Error {
  readonly code = "join-refused";
}

export class Tenure {
  readonly #of: TenureOptions;
  #guard: LeaseGuard | null = null;
  #renewMs = 0;
  #asks = 0;
  #isOver = false;

  constructor(of: TenureOptions) {
    this.#of = of;
  }

  /** How often it was asked to be taken in. */
  get asks(): number {
    return this.#asks;
  }

  /** True before there is a lease, too. */
  get isNearEnd(): boolean {
    return this.#guard?.isNearEnd ?? true;
  }

  /**
   * Asks for a lease until there is an answer, or it is to stop; `unheard`: a question that was asked may yet be answered. Throws
   * `JoinRefused`.
   */
  async begin(stop: AbortSignal, stopped: Promise<void>): Promise<Lease | "taken" | "stopped" | "unheard"> {
    const { leader, clock, hello, waits } = this.#of;
    for (;;) {
      await Promise.race([leader.ready(), stopped]);
      if (stop.aborted) return this.#asks > 0 ? "unheard" : "stopped";
      this.#asks += 1;
      const asked = momentOf(clock);
      const answer = await Promise.race([leader.join(hello), stopped.then(() => null)]);
      if (answer !== null && "value" in answer) {
        this.#enter(answer.value, asked);
        return answer.value;
      }
      if (answer?.refused === "conflict") return "taken";
      if (answer !== null) throw new JoinRefused(answer.reason);
      if (this.#asks === 1 && !stop.aborted) waits();
      await Promise.race([this.#pause(JOIN_AGAIN_MS), stopped]);
    }
  }

  /** Renews the lease, and aborts what it is told to; settles when the worker is not known any more, or at the end. */
  async keep(): Promise<void> {
    const { leader, clock, fence, log, running, hello } = this.#of;
    let isSilent = false;
    for (let waitMs = this.#renewMs; ; ) {
      await this.#pause(waitMs);
      await leader.ready();
      if (this.#isOver) return;
      const asked = momentOf(clock);
      const renewal = { worker: hello.worker, running: [...running()], ...fence.heard };
      const answer = await leader.renew(renewal, Math.min(RENEW_ANSWER_MS_MAX, this.#renewMs));
      if (this.#isOver || (answer !== null && "refused" in answer && answer.refused === "unknown")) return;
      const isRenewed = answer !== null && "value" in answer && this.#renewed(answer.value, asked);
      if (isSilent === isRenewed)
        log.warn(isRenewed ? "the lease is renewed again" : "nobody renews the lease; trying on");
      isSilent = !isRenewed;
      waitMs = isRenewed ? this.#renewMs - (clock.elapsedMs() - asked.elapsedMs) : RENEW_AGAIN_MS;
    }
  }

  end(): void {
    this.#isOver = true;
    this.#guard?.stop();
  }

  #enter(lease: Lease, asked: Moment): void {
    const { clock, fence, nearEnd } = this.#of;
    fence.joined(lease);
    this.#guard = new LeaseGuard(clock, lease.leaseMs, nearEnd, asked);
    this.#renewMs = lease.renewMs;
  }

  /** False if a scheduler has answered that was deposed and does not know it yet. */
  #renewed({ epoch, leaseMs, renewMs, abort }: Lease, asked: Moment): boolean {
    if (!this.#of.fence.hears(epoch)) return false;
    this.#guard?.renewed(asked, leaseMs);
    this.#renewMs = renewMs;
    for (const { job, grant, cause } of abort) this.#of.abort(job, grant, cause);
    return true;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#of.clock.after(ms, resolve));
  }
}
