/** The states of one depth, in the order in which they were found: words in large pieces, so that a deep level copies nothing. */
import type { State } from "./state.js";

const PIECE_STATES = 65_536;

export class Frontier {
  readonly #words: number;
  readonly #pieces: Uint32Array[] = [];
  size = 0;

  constructor(words: number) {
    this.#words = words;
  }

  push(state: State): void {
    const inPiece = this.size % PIECE_STATES;
    if (inPiece === 0 && this.#pieces.length * PIECE_STATES === this.size)
      this.#pieces.push(new Uint32Array(PIECE_STATES * this.#words));
    this.#pieces[this.#pieces.length - 1]?.set(state, inPiece * this.#words);
    this.size += 1;
  }

  read(index: number, into: State): void {
    const piece = this.#pieces[Math.floor(index / PIECE_STATES)];
    const from = (index % PIECE_STATES) * this.#words;
    for (let word = 0; word < this.#words; word += 1) into[word] = piece?.[from + word] as number;
  }

  /** What was read up to `index` is not needed any more. */
  release(index: number): void {
    const whole = Math.floor(index / PIECE_STATES);
    for (let piece = 0; piece < whole; piece += 1) this.#pieces[piece] = NOTHING;
  }
}

const NOTHING = new Uint32Array(0);
