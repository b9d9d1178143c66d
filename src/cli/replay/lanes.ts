/**
 * The pools as lanes: whoever waits comes from the left, the next one last, holds its slots in the middle, and leaves to the right.
 *
 *     … j12 j9 j8 ▸ resource:ollama 1/1  [j7]           ▸ ✓j5 ✗j3
 */
import type { JobState } from "../../../events/states.js";
import type { Holding, Lane, Scene } from "../../replay/index.js";
import type { Colors } from "../terminal.js";
import { textWidth } from "../text-width.js";
import { paintState } from "../wording.js";
import { cutLine, fillLine, type Line, type Span, span, widthOf } from "./spans.js";

/** Columns of the parts of a lane. */
interface Layout {
  /** 0: only the number of those who wait is told. */
  readonly waiting: number;
  readonly pool: number;
  readonly usage: number;
  readonly slots: number;
  /** 0: who has left is not told. */
  readonly left: number;
}

/** Below these widths there is no room for who has left, and for the names of those who wait. */
const COLUMNS_FOR_LEFT = 76;
const COLUMNS_FOR_WAITING = 56;
const POOL_COLUMNS_MAX = 24;
const WAITING_SHARE = 0.3;
const LEFT_SHARE = 0.4;
const COUNT_COLUMNS = 5;
const ARROW = " ▸ ";

const MARKS: Readonly<Partial<Record<JobState, string>>> = {
  completed: "✓",
  skipped: "»",
  failed: "✗",
  cancelled: "∅",
  retrying: "↻",
};

/** At most `rows` lines, the last of which says how many more there are. */
export function drawLanes(scene: Scene, width: number, rows: number, colors: Colors): Line[] {
  const { lanes } = scene;
  const layout = layoutOf(lanes, width);
  const fits = lanes.length <= rows;
  const shown = lanes.slice(0, fits ? rows : Math.max(0, rows - 1));
  const lines = shown.map((lane) => drawLane(lane, scene, layout, colors));
  return fits || rows === 0 ? lines : [...lines, [span(`+${lanes.length - shown.length} more pools`, colors.dim)]];
}

/** The titles above the lanes. */
export function drawTitles(scene: Scene, width: number, colors: Colors): Line {
  const { waiting, pool, usage, slots, left } = layoutOf(scene.lanes, width);
  const title = (text: string, columns: number, align: "left" | "right" = "left") =>
    fillLine([span(text, colors.dim)], columns, align);
  return [
    ...title("WAITING", Math.max(waiting, COUNT_COLUMNS), "right"),
    span("   "),
    ...title("POOL", pool + 1 + usage + 1),
    ...title("SLOTS", slots),
    ...(left === 0 ? [] : [span("   "), ...title("LEFT", left)]),
  ];
}

function layoutOf(lanes: readonly Lane[], width: number): Layout {
  const pool = Math.min(POOL_COLUMNS_MAX, Math.max(4, ...lanes.map((lane) => textWidth(nameOf(lane)))));
  const usage = Math.max(3, ...lanes.map((lane) => usageOf(lane).length));
  const rest = Math.max(0, width - ARROW.length - pool - 1 - usage - 1);
  if (width < COLUMNS_FOR_WAITING)
    return { waiting: 0, pool, usage, slots: Math.max(0, rest - COUNT_COLUMNS), left: 0 };
  const waiting = Math.floor(rest * WAITING_SHARE);
  if (width < COLUMNS_FOR_LEFT) return { waiting, pool, usage, slots: rest - waiting, left: 0 };
  const beyond = rest - waiting - ARROW.length;
  const left = Math.floor(beyond * LEFT_SHARE);
  return { waiting, pool, usage, slots: beyond - left, left };
}

const nameOf = ({ pool, paused }: Lane): string => `${pool ?? "no pool"}${paused ? " (paused)" : ""}`;
const usageOf = ({ used, capacity }: Lane): string => (capacity === null ? String(used) : `${used}/${capacity}`);

function drawLane(lane: Lane, scene: Scene, layout: Layout, colors: Colors): Line {
  const isOver = lane.capacity !== null && lane.used > lane.capacity;
  const arrow = span(ARROW, colors.dim);
  const waiting =
    layout.waiting === 0
      ? fillLine([span(String(lane.waitingCount), colors.yellow)], COUNT_COLUMNS, "right")
      : fillLine(drawWaiting(lane, scene, layout.waiting, colors), layout.waiting, "right");
  return [
    ...waiting,
    arrow,
    ...fillLine([span(nameOf(lane), lane.paused ? colors.yellow : colors.bold)], layout.pool),
    span(" "),
    ...fillLine([span(usageOf(lane), isOver ? colors.red : undefined)], layout.usage, "right"),
    span(" "),
    ...fillLine(drawSlots(lane, scene, layout.slots, colors), layout.slots),
    ...(layout.left === 0 ? [] : [arrow, ...cutLine(drawLeft(lane, scene, colors), layout.left)]),
  ];
}

/** The next one stands last, beside the pool; those for whom there is no room are counted. */
function drawWaiting(lane: Lane, scene: Scene, width: number, colors: Colors): Line {
  const line: Span[] = [];
  let shown = 0;
  for (const id of lane.waiting) {
    const more = lane.waitingCount - shown - 1;
    const count = more === 0 ? "" : `+${more} `;
    const name = span(shown === 0 ? id : `${id} `, scene.moved.has(id) ? bright(colors, colors.yellow) : colors.yellow);
    if (widthOf([name, ...line]) + count.length > width && shown > 0) break;
    line.unshift(name);
    shown += 1;
  }
  const hidden = lane.waitingCount - shown;
  return hidden === 0 ? line : [span(`+${hidden} `, colors.dim), ...line];
}

function drawSlots(lane: Lane, scene: Scene, width: number, colors: Colors): Line {
  const line: Span[] = [];
  let shown = 0;
  for (const holder of lane.holders) {
    const { id, units, state } = holder;
    const text = `[${id}${units === 1 ? "" : ` ×${units}`}]`;
    const more = lane.holdersCount - shown - 1;
    if (widthOf(line) + textWidth(text) + (more === 0 ? 0 : ` +${more}`.length) > width && shown > 0) break;
    const paint = paintOf(colors, state);
    line.push(span(text, scene.moved.has(id) ? bright(colors, paint) : paint));
    shown += 1;
  }
  const hidden = lane.holdersCount - shown;
  if (hidden > 0) return [...line, span(` +${hidden}`, colors.dim)];
  const free = lane.capacity === null ? 0 : Math.max(0, lane.capacity - lane.used);
  const room = Math.floor((width - widthOf(line)) / 3);
  if (free <= room) return [...line, span("[ ]".repeat(free), colors.dim)];
  return [...line, span(` ${free} free`, colors.dim)];
}

function drawLeft(lane: Lane, scene: Scene, colors: Colors): Line {
  return lane.left.map(({ job, state }) => {
    const paint = paintOf(colors, state);
    return span(`${MARKS[state] ?? ""}${job} `, scene.moved.has(job) ? bright(colors, paint) : paint);
  });
}

const paintOf = (colors: Colors, state: Holding["state"]) => (text: string) =>
  state === "reserved" ? colors.magenta(text) : paintState(colors, state, text);

/** Whoever has just moved. */
const bright = (colors: Colors, paint: (text: string) => string) => (text: string) => colors.bold(paint(text));
