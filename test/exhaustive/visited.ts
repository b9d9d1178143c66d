/**
 * The states that were seen, by their hashes: 8 bytes a place in an open table of fixed size, of which two bits say whether the
 * state was visited and whether it is known to end well.
 *
 * Two states are taken for one if 62 bits agree and their places are close: with n states, t transitions and p probes a look-up
 * on average the probability that this ever happened is below t · p / 2^62.
 */
import { Hasher } from "./hash.js";
import type { State } from "./state.js";

const VISITED = 1;
const ENDS_WELL = 2;
const FLAGS = 3;
/** Fuller, and look-ups become long. */
const LOAD_MAX = 0.8;
/** The last state that is allowed may add all its next ones, and their healthy continuations. */
const PLACES_TO_SPARE = 100_000;

export class Visited {
  readonly #words: Uint32Array;
  readonly #places: number;
  readonly #hasher: Hasher;
  readonly statesMax: number;
  /** States in the table, visited or only known to end well. */
  size = 0;

  constructor(statesMax: number, seed: number) {
    this.#hasher = new Hasher(seed);
    this.statesMax = statesMax;
    this.#places = Math.ceil(statesMax / LOAD_MAX) + PLACES_TO_SPARE;
    this.#words = new Uint32Array(this.#places * 2);
  }

  get isFull(): boolean {
    return this.size >= this.statesMax;
  }

  /** The bits of a state, and its place for `mark`. */
  find(state: State): number {
    const hasher = this.#hasher;
    hasher.hash(state);
    const words = this.#words;
    // All of the first lane decides about the place, whatever the table's size.
    let place = Math.floor((hasher.place / 2 ** 32) * this.#places);
    // Flags may be none, so the rest must never be nothing: nothing means an empty place.
    const high = (hasher.high & ~FLAGS) >>> 0 || 4;
    for (;;) {
      const there = words[place * 2 + 1] as number;
      if (there === 0) break;
      if (words[place * 2] === hasher.low && (there & ~FLAGS) >>> 0 === high) return place;
      place = place + 1 === this.#places ? 0 : place + 1;
    }
    if (this.size === this.#places - 1) throw new Error("the table of visited states is full");
    words[place * 2] = hasher.low;
    words[place * 2 + 1] = high;
    this.size += 1;
    return place;
  }

  isVisited(place: number): boolean {
    return ((this.#words[place * 2 + 1] as number) & VISITED) !== 0;
  }

  endsWell(place: number): boolean {
    return ((this.#words[place * 2 + 1] as number) & ENDS_WELL) !== 0;
  }

  visit(place: number): void {
    this.#mark(place, VISITED);
  }

  markEndsWell(place: number): void {
    this.#mark(place, ENDS_WELL);
  }

  #mark(place: number, flag: number): void {
    this.#words[place * 2 + 1] = ((this.#words[place * 2 + 1] as number) | flag) >>> 0;
  }
}
