/** The mark of a state: a shape of its own for each, so that colour is never all that tells them apart. */
import type { JSX } from "preact";
import type { JobState } from "../../../../events/states.js";

/** Path data in a square of 16, and whether the shape is filled. */
const SHAPES: Readonly<Record<JobState, { readonly path: string; readonly isFilled: boolean }>> = {
  scheduled: { path: "M8 2a6 6 0 1 0 .01 0ZM8 4.6V8l2.4 1.6", isFilled: false },
  queued: { path: "M3 4h10M3 8h10M3 12h6", isFilled: false },
  granted: { path: "M8 2a6 6 0 0 1 0 12ZM8 2a6 6 0 0 0 0 12", isFilled: true },
  running: { path: "M4 2.5 13.5 8 4 13.5Z", isFilled: true },
  cancelling: { path: "M3 3h10v10H3ZM3 13 13 3", isFilled: false },
  retrying: { path: "M13 8a5 5 0 1 1-1.6-3.7M13.4 1.6v3.3h-3.3", isFilled: false },
  completed: { path: "M2.5 8.5 6.3 12.3 13.5 4", isFilled: false },
  skipped: { path: "M3 3.5 7.5 8 3 12.5M8.5 3.5 13 8 8.5 12.5", isFilled: false },
  failed: { path: "M3.5 3.5 12.5 12.5M12.5 3.5 3.5 12.5", isFilled: false },
  cancelled: { path: "M8 2a6 6 0 1 0 .01 0ZM3.8 3.8 12.2 12.2", isFilled: false },
  rejected: { path: "M8 1.5 14.5 8 8 14.5 1.5 8ZM8 5v3.6M8 10.6v.4", isFilled: false },
};

export const isJobState = (name: string): name is JobState => Object.hasOwn(SHAPES, name);

/** For inside a drawing. */
export function StateShape({ state, x, y }: { state: JobState; x: number; y: number }): JSX.Element {
  const { path, isFilled } = SHAPES[state];
  return <path class={`mark st-${state}${isFilled ? " filled" : ""}`} d={path} transform={`translate(${x} ${y})`} />;
}

/** For inside a text; the state's name stands beside it, or is read out. */
export function StateMark({ state, isNamed = false }: { state: JobState; isNamed?: boolean }): JSX.Element {
  return (
    <span class={`state st-${state}`}>
      <svg class="state-mark" viewBox="0 0 16 16" aria-hidden="true">
        <StateShape state={state} x={0} y={0} />
      </svg>
      <span class={isNamed ? "" : "unseen"}>{state}</span>
    </span>
  );
}
