/** The past use of slots over time: who held which slot from when to when, and when limits and pauses changed. Zooms and moves. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { SlotHistory } from "../../protocol.js";
import { Icon, type IconName } from "../parts/icon.js";
import { JobLink } from "../parts/job-link.js";
import { poolParts } from "../parts/pool-words.js";
import { Problem } from "../parts/problem.js";
import { clockText, spanText } from "../parts/times.js";
import { VirtualList } from "../parts/virtual-list.js";
import { useAnswer } from "../state/answer.js";
import { useSession } from "../state/session.js";
import { GanttDrawing } from "./gantt-drawing.js";

const MINUTE = 60_000;
const SPAN_MS_MIN = 500;
const SPAN_MS_MAX = 30 * 24 * 60 * MINUTE;
const PRESETS: readonly (readonly [string, number])[] = [
  ["1 m", MINUTE],
  ["5 m", 5 * MINUTE],
  ["15 m", 15 * MINUTE],
  ["1 h", 60 * MINUTE],
];
/** While it follows the present it is asked this often. */
const ASK_AGAIN_MS = 1_000;

/** `end` null: the moment that is shown. */
interface Window {
  readonly spanMs: number;
  readonly end: number | null;
}

export function Gantt(): JSX.Element {
  const { source, meta, now, playhead } = useSession();
  const [{ spanMs, end }, setWindow] = useState<Window>(() => ({
    spanMs: firstSpan(now.value, meta.first?.at),
    end: null,
  }));
  const until = end ?? now.value;
  const beginning = Date.parse(meta.first?.at ?? "") || until - SPAN_MS_MAX;
  const [from, to] = [until - spanMs, until];
  const [looked, setLooked] = useState(0);
  const key = JSON.stringify([spanMs, Math.floor(until / (playhead.isLive.value ? ASK_AGAIN_MS : 1)), looked]);
  const { value, problem } = useAnswer(key, (signal) =>
    source.history({ from: new Date(from).toISOString(), to: new Date(Math.max(to, from + 1)).toISOString() }, signal),
  );
  // Also of a moment that is past more becomes known while the older past is being read.
  useEffect(() => {
    if (value?.olderPast?.kind !== "reading") return;
    const timer = setTimeout(() => setLooked((times) => times + 1), ASK_AGAIN_MS);
    return () => clearTimeout(timer);
  }, [value]);
  const zoom = (factor: number, around = 0.5): void =>
    setWindow((window) => {
      const span = Math.min(SPAN_MS_MAX, Math.max(SPAN_MS_MIN, window.spanMs * factor));
      const fixed = window.end ?? now.value;
      const pivot = fixed - window.spanMs * (1 - around);
      return {
        spanMs: span,
        end: window.end === null && around >= 0.5 ? null : Math.min(now.value, pivot + span * (1 - around)),
      };
    });
  const move = (by: number): void =>
    setWindow((window) => {
      const moved = (window.end ?? now.value) + window.spanMs * by;
      return { ...window, end: moved >= now.value ? null : Math.max(beginning + window.spanMs / 4, moved) };
    });
  const frame = useRef<HTMLElement>(null);
  useGestures(frame, zoom, move);
  const whole = Math.max(SPAN_MS_MIN, now.value - beginning);
  return (
    <section ref={frame} class="card gantt" aria-label="Use of the slots over time">
      <div class="toolbar">
        <h2>Slots over time</h2>
        <div class="choice">
          {[...PRESETS, ["all", whole] as const].map(([label, span]) => (
            <button
              key={label}
              type="button"
              class="button small"
              aria-pressed={spanMs === span}
              onClick={() => setWindow({ spanMs: span, end: null })}
            >
              {label}
            </button>
          ))}
        </div>
        <Zoomers zoom={zoom} move={move} />
        <p class="quiet">
          {clockText(new Date(from).toISOString())} – {clockText(new Date(to).toISOString())} ({spanText(spanMs)})
        </p>
      </div>
      <Problem text={problem} />
      {value !== null && <GanttDrawing {...{ history: value, from, to, now: now.value }} />}
      {value !== null && value.coarse !== null && (
        <p class="quiet note">
          {value.coarse.spans} spans are too many to draw one by one: shown is how much of each pool was in use. Zoom in
          for the spans.
        </p>
      )}
      {value !== null && <Completeness history={value} />}
      {value !== null && value.spans.length > 0 && (
        <details>
          <summary>The same as a list ({value.spans.length})</summary>
          <VirtualList
            label="Slots held"
            items={[...value.spans].reverse()}
            keyOf={({ pool, holder, grant }) => `${pool} ${holder} ${grant}`}
            rowHeight={30}
            class="short"
            row={(span) => (
              <>
                <JobLink id={span.holder} />
                <span>{poolParts(span.pool).short}</span>
                <span>{clockText(span.from)}</span>
                <span>
                  {span.to === null ? "holds it still" : `for ${spanText(Date.parse(span.to) - Date.parse(span.from))}`}
                </span>
                <span>{span.end ?? ""}</span>
              </>
            )}
          />
        </details>
      )}
    </section>
  );
}

/** From when on all is drawn, and what becomes of the rest. */
function Completeness({ history: { completeFrom, olderPast } }: { history: SlotHistory }): JSX.Element | null {
  if (completeFrom === null) return null;
  const from = clockText(completeFrom.at);
  if (olderPast === null) return <p class="quiet">Before {from} not everything is known any more.</p>;
  const rest =
    olderPast.kind === "reading"
      ? `the older past is being read: ${Math.floor(olderPast.share * 100)} %`
      : `the older past cannot be read: ${olderPast.reason}`;
  return (
    <p class="quiet" data-part="older-past">
      Complete from {from}; {rest}
    </p>
  );
}

/** All that has happened, if that is not long: else the last quarter of an hour. */
function firstSpan(now: number, first: string | undefined): number {
  const age = now - Date.parse(first ?? "");
  return PRESETS.find(([, span]) => span >= age || span === 15 * MINUTE)?.[1] ?? 15 * MINUTE;
}

function Zoomers({ zoom, move }: { zoom: (factor: number) => void; move: (by: number) => void }): JSX.Element {
  const buttons: readonly (readonly [IconName, string, () => void])[] = [
    ["out", "Zoom out", () => zoom(2)],
    ["in", "Zoom in", () => zoom(0.5)],
    ["earlier", "Earlier", () => move(-0.25)],
    ["later", "Later", () => move(0.25)],
  ];
  return (
    <div class="choice">
      {buttons.map(([sign, label, act]) => (
        <button key={sign} type="button" class="tool" title={label} onClick={act}>
          <Icon name={sign} />
          <span class="unseen">{label}</span>
        </button>
      ))}
    </div>
  );
}

/** The wheel zooms where the pointer is, with a modifier so that the page still scrolls; keys zoom and move inside the chart. */
function useGestures(
  frame: { readonly current: HTMLElement | null },
  zoom: (factor: number, around?: number) => void,
  move: (by: number) => void,
): void {
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const onWheel = (event: WheelEvent): void => {
      if (!event.ctrlKey && !event.shiftKey) return;
      event.preventDefault();
      const drawing = element.querySelector("svg")?.getBoundingClientRect();
      const around = drawing === undefined ? 0.5 : (event.clientX - drawing.left) / Math.max(1, drawing.width);
      zoom(event.deltaY + event.deltaX > 0 ? 1.25 : 0.8, Math.max(0, Math.min(1, around)));
    };
    const onKey = (event: KeyboardEvent): void => {
      if (event.target instanceof Element && event.target.closest(".rows") !== null) return;
      const act = {
        "+": () => zoom(0.5),
        "-": () => zoom(2),
        ArrowLeft: () => move(-0.25),
        ArrowRight: () => move(0.25),
      }[event.key];
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    element.addEventListener("keydown", onKey);
    return () => {
      element.removeEventListener("wheel", onWheel);
      element.removeEventListener("keydown", onKey);
    };
  });
}
