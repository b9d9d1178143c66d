/** What moved between two boards, for pulses where nobody told the moves: among the jobs that both of them name. */
import type { Diagram } from "../../../../machines/drawing.js";
import type { Board, BoardJob } from "../../protocol.js";

export interface Step {
  readonly from: string;
  readonly to: string;
  readonly count: number;
}

export function movesBetween(before: Board, after: Board): readonly Step[] {
  const steps = new Map<string, Step>();
  for (const { id, state } of Object.values<BoardJob>(after.jobs)) {
    const from = Object.hasOwn(before.jobs, id) ? before.jobs[id]?.state : "new";
    if (from === undefined || from === state) continue;
    const key = `${from}>${state}`;
    steps.set(key, { from, to: state, count: (steps.get(key)?.count ?? 0) + 1 });
  }
  return [...steps.values()];
}

/** The states on the shortest way from one state to another: between two boards a job may have made several steps. */
export function wayThrough({ transitions }: Diagram, from: string, to: string): readonly string[] {
  const cameFrom = new Map<string, string>([[from, from]]);
  for (const state of cameFrom.keys()) {
    if (state === to) break;
    for (const one of transitions) if (one.from === state && !cameFrom.has(one.to)) cameFrom.set(one.to, state);
  }
  const way: string[] = [];
  for (let state = to; cameFrom.has(state); state = cameFrom.get(state) ?? from) {
    way.unshift(state);
    if (state === from) return way;
  }
  return [];
}
