/**
 * One seat of a worker: what happens to an attempt between the grant and its recorded end. A worker of capacity N has N seats.
 *
 *   idle       free.
 *   starting   told to start; the runner is being called.
 *   running    the runner works.
 *   stopping   the runner was asked to abort (cancel, timeout, shutdown, leadership lost). The seat is held until it settles.
 *   reporting  the runner has settled and the dispatcher was told; the seat is free when the ledger has it.
 *   abandoned  the runner would not settle in time, or nobody is left to report to. The end of this seat.
 */
import { setup } from "xstate";

export type SeatEvent =
  | { readonly type: "START" }
  | { readonly type: "BEGAN" }
  | { readonly type: "ABORT" }
  | { readonly type: "SETTLED" }
  | { readonly type: "RECORDED" }
  | { readonly type: "ABANDON" };

/** One shared object per event, as the stepper wants it. */
export const SEAT_EVENTS = {
  START: { type: "START" },
  BEGAN: { type: "BEGAN" },
  ABORT: { type: "ABORT" },
  SETTLED: { type: "SETTLED" },
  RECORDED: { type: "RECORDED" },
  ABANDON: { type: "ABANDON" },
} as const satisfies { [T in SeatEvent["type"]]: { type: T } };

/** The actions that the worker's shell performs. */
export const SEAT_ACTIONS = ["callRunner", "reportStarted", "abortRunner", "reportEnding", "leaveSeat"] as const;
export type SeatAction = (typeof SEAT_ACTIONS)[number];

export const workerMachine = setup({
  types: { events: {} as SeatEvent },
  actions: Object.fromEntries(SEAT_ACTIONS.map((name) => [name, () => {}])) as Record<SeatAction, () => void>,
}).createMachine({
  id: "worker",
  initial: "idle",
  states: {
    idle: { on: { START: { target: "starting", actions: "callRunner" } } },
    starting: {
      on: {
        BEGAN: { target: "running", actions: "reportStarted" },
        ABORT: { target: "stopping", actions: "abortRunner" },
        ABANDON: { target: "abandoned", actions: "leaveSeat" },
      },
    },
    running: {
      on: {
        SETTLED: { target: "reporting", actions: "reportEnding" },
        ABORT: { target: "stopping", actions: "abortRunner" },
        ABANDON: { target: "abandoned", actions: "leaveSeat" },
      },
    },
    stopping: {
      on: {
        SETTLED: { target: "reporting", actions: "reportEnding" },
        ABANDON: { target: "abandoned", actions: "leaveSeat" },
      },
    },
    reporting: {
      on: {
        RECORDED: { target: "idle", actions: "leaveSeat" },
        ABANDON: { target: "abandoned", actions: "leaveSeat" },
      },
    },
    abandoned: { type: "final" },
  },
});
