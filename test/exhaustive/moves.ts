/** What may happen next in a state: all the moves of its world, one after the other. */
import type { Acts } from "./acts.js";
import { type Choices, unsentField } from "./choices.js";
import { COMPLETED } from "./codes.js";
import { endingOfSeat, RUNNING, STOPPING, seatBits, stateOfSeat } from "./seats.js";
import type { Setting } from "./setting.js";
import { isCommitting, isDraining, isLeading, isSettling, isWaiting } from "./shell.js";
import {
  ANSWER,
  at,
  COPY,
  CRASHES,
  FAULTS,
  get,
  LATE_APPENDS,
  LEDGER,
  LOSSES,
  NODE,
  NONE_YET,
  OPEN,
  ORPHANS,
  ORPHANS_MAX,
  OWNED,
  PASSED,
  put,
  RIVALS,
  SEATS,
  SENT_JOBS,
  STANDING,
  STOPS,
  type State,
  shell,
  TURN,
  UNSENT,
  word,
} from "./state.js";
import type { Turns } from "./turns.js";

/** What kinds of moves there are, as stories tell them. */
export type MoveName =
  | "send"
  | "take over"
  | "decide"
  | "append arrives"
  | "answer arrives"
  | "answer lost"
  | "append lost"
  | "append delayed"
  | "read"
  | "deposed"
  | "delayed append arrives"
  | "orphan arrives"
  | "crash"
  | "crash, append under way"
  | "run ends"
  | "clock"
  | "stop"
  | "grace over"
  | "hand back"
  | "leave"
  | "stopped";

/** Called for each move, with its dispatcher (or -1) and what else says which it is. `Acts.next` is the state after it. */
export type Visit = (name: MoveName, d: number, detail: number) => void;

/** The beginning: an empty ledger, nobody leads, nothing is sent. */
export function beginningOf({ world, messages }: Setting): State {
  const state = new Uint32Array(at(world.dispatchers));
  const { bounds } = world;
  for (const [index, { times }] of messages.sendables.entries()) put(state, UNSENT, unsentField(index), times);
  put(state, FAULTS, CRASHES, bounds.crashes ?? 0);
  put(state, FAULTS, RIVALS, bounds.rivals ?? 0);
  put(state, FAULTS, LOSSES, bounds.losses ?? 0);
  put(state, FAULTS, LATE_APPENDS, bounds.lateAppends ?? 0);
  put(state, FAULTS, STOPS, bounds.stops ?? 0);
  return state;
}

export class Moves {
  readonly acts: Acts;
  readonly #setting: Setting;
  readonly #turns: Turns;
  readonly #choices: Choices;

  constructor(setting: Setting, turns: Turns, choices: Choices, acts: Acts) {
    this.acts = acts;
    this.#setting = setting;
    this.#turns = turns;
    this.#choices = choices;
  }

  each(state: State, visit: Visit): void {
    this.#sends(state, visit);
    for (let slot = 0; slot < ORPHANS_MAX; slot += 1) {
      if (word(state, ORPHANS + slot) === 0) continue;
      this.acts.orphanArrives(state, slot);
      visit("orphan arrives", -1, slot);
    }
    for (let d = 0; d < this.#setting.world.dispatchers; d += 1) {
      const node = shell(state, d, NODE);
      if (isLeading(state, d)) this.#ofReign(state, d, node, visit);
      else this.#takeovers(state, d, visit);
      this.#crashes(state, d, node, visit);
    }
  }

  #sends(state: State, visit: Visit): void {
    for (const [index, { by, choices, submits }] of this.#setting.messages.sendables.entries()) {
      if (by === "api" || get(state, UNSENT, unsentField(index)) === 0) continue;
      for (const message of choices(word(state, SENT_JOBS))) {
        this.acts.send(state, index, submits, message);
        visit("send", -1, message);
      }
    }
  }

  #takeovers(state: State, d: number, visit: Visit): void {
    if (!this.acts.mayTakeOver(state) && get(state, FAULTS, RIVALS) === 0) return;
    this.acts.takeOver(state, d, false);
    visit("take over", d, 0);
    if (!this.#turns.beliefById(word(state, LEDGER)).summary.isWaiting) return;
    this.acts.takeOver(state, d, true);
    visit("take over", d, 1);
  }

  #ofReign(state: State, d: number, node: number, visit: Visit): void {
    if (isWaiting(node)) this.#whileWaiting(state, d, node, visit);
    else if (isCommitting(node)) this.#whileCommitting(state, d, visit);
    else if (isSettling(node)) {
      this.acts.read(state, d);
      visit("read", d, 0);
    }
    if (shell(state, d, COPY) === 1) {
      this.acts.copyArrives(state, d);
      visit("delayed append arrives", d, 0);
    }
    if (!isDraining(node) && get(state, FAULTS, STOPS) > 0) {
      this.acts.stop(state, d);
      visit("stop", d, 0);
    }
    if (word(state, at(d) + SEATS) !== 0) this.#runs(state, d, node, visit);
  }

  #whileWaiting(state: State, d: number, node: number, visit: Visit): void {
    this.#turnsOf(state, d, visit);
    if (shell(state, d, STANDING) === PASSED) {
      this.acts.depose(state, d);
      visit("deposed", d, 0);
    }
    if (this.acts.mayTick(state, d)) {
      this.acts.tick(state, d);
      visit("clock", d, 0);
    }
    if (!isDraining(node) || word(state, at(d) + SEATS) !== 0) return;
    this.acts.leave(state, d);
    visit(isLeading(this.acts.next, d) ? "leave" : "stopped", d, 0);
  }

  #turnsOf(state: State, d: number, visit: Visit): void {
    if (shell(state, d, STANDING) !== PASSED) {
      this.#choices.each(state, d, (inputs, unsent) => {
        this.acts.decide(state, d, inputs, unsent);
        visit("decide", d, 0);
      });
      return;
    }
    // On a fold that the ledger has passed no entry can be stored, whatever is in it: one stands for all that come by themselves.
    const inputs = this.#choices.all(state, d);
    if (inputs !== null) {
      this.acts.decide(state, d, inputs);
      visit("decide", d, 0);
    }
    this.#choices.eachRequest(state, word(state, UNSENT), (input, unsent) => {
      this.acts.decide(state, d, [input], unsent);
      visit("decide", d, 0);
    });
  }

  #whileCommitting(state: State, d: number, visit: Visit): void {
    const mayLose = get(state, FAULTS, LOSSES) > 0;
    if (shell(state, d, ANSWER) !== NONE_YET) {
      this.acts.answer(state, d);
      visit("answer arrives", d, 0);
      if (!mayLose) return;
      this.acts.hearNothing(state, d, LOSSES);
      visit("answer lost", d, 0);
      return;
    }
    this.acts.arrive(state, d);
    visit("append arrives", d, 0);
    if (mayLose) {
      this.acts.hearNothing(state, d, LOSSES);
      visit("append lost", d, 0);
    }
    const mayBeLate = get(state, FAULTS, LATE_APPENDS) > 0 && shell(state, d, COPY) === 0;
    if (!mayBeLate || shell(state, d, STANDING) !== OPEN) return;
    this.acts.hearNothing(state, d, LATE_APPENDS);
    visit("append delayed", d, 0);
  }

  #runs(state: State, d: number, node: number, visit: Visit): void {
    let running = 0;
    let stopping = 0;
    for (let job = 0; job < this.#setting.jobs; job += 1) {
      const bits = seatBits(state, d, job);
      const seat = stateOfSeat(bits);
      if (seat === RUNNING) running += 1;
      else if (seat === STOPPING) stopping += 1;
      else continue;
      // A run that is asked to abort may still be quicker and complete.
      for (const ending of seat === RUNNING ? this.#setting.endings : [endingOfSeat(bits), COMPLETED]) {
        this.acts.runEnds(state, d, job, ending);
        visit("run ends", d, job * 8 + ending);
      }
    }
    if (!isDraining(node)) return;
    if (running > 0) {
      this.acts.abortAll(state, d);
      visit("grace over", d, 0);
    } else if (stopping > 0) {
      this.acts.handBackAll(state, d);
      visit("hand back", d, 0);
    }
  }

  #crashes(state: State, d: number, node: number, visit: Visit): void {
    if (get(state, FAULTS, CRASHES) === 0) return;
    if (!isLeading(state, d) && shell(state, d, OWNED) === 0) return;
    const isOpen = isLeading(state, d) && shell(state, d, STANDING) === OPEN;
    const hasCopy = isOpen && shell(state, d, COPY) === 1;
    this.acts.crash(state, d, hasCopy ? word(state, at(d) + TURN) : 0);
    visit("crash", d, 0);
    const isUnderWay = isOpen && !hasCopy && isCommitting(node) && shell(state, d, ANSWER) === NONE_YET;
    if (!isUnderWay || get(state, FAULTS, LATE_APPENDS) === 0) return;
    this.acts.crashLate(state, d);
    visit("crash, append under way", d, 0);
  }
}
