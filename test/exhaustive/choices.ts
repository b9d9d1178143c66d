/**
 * What a turn may find in the mailbox: any of the inputs that are there to come, in any order in which they can come. The shell fills
 * the mailbox bit by bit, but nothing can see what it holds before the turn, so filling it is no move of its own.
 */
import { endedInput, GRACE, INPUTS_MAX, itemInput, requestInput, startedInput } from "./codes.js";
import type { Intakes } from "./intakes.js";
import {
  attemptOfSeat,
  endingOfSeat,
  isNewSeat,
  REPORTING,
  stateOfSeat,
  withoutEnded,
  withoutStarted,
} from "./seats.js";
import type { Setting } from "./setting.js";
import {
  at,
  type Field,
  GRACED,
  get,
  INTAKE,
  LIST,
  SEATS,
  SENT_JOBS,
  type State,
  shell,
  TAKEN,
  TICKED,
  UNSENT,
  word,
} from "./state.js";

/** Of UNSENT: how often the thing with this number may still be sent or asked. */
export const unsentField = (index: number): Field => ({ shift: index * 2, mask: 3 });

/** What of the inputs that are there is not taken yet. */
interface Rest {
  readonly items: readonly number[];
  readonly seats: number;
  readonly graced: number;
  readonly unsent: number;
}

/** `unsent`: what is left of it when the requests among the inputs were asked. */
type TakeChoice = (inputs: readonly number[], unsent: number) => void;

export class Choices {
  readonly #setting: Setting;
  readonly #intakes: Intakes;
  readonly #inputs: number[] = [];

  constructor(setting: Setting, intakes: Intakes) {
    this.#setting = setting;
    this.#intakes = intakes;
  }

  /** Each sequence of inputs that a turn may take; the empty one only where the clock is a reason for a turn. */
  each(state: State, d: number, take: TakeChoice): void {
    this.#inputs.length = 0;
    this.#goOn(state, shell(state, d, TICKED) === 1, this.#restOf(state, d), take);
  }

  /** Everything that comes by itself; null if there is no reason for a turn. */
  all(state: State, d: number): number[] | null {
    const inputs: number[] = [];
    const step = (rest: Rest) => {
      for (const [input, left] of this.#nexts(rest)) {
        if (input === GRACE) continue;
        inputs.push(input);
        return left;
      }
      return null;
    };
    for (let rest: Rest | null = this.#restOf(state, d); rest !== null && inputs.length < INPUTS_MAX; )
      rest = step(rest);
    return inputs.length > 0 || shell(state, d, TICKED) === 1 ? inputs : null;
  }

  /** What whoever answers as the leader may be asked for. */
  eachRequest(state: State, unsent: number, take: (input: number, unsent: number) => void): void {
    for (const [index, { by, choices }] of this.#setting.messages.sendables.entries()) {
      const { shift, mask } = unsentField(index);
      if (by !== "api" || ((unsent >>> shift) & mask) === 0) continue;
      for (const request of choices(word(state, SENT_JOBS))) take(requestInput(request), unsent - 2 ** shift);
    }
  }

  #restOf(state: State, d: number): Rest {
    return {
      items: this.#intakes.items(get(state, INTAKE, LIST)).slice(shell(state, d, TAKEN)),
      seats: word(state, at(d) + SEATS),
      graced: shell(state, d, GRACED),
      unsent: word(state, UNSENT),
    };
  }

  #goOn(state: State, isReason: boolean, rest: Rest, take: TakeChoice): void {
    const inputs = this.#inputs;
    if (isReason) take(inputs, rest.unsent);
    if (inputs.length === this.#setting.world.inputsPerTurnMax) return;
    const push = (input: number, left: Rest) => {
      inputs.push(input);
      this.#goOn(state, true, left, take);
      inputs.pop();
    };
    for (const [input, left] of this.#nexts(rest)) push(input, left);
    this.eachRequest(state, rest.unsent, (input, unsent) => push(input, { ...rest, unsent }));
  }

  /** What may come next by itself, and what is left then: of one run, that it has started comes before its end. */
  #nexts(rest: Rest): (readonly [input: number, left: Rest])[] {
    const { items, seats, graced } = rest;
    const nexts: (readonly [number, Rest])[] = [];
    const [item] = items;
    if (item !== undefined) nexts.push([itemInput(item), { ...rest, items: items.slice(1) }]);
    for (let job = 0; seats >>> (job * 8) !== 0 && job < 4; job += 1) {
      const bits = (seats >>> (job * 8)) & 255;
      const attempt = attemptOfSeat(bits);
      if (isNewSeat(bits)) nexts.push([startedInput(job, attempt), { ...rest, seats: withoutStarted(seats, job) }]);
      else if (stateOfSeat(bits) === REPORTING && endingOfSeat(bits) > 0)
        nexts.push([endedInput(job, attempt, endingOfSeat(bits)), { ...rest, seats: withoutEnded(seats, job) }]);
    }
    if (graced === 1) nexts.push([GRACE, { ...rest, graced: 0 }]);
    return nexts;
  }
}
