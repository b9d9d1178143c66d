/** The drawing of slots over time: spans, or mean use where there are too many, with the changes of limits and pauses. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { SlotHistory } from "../../protocol.js";
import { poolParts } from "../parts/pool-words.js";
import { clockText, spanText } from "../parts/times.js";
import { useSession } from "../state/session.js";
import { type PlacedSpan, type PoolRows, placeSpans } from "./gantt-layout.js";

const ROW = 15;
const POOL_HEAD = 18;
const AXIS = 20;
const TICKS = 6;
/** A span is never too thin to be seen. */
const SPAN_WIDTH_MIN = 2;
const LABEL_WIDTH_MIN = 46;

interface GanttDrawingProps {
  readonly history: SlotHistory;
  readonly from: number;
  readonly to: number;
  readonly now: number;
}

export function GanttDrawing({ history, from, to, now }: GanttDrawingProps): JSX.Element {
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  useChoosing(frame);
  const x = (time: number): number => ((Math.min(to, Math.max(from, time)) - from) / Math.max(1, to - from)) * width;
  const pools = placeSpans(history, now);
  let top = AXIS;
  const placed = pools.map((pool) => {
    const at = top;
    top += POOL_HEAD + pool.rows * ROW + 6;
    return { pool, at };
  });
  return (
    <div ref={frame} class="gantt-frame">
      <svg
        class="gantt-drawing"
        width={width}
        height={top}
        role="img"
        aria-label={`${history.spans.length} spans of ${pools.length} pools; the list below has them all`}
      >
        {ticksOf(from, to).map((time) => (
          <g key={time} class="tick">
            <path d={`M${x(time)} ${AXIS - 6}V${top}`} />
            <text x={x(time) + 3} y={AXIS - 8}>
              {clockText(new Date(time).toISOString())}
            </text>
          </g>
        ))}
        {placed.map(({ pool, at }) => (
          <PoolSpans key={pool.pool} {...{ pool, at, x, width, history, from, to }} />
        ))}
      </svg>
    </div>
  );
}

interface PoolSpansProps {
  readonly pool: PoolRows;
  readonly at: number;
  readonly x: (time: number) => number;
  readonly width: number;
  readonly history: SlotHistory;
  readonly from: number;
  readonly to: number;
}

function PoolSpans({ pool, at, x, width, history, from, to }: PoolSpansProps): JSX.Element {
  const { short } = poolParts(pool.pool);
  const base = at + POOL_HEAD;
  const inSight = pool.spans.filter((span) => span.to >= from && span.from <= to);
  return (
    <g class="gantt-pool">
      <text class="pool-name" x={4} y={at + 13}>
        {short}
      </text>
      <rect class="bed" x={0} y={base} width={width} height={pool.rows * ROW} />
      <Coarse {...{ pool, base, x, history, from }} />
      {inSight.map((span) => (
        <Span key={`${span.span.holder} ${span.span.grant}`} {...{ span, base, x }} />
      ))}
      <Changes {...{ pool, base, x, history, from, to }} />
    </g>
  );
}

function Span({ span: placed, base, x }: { span: PlacedSpan; base: number; x: (time: number) => number }): JSX.Element {
  const { route } = useSession();
  const { span, row, rows, from, to } = placed;
  const [left, right] = [x(from), x(to)];
  const width = Math.max(SPAN_WIDTH_MIN, right - left - 1);
  const isBad = span.end === "RunFailed" || span.end === "RunTimedOut" || span.end === "LeaseExpired";
  const kind = span.isReservation ? "direct" : span.to === null ? "open" : isBad ? "bad" : "good";
  const sign = isBad ? "✕ " : span.isReservation ? "⚑ " : "";
  const isChosen = route.job.value === span.holder;
  return (
    <g class={`span ${kind}${isChosen ? " chosen" : ""}`} data-job={span.isReservation ? undefined : span.holder}>
      <title>
        {`${span.holder} (attempt ${span.attempt}) held ${span.units} of ${span.pool} for ${spanText(to - from)}${span.end === null ? "" : `, until ${span.end}`}`}
      </title>
      <rect x={left} y={base + row * ROW + 1} width={width} height={rows * ROW - 2} rx="2" />
      {width > LABEL_WIDTH_MIN && (
        <text x={left + 4} y={base + row * ROW + 11}>
          {sign + clipped(span.holder, width)}
        </text>
      )}
    </g>
  );
}

const clipped = (text: string, width: number): string => {
  const chars = Math.floor((width - 10) / 6.2);
  return text.length <= chars ? text : `${text.slice(0, Math.max(1, chars - 1))}…`;
};

function Coarse({
  pool,
  base,
  x,
  history,
  from,
}: Omit<PoolSpansProps, "at" | "width" | "to"> & { base: number }): JSX.Element | null {
  const { coarse } = history;
  const use = coarse?.pools.find(({ pool: name }) => name === pool.pool);
  if (coarse === null || use === undefined) return null;
  const height = pool.rows * ROW;
  const most = pool.capacity;
  const start = Math.max(from, Date.parse(history.from.at));
  return (
    <g class="coarse">
      {use.used.map((units, index) => {
        const left = x(start + index * coarse.stepMs);
        const tall = (Math.min(units, most) / most) * height;
        const right = x(start + (index + 1) * coarse.stepMs);
        return <rect key={left} x={left} y={base + height - tall} width={Math.max(0.5, right - left)} height={tall} />;
      })}
    </g>
  );
}

function Changes({
  pool,
  base,
  x,
  history,
  from,
  to,
}: Omit<PoolSpansProps, "at" | "width"> & { base: number }): JSX.Element {
  const marks: JSX.Element[] = [];
  let before: { capacity: number; paused: boolean } | null = null;
  for (const { at, position, pools } of history.capacities) {
    const now = pools.find(({ name }) => name === pool.pool);
    if (now === undefined) continue;
    const time = Date.parse(at);
    const said = before === null ? null : changeText(before, now);
    before = now;
    if (said === null || time < from || time > to) continue;
    marks.push(
      <g key={position} class="change">
        <path d={`M${x(time)} ${base - 4}V${base + pool.rows * ROW}`} />
        <text x={x(time) + 3} y={base - 4}>
          {said}
        </text>
      </g>,
    );
  }
  return <>{marks}</>;
}

interface Limit {
  readonly capacity: number;
  readonly paused: boolean;
}

function changeText(before: Limit, now: Limit): string | null {
  if (before.paused !== now.paused) return now.paused ? "‖ paused" : "▸ resumed";
  return before.capacity === now.capacity ? null : `${before.capacity} → ${now.capacity}`;
}

/** Round times, about six in a window. */
function ticksOf(from: number, to: number): readonly number[] {
  const steps = [100, 500, 1_000, 5_000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000, 21_600_000, 86_400_000];
  const step = steps.find((one) => (to - from) / one <= TICKS + 1) ?? (to - from) / TICKS;
  const ticks: number[] = [];
  for (let time = Math.ceil(from / step) * step; time < to; time += step) ticks.push(time);
  return ticks;
}

/** A mouse may choose a span; keys choose it in the list below, which has the same spans as buttons. */
function useChoosing(frame: { readonly current: HTMLElement | null }): void {
  const { route } = useSession();
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const onClick = ({ target }: MouseEvent): void => {
      const job = target instanceof Element ? target.closest("[data-job]")?.getAttribute("data-job") : null;
      if (job != null) route.job.value = job;
    };
    element.addEventListener("click", onClick);
    return () => element.removeEventListener("click", onClick);
  }, [frame, route]);
}

function useWidth(frame: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(600);
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const watcher = new ResizeObserver(() => setWidth(Math.max(200, element.clientWidth)));
    watcher.observe(element);
    return () => watcher.disconnect();
  }, [frame]);
  return width;
}
