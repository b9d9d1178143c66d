/** The appends whose acknowledgement has not come: as the publisher that ships keeps them, with one sweep for all that is overdue. */
import type { AppendOutcome } from "../../src/log/log.js";
import type { Loop } from "./loop.js";
import type { Program } from "./program.js";
import type { Tally } from "./tally.js";

const ACK_WAIT_MS = 5_000;
const SWEEP_EVERY_MS = 500;

interface Pending {
  readonly settle: (outcome: AppendOutcome) => void;
  readonly deadlineUs: number;
  isStored: boolean;
}

export class PendingAppends {
  readonly #loop: Loop;
  readonly #program: Program;
  readonly #tally: Tally;
  readonly #pending = new Map<number, Pending>();
  #tokens = 0;
  #cancelSweep: (() => void) | null = null;

  constructor(loop: Loop, program: Program, tally: Tally) {
    this.#loop = loop;
    this.#program = program;
    this.#tally = tally;
  }

  add(settle: (outcome: AppendOutcome) => void): number {
    this.#tokens += 1;
    this.#pending.set(this.#tokens, { settle, deadlineUs: this.#loop.now + ACK_WAIT_MS * 1_000, isStored: false });
    this.#cancelSweep ??= this.#program.after(SWEEP_EVERY_MS, () => this.#sweep());
    return this.#tokens;
  }

  /** The server has stored it. Its client may have given it up before. */
  noteStored(token: number): void {
    const pending = this.#pending.get(token);
    if (pending === undefined) this.#tally.count("append landed late");
    else pending.isStored = true;
  }

  settle(token: number, outcome: AppendOutcome): void {
    const pending = this.#pending.get(token);
    if (pending === undefined) return;
    this.#pending.delete(token);
    if (this.#pending.size === 0) {
      this.#cancelSweep?.();
      this.#cancelSweep = null;
    }
    if (outcome.outcome === "unknown") this.#noteLost(pending);
    pending.settle(outcome);
  }

  settleAll(reason: string): void {
    for (const token of [...this.#pending.keys()]) this.settle(token, { outcome: "unknown", reason });
  }

  /** The program is dead: nobody is left to be told. */
  forget(): void {
    for (const pending of this.#pending.values()) this.#noteLost(pending);
    this.#pending.clear();
  }

  #noteLost({ isStored }: Pending): void {
    this.#tally.count(isStored ? "acknowledgement lost" : "append lost or late");
  }

  #sweep(): void {
    for (const [token, { deadlineUs }] of this.#pending) {
      // Deadlines are in the order of the map.
      if (deadlineUs > this.#loop.now) break;
      this.settle(token, { outcome: "unknown", reason: `no acknowledgement within ${ACK_WAIT_MS} ms` });
    }
    this.#cancelSweep = this.#pending.size === 0 ? null : this.#program.after(SWEEP_EVERY_MS, () => this.#sweep());
  }
}
