/** The signal before a pool: its arm is down across the track while the next job must wait, and up when there is room. */
import type { JSX } from "preact";

export type Aspect = "clear" | "danger" | "paused";

export const aspectOf = ({ free, paused }: { readonly free: number; readonly paused: boolean }): Aspect =>
  paused ? "paused" : free > 0 ? "clear" : "danger";

const SAID: Readonly<Record<Aspect, string>> = {
  clear: "signal at clear: there is room",
  danger: "signal at danger: full",
  paused: "signal at danger: paused",
};

export function Semaphore({ aspect }: { aspect: Aspect }): JSX.Element {
  return (
    <svg class={`semaphore ${aspect}`} viewBox="0 -8 40 52" role="img" aria-label={SAID[aspect]}>
      <path class="post" d="M30 6V42M24 42H36" />
      <g class="arm">
        <path class="blade" d="M30 8 4 8 4 16 30 16Z" />
        <path class="stripe" d="M10 8V16" />
      </g>
      <circle class="lamp" cx="30" cy="12" r="4.2" />
      {aspect === "paused" && <path class="barred" d="M9 4 19 20M19 4 9 20" />}
    </svg>
  );
}
