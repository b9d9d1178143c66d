/** A diagram in Mermaid's `stateDiagram-v2` language, which code hosts draw where they show Markdown. */
import { type Arrow, arrowLabel, arrowsOf, type Diagram, type DiagramState } from "./drawing.js";

/** Mermaid text, without a line break at the end. */
export function drawMermaid(diagram: Diagram): string {
  const indent = "  ";
  return [
    "stateDiagram-v2",
    ...diagram.states.flatMap((state) => declare(state, indent)),
    `${indent}[*] --> ${idOf(diagram.initial)}`,
    // All arrows stand outside: a state that is named inside another one would become a part of it.
    ...arrowsOf(diagram).map((arrow) => indent + draw(arrow)),
    ...finalStates(diagram.states).map((state) => `${indent}${idOf(state.id)} --> [*]`),
  ].join("\n");
}

/** A nested state gets an id of its own, because ids are one space in Mermaid, whatever the nesting. */
const idOf = (id: string): string => id.replaceAll(".", "_");

function declare(state: DiagramState, indent: string): string[] {
  const id = idOf(state.id);
  const named = id === state.label ? id : `state "${state.label}" as ${id}`;
  if (state.states.length > 0) {
    const inner = `${indent}  `;
    const nested = state.states.flatMap((child) => declare(child, inner));
    const begin = state.initial === null ? [] : [`${inner}[*] --> ${idOf(state.initial)}`];
    return [`${indent}state ${id} {`, ...nested, ...begin, `${indent}}`];
  }
  if (state.entryActions.length === 0) return [indent + named];
  // The first description becomes the state's title, the second what stands below it.
  return [`${indent}state "${state.label}" as ${id}`, `${indent}${id} : entry / ${state.entryActions.join(", ")}`];
}

const draw = (arrow: Arrow): string => `${idOf(arrow.from)} --> ${idOf(arrow.to)} : ${arrowLabel(arrow)}`;

function finalStates(states: readonly DiagramState[]): DiagramState[] {
  return states.flatMap((state) => [...(state.isFinal ? [state] : []), ...finalStates(state.states)]);
}
