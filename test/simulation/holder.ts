/**
 * Somebody who runs something directly (DEC-004): asks for slots, waits for them, renews their lease while at work, and gives them
 * back, or goes away without a word. It speaks the protocol of docs/direct-execution.md, and stops its work by the shipped guard.
 */
import type { Clock } from "../../src/clock.js";
import { LeaseGuard, type Moment, momentOf, msSince } from "../../src/worker/lease-guard.js";
import { API } from "./node.js";
import type { ReservePlan } from "./plan.js";
import type { Requests } from "./requests.js";
import type { SlotBook, Use } from "./slot-book.js";

const ANSWER_MS = 2_000;
const AGAIN_MS = 200;
const RENEWALS_PER_LEASE = 3;
const ASK_EVERY_MS = 1_000;
/** Giving back is tried so often; then the lease tells. */
const RELEASES_MAX = 10;

interface Seen {
  readonly view: { readonly state: string; readonly grant: number | null; readonly leaseMs: number };
  readonly asked: Moment;
}

/** What `src/api/service.ts` answers, without its envelope. */
interface Reply {
  readonly refused?: string;
  readonly value?: { readonly reservation?: Seen["view"] };
}

export interface HolderOptions {
  readonly plan: ReservePlan;
  readonly requests: Requests;
  readonly clock: Clock;
  readonly slots: SlotBook;
  readonly onEnded: () => void;
  readonly tally: (what: string) => void;
}

export class Holder {
  readonly #of: HolderOptions;
  /** It was told to give up waiting. */
  #isEnough = false;

  constructor(of: HolderOptions) {
    this.#of = of;
    void this.#live().then(of.onEnded);
  }

  giveUp(): void {
    this.#isEnough = true;
  }

  async #live(): Promise<void> {
    const { plan, tally } = this.#of;
    const held = await this.#untilGranted();
    if (held === null) return await this.#release();
    tally("reservation held");
    const ending = await this.#work(held);
    tally(`reservation ${ending}`);
    if (ending === "done" && plan.leaves === "without a word") return;
    await this.#release();
  }

  /** Null if it is not to be had, or nobody wants it any more. */
  async #untilGranted(): Promise<Seen | null> {
    const { id, resources, leaseMs, patienceMs } = this.#of.plan;
    const { clock } = this.#of;
    const began = momentOf(clock);
    let isThere = false;
    for (;;) {
      const seen = await (isThere
        ? this.#ask("renew", { id })
        : this.#ask("reserve", { id, resources, lease: leaseMs, holder: "somebody" }));
      if (this.#isEnough || seen === "refused" || msSince(began, clock) > patienceMs) return null;
      if (seen === "gone") isThere = false;
      else if (seen !== null) {
        isThere = true;
        // An old answer is no ground to begin on.
        if (seen.view.state === "granted" && msSince(seen.asked, clock) < leaseMs / RENEWALS_PER_LEASE) return seen;
      }
      await this.#pause(seen === null ? AGAIN_MS : Math.min(ASK_EVERY_MS, leaseMs / RENEWALS_PER_LEASE));
    }
  }

  /** At work until it is done, or must not go on. */
  async #work({ view, asked }: Seen): Promise<"done" | "lost"> {
    const { clock, slots, plan } = this.#of;
    const { leaseMs } = view;
    const use: Use = slots.begin({ name: plan.id, grant: view.grant ?? 0, place: null, isDetached: false });
    let isLost = false;
    const lose = () => {
      isLost = true;
      slots.end(use);
    };
    const guard = new LeaseGuard(clock, leaseMs, lose, asked);
    const began = momentOf(clock);
    while (!isLost && msSince(began, clock) < plan.holdMs) {
      await this.#pause(Math.min(leaseMs / RENEWALS_PER_LEASE, plan.holdMs));
      if (isLost) break;
      const seen = await this.#ask("renew", { id: plan.id });
      if (seen === null) await this.#pause(AGAIN_MS);
      else if (typeof seen === "string" || seen.view.grant !== view.grant) lose();
      else guard.renewed(seen.asked);
    }
    guard.stop();
    if (!isLost) slots.end(use);
    return isLost ? "lost" : "done";
  }

  async #release(): Promise<void> {
    for (let tries = 0; tries < RELEASES_MAX; tries += 1) {
      const seen = await this.#ask("release", { id: this.#of.plan.id });
      if (seen !== null) return;
      await this.#pause(AGAIN_MS);
    }
  }

  /** How it stands; null if nobody says. */
  async #ask(verb: "reserve" | "renew" | "release", args: object): Promise<Seen | "refused" | "gone" | null> {
    const asked = momentOf(this.#of.clock);
    const answered = await this.#of.requests.ask(API, { verb, args }, ANSWER_MS);
    if (!("answer" in answered)) return null;
    const reply = answered.answer as Reply;
    if (reply.refused === "invalid") return "refused";
    if (reply.refused === "not-found") return "gone";
    if (reply.refused !== undefined) return null;
    const view = reply.value?.reservation;
    // A release that was carried out shows nothing any more.
    return view === undefined ? "gone" : { view, asked };
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#of.clock.after(ms, resolve));
  }
}
