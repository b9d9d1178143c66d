/** What has happened since the watchers were told last: the newest facts, and all transitions of jobs, counted. Bounded. */
import type { Fact } from "../../events/facts.js";
import type { FactAddress } from "../../events/names.js";
import type { JobState } from "../../events/states.js";
import { factLine } from "./fact-line.js";
import type { Batch, FactLine, Move } from "./protocol.js";

/** So many facts are told of at once; under load thousands come in the time between two batches. */
const FACTS_TOLD_MAX = 200;

/** A fact as it was folded; `states` if it moved a job. */
export interface FoldedFact {
  readonly address: FactAddress;
  readonly at: string;
  readonly fact: Fact;
  readonly states: { readonly from: JobState | null; readonly to: JobState } | null;
}

export class News {
  /** The newest, in a ring: the next one goes to `#count % FACTS_TOLD_MAX`. */
  readonly #facts: FoldedFact[] = [];
  #count = 0;
  readonly #moves = new Map<string, Move>();

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  add(folded: FoldedFact): void {
    this.#facts[this.#count % FACTS_TOLD_MAX] = folded;
    this.#count += 1;
    const { fact, states } = folded;
    if (states === null || states.from === states.to) return;
    const key = `${states.from} ${states.to} ${fact.type}`;
    const count = (this.#moves.get(key)?.count ?? 0) + 1;
    this.#moves.set(key, { ...states, fact: fact.type, count });
  }

  /** Everything since the last call. */
  take(): Pick<Batch, "facts" | "left" | "moves"> {
    const next = this.#count % FACTS_TOLD_MAX;
    const isFull = this.#count > FACTS_TOLD_MAX;
    const kept = isFull ? [...this.#facts.slice(next), ...this.#facts.slice(0, next)] : this.#facts;
    const told = {
      facts: kept.map(lineOf),
      left: this.#count - kept.length,
      moves: [...this.#moves.values()],
    };
    this.#facts.length = 0;
    this.#count = 0;
    this.#moves.clear();
    return told;
  }
}

export const lineOf = ({ address, at, fact, states }: FoldedFact): FactLine => ({
  ...factLine(address, at, fact),
  ...states,
});
