/** A machine's chart with what is in it now: how many in each state, what just moved, and the way of one job. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Chart, ChartState, ChartWay, Point } from "../../drawing/chart.js";
import { CHART_MARGIN, startOf } from "../../drawing/svg.js";
import { arrowPath, trackPath } from "../../drawing/track.js";
import { LABEL_LINE, STATE_HEAD } from "../../drawing/ways.js";
import { isJobState, StateShape } from "../parts/state-mark.js";
import { useTrains } from "./trains.js";

/** The steps of one job along a way, by their numbers in its history. */
export type Trail = ReadonlyMap<string, readonly number[]>;

/** Smaller, its texts could not be read: then it scrolls. */
const SCALE_MIN = 0.64;

interface ChartFigureProps {
  readonly chart: Chart;
  /** State → how many; what is absent is not counted. */
  readonly counts: Readonly<Record<string, number>>;
  readonly unit: string;
  readonly trail: Trail | null;
  /** The state of the job whose way is shown. */
  readonly here: string | null;
  /** Called with a state that was chosen; absent where nothing can be shown of it. */
  readonly onState?: ((state: string) => void) | undefined;
  /** Times its full size; null: as wide as there is room. */
  readonly zoom: number | null;
}

export function ChartFigure(props: ChartFigureProps): JSX.Element {
  const { chart, counts, unit, trail, here, onState, zoom } = props;
  const trains = useRef<SVGGElement>(null);
  useTrains(trains, chart);
  const frame = useRef<HTMLElement>(null);
  // Where the chart is wider than its frame, the state in which the chosen job is comes into sight.
  useEffect(() => {
    if (here !== null) frame.current?.querySelector(".here")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [here]);
  const [width, height] = [chart.width + 2 * CHART_MARGIN, chart.height + 2 * CHART_MARGIN];
  const said = chart.states.filter(({ id }) => (counts[id] ?? 0) > 0).map(({ id }) => `${id} ${counts[id]}`);
  return (
    <section
      ref={frame}
      class={`chart-frame${zoom === null ? " fits" : ""}`}
      aria-label={`The ${chart.machine} machine. ${said.length === 0 ? `No ${unit}` : `${unit}: ${said.join(", ")}`}.`}
    >
      <svg
        class={`chart${trail === null ? "" : " with-trail"}`}
        viewBox={`${-CHART_MARGIN} ${-CHART_MARGIN} ${width} ${height}`}
        style={
          zoom === null
            ? { minWidth: `${width * SCALE_MIN}px` }
            : { width: `${width * zoom}px`, height: `${height * zoom}px` }
        }
        role="presentation"
      >
        <g>
          {chart.states
            .filter(({ isComposite }) => isComposite)
            .map((state) => (
              <StateBox key={state.id} state={state} count={counts[state.id]} isHere={false} />
            ))}
        </g>
        <g>
          {chart.ways.map((way) => (
            <WayLine key={way.key} way={way} steps={trail?.get(way.key)} />
          ))}
        </g>
        <g ref={trains} />
        <g>
          {chart.states
            .filter(({ isComposite }) => !isComposite)
            .map((state) => (
              <StateBox
                key={state.id}
                {...{ state, count: counts[state.id], isHere: here === state.id }}
                onState={onState}
              />
            ))}
        </g>
        <g>
          {trail !== null &&
            chart.ways.map((way) => <StepNumbers key={way.key} way={way} steps={trail.get(way.key)} />)}
        </g>
      </svg>
    </section>
  );
}

interface StateBoxProps {
  readonly state: ChartState;
  readonly count: number | undefined;
  readonly isHere: boolean;
  readonly onState?: ((state: string) => void) | undefined;
}

function StateBox({ state, count, isHere, onState }: StateBoxProps): JSX.Element {
  const { id, x, y, width, height, label, inner, isFinal, isComposite, begins } = state;
  const isJob = isJobState(id);
  const kind = isComposite ? "composite" : isFinal ? "final" : "simple";
  const drawn = (
    <>
      {begins === "machine" && <Beginning at={state} />}
      <rect class="box" x={x} y={y} width={width} height={height} rx="8" />
      {isFinal && <rect class="inner-box" x={x + 3} y={y + 3} width={width - 6} height={height - 6} rx="6" />}
      {begins === "composite" && <circle class="dot" cx={x + 9} cy={y + STATE_HEAD / 2} r="3" />}
      {isJob && <StateShape state={id} x={x + 9} y={y + 10} />}
      <text class="name" x={x + (isJob ? 30 : 15)} y={y + 23}>
        {label}
      </text>
      {count !== undefined && count > 0 && <Count count={count} x={x + width} y={y} />}
      {inner.map((line, index) => (
        <text key={line} class="small" x={x + 12} y={y + STATE_HEAD + 6 + index * LABEL_LINE}>
          {line}
        </text>
      ))}
    </>
  );
  const className = `chart-state ${kind}${isJob ? ` st-${id}` : ""}${(count ?? 0) > 0 ? " busy" : ""}${isHere ? " here" : ""}`;
  if (onState === undefined || !isJob) return <g class={className}>{drawn}</g>;
  return (
    <a
      class={className}
      href={`?view=jobs&state=${id}`}
      data-state={id}
      data-count={count ?? 0}
      onClick={(event) => {
        event.preventDefault();
        onState(id);
      }}
    >
      {drawn}
    </a>
  );
}

function Beginning({ at }: { at: Point }): JSX.Element {
  const points = startOf(at);
  const [start] = points;
  return (
    <>
      <circle class="dot" cx={start?.x} cy={start?.y} r="4.5" />
      <path class="way-line" d={trackPath(points)} />
      <path class="arrow" d={arrowPath(points)} />
    </>
  );
}

/** How many, on the upper right corner of a state. */
function Count({ count, x, y }: { count: number; x: number; y: number }): JSX.Element {
  const text = count < 10_000 ? String(count) : `${(count / 1_000).toFixed(1)}k`;
  const width = text.length * 8.4 + 14;
  return (
    <g class="count">
      <rect x={x - width + 8} y={y - 10} width={width} height="21" rx="10.5" />
      <text x={x + 8 - width / 2} y={y + 5} text-anchor="middle">
        {text}
      </text>
    </g>
  );
}

function WayLine({ way, steps }: { way: ChartWay; steps: readonly number[] | undefined }): JSX.Element {
  const { from, to, points, label, happenings } = way;
  const texts = happenings.map(
    ({ event, guard, actions }) =>
      `${event}${guard === null ? "" : ` [${guard}]`}${actions.length === 0 ? "" : ` / ${actions.join(", ")}`}`,
  );
  return (
    <g class={`chart-way${steps === undefined ? "" : " trodden"}`}>
      <title>{`${from} → ${to}\n${texts.join("\n")}`}</title>
      <path class="way-reach" d={trackPath(points)} />
      <path class="way-line" d={trackPath(points)} />
      <path class="arrow" d={arrowPath(points)} />
      {label?.lines.map((line, index) => (
        <text
          key={line}
          class={line.startsWith("[") ? "small guard" : "small"}
          x={label.x + 4}
          y={label.y + 10 + index * LABEL_LINE}
        >
          {line}
        </text>
      ))}
    </g>
  );
}

/** The numbers of a job's steps, on the longest straight piece of the way. */
function StepNumbers({ way, steps }: { way: ChartWay; steps: readonly number[] | undefined }): JSX.Element | null {
  if (steps === undefined) return null;
  const { x, y } = numberPlace(way.points);
  const text = steps.length > 3 ? `${steps.slice(0, 2).join(",")}…${steps[steps.length - 1]}` : steps.join(",");
  const width = text.length * 7 + 12;
  return (
    <g class="step-number">
      <rect x={x - width / 2} y={y - 9} width={width} height="18" rx="9" />
      <text x={x} y={y + 4} text-anchor="middle">
        {text}
      </text>
    </g>
  );
}

/** Not in the middle, where the texts of the way stand. */
const ALONG = 0.25;

function numberPlace(points: readonly Point[]): Point {
  let best = { x: 0, y: 0, length: -1 };
  points.slice(1).forEach((end, index) => {
    const start = points[index] ?? end;
    const length = Math.hypot(end.x - start.x, end.y - start.y);
    if (length > best.length)
      best = { x: start.x + (end.x - start.x) * ALONG, y: start.y + (end.y - start.y) * ALONG, length };
  });
  return best;
}
