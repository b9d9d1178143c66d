/**
 * States that differ in nothing that can still matter are made equal: what is decided leaves the intake, what nobody looks at
 * is cleared, and dispatchers, which are all alike, are sorted.
 */
import type { Intakes } from "./intakes.js";
import { isLeading } from "./shell.js";
import {
  at,
  DECIDED,
  FOLD,
  GRACED,
  get,
  INTAKE,
  LIST,
  ORPHANS,
  put,
  type State,
  setShell,
  shell,
  TAKEN,
  TURN,
  word,
  wordsEach,
} from "./state.js";
import type { Turns } from "./turns.js";

export class Canonical {
  readonly #dispatchers: number;
  readonly #turns: Turns;
  readonly #intakes: Intakes;
  /** Which dispatcher of the state before stands in each place now. */
  readonly order: number[];

  constructor(dispatchers: number, turns: Turns, intakes: Intakes) {
    this.#dispatchers = dispatchers;
    this.#turns = turns;
    this.#intakes = intakes;
    this.order = Array.from({ length: dispatchers }, (_, d) => d);
  }

  /** Changes the state in place. True if dispatchers have changed places: another order of the same was found. */
  make(state: State): boolean {
    this.#dropDecided(state);
    for (let d = 0; d < this.#dispatchers; d += 1) if (shell(state, d, GRACED) === 1) this.#endGrace(state, d);
    const [first, second] = [word(state, ORPHANS), word(state, ORPHANS + 1)];
    if (second > first) {
      state[ORPHANS] = second;
      state[ORPHANS + 1] = first;
    }
    return this.#sort(state);
  }

  #dropDecided(state: State): void {
    let least = get(state, INTAKE, DECIDED);
    for (let d = 0; d < this.#dispatchers; d += 1)
      if (isLeading(state, d)) least = Math.min(least, shell(state, d, TAKEN));
    if (least === 0) return;
    put(state, INTAKE, LIST, this.#intakes.drop(get(state, INTAKE, LIST), least));
    put(state, INTAKE, DECIDED, get(state, INTAKE, DECIDED) - least);
    for (let d = 0; d < this.#dispatchers; d += 1)
      if (isLeading(state, d)) setShell(state, d, TAKEN, shell(state, d, TAKEN) - least);
  }

  /** Where nobody has anything of a former worker any more, the end of their grace changes nothing. */
  #endGrace(state: State, d: number): void {
    const turn = word(state, at(d) + TURN);
    const belief = turn === 0 ? this.#turns.beliefById(word(state, at(d) + FOLD)) : this.#turns.byId(turn).next;
    const { summary } = belief ?? this.#turns.root;
    if (summary.workers.every((rank) => rank === -1 || rank === summary.own)) setShell(state, d, GRACED, 0);
  }

  #sort(state: State): boolean {
    const { order } = this;
    for (let d = 0; d < order.length; d += 1) order[d] = d;
    let isMoved = false;
    for (let end = this.#dispatchers - 1; end > 0; end -= 1) {
      for (let d = 0; d < end; d += 1) {
        if (!isAfter(state, d)) continue;
        swap(state, d);
        [order[d], order[d + 1]] = [order[d + 1] ?? 0, order[d] ?? 0];
        isMoved = true;
      }
    }
    return isMoved;
  }
}

function isAfter(state: State, d: number): boolean {
  for (let index = wordsEach - 1; index >= 0; index -= 1) {
    const [here, there] = [word(state, at(d) + index), word(state, at(d + 1) + index)];
    if (here !== there) return here < there;
  }
  return false;
}

function swap(state: State, d: number): void {
  for (let index = 0; index < wordsEach; index += 1) {
    const here = word(state, at(d) + index);
    state[at(d) + index] = word(state, at(d + 1) + index);
    state[at(d + 1) + index] = here;
  }
}
