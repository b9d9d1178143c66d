/** A short light that runs along each way that was just taken, like a train along its track. */
import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";
import type { Chart, ChartWay } from "../../drawing/chart.js";
import { trackPath } from "../../drawing/track.js";
import { wayKey } from "../../drawing/ways.js";
import type { Step } from "../state/board-moves.js";
import { useSession } from "../state/session.js";

/** More at once would be a blur, and work for nothing. */
const TRAINS_MAX = 48;
const TRAIN_LENGTH = 22;
const RUN_MS = 700;
const SVG = "http://www.w3.org/2000/svg";

export function useTrains(track: RefObject<SVGGElement | null>, chart: Chart): void {
  const session = useSession();
  useEffect(() => {
    if (chart.machine !== "job") return;
    const ways = new Map(chart.ways.map((way) => [way.key, way]));
    const isStill = matchMedia("(prefers-reduced-motion: reduce)");
    return session.pulses.watch((steps) => {
      for (const [index, way] of waysTaken(steps, ways, session.through.bind(session)).entries()) {
        if (track.current === null || track.current.childElementCount >= TRAINS_MAX) return;
        run(track.current, way, isStill.matches, index);
      }
    });
  }, [session, chart, track]);
}

/** Where two boards lie several steps apart, all ways between are taken. */
function waysTaken(
  steps: readonly Step[],
  ways: ReadonlyMap<string, ChartWay>,
  through: (from: string, to: string) => readonly string[],
): readonly ChartWay[] {
  const keys = new Set<string>();
  for (const { from, to } of steps) {
    const states = through(from, to);
    states.slice(1).forEach((state, index) => {
      keys.add(wayKey(states[index] ?? "", state));
    });
  }
  return [...keys].flatMap((key) => ways.get(key) ?? []);
}

function run(track: SVGGElement, way: ChartWay, isStill: boolean, index: number): void {
  const train = document.createElementNS(SVG, "path");
  train.setAttribute("d", trackPath(way.points));
  train.setAttribute("class", `train${isStill ? " still" : ""} st-${way.to}`);
  track.append(train);
  const length = train.getTotalLength();
  const frames = isStill
    ? [{ opacity: 0.9 }, { opacity: 0.9, offset: 0.7 }, { opacity: 0 }]
    : [{ strokeDashoffset: TRAIN_LENGTH }, { strokeDashoffset: -length }];
  if (!isStill) train.setAttribute("stroke-dasharray", `${TRAIN_LENGTH} ${length + TRAIN_LENGTH}`);
  const ride = train.animate(frames, {
    duration: RUN_MS,
    delay: Math.min(index, 8) * 40,
    easing: "ease-in-out",
    fill: "both",
  });
  ride.finished.then(
    () => train.remove(),
    () => train.remove(),
  );
}
