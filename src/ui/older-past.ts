/**
 * The past before the checkpoint at which a recording began. It is read from the first entry while people look already, by a recording
 * of its own, up to where the other one is by then; that one becomes it, and from then on it is as if all had been folded from the
 * first entry.
 */
import { setTimeout as delay } from "node:timers/promises";
import { LedgerCorrupt } from "../../projections/fold.js";
import type { Log } from "../log/log.js";
import { Slices } from "../slices.js";
import type { OlderPastTold } from "./protocol.js";
import { Recording } from "./recording.js";

/** Nobody waits for it, and the machine has other work: it rests for as long as it works, and while somebody waits for other work. */
const REST_MS = 20;

export class OlderPast {
  readonly #shown: Recording;
  readonly #isBusy: () => boolean;
  #read: Recording | null = new Recording();
  #reason: string | null = null;

  /** `shown`: the recording that does not know its older past. `isBusy`: whether somebody waits for something else that is folded. */
  constructor(shown: Recording, isBusy: () => boolean) {
    this.#shown = shown;
    this.#isBusy = isBusy;
  }

  /** How far it is; null: it is all there. */
  get told(): OlderPastTold | null {
    if (this.#reason !== null) return { kind: "unreadable", reason: this.#reason };
    if (this.#read === null) return null;
    return { kind: "reading", share: this.#read.fold.head.position / this.#shown.fold.head.position };
  }

  /** Reads on, until all is there, it turns out to be unreadable, or the signal aborts: then another call goes on. */
  async readOn(ledger: Log, signal: AbortSignal): Promise<void> {
    const read = this.#read;
    if (read === null || this.#reason !== null) return;
    const slices = new Slices(REST_MS);
    try {
      for await (const batch of ledger.follow(read.fold.head.position, signal)) {
        for (const message of batch) {
          if (signal.aborted) return;
          if (this.#isJoined(read)) return;
          read.apply(message);
          if (this.#isJoined(read)) return;
          await slices.between();
          while (this.#isBusy() && !signal.aborted) await delay(REST_MS, undefined, { ref: false });
        }
      }
    } catch (error) {
      if (!(error instanceof LedgerCorrupt)) throw error;
      this.#reason = error.message;
      this.#read = null;
    }
  }

  /** Where both have come to the same entry. The shown one may go on at any time, but never while this is looked at. */
  #isJoined(read: Recording): boolean {
    if (read.fold.head.position < this.#shown.fold.head.position) return false;
    this.#shown.become(read);
    this.#read = null;
    return true;
  }
}
