/** How far an endpoint has come in the ledger: deliveries end in any order, and what counts is the first that has not. */
import { type Position, position } from "../../events/names.js";

export class Progress {
  #read: Position;
  /** What is unfinished at each position, lowest first: positions come in the order of the ledger. */
  readonly #open = new Map<Position, number>();

  /** Everything up to `settled` is settled already. */
  constructor(settled: Position) {
    this.#read = settled;
  }

  /** Something is to be done at a position: reading it, or a delivery. Call it for a delivery while its reading is unfinished. */
  begin(at: Position): void {
    this.#read = at;
    this.#open.set(at, (this.#open.get(at) ?? 0) + 1);
  }

  /** Something of what was begun at a position is settled. */
  end(at: Position): void {
    const left = (this.#open.get(at) ?? 0) - 1;
    if (left > 0) this.#open.set(at, left);
    else this.#open.delete(at);
  }

  /** The last position up to which nothing is left to be done. */
  get settled(): Position {
    for (const lowest of this.#open.keys()) return position(lowest - 1);
    return this.#read;
  }
}
