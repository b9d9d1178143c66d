/** What a key means in each state of the player. Pure. */
import { PLAYER_EVENTS, type PlayerEvent, type PlayerState } from "../../../machines/player.js";
import type { Key } from "../screen.js";

/** Something for the machine, or a change of what is typed. */
export type Meaning = PlayerEvent | { readonly type: "TYPE"; readonly text: string } | { readonly type: "ERASE" };

const { PAUSE, FORWARD, BACK, FASTER, SLOWER, ASK, GO, HELP, CLOSE, QUIT } = PLAYER_EVENTS;

const BY_NAME: Readonly<Record<string, PlayerEvent>> = {
  space: PAUSE,
  right: FORWARD,
  left: BACK,
  up: FASTER,
  down: SLOWER,
};
const BY_CHARACTER: Readonly<Record<string, PlayerEvent>> = {
  " ": PAUSE,
  l: FORWARD,
  h: BACK,
  "+": FASTER,
  "=": FASTER,
  "-": SLOWER,
  g: ASK,
  q: QUIT,
  "?": HELP,
};

/** Null if it means nothing there. */
export function meaningOf(key: Key, state: PlayerState): Meaning | null {
  const { name = "", sequence = "" } = key;
  if (key.ctrl === true) return name === "c" || name === "d" ? QUIT : null;
  switch (state) {
    case "playing":
    case "paused":
      return BY_NAME[name] ?? (Object.hasOwn(BY_CHARACTER, sequence) ? (BY_CHARACTER[sequence] ?? null) : null);
    case "asking":
      if (name === "return" || name === "enter") return GO;
      if (name === "escape") return CLOSE;
      if (name === "backspace") return { type: "ERASE" };
      return /^[\x20-\x7e]$/.test(sequence) ? { type: "TYPE", text: sequence } : null;
    case "helping":
      return sequence === "q" ? QUIT : CLOSE;
    case "left":
      return null;
    default:
      return state satisfies never;
  }
}

/** A position or a time fits; anything longer is none. */
const TYPED_MAX = 40;

export const typed = (before: string, more: string): string => (before + more).slice(0, TYPED_MAX);
export const erased = (before: string): string => before.slice(0, -1);

/** The keys, for the help and the manual. */
export const KEYS: readonly (readonly [string, string])[] = [
  ["space", "pause, and go on"],
  ["→  l", "one entry forwards"],
  ["←  h", "one entry backwards"],
  ["g", "go to a position (812) or a time (2026-12-01T08:00:00Z)"],
  ["+  -", "faster, slower"],
  ["?", "these keys"],
  ["q", "quit"],
];
