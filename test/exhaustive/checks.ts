/** What must hold in every state of a world, beside what every entry is judged by: between the ledger, the folds and the seats. */
import { Broken } from "./broken.js";
import { jobName } from "./messages.js";
import { attemptOfSeat, RUNNING, STOPPING, seatBits, stateOfSeat } from "./seats.js";
import type { Setting } from "./setting.js";
import { isLeading } from "./shell.js";
import { at, CROWNED, FOLD, LEDGER, OPEN, SEATS, STANDING, STORED, type State, shell, TURN, word } from "./state.js";
import type { Turns } from "./turns.js";

export class Checks {
  readonly #setting: Setting;
  readonly #turns: Turns;

  constructor(setting: Setting, turns: Turns) {
    this.#setting = setting;
    this.#turns = turns;
  }

  /** Throws `Broken` with the first rule that does not hold. */
  check(state: State): void {
    for (let d = 0; d < this.#setting.world.dispatchers; d += 1) {
      if (!isLeading(state, d)) continue;
      this.#seatsAreGranted(state, d);
      this.#lostIsOver(state, d);
    }
    this.#runsAreOnRecord(state);
  }

  /**
   * What runs here is what was granted to this reign's worker and has not ended, as far as its dispatcher knows; no more, so that
   * nothing runs without a grant, and no less, so that no grant is forgotten.
   */
  #seatsAreGranted(state: State, d: number): void {
    const { live, workers, own } = this.#turns.beliefById(word(state, at(d) + FOLD)).summary;
    const isCrowned = shell(state, d, CROWNED) === 1;
    let busy = 0;
    for (let job = 0; job < this.#setting.jobs; job += 1) {
      const bits = seatBits(state, d, job);
      const runs = stateOfSeat(bits) === 0 ? 0 : attemptOfSeat(bits);
      const granted = isCrowned && own !== -1 && workers[job] === own ? live[job] : 0;
      if (runs !== granted)
        throw new Broken(
          "INV-007",
          runs === 0
            ? `${jobName(job)}#${granted} is granted and nobody runs it`
            : `${jobName(job)}#${runs} runs without a grant`,
        );
      if (runs > 0) busy += 1;
    }
    if (busy > this.#setting.world.seats)
      throw new Broken("INV-003", `${busy} seats of ${this.#setting.world.seats} are taken`);
  }

  /** What is taken for lost without waiting for its lease does not run any more (D8). */
  #lostIsOver(state: State, taker: number): void {
    const turn = word(state, at(taker) + TURN);
    if (turn === 0) return;
    for (const job of this.#turns.byId(turn).lostAtOnce) {
      const attempt = this.#turns.beliefById(word(state, at(taker) + FOLD)).summary.live[job];
      for (let d = 0; d < this.#setting.world.dispatchers; d += 1) {
        const bits = seatBits(state, d, job);
        const seat = stateOfSeat(bits);
        if ((seat === RUNNING || seat === STOPPING) && attemptOfSeat(bits) === attempt)
          throw new Broken("D8", `${jobName(job)}#${attempt} is taken for lost while it runs`);
      }
    }
  }

  /**
   * What runs anywhere was granted in the ledger, by an entry that is stored; what runs at a dispatcher that is not deposed has its
   * grant there still, so that pools are not over capacity in fact either (INV-003, CON-002). A deposed one that does not know it yet
   * may run something for longer than its successor waits: that is where D8 ends. It takes a rival to depose one that lives.
   */
  #runsAreOnRecord(state: State): void {
    const { live, attempts } = this.#turns.beliefById(word(state, LEDGER)).summary;
    for (let d = 0; d < this.#setting.world.dispatchers; d += 1) {
      if (word(state, at(d) + SEATS) === 0) continue;
      const standing = shell(state, d, STANDING);
      const mayBeBehind = (this.#setting.world.bounds.rivals ?? 0) > 0 && standing !== OPEN && standing !== STORED;
      for (let job = 0; job < this.#setting.jobs; job += 1) {
        const bits = seatBits(state, d, job);
        const seat = stateOfSeat(bits);
        const attempt = attemptOfSeat(bits);
        if (seat !== RUNNING && seat !== STOPPING) continue;
        if (attempt > (attempts[job] ?? 0))
          throw new Broken("INV-007", `${jobName(job)}#${attempt} runs, and no grant of it is in the ledger`);
        if (attempt !== live[job] && !mayBeBehind)
          throw new Broken("CON-002", `${jobName(job)}#${attempt} runs, and its slots are free for others`);
      }
    }
    this.#onePlaceEach(state, live);
  }

  /** Of all places where a job runs, one at most has the live grant. */
  #onePlaceEach(state: State, live: readonly number[]): void {
    for (let job = 0; job < this.#setting.jobs; job += 1) {
      let places = 0;
      for (let d = 0; d < this.#setting.world.dispatchers; d += 1) {
        const bits = seatBits(state, d, job);
        if (stateOfSeat(bits) !== 0 && attemptOfSeat(bits) === live[job]) places += 1;
      }
      if (places > 1) throw new Broken("INV-007", `${jobName(job)} runs in ${places} places under one grant`);
    }
  }
}
