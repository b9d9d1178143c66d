/**
 * A machine as a chart: its states and ways, each with its place. The machine comes from the code that runs, the places from
 * `layouts.ts`, which `npm run layouts` computes from the same machines; a test compares the two.
 */
import type { Diagram, DiagramState } from "../../../machines/drawing.js";
import { LAYOUTS } from "./layouts.js";
import { innerLines, type Way, wayKey, wayLines, waysOf } from "./ways.js";

export interface Point {
  readonly x: number;
  readonly y: number;
}
export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

export interface ChartState extends Box {
  readonly id: string;
  readonly label: string;
  readonly isFinal: boolean;
  /** Where the machine begins, or where a composite state does; null elsewhere. */
  readonly begins: "machine" | "composite" | null;
  readonly isComposite: boolean;
  readonly inner: readonly string[];
}

export interface ChartWay extends Way {
  readonly key: string;
  readonly points: readonly Point[];
  /** Where its texts stand; null in a chart without them. */
  readonly label: (Box & { readonly lines: readonly string[] }) | null;
}

export interface Chart {
  readonly machine: string;
  readonly width: number;
  readonly height: number;
  /** Composite states stand before what is in them. */
  readonly states: readonly ChartState[];
  readonly ways: readonly ChartWay[];
}

/** `labelled`: with a text at each way. `plain`: without them, and much smaller. */
export type ChartForm = "labelled" | "plain";

/** Null if nobody has laid this machine out: `npm run layouts` was not run after it changed. */
export function chartOf(diagram: Diagram, form: ChartForm): Chart | null {
  const text = LAYOUTS[layoutName(diagram.machine, form)];
  if (text === undefined) return null;
  const layout = readLayout(text);
  const states = diagram.states.flatMap((state) => placedStates(state, diagram, null, layout));
  const ways = waysOf(diagram).map((way) => placedWay(way, layout));
  if (states.includes(null) || ways.includes(null)) return null;
  const there = <T>(item: T | null): item is T => item !== null;
  return {
    machine: diagram.machine,
    width: layout.width,
    height: layout.height,
    states: states.filter(there),
    ways: ways.filter(there),
  };
}

export const layoutName = (machine: string, form: ChartForm): string => `${machine} ${form}`;

/** The places alone, as `layouts.ts` keeps them: one line each, so that a change can be read. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly states: ReadonlyMap<string, Box>;
  readonly ways: ReadonlyMap<string, { readonly points: readonly Point[]; readonly label: Box | null }>;
}

export function writeLayout({ width, height, states, ways }: Layout): string {
  const numbers = (...values: readonly number[]): string => values.map((value) => Math.round(value)).join(" ");
  const box = (one: Box): string => numbers(one.x, one.y, one.width, one.height);
  const lines = [`size ${numbers(width, height)}`];
  for (const [id, place] of states) lines.push(`state ${id} ${box(place)}`);
  for (const [key, { points, label }] of ways) {
    lines.push(`way ${key} ${numbers(...points.flatMap(({ x, y }) => [x, y]))}`);
    if (label !== null) lines.push(`label ${key} ${box(label)}`);
  }
  return lines.join("\n");
}

export function readLayout(text: string): Layout {
  let size: Box = boxOf([]);
  const states = new Map<string, Box>();
  const ways = new Map<string, { points: Point[]; label: Box | null }>();
  for (const line of text.split("\n")) {
    const [kind, ...words] = line.trim().split(" ");
    if (kind === "size") {
      size = boxOf([0, 0, ...words.map(Number)]);
      continue;
    }
    const [name = "", ...rest] = words;
    const numbers = rest.map(Number);
    if (kind === "state") states.set(name, boxOf(numbers));
    else if (kind === "way") ways.set(name, { points: pointsOf(numbers), label: null });
    else if (kind === "label") ways.set(name, { points: ways.get(name)?.points ?? [], label: boxOf(numbers) });
  }
  return { width: size.width, height: size.height, states, ways };
}

function placedStates(
  state: DiagramState,
  diagram: Diagram,
  outer: DiagramState | null,
  layout: Layout,
): (ChartState | null)[] {
  const place = layout.states.get(state.id);
  if (place === undefined) return [null];
  const own: ChartState = {
    ...place,
    id: state.id,
    label: state.label,
    isFinal: state.isFinal,
    begins: state.id !== (outer ?? diagram).initial ? null : outer === null ? "machine" : "composite",
    isComposite: state.states.length > 0,
    inner: innerLines(state, diagram.transitions),
  };
  return [own, ...state.states.flatMap((child) => placedStates(child, diagram, state, layout))];
}

function placedWay(way: Way, layout: Layout): ChartWay | null {
  const key = wayKey(way.from, way.to);
  const place = layout.ways.get(key);
  if (place === undefined) return null;
  const label = place.label === null ? null : { ...place.label, lines: wayLines(way) };
  return { ...way, key, points: place.points, label };
}

const boxOf = ([x = 0, y = 0, width = 0, height = 0]: readonly number[]): Box => ({ x, y, width, height });

function pointsOf(numbers: readonly number[]): Point[] {
  const points: Point[] = [];
  for (let index = 0; index + 1 < numbers.length; index += 2)
    points.push({ x: numbers[index] ?? 0, y: numbers[index + 1] ?? 0 });
  return points;
}
