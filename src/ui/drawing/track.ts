/** Lines as they are drawn: like tracks, straight with rounded bends, and an arrow where they end. */
import type { Point } from "./chart.js";

const BEND = 7;
const ARROW = 7;

/** The path data of a line through the points, its bends rounded. */
export function trackPath(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  const steps = rest.map((corner, index) => {
    const before = points[index] ?? corner;
    const after = rest[index + 1];
    if (after === undefined) return `L${at(corner)}`;
    const radius = Math.min(BEND, length(before, corner) / 2, length(corner, after) / 2);
    return `L${at(towards(corner, before, radius))}Q${at(corner)} ${at(towards(corner, after, radius))}`;
  });
  return `M${at(first)}${steps.join("")}`;
}

/** The path data of the arrow at the end of a line. */
export function arrowPath(points: readonly Point[]): string {
  const [tip, before] = points.slice(-2).reverse();
  if (tip === undefined || before === undefined) return "";
  const base = towards(tip, before, ARROW);
  const [dx, dy] = [(tip.x - base.x) / 2, (tip.y - base.y) / 2];
  const left = { x: base.x - dy, y: base.y + dx };
  const right = { x: base.x + dy, y: base.y - dx };
  return `M${at(tip)}L${at(left)}L${at(right)}Z`;
}

const at = ({ x, y }: Point): string => `${round(x)},${round(y)}`;
const round = (value: number): number => Math.round(value * 10) / 10;
const length = (a: Point, b: Point): number => Math.hypot(b.x - a.x, b.y - a.y);

function towards(from: Point, to: Point, distance: number): Point {
  const whole = length(from, to);
  if (whole === 0) return from;
  return { x: from.x + ((to.x - from.x) * distance) / whole, y: from.y + ((to.y - from.y) * distance) / whole };
}
