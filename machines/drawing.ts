/**
 * A machine as a diagram: its states and transitions as data, read off the machine itself, in the order in which they are
 * declared there. So a drawing cannot differ from the code, and the same code always gives the same drawing.
 */
import type { AnyStateMachine, AnyStateNode } from "xstate";

export interface DiagramState {
  /** The state's path, joined with dots: `leading.deciding`. */
  readonly id: string;
  /** The last part of the path, which is what people read. */
  readonly label: string;
  readonly isFinal: boolean;
  /** What the shell performs whenever the state is entered. */
  readonly entryActions: readonly string[];
  /** The nested state that it begins with; null for a state without nested states. */
  readonly initial: string | null;
  readonly states: readonly DiagramState[];
}

export interface DiagramTransition {
  readonly from: string;
  readonly to: string;
  readonly event: string;
  /** The condition under which it is taken; null for always. */
  readonly guard: string | null;
  readonly actions: readonly string[];
}

export interface Diagram {
  readonly machine: string;
  readonly initial: string;
  readonly states: readonly DiagramState[];
  readonly transitions: readonly DiagramTransition[];
}

/** Reads the diagram off a machine. Throws if the machine has no initial state, or a part that has no name to draw. */
export function diagramOf(machine: AnyStateMachine): Diagram {
  const { root } = machine;
  const initial = initialOf(root);
  if (initial === null) throw new Error(`machine ${machine.id} has no states to draw`);
  return { machine: machine.id, initial, states: childrenOf(root).map(stateOf), transitions: transitionsOf(root) };
}

/** Transitions that differ in nothing but their event, drawn as one arrow: three failures that lead to one state are one thing. */
export interface Arrow extends Omit<DiagramTransition, "event"> {
  readonly events: readonly string[];
}

export function arrowsOf({ transitions }: Diagram): readonly Arrow[] {
  const arrows = new Map<string, Arrow>();
  for (const { event, ...rest } of transitions) {
    const key = JSON.stringify([rest.from, rest.to, rest.guard, rest.actions]);
    arrows.set(key, { ...rest, events: [...(arrows.get(key)?.events ?? []), event] });
  }
  return [...arrows.values()];
}

/** What stands at an arrow: `JobSubmitted [isDelayed] / setMaximum`. */
export function arrowLabel({ events, guard, actions }: Arrow): string {
  const condition = guard === null ? "" : ` [${guard}]`;
  return `${events.join(", ")}${condition}${actions.length === 0 ? "" : ` / ${actions.join(", ")}`}`;
}

function stateOf(node: AnyStateNode): DiagramState {
  return {
    id: idOf(node),
    label: node.key,
    isFinal: node.type === "final",
    entryActions: node.entry.map(nameOf),
    initial: initialOf(node),
    states: childrenOf(node).map(stateOf),
  };
}

function transitionsOf(node: AnyStateNode): DiagramTransition[] {
  const own = [...node.transitions.values()].flat().flatMap(({ eventType, target, guard, actions }) =>
    // A transition without a target stays where it is.
    (target ?? [node]).map(
      (to): DiagramTransition => ({
        from: idOf(node),
        to: idOf(to),
        event: eventType,
        guard: guard === undefined ? null : nameOf(guard),
        actions: actions.map(nameOf),
      }),
    ),
  );
  return [...own, ...childrenOf(node).flatMap(transitionsOf)];
}

const idOf = (node: AnyStateNode): string => node.path.join(".");
const childrenOf = (node: AnyStateNode): AnyStateNode[] => Object.values(node.states);

function initialOf(node: AnyStateNode): string | null {
  const first = node.type === "compound" ? node.initial.target[0] : undefined;
  return first === undefined ? null : idOf(first);
}

/** Guards and actions are drawn by their names, so every one must have a name, and no more than that. */
function nameOf(part: unknown): string {
  if (typeof part === "string") return part;
  throw new Error("a guard or an action without a name cannot be drawn: declare it in the machine's setup");
}
