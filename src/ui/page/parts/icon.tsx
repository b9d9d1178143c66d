/** Signs on buttons, drawn: not every system has a letter for them. */
import type { JSX } from "preact";

const PATHS = {
  back: "M4 3v10M13 3 6 8l7 5Z",
  on: "M12 3v10M3 3l7 5-7 5Z",
  play: "M4 2.5 13 8l-9 5.5Z",
  pause: "M4.5 3v10M11.5 3v10",
  system: "M8 2a6 6 0 1 0 .01 0ZM8 2v12a6 6 0 0 0 0-12Z",
  light:
    "M8 5a3 3 0 1 0 .01 0ZM8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.2 1.2M11.8 11.8 13 13M13 3l-1.2 1.2M4.2 11.8 3 13",
  dark: "M13.5 9.8A6 6 0 0 1 6.2 2.5a6 6 0 1 0 7.3 7.3Z",
  close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  earlier: "M10.5 3 5 8l5.5 5",
  later: "M5.5 3 11 8l-5.5 5",
  in: "M3 8h10M8 3v10",
  out: "M3 8h10",
} as const;
export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }): JSX.Element {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
