/**
 * Steps an XState machine without running it: no actor, no effect, no clock (D4).
 *
 * Our machines see only their state, a small bounded context and a few distinct events, so the number of different
 * steps is small. Each is computed once by XState and remembered: the machine stays the only source of truth, and
 * folding a fact costs two map look-ups instead of a walk through the statechart.
 */
import { type AnyMachineSnapshot, type AnyStateMachine, type EventObject, initialTransition, transition } from "xstate";
import { canonicalJson } from "../events/json.js";
import { remember } from "../events/remember.js";

/** A node of the unfolded machine: one per distinct (state, context), so nodes may be compared by identity. */
export interface Node {
  /** The state's name; nested states are joined with dots: `leading.deciding`. */
  readonly state: string;
  readonly snapshot: AnyMachineSnapshot;
}

/** What an event does: where it leads, and the names of the actions that the shell is to perform, in order. */
export interface Step {
  readonly to: Node;
  readonly actions: readonly string[];
}

/** More distinct events in one state than this means that a caller does not pass shared event objects. */
const EVENTS_PER_STATE_MAX = 10_000;

export class Stepper<Event extends EventObject> {
  readonly #machine: AnyStateMachine;
  readonly #nodes = new Map<string, Node>();
  readonly #steps = new Map<Node, Map<Event, Step | null>>();
  readonly initial: Node;
  /** What the shell is to perform on arriving in the initial state. */
  readonly initialActions: readonly string[];

  constructor(machine: AnyStateMachine) {
    this.#machine = machine;
    const [snapshot, actions] = initialTransition(machine);
    this.initial = this.#node(snapshot);
    this.initialActions = actions.map((action) => action.type);
  }

  /** The step that `event` causes in `from`, or null if the machine refuses it there. Pass one shared object per distinct event. */
  step(from: Node, event: Event): Step | null {
    const known = remember(this.#steps, from, () => new Map<Event, Step | null>());
    if (known.size > EVENTS_PER_STATE_MAX)
      throw new Error(`too many events in ${from.state}: pass shared event objects`);
    return remember(known, event, () => this.#compute(from.snapshot, event));
  }

  /** The node of a state and a context that were once come to. Throws if the machine has no such state. */
  nodeAt(state: string, context: object): Node {
    return this.#node(this.#machine.resolveState({ value: state, context }));
  }

  #compute(from: AnyMachineSnapshot, event: Event): Step | null {
    if (!from.can(event)) return null;
    const [snapshot, actions] = transition(this.#machine, from, event);
    // XState performs an `assign` by itself and does not list it; what is listed are the effects that the shell owns.
    return { to: this.#node(snapshot), actions: actions.map((action) => action.type) };
  }

  #node(snapshot: AnyMachineSnapshot): Node {
    const { value, context } = snapshot;
    return remember(this.#nodes, canonicalJson([value, context]), () => ({ state: stateName(value), snapshot }));
  }
}

/** The name of a state value; nested states are joined with dots. */
export function stateName(value: unknown): string {
  if (typeof value === "string") return value;
  return Object.entries(value as object)
    .map(([name, nested]) => `${name}.${stateName(nested)}`)
    .join();
}
