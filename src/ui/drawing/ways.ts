/**
 * The ways of a chart: all transitions between the same two states as one line, and the transitions that stay where they are as
 * a part of their state. Which texts stand where, and how much room they take, is decided here and nowhere else.
 */
import type { Diagram, DiagramState, DiagramTransition } from "../../../machines/drawing.js";

/** What may happen on a way: an event, and the condition under which it leads there. */
export interface Happening {
  readonly event: string;
  readonly guard: string | null;
  readonly actions: readonly string[];
}

export interface Way {
  readonly from: string;
  readonly to: string;
  readonly happenings: readonly Happening[];
}

export const wayKey = (from: string, to: string): string => `${from}>${to}`;

/** The ways between different states, in the order in which the machine declares them. */
export function waysOf({ transitions }: Diagram): readonly Way[] {
  const ways = new Map<string, Way>();
  for (const { from, to, event, guard, actions } of transitions) {
    if (from === to) continue;
    const key = wayKey(from, to);
    ways.set(key, { from, to, happenings: [...(ways.get(key)?.happenings ?? []), { event, guard, actions }] });
  }
  return [...ways.values()];
}

/** What stands at a way, line by line: events with the same condition together, and the condition after them. */
export function wayLines({ happenings }: Way): readonly string[] {
  const byGuard = new Map<string | null, string[]>();
  for (const { event, guard } of happenings) byGuard.set(guard, [...(byGuard.get(guard) ?? []), event]);
  return [...byGuard].flatMap(([guard, events]) => (guard === null ? events : [...events, `[${guard}]`]));
}

/** What stands inside a state: what it performs on entry, and the events that leave it as it is. */
export function innerLines(state: DiagramState, transitions: readonly DiagramTransition[]): readonly string[] {
  const staying = transitions.filter(({ from, to }) => from === state.id && to === state.id);
  return [...state.entryActions.map((action) => `entry / ${action}`), ...staying.map(({ event }) => event)];
}

/** Sizes in the chart's own units, which are pixels where it is shown at its full size. */
export const LABEL_LINE = 14;
export const STATE_HEAD = 36;
const LABEL_CHAR = 6.7;
const STATE_CHAR = 7.4;
/** Beside a state's name: the mark before it, and the count behind it. */
const STATE_ROOM = 50;
const STATE_WIDTH_MIN = 96;

export interface Size {
  readonly width: number;
  readonly height: number;
}

export function labelSize(lines: readonly string[]): Size {
  return { width: widest(lines) * LABEL_CHAR + 8, height: lines.length * LABEL_LINE };
}

export function stateSize(label: string, inner: readonly string[]): Size {
  const width = Math.max(STATE_WIDTH_MIN, label.length * STATE_CHAR + STATE_ROOM, widest(inner) * LABEL_CHAR + 22);
  return { width, height: STATE_HEAD + (inner.length === 0 ? 0 : inner.length * LABEL_LINE + 6) };
}

const widest = (lines: readonly string[]): number => Math.max(0, ...lines.map(({ length }) => length));
