/** Where each visited state came from: the number of the state before, and which of its moves it was. 6 bytes a state. */
const PIECE = 1 << 20;

export class Trail {
  readonly #before: Uint32Array[] = [];
  readonly #moves: Uint16Array[] = [];
  size = 0;

  add(before: number, move: number): void {
    const index = this.size % PIECE;
    if (index === 0) {
      this.#before.push(new Uint32Array(PIECE));
      this.#moves.push(new Uint16Array(PIECE));
    }
    const piece = this.#before.length - 1;
    (this.#before[piece] as Uint32Array)[index] = before;
    (this.#moves[piece] as Uint16Array)[index] = move;
    this.size += 1;
  }

  /** The moves from the beginning to a state, each by its number among the moves of the state before. */
  to(state: number): number[] {
    const moves: number[] = [];
    for (let at = state; at > 0; ) {
      const piece = Math.floor(at / PIECE);
      moves.push(this.#moves[piece]?.[at % PIECE] as number);
      at = this.#before[piece]?.[at % PIECE] as number;
    }
    return moves.reverse();
  }
}
