/**
 * A running program, as the world calls into it. Whatever reaches it, message or timer, goes through here: so it can be frozen, with
 * all that comes meanwhile at once when it goes on, and it can be dead, and then nothing reaches it any more.
 */
import type { Loop } from "./loop.js";

/** In which order a program finds what came while it was frozen. Node.js looks after its timers first. */
export type ThawOrder = "as it came" | "timers first" | "messages first";

interface Waiting {
  readonly isTimer: boolean;
  readonly act: () => void;
}

export class Program {
  readonly #loop: Loop;
  readonly #waiting: Waiting[] = [];
  #isFrozen = false;
  #isDead = false;
  #thawedUs = Number.NaN;

  constructor(loop: Loop) {
    this.#loop = loop;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  /** It does nothing: it is frozen, or goes on in this very moment and has not looked about yet. */
  get isStill(): boolean {
    return this.#isFrozen || this.#thawedUs === this.#loop.now;
  }

  /** A message reaches the program. */
  deliver(act: () => void): void {
    this.#call(act, false);
  }

  /** A timer of the program: milliseconds of true time; like those of Node.js, never at once and never too early. */
  after(ms: number, act: () => void): () => void {
    if (this.#isDead) return () => {};
    let isCancelled = false;
    const fire = () => {
      if (!isCancelled) act();
    };
    const scheduled = this.#loop.after(Math.max(1, Math.ceil(ms)) * 1_000, () => this.#call(fire, true));
    return () => {
      isCancelled = true;
      scheduled.cancel();
    };
  }

  freeze(): void {
    this.#isFrozen = true;
  }

  thaw(order: ThawOrder): void {
    this.#isFrozen = false;
    this.#thawedUs = this.#loop.now;
    const waiting = this.#waiting.splice(0);
    if (order !== "as it came") {
      const goesFirst = order === "timers first";
      waiting.sort((a, b) => Number(b.isTimer === goesFirst) - Number(a.isTimer === goesFirst));
    }
    // Each in an event of its own: between two of them the program finishes what it has begun.
    for (const { act, isTimer } of waiting) this.#loop.after(0, () => this.#call(act, isTimer));
  }

  end(): void {
    this.#isDead = true;
    this.#waiting.length = 0;
  }

  #call(act: () => void, isTimer: boolean): void {
    if (this.#isDead) return;
    if (this.#isFrozen) {
      this.#waiting.push({ act, isTimer });
      return;
    }
    this.#loop.touch();
    act();
  }
}
