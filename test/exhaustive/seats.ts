/**
 * The worker inside a dispatcher, one seat a job: src/worker/worker.ts with a run that a move of the world ends. The seat's life
 * is the shipped machine's; what its actions do is written down here once more, because a run is a promise there and cannot be
 * copied with a state.
 */
import { type Node, Stepper } from "../../machines/stepper.js";
import { SEAT_EVENTS, type SeatAction, type SeatEvent, workerMachine } from "../../machines/worker.js";
import { CANCELLED, LOST } from "./codes.js";
import { at, SEATS, type State, word } from "./state.js";
import type { Asked } from "./turns.js";

/** What one seat holds, in 8 bits: 2 for the state, 3 for the ending or the cause of an abort, 1, 2. */
export interface Seat {
  readonly state: number;
  /** In `reporting`: the ending that is not on record yet, or 0 if it is in a turn. In `stopping`: what it was aborted for. */
  readonly ending: number;
  /** The word that it has started was not taken yet. */
  readonly isNew: boolean;
  readonly attempt: number;
}

const stepper = new Stepper<SeatEvent>(workerMachine);
/** `starting` is passed through within a call: the runner is called at once. `abandoned` and `idle` are no seat. */
const STATES = ["idle", "running", "stopping", "reporting"] as const;
export const RUNNING = 1;
export const STOPPING = 2;
export const REPORTING = 3;

const nodes = new Map<string, Node>([["idle", stepper.initial]]);
for (const path of [
  ["START", "BEGAN"],
  ["START", "BEGAN", "ABORT"],
  ["START", "BEGAN", "SETTLED"],
] as const) {
  let node = stepper.initial;
  for (const type of path) node = stepper.step(node, SEAT_EVENTS[type])?.to ?? node;
  nodes.set(node.state, node);
}
/** The seat's next state and the actions on the way, or null where the machine refuses the event. */
function step(state: number, event: SeatEvent) {
  const from = nodes.get(STATES[state] ?? "");
  const made = from === undefined ? null : stepper.step(from, event);
  if (made === null) return null;
  // Worker.start calls the runner at once, and that is its beginning.
  const { to, actions } = made.to.state === "starting" ? (stepper.step(made.to, SEAT_EVENTS.BEGAN) ?? made) : made;
  const number = STATES.indexOf(to.state as (typeof STATES)[number]);
  return { to: number === -1 ? 0 : number, actions: [...made.actions, ...actions] as SeatAction[] };
}
const steps = new Map(
  Object.values(SEAT_EVENTS).map((event) => [event.type, STATES.map((_, state) => step(state, event))]),
);
const stepped = (state: number, type: SeatEvent["type"]) => steps.get(type)?.[state] ?? null;

export const seatBits = (state: State, d: number, job: number): number =>
  (word(state, at(d) + SEATS) >>> (job * 8)) & 255;
export const stateOfSeat = (bits: number): number => bits & 3;
export const endingOfSeat = (bits: number): number => (bits >>> 2) & 7;
export const isNewSeat = (bits: number): boolean => (bits & 32) !== 0;
export const attemptOfSeat = (bits: number): number => bits >>> 6;

function setSeat(state: State, d: number, job: number, bits: number): void {
  const index = at(d) + SEATS;
  state[index] = (word(state, index) & ~(255 << (job * 8))) | (bits << (job * 8));
}

const bitsOf = ({ state, ending, isNew, attempt }: Seat): number =>
  state === 0 ? 0 : state | (ending << 2) | (isNew ? 32 : 0) | (attempt << 6);
const seatOf = (bits: number): Seat => ({
  state: stateOfSeat(bits),
  ending: endingOfSeat(bits),
  isNew: isNewSeat(bits),
  attempt: attemptOfSeat(bits),
});

/** What a stored entry asks of the worker. */
export function perform(state: State, d: number, { kind, job, attempt }: Asked): void {
  if (kind === "start") return start(state, d, job, attempt);
  if (attemptOfSeat(seatBits(state, d, job)) !== attempt) return;
  if (kind === "abort") return abort(state, d, job, CANCELLED);
  return send(state, d, job, "RECORDED");
}

/** A new seat, whatever was in it before. */
function start(state: State, d: number, job: number, attempt: number): void {
  const made = stepped(0, "START");
  const isNew = made?.actions.includes("reportStarted") === true;
  setSeat(state, d, job, bitsOf({ state: made?.to ?? 0, ending: 0, isNew, attempt }));
}

/** `cause`: the ending that an abort for it is reported as. The first cause counts. */
export function abort(state: State, d: number, job: number, cause: number): void {
  send(state, d, job, "ABORT", cause);
}

/** The run has ended; a move of the world has said how. */
export function settle(state: State, d: number, job: number, ending: number): void {
  send(state, d, job, "SETTLED", ending);
}

/**
 * Gives up a run that does not settle, and reports it as lost. There the seat is empty at once and the report waits in the
 * mailbox; here it is held until the report is on record, which nobody can see, since nothing is started any more.
 */
export function handBack(state: State, d: number, job: number): void {
  const seat = seatOf(seatBits(state, d, job));
  if (seat.state === RUNNING || seat.state === STOPPING)
    setSeat(state, d, job, bitsOf({ ...seat, state: REPORTING, ending: LOST }));
}

/** The seats without the word that a run has started, or how it has ended: it is taken into a turn. */
export const withoutStarted = (seats: number, job: number): number => seats & ~(32 << (job * 8));
export const withoutEnded = (seats: number, job: number): number => seats & ~(28 << (job * 8));

export function takeStarted(state: State, d: number, job: number): void {
  state[at(d) + SEATS] = withoutStarted(word(state, at(d) + SEATS), job);
}

export function takeEnded(state: State, d: number, job: number): void {
  state[at(d) + SEATS] = withoutEnded(word(state, at(d) + SEATS), job);
}

function send(state: State, d: number, job: number, type: SeatEvent["type"], ending = 0): void {
  const seat = seatOf(seatBits(state, d, job));
  const made = stepped(seat.state, type);
  if (made === null) return;
  // An abort keeps its cause until the run settles; in every other state the bits say how it ended.
  setSeat(state, d, job, bitsOf({ ...seat, state: made.to, ending }));
}
