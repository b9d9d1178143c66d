/**
 * The dispatcher: one leads and writes the ledger, others follow it and stand by (D1).
 *
 *   connecting    reaching the server and checking that the streams are the ones that were folded.
 *   catchingUp    folding the ledger from zero to its end.
 *   standby       folding what the leader writes, and asking after the leader.
 *   leading       turn after turn: waiting for something to decide, deciding it, committing the entry by compare-and-set.
 *                 One entry is in flight at a time. `settling` reads the ledger when it is not known what became of it (D9).
 *   draining      the same turns, but nothing is started any more; until the last run has ended or the grace is over (CON-003).
 *   stopped       the end, asked for. halted: the end, because the ledger is corrupt or not the one that it was.
 *
 * Whoever is refused, or finds an entry of somebody else's in the ledger, steps down and folds anew. Effects are named actions on
 * transitions; the shell in src/dispatcher performs them. No `invoke`, no `after`: the graph sees everything.
 */
import { setup } from "xstate";

export type DispatcherEvent =
  | { readonly type: "CONNECTED" }
  | { readonly type: "CAUGHT_UP" }
  /** Nobody leads: the ledger is empty, the last leader is gone or has been silent for too long. */
  | { readonly type: "LEADER_SILENT" }
  /** There may be something to decide. */
  | { readonly type: "INPUT" }
  | { readonly type: "PROPOSED" }
  | { readonly type: "NOTHING_TO_DECIDE" }
  | { readonly type: "STORED" }
  | { readonly type: "REFUSED" }
  | { readonly type: "UNKNOWN" }
  | { readonly type: "ABSENT" }
  | { readonly type: "STOP" }
  | { readonly type: "DRAINED" }
  /** The ledger has an entry that we have not written: somebody else leads. */
  | { readonly type: "DEPOSED" }
  | { readonly type: "CORRUPT" };

/** One shared object per event, as the stepper wants it. */
export const DISPATCHER_EVENTS = {
  CONNECTED: { type: "CONNECTED" },
  CAUGHT_UP: { type: "CAUGHT_UP" },
  LEADER_SILENT: { type: "LEADER_SILENT" },
  INPUT: { type: "INPUT" },
  PROPOSED: { type: "PROPOSED" },
  NOTHING_TO_DECIDE: { type: "NOTHING_TO_DECIDE" },
  STORED: { type: "STORED" },
  REFUSED: { type: "REFUSED" },
  UNKNOWN: { type: "UNKNOWN" },
  ABSENT: { type: "ABSENT" },
  STOP: { type: "STOP" },
  DRAINED: { type: "DRAINED" },
  DEPOSED: { type: "DEPOSED" },
  CORRUPT: { type: "CORRUPT" },
} as const satisfies { [T in DispatcherEvent["type"]]: { type: T } };

/** The actions that the shell performs. */
export const DISPATCHER_ACTIONS = [
  "connect",
  "catchUp",
  "watchLeader",
  "beginReign",
  "decide",
  "append",
  "settle",
  "performEffects",
  "stepDown",
  "drain",
  "release",
] as const;
export type DispatcherAction = (typeof DISPATCHER_ACTIONS)[number];

/** The turn, the same for leading and draining: `refused` is where it leads that somebody else writes, `stopping` what ends it. */
const turn = <Refused, Stopping extends object>(refused: Refused, stopping: (state: string) => Stopping) =>
  ({
    waiting: {
      on: { INPUT: { target: "deciding", actions: "decide" }, DEPOSED: refused, ...stopping("waiting") },
    },
    deciding: {
      on: {
        PROPOSED: { target: "committing", actions: "append" },
        NOTHING_TO_DECIDE: "waiting",
        ...stopping("deciding"),
      },
    },
    committing: {
      on: {
        STORED: { target: "deciding", actions: ["performEffects", "decide"] },
        REFUSED: { target: "settling", actions: "settle" },
        UNKNOWN: { target: "settling", actions: "settle" },
        ...stopping("committing"),
      },
    },
    settling: {
      on: {
        STORED: { target: "deciding", actions: ["performEffects", "decide"] },
        ABSENT: { target: "committing", actions: "append" },
        REFUSED: refused,
        ...stopping("settling"),
      },
    },
  }) as const;

export const dispatcherMachine = setup({
  types: { events: {} as DispatcherEvent },
  // Named here, performed by the shell: it calls `provide` with the real ones.
  actions: Object.fromEntries(DISPATCHER_ACTIONS.map((name) => [name, () => {}])) as Record<
    DispatcherAction,
    () => void
  >,
}).createMachine({
  id: "dispatcher",
  initial: "connecting",
  states: {
    connecting: {
      entry: "connect",
      on: { CONNECTED: { target: "catchingUp", actions: "catchUp" }, STOP: "stopped", CORRUPT: "halted" },
    },
    catchingUp: {
      on: { CAUGHT_UP: { target: "standby", actions: "watchLeader" }, STOP: "stopped", CORRUPT: "halted" },
    },
    standby: {
      on: {
        LEADER_SILENT: { target: "leading.deciding", actions: ["beginReign", "decide"] },
        STOP: "stopped",
        CORRUPT: "halted",
      },
    },
    leading: {
      initial: "waiting",
      states: turn(
        { target: "#dispatcher.catchingUp", actions: ["stepDown", "catchUp"] } as const,
        (state) => ({ STOP: { target: `#dispatcher.draining.${state}`, actions: "drain" } }) as const,
      ),
      on: { CORRUPT: { target: "halted", actions: "stepDown" } },
    },
    draining: {
      initial: "waiting",
      states: turn({ target: "#dispatcher.stopped", actions: "stepDown" } as const, (state) =>
        state === "waiting" ? ({ DRAINED: "#dispatcher.stopped" } as const) : {},
      ),
      on: { CORRUPT: { target: "halted", actions: "stepDown" } },
    },
    stopped: { type: "final", entry: "release" },
    halted: { type: "final", entry: "release" },
  },
});
