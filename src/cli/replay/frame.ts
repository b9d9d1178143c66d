/** The screen of a replay as lines of text: a function of the scene, the controls and the terminal's size, and of nothing else. */
import type { PlayerState } from "../../../machines/player.js";
import type { Scene } from "../../replay/index.js";
import { sentenceOf } from "../sentence.js";
import type { Colors } from "../terminal.js";
import { oneLine } from "../text-width.js";
import { countsText } from "../wording.js";
import { KEYS } from "./keys.js";
import { drawLanes, drawTitles } from "./lanes.js";
import { cutLine, fillLine, type Line, paintLine, span, widthOf } from "./spans.js";
import { type Speed, speedText } from "./speed.js";

export interface Controls {
  readonly state: PlayerState;
  readonly speed: Speed;
  /** The ledger's clock: while it plays it runs on between entries. */
  readonly clock: string | null;
  /** The first and the last position that are played. */
  readonly from: number;
  readonly to: number;
  readonly namespace: string;
  /** What was typed while asking. */
  readonly typed: string;
  /** Said once, above the keys: why it stands still, what was wrong with what was typed. */
  readonly notice: string | null;
  /** What is going on while the scene is still to come. */
  readonly work: string | null;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Never more lines than rows, and none longer than the columns. */
export function frameOf(scene: Scene, controls: Controls, size: Size, colors: Colors): string[] {
  const { columns, rows } = size;
  const body = Math.max(0, rows - 1);
  const head = headOf(scene, controls, columns, colors).slice(0, body);
  const middle = controls.state === "helping" ? helpOf(colors) : lanesOf(scene, columns, body - head.length, colors);
  const above = [...head, ...middle].slice(0, body);
  const facts = controls.state === "helping" ? [] : factsOf(scene, body - above.length, colors);
  const filled = [...above, ...facts];
  while (filled.length < body) filled.push([]);
  return [...filled, footOf(controls, colors)].slice(-rows).map((line) => paintLine(cutLine(line, columns)));
}

function headOf(scene: Scene, controls: Controls, columns: number, colors: Colors): Line[] {
  const { speed, clock, from, to, namespace } = controls;
  const { position } = scene;
  const time = clock === null ? "before the first entry" : `${clock.replace("T", " ").replace("Z", " UTC")}`;
  const counts = countsText(scene.counts);
  const left = [span(time, colors.bold), span(`  position ${position} of ${to}`)];
  const right = [span(`${controls.state === "playing" ? "▶" : "‖ paused"} ${speedText(speed)}`, colors.cyan)];
  const gap = columns - widthOf(left) - widthOf(right);
  const title = gap < 1 ? [...right, span(" "), ...left] : [...left, span(" ".repeat(gap)), ...right];
  return [
    title,
    [span(barOf(position, from, to, columns), colors.cyan)],
    [span(counts === "" ? "no jobs yet" : counts), span(`  ${oneLine(namespace)}`, colors.dim)],
  ];
}

/** How much of what is played has been. */
function barOf(position: number, from: number, to: number, columns: number): string {
  const share = to < from ? 1 : (position - from + 1) / (to - from + 1);
  const full = Math.round(Math.min(1, Math.max(0, share)) * columns);
  return `${"━".repeat(full)}${"─".repeat(columns - full)}`;
}

/** The lanes take no more of the rows than this: the latest facts are to be seen too. */
const LANES_SHARE = 0.6;

function lanesOf(scene: Scene, columns: number, rows: number, colors: Colors): Line[] {
  if (rows < 2) return [];
  const titled = [[], drawTitles(scene, columns, colors)];
  const room = Math.max(1, Math.floor((rows - titled.length) * LANES_SHARE));
  return [...titled, ...drawLanes(scene, columns, room, colors), []];
}

function factsOf(scene: Scene, rows: number, colors: Colors): Line[] {
  if (rows <= 0) return [];
  const shown = scene.facts.slice(-rows);
  const width = Math.max(0, ...shown.map(({ address }) => address.length));
  return shown.map(({ address, at, fact }) => {
    const isNow = Number.parseInt(address, 10) === scene.position;
    const place = fillLine([span(address, colors.dim)], width, "right");
    return [
      ...place,
      span(`  ${at.slice(11, 23)}  `, colors.dim),
      span(oneLine(sentenceOf(fact)), isNow ? colors.bold : undefined),
    ];
  });
}

function helpOf(colors: Colors): Line[] {
  return [[], ...KEYS.map(([key, text]): Line => [...fillLine([span(`  ${key}`, colors.bold)], 12), span(text)])];
}

function footOf({ state, typed, notice, work }: Controls, colors: Colors): Line {
  if (state === "asking") return [span(`go to position or time: ${typed}▏`, colors.bold)];
  if (work !== null) return [span(work, colors.cyan)];
  if (state === "helping") return [span("any key goes back", colors.dim)];
  const keys = span("space pause  ← → step  g go to  + - speed  ? keys  q quit", colors.dim);
  return notice === null ? [keys] : [span(`${notice}  `, colors.yellow), keys];
}
