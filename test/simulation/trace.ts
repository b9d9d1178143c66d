/**
 * What happened, in order. Always hashed, so that two runs can be compared for the price of a few multiplications; told as text only
 * when somebody wants to read it.
 */
import { hashOf } from "./chance.js";

export interface TraceLine {
  readonly atMs: number;
  readonly who: string;
  readonly text: string;
}

export class Trace {
  readonly lines: TraceLine[] = [];
  /** Whether texts are kept. */
  readonly isTold: boolean;
  readonly #now: () => number;
  #hash = 0x811c9dc5;

  constructor(isTold: boolean, nowUs: () => number) {
    this.isTold = isTold;
    this.#now = nowUs;
  }

  get hash(): number {
    return this.#hash;
  }

  note(who: string, what: string, more: () => string = () => ""): void {
    const now = this.#now();
    this.#hash = hashOf(what, hashOf(who, Math.imul(this.#hash ^ now, 0x01000193)));
    if (!this.isTold) return;
    const told = more();
    this.lines.push({ atMs: now / 1_000, who, text: told === "" ? what : `${what}: ${told}` });
  }
}
