/** What a checkpoint remembers of the past and of durations, read again line by line. */
import type { JobId } from "../../events/names.js";
import type { Frame, HoldingStay, Moment, QueueStay } from "../past.js";
import type { RememberedLine } from "./checkpoint-lines.js";
import type { KeptPast, KeptTimes } from "./kept.js";

export class Remembered {
  readonly durations: KeptTimes[] = [];
  #reach: Moment | null = null;
  readonly #since: (readonly [JobId, Moment])[] = [];
  readonly #stays: QueueStay[] = [];
  readonly #holdings: HoldingStay[] = [];
  readonly #frames: Frame[] = [];
  #items = 0;

  /** How many items were read. */
  get items(): number {
    return this.#items;
  }

  take(line: RememberedLine): void {
    this.#items += line.items.length;
    switch (line.kind) {
      case "reach":
        this.#reach = line.items[0] ?? null;
        return;
      case "since":
        this.#since.push(...line.items);
        return;
      case "stays":
        this.#stays.push(...line.items);
        return;
      case "held":
        this.#holdings.push(...line.items);
        return;
      case "frames":
        this.#frames.push(...line.items);
        return;
      case "durations":
        this.durations.push(...line.items);
        return;
      default:
        line satisfies never;
    }
  }

  /** Throws if it was not told. */
  past(): KeptPast {
    if (this.#reach === null) throw new Error("its past is missing");
    return {
      ...{ reach: this.#reach, since: this.#since, stays: this.#stays },
      ...{ holdings: this.#holdings, frames: this.#frames },
    };
  }
}
