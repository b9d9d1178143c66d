/** A diagram in Graphviz's DOT language. */
import { type Arrow, arrowLabel, arrowsOf, type Diagram, type DiagramState } from "./drawing.js";

/** DOT text, without a line break at the end. */
export function drawDot(diagram: Diagram): string {
  const composites = new Map<string, string>();
  const declared = diagram.states.flatMap((state) => declare(state, "  ", composites));
  return [
    `digraph ${quote(diagram.machine)} {`,
    "  compound=true;",
    "  rankdir=TB;",
    '  node [shape=box, style=rounded, fontname="sans-serif"];',
    '  edge [fontname="sans-serif", fontsize=10];',
    '  "[*]" [shape=point, width=0.15];',
    ...declared,
    `  "[*]" -> ${quote(diagram.initial)};`,
    ...arrowsOf(diagram).map((arrow) => draw(arrow, composites)),
    "}",
  ].join("\n");
}

/** Declares a state; a composite one becomes a cluster, and is noted with the nested state that stands for it in arrows. */
function declare(state: DiagramState, indent: string, composites: Map<string, string>): string[] {
  if (state.states.length === 0) {
    const entry = state.entryActions.length === 0 ? "" : `\nentry / ${state.entryActions.join(", ")}`;
    const border = state.isFinal ? ", peripheries=2" : "";
    return [`${indent}${quote(state.id)} [label=${quote(state.label + entry)}${border}];`];
  }
  composites.set(state.id, state.initial ?? state.id);
  const inner = `${indent}  `;
  const nested = state.states.flatMap((child) => declare(child, inner, composites));
  return [
    `${indent}subgraph ${quote(`cluster_${state.id}`)} {`,
    `${inner}label=${quote(state.label)};`,
    ...nested,
    `${indent}}`,
  ];
}

/** Graphviz draws arrows between simple states only: an arrow of a cluster is one of a state in it, cut off at the border. */
function draw(arrow: Arrow, composites: ReadonlyMap<string, string>): string {
  const attributes = [`label=${quote(arrowLabel(arrow))}`];
  const end = (id: string, attribute: "ltail" | "lhead"): string => {
    const inside = composites.get(id);
    if (inside === undefined) return quote(id);
    attributes.push(`${attribute}=${quote(`cluster_${id}`)}`);
    return quote(inside);
  };
  return `  ${end(arrow.from, "ltail")} -> ${end(arrow.to, "lhead")} [${attributes.join(", ")}];`;
}

const quote = (text: string): string =>
  `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
