/**
 * The healthy continuation: from any state one way on, on which nothing goes wrong any more. Answers come, runs complete, a
 * dispatcher leads if none does, its clock goes on. Every job must end on it, or wait for something that only a person can give.
 */
import { isStuck } from "../support/auditor-rules.js";
import type { AuditedWorld } from "../support/auditor-world.js";
import type { Acts } from "./acts.js";
import { Broken } from "./broken.js";
import type { Choices } from "./choices.js";
import { COMPLETED, GRACE } from "./codes.js";
import type { Intakes } from "./intakes.js";
import type { MoveName } from "./moves.js";
import { endingOfSeat, RUNNING, STOPPING, seatBits, stateOfSeat } from "./seats.js";
import type { Setting } from "./setting.js";
import { isCommitting, isDraining, isLeading, isSettling, isWaiting } from "./shell.js";
import {
  ANSWER,
  at,
  DECIDED,
  GRACED,
  get,
  INTAKE,
  LEDGER,
  LIST,
  NODE,
  NONE_YET,
  SEATS,
  type State,
  shell,
  word,
} from "./state.js";
import type { Turns } from "./turns.js";

export interface Step {
  readonly name: MoveName;
  readonly d: number;
  readonly detail: number;
}

export class Healthy {
  readonly #setting: Setting;
  readonly #turns: Turns;
  readonly #acts: Acts;
  readonly #choices: Choices;
  readonly #intakes: Intakes;

  constructor(setting: Setting, turns: Turns, choices: Choices, acts: Acts, intakes: Intakes) {
    this.#setting = setting;
    this.#turns = turns;
    this.#acts = acts;
    this.#choices = choices;
    this.#intakes = intakes;
  }

  /** The next step, made in `Acts.next`; null at the end of the way. */
  step(state: State): Step | null {
    return (
      this.#each((d) => this.#network(state, d)) ??
      this.#each((d) => this.#run(state, d)) ??
      this.#each((d) => this.#decide(state, d)) ??
      this.#each((d) => this.#clock(state, d)) ??
      this.#each((d) => this.#leave(state, d)) ??
      this.#each((d) => this.#takeOver(state, d)) ??
      this.#each((d) => this.#endGrace(state, d))
    );
  }

  /** At the end of the way: throws `Broken` if something is left that should have ended. */
  checkEnd(state: State): void {
    const { audit, summary } = this.#turns.beliefById(word(state, LEDGER));
    const undecided = this.#intakes.items(get(state, INTAKE, LIST)).length - get(state, INTAKE, DECIDED);
    if (undecided > 0) throw new Broken("no end", `${undecided} items of the intake are never decided`);
    for (const job of audit.jobs.holding())
      throw new Broken("no end", `${job.id} is ${job.state} for ever and holds its slots`);
    if (summary.isWaiting) throw new Broken("no end", "somebody waits for its time for ever");
    const left = unendedOf(audit);
    if (left !== null) throw new Broken("no end", left);
  }

  #each(step: (d: number) => Step | null): Step | null {
    for (let d = 0; d < this.#setting.world.dispatchers; d += 1) {
      const made = step(d);
      if (made !== null) return made;
    }
    return null;
  }

  #network(state: State, d: number): Step | null {
    const node = shell(state, d, NODE);
    if (isSettling(node)) {
      this.#acts.read(state, d);
      return { name: "read", d, detail: 0 };
    }
    if (!isCommitting(node)) return null;
    if (shell(state, d, ANSWER) === NONE_YET) {
      this.#acts.arrive(state, d);
      return { name: "append arrives", d, detail: 0 };
    }
    this.#acts.answer(state, d);
    return { name: "answer arrives", d, detail: 0 };
  }

  #run(state: State, d: number): Step | null {
    if (word(state, at(d) + SEATS) === 0) return null;
    for (let job = 0; job < this.#setting.jobs; job += 1) {
      const bits = seatBits(state, d, job);
      const seat = stateOfSeat(bits);
      if (seat !== RUNNING && seat !== STOPPING) continue;
      const ending = seat === RUNNING ? COMPLETED : endingOfSeat(bits);
      this.#acts.runEnds(state, d, job, ending);
      return { name: "run ends", d, detail: job * 8 + ending };
    }
    return null;
  }

  #decide(state: State, d: number): Step | null {
    if (!isLeading(state, d) || !isWaiting(shell(state, d, NODE))) return null;
    const inputs = this.#choices.all(state, d);
    if (inputs === null) return null;
    this.#acts.decide(state, d, inputs);
    return { name: "decide", d, detail: 0 };
  }

  /** Only where that is what is missing. */
  #endGrace(state: State, d: number): Step | null {
    if (!isLeading(state, d) || !isWaiting(shell(state, d, NODE)) || shell(state, d, GRACED) === 0) return null;
    this.#acts.decide(state, d, [GRACE]);
    return { name: "decide", d, detail: 0 };
  }

  #clock(state: State, d: number): Step | null {
    if (!this.#acts.mayTick(state, d)) return null;
    this.#acts.tick(state, d);
    return { name: "clock", d, detail: 0 };
  }

  #leave(state: State, d: number): Step | null {
    const node = shell(state, d, NODE);
    if (!isDraining(node) || !isWaiting(node) || word(state, at(d) + SEATS) !== 0) return null;
    this.#acts.leave(state, d);
    return { name: isLeading(this.#acts.next, d) ? "leave" : "stopped", d, detail: 0 };
  }

  #takeOver(state: State, d: number): Step | null {
    if (isLeading(state, d) || !this.#acts.mayTakeOver(state) || this.#isDone(state)) return null;
    this.#acts.takeOver(state, d, false);
    return { name: "take over", d, detail: 0 };
  }

  /** Nothing is left to do: nobody needs to lead. */
  #isDone(state: State): boolean {
    const { summary } = this.#turns.beliefById(word(state, LEDGER));
    return (
      summary.jobs === summary.ended &&
      this.#intakes.items(get(state, INTAKE, LIST)).length === get(state, INTAKE, DECIDED)
    );
  }
}

/** What still waits although no pool keeps it for good: paused, or smaller than its demand. */
function unendedOf(audit: AuditedWorld): string | null {
  for (const job of audit.jobs.waiting()) {
    if (!isStuck(audit, job)) return `${job.id} waits for ever`;
  }
  return null;
}
