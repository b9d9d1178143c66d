/** What can be done to a state: each act makes the state after it in `next` and leaves the one before as it is. */
import type { Belief } from "./belief.js";
import { Broken } from "./broken.js";
import { unsentField } from "./choices.js";
import type { Code } from "./code.js";
import { ACCESSION, GRACE, isEnded, isStarted, jobOf, LEAVE, LOST } from "./codes.js";
import type { Intakes } from "./intakes.js";
import { abort, handBack, perform, settle, takeEnded, takeStarted } from "./seats.js";
import type { Setting } from "./setting.js";
import { isDraining, isLeading, isWaiting, send, stepDown } from "./shell.js";
import {
  ANSWER,
  at,
  COPY,
  CRASHES,
  DECIDED,
  FAULTS,
  type Field,
  FOLD,
  GRACED,
  get,
  INTAKE,
  LATE_APPENDS,
  LEDGER,
  LIST,
  NO,
  NODE,
  OPEN,
  ORPHANS,
  ORPHANS_MAX,
  OWNED,
  PASSED,
  put,
  RIVALS,
  SENT_JOBS,
  SHELL,
  STANDING,
  STOPS,
  STORED,
  STORED_AND_PASSED,
  type State,
  setShell,
  shell,
  TAKEN,
  TICKED,
  TURN,
  UNSENT,
  word,
  YES,
} from "./state.js";
import type { Turn, Turns } from "./turns.js";

const ALL_JOBS = [0, 1, 2, 3] as const;

export class Acts {
  readonly next: State;
  /** What the turn took that was decided last. */
  taken: readonly number[] = [];
  readonly #setting: Setting;
  readonly #turns: Turns;
  readonly #intakes: Intakes;
  readonly #code: Code;
  readonly #dispatchers: number;

  constructor(setting: Setting, turns: Turns, intakes: Intakes, code: Code) {
    this.#setting = setting;
    this.#turns = turns;
    this.#intakes = intakes;
    this.#code = code;
    this.#dispatchers = setting.world.dispatchers;
    this.next = new Uint32Array(at(this.#dispatchers));
  }

  // Publishers

  /** Sends a message: the thing with number `index` of those that may be sent, in one of its choices. */
  send(state: State, index: number, submits: number, message: number): void {
    const next = this.#begin(state);
    put(next, UNSENT, unsentField(index), get(state, UNSENT, unsentField(index)) - 1);
    next[SENT_JOBS] = word(state, SENT_JOBS) + submits;
    const items = this.#setting.messages.all[message]?.items ?? [];
    put(next, INTAKE, LIST, this.#intakes.append(get(state, INTAKE, LIST), items));
  }

  // Taking over and leaving

  /** As Standby.untilLeaderless: the leader on record is gone, or does not answer. Whoever is about to be one answers soon. */
  mayTakeOver(state: State): boolean {
    for (let d = 0; d < this.#dispatchers; d += 1) {
      const standing = shell(state, d, STANDING);
      if (isLeading(state, d) && this.#code.answersForLeader(standing === OPEN || standing === STORED)) return false;
    }
    return true;
  }

  /** With `hasTicked`, so late that what waited for its time then is due now. */
  takeOver(state: State, d: number, hasTicked: boolean): void {
    const next = this.#begin(state);
    if (!this.mayTakeOver(state)) put(next, FAULTS, RIVALS, get(state, FAULTS, RIVALS) - 1);
    const ledger = this.#turns.beliefById(word(state, LEDGER));
    this.taken = [ACCESSION + this.#gone(state, ledger)];
    const turn = this.#turns.take(ledger, this.taken, hasTicked, true);
    next[at(d) + FOLD] = ledger.id;
    next[at(d) + TURN] = turn.id;
    setShell(next, d, STANDING, OPEN);
    setShell(next, d, TAKEN, get(state, INTAKE, DECIDED));
    setShell(next, d, GRACED, 1);
    send(next, d, "LEADER_SILENT", this.#turns, "PROPOSED");
  }

  /** The workers whose process is gone, as far as that can be proved. */
  #gone(state: State, { summary }: Belief): number {
    if (!this.#setting.world.isOneHost) return 0;
    let gone = 2 ** summary.epochs.length - 1;
    for (let d = 0; d < this.#dispatchers; d += 1) gone &= ~shell(state, d, OWNED);
    return gone;
  }

  stop(state: State, d: number): void {
    this.#spend(state, STOPS);
    send(this.next, d, "STOP", this.#turns);
  }

  /** As Reign.hasLeft, when nothing runs any more: the worker leaves; when that is on record, the dispatcher has stopped. */
  leave(state: State, d: number): void {
    const next = this.#begin(state);
    const before = this.#turns.beliefById(word(state, at(d) + FOLD));
    if (before.summary.own === -1) return send(next, d, "DRAINED", this.#turns);
    this.taken = [LEAVE];
    const turn = this.#turns.take(before, this.taken, shell(state, d, TICKED) === 1, false);
    setShell(next, d, TICKED, 0);
    next[at(d) + TURN] = turn.id;
    send(next, d, "INPUT", this.#turns, "PROPOSED");
  }

  /** `orphan`: the turn of an append that is still under way, or 0. */
  crash(state: State, d: number, orphan: number): void {
    const next = this.#spend(state, CRASHES);
    stepDown(next, d);
    next[at(d) + SHELL] = 0;
    if (orphan === 0) return;
    for (let slot = 0; slot < ORPHANS_MAX; slot += 1) {
      if (word(next, ORPHANS + slot) !== 0) continue;
      next[ORPHANS + slot] = orphan;
      return;
    }
    throw new Broken("bounds", "more appends are under way than a state has room for");
  }

  /** As `crash`, with an append that was just sent: it may be late for everything, or not. */
  crashLate(state: State, d: number): void {
    this.crash(state, d, word(state, at(d) + TURN));
    put(this.next, FAULTS, LATE_APPENDS, get(state, FAULTS, LATE_APPENDS) - 1);
  }

  // Turns

  /** `unsent`: what is left to be asked after this turn. */
  decide(state: State, d: number, inputs: readonly number[], unsent = word(state, UNSENT)): void {
    const next = this.#begin(state);
    next[UNSENT] = unsent;
    const before = this.#turns.beliefById(word(state, at(d) + FOLD));
    const mayStart = !isDraining(shell(state, d, NODE));
    this.taken = inputs;
    const turn = this.#turns.take(before, inputs, shell(state, d, TICKED) === 1, mayStart);
    for (const input of inputs) {
      if (isStarted(input)) takeStarted(next, d, jobOf(input));
      else if (isEnded(input)) takeEnded(next, d, jobOf(input));
      else if (input === GRACE) setShell(next, d, GRACED, 0);
    }
    setShell(next, d, TICKED, 0);
    next[at(d) + TURN] = turn.next === null ? 0 : turn.id;
    if (turn.next !== null) return send(next, d, "INPUT", this.#turns, "PROPOSED");
    // As Dispatcher.#decide without a proposal: there is nothing to wait for.
    for (const asked of turn.asked) perform(next, d, asked);
  }

  mayTick(state: State, d: number): boolean {
    if (!isWaiting(shell(state, d, NODE)) || shell(state, d, TICKED) === 1) return false;
    return this.#turns.beliefById(word(state, at(d) + FOLD)).summary.isWaiting;
  }

  tick(state: State, d: number): void {
    setShell(this.#begin(state), d, TICKED, 1);
  }

  // Appends

  arrive(state: State, d: number): void {
    const next = this.#begin(state);
    const isCurrent = shell(state, d, STANDING) === OPEN;
    const isAccepted = this.#code.accepts(isCurrent);
    setShell(next, d, ANSWER, isAccepted ? YES : NO);
    const turn = this.#turns.byId(word(state, at(d) + TURN));
    if (isAccepted && !isCurrent) this.#turns.follow(this.#turns.beliefById(word(state, LEDGER)), turn);
    if (isAccepted) this.#store(next, d, turn);
  }

  copyArrives(state: State, d: number): void {
    this.#store(this.#begin(state), d, this.#turns.byId(word(state, at(d) + TURN)));
  }

  orphanArrives(state: State, slot: number): void {
    this.#store(this.#begin(state), -1, this.#turns.byId(word(state, ORPHANS + slot)));
  }

  /** The ledger goes on by the entry of a turn: nothing else that was decided from where it ended can be stored any more. */
  #store(next: State, author: number, turn: Turn): void {
    if (turn.next === null) throw new Error("nothing was decided");
    next[LEDGER] = turn.next.id;
    put(next, INTAKE, DECIDED, get(next, INTAKE, DECIDED) + turn.items);
    for (let slot = 0; slot < ORPHANS_MAX; slot += 1) next[ORPHANS + slot] = 0;
    for (let d = 0; d < this.#dispatchers; d += 1) {
      if (this.#setting.world.isOneHost) setShell(next, d, OWNED, ranked(shell(next, d, OWNED), turn.ranks));
      if (!isLeading(next, d)) continue;
      setShell(next, d, COPY, 0);
      const standing = shell(next, d, STANDING);
      if (d === author) setShell(next, d, STANDING, STORED);
      else if (standing === OPEN) setShell(next, d, STANDING, PASSED);
      else if (standing === STORED) setShell(next, d, STANDING, STORED_AND_PASSED);
    }
    const [first = 0] = turn.address.inputs;
    if (author >= 0 && first >= ACCESSION && first < GRACE && this.#setting.world.isOneHost)
      setShell(next, author, OWNED, shell(next, author, OWNED) | (1 << (turn.next.summary.epochs.length - 1)));
  }

  answer(state: State, d: number): void {
    send(this.#begin(state), d, shell(state, d, ANSWER) === YES ? "STORED" : "REFUSED", this.#turns);
  }

  /** Nothing is heard of the append; with LATE_APPENDS it is still under way, else it is lost, or its answer. */
  hearNothing(state: State, d: number, fault: Field): void {
    const next = this.#spend(state, fault);
    if (fault === LATE_APPENDS) setShell(next, d, COPY, 1);
    send(next, d, "UNKNOWN", this.#turns);
  }

  /** As Dispatcher.#settle: the entry at the place where ours would stand is ours, somebody else's, or not there. */
  read(state: State, d: number): void {
    send(this.#begin(state), d, this.#code.settles(shell(state, d, STANDING)), this.#turns);
  }

  /** As LeaseExpiry, which asks the ledger now and then: it ends with an entry that is not ours. */
  depose(state: State, d: number): void {
    send(this.#begin(state), d, "DEPOSED", this.#turns);
  }

  // Runs

  runEnds(state: State, d: number, job: number, ending: number): void {
    settle(this.#begin(state), d, job, ending);
  }

  abortAll(state: State, d: number): void {
    const next = this.#begin(state);
    for (const job of ALL_JOBS) abort(next, d, job, LOST);
  }

  handBackAll(state: State, d: number): void {
    const next = this.#begin(state);
    for (const job of ALL_JOBS) handBack(next, d, job);
  }

  #spend(state: State, fault: Field): State {
    const next = this.#begin(state);
    put(next, FAULTS, fault, get(state, FAULTS, fault) - 1);
    return next;
  }

  #begin(state: State): State {
    this.next.set(state);
    return this.next;
  }
}

/** Ranks of workers as bits, after an entry that makes other ranks of them. */
function ranked(bits: number, ranks: readonly number[]): number {
  let after = 0;
  for (const [before, rank] of ranks.entries()) if (rank >= 0 && (bits >>> before) & 1) after |= 1 << rank;
  return after;
}
