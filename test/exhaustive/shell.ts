/**
 * The shell around a turn: src/dispatcher/dispatcher.ts on a state. What follows what is the shipped dispatcher machine's word;
 * what its actions do is written down here once more, because the shell waits in promises, which cannot be copied with a state.
 */
import { DISPATCHER_EVENTS, type DispatcherEvent, dispatcherMachine } from "../../machines/dispatcher.js";
import { type Node, Stepper } from "../../machines/stepper.js";
import { perform } from "./seats.js";
import {
  ANSWER,
  at,
  CROWNED,
  FOLD,
  NODE,
  NONE_YET,
  OPEN,
  OWNED,
  PASSED,
  SEATS,
  SHELL,
  STANDING,
  STORED,
  type State,
  setShell,
  shell,
  TAKEN,
  TURN,
  word,
} from "./state.js";
import type { Turns } from "./turns.js";

/** The states in which something is waited for; the others are passed through within a step. */
export const STANDBY = 0;
export const WAITING = 1;
export const COMMITTING = 2;
export const SETTLING = 3;
/** Draining: the same three, with nothing started any more. */
export const DRAINING = 3;
const NAMES = [
  "standby",
  "leading.waiting",
  "leading.committing",
  "leading.settling",
  "draining.waiting",
  "draining.committing",
  "draining.settling",
];
/** What a dispatcher passes through by itself. Of `deciding` it is said with the event what comes of it. */
const PASSED_BY: Readonly<Record<string, DispatcherEvent["type"]>> = {
  connecting: "CONNECTED",
  catchingUp: "CAUGHT_UP",
};

const stepper = new Stepper<DispatcherEvent>(dispatcherMachine);

interface Way {
  readonly to: number;
  readonly actions: readonly string[];
}

type EventType = DispatcherEvent["type"];
/** What a turn that is passed through comes to. */
type Decided = "PROPOSED" | "NOTHING_TO_DECIDE";

const nodes = walk();
const waysBy = (type: EventType, decided: Decided) => NAMES.map((name) => wayFrom(nodes.get(name), type, decided));
/** From each state that is waited in, by each event, to the next such state. */
const ways = new Map<EventType, Readonly<Record<Decided, readonly (Way | null)[]>>>(
  Object.values(DISPATCHER_EVENTS).map(({ type }) => [
    type,
    { PROPOSED: waysBy(type, "PROPOSED"), NOTHING_TO_DECIDE: waysBy(type, "NOTHING_TO_DECIDE") },
  ]),
);

function walk(): Map<string, Node> {
  const nodes = new Map([[stepper.initial.state, stepper.initial]]);
  for (const node of nodes.values()) {
    for (const event of Object.values(DISPATCHER_EVENTS)) {
      const to = stepper.step(node, event)?.to;
      if (to !== undefined && !nodes.has(to.state)) nodes.set(to.state, to);
    }
  }
  return nodes;
}

function wayFrom(from: Node | undefined, type: EventType, decided: Decided): Way | null {
  if (from === undefined) throw new Error("the dispatcher machine has lost a state that the worlds know");
  let step = stepper.step(from, DISPATCHER_EVENTS[type]);
  if (step === null) return null;
  const actions = [...step.actions];
  for (;;) {
    const { state } = step.to;
    // A dispatcher that has stopped stands by again as a new process.
    if (state === "stopped" || state === "halted") return { to: STANDBY, actions: [...actions, "exit"] };
    if (NAMES.includes(state)) return { to: NAMES.indexOf(state), actions };
    const next = PASSED_BY[state] ?? decided;
    step = stepper.step(step.to, DISPATCHER_EVENTS[next]);
    if (step === null) throw new Error(`the dispatcher machine does not leave ${state} by ${next}`);
    actions.push(...step.actions);
  }
}

/** Does `d` hold a turn's place: is it leading or draining? */
export const isLeading = (state: State, d: number): boolean => shell(state, d, NODE) !== STANDBY;
export const isWaiting = (node: number): boolean => node === WAITING || node === WAITING + DRAINING;
export const isCommitting = (node: number): boolean => node === COMMITTING || node === COMMITTING + DRAINING;
export const isSettling = (node: number): boolean => node === SETTLING || node === SETTLING + DRAINING;
export const isDraining = (node: number): boolean => node > SETTLING;

/** Sends an event to the dispatcher's machine and performs what it names, as far as the world sees it. */
export function send(
  state: State,
  d: number,
  type: EventType,
  turns: Turns,
  decided: Decided = "NOTHING_TO_DECIDE",
): void {
  const way = ways.get(type)?.[decided][shell(state, d, NODE)];
  if (way == null) throw new Error(`${NAMES[shell(state, d, NODE)]} does not take ${type}`);
  setShell(state, d, NODE, way.to);
  for (const action of way.actions) act(state, d, action, turns);
}

function act(state: State, d: number, action: string, turns: Turns): void {
  switch (action) {
    case "append":
      return setShell(state, d, ANSWER, NONE_YET);
    case "performEffects":
      return performEffects(state, d, turns);
    case "stepDown":
    case "release":
      return stepDown(state, d);
    case "exit":
      return setShell(state, d, OWNED, 0);
    default:
      // connect, catchUp, watchLeader, beginReign, decide, settle and drain are moves of the world.
      return;
  }
}

/** After the entry is stored, and only then. */
function performEffects(state: State, d: number, turns: Turns): void {
  const turn = turns.byId(word(state, at(d) + TURN));
  for (const asked of turn.asked) perform(state, d, asked);
  state[at(d) + TURN] = 0;
  if (turn.next === null) return;
  state[at(d) + FOLD] = turn.next.id;
  setShell(state, d, TAKEN, shell(state, d, TAKEN) + turn.items);
  setShell(state, d, CROWNED, 1);
  setShell(state, d, STANDING, shell(state, d, STANDING) === STORED ? OPEN : PASSED);
}

/** Nothing of a reign is left but the process. */
export function stepDown(state: State, d: number): void {
  const owned = shell(state, d, OWNED);
  const node = shell(state, d, NODE);
  state[at(d) + FOLD] = 0;
  state[at(d) + TURN] = 0;
  state[at(d) + SHELL] = 0;
  state[at(d) + SEATS] = 0;
  setShell(state, d, OWNED, owned);
  setShell(state, d, NODE, node);
}
