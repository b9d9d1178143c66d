/**
 * The controls of a replay: which key does what, and when. The shell shows the ledger and keeps the place, the speed and what was typed;
 * this machine says what becomes of a wish.
 *
 *   playing   the ledger's clock runs; entries come at their times.
 *   paused    it stands still; one can step. Every step pauses: whoever steps wants to look.
 *   asking    a position or a time to go to is being typed. The clock stands still.
 *   helping   the keys are shown. The clock stands still.
 *   left      the end of the replay.
 */
import { setup } from "xstate";
import { Stepper } from "./stepper.js";

export type PlayerEvent =
  | { readonly type: "PAUSE" }
  | { readonly type: "FORWARD" }
  | { readonly type: "BACK" }
  | { readonly type: "FASTER" }
  | { readonly type: "SLOWER" }
  | { readonly type: "ASK" }
  /** What was typed is to be gone to. */
  | { readonly type: "GO" }
  | { readonly type: "HELP" }
  /** Out of a question or the help. */
  | { readonly type: "CLOSE" }
  /** The end of what is played has come, or the condition is met. */
  | { readonly type: "HALT" }
  | { readonly type: "QUIT" };

/** One shared object per event, as the stepper wants it. */
export const PLAYER_EVENTS = {
  PAUSE: { type: "PAUSE" },
  FORWARD: { type: "FORWARD" },
  BACK: { type: "BACK" },
  FASTER: { type: "FASTER" },
  SLOWER: { type: "SLOWER" },
  ASK: { type: "ASK" },
  GO: { type: "GO" },
  HELP: { type: "HELP" },
  CLOSE: { type: "CLOSE" },
  HALT: { type: "HALT" },
  QUIT: { type: "QUIT" },
} as const satisfies { [T in PlayerEvent["type"]]: { type: T } };

/** The actions that the shell performs. */
export const PLAYER_ACTIONS = [
  "startClock",
  "stepForward",
  "stepBack",
  "goThere",
  "faster",
  "slower",
  "leave",
] as const;
export type PlayerAction = (typeof PLAYER_ACTIONS)[number];

const steps = {
  FORWARD: { target: "paused", actions: "stepForward" },
  BACK: { target: "paused", actions: "stepBack" },
} as const;
const speeds = { FASTER: { actions: "faster" }, SLOWER: { actions: "slower" } } as const;
const leaves = { target: "left", actions: "leave" } as const;
const looks = { ASK: "asking", HELP: "helping" } as const;

export const playerMachine = setup({
  types: { events: {} as PlayerEvent },
  actions: Object.fromEntries(PLAYER_ACTIONS.map((name) => [name, () => {}])) as Record<PlayerAction, () => void>,
}).createMachine({
  id: "player",
  initial: "playing",
  states: {
    playing: {
      entry: "startClock",
      on: { ...steps, ...speeds, ...looks, PAUSE: "paused", HALT: "paused", QUIT: leaves },
    },
    paused: { on: { ...steps, ...speeds, ...looks, PAUSE: "playing", QUIT: leaves } },
    asking: { on: { GO: { target: "paused", actions: "goThere" }, CLOSE: "paused", QUIT: leaves } },
    helping: { on: { CLOSE: "paused", QUIT: leaves } },
    left: { type: "final" },
  },
});

export const playerStepper = new Stepper<PlayerEvent>(playerMachine);

export type PlayerState = "playing" | "paused" | "asking" | "helping" | "left";
