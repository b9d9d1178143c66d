/**
 * The machines as graphs: drawn for people, and unfolded into all their paths for the tests. Everything is computed from the
 * machine's code. This is the one door to @xstate/graph.
 */
import { adjacencyMapToArray, getAdjacencyMap, getShortestPaths, getSimplePaths, type StatePath } from "@xstate/graph";
import type { AnyMachineSnapshot, AnyStateMachine, EventObject } from "xstate";
import { canonicalJson } from "../events/json.js";
import { type DispatcherEvent, dispatcherMachine } from "./dispatcher.js";
import { type Diagram, diagramOf } from "./drawing.js";
import { drawDot } from "./drawing-dot.js";
import { drawMermaid } from "./drawing-mermaid.js";
import { type JobEvent, jobMachine } from "./job.js";
import { stateName } from "./stepper.js";
import { SEAT_EVENTS, type SeatEvent, workerMachine } from "./worker.js";

export const MACHINE_NAMES = ["job", "dispatcher", "worker"] as const;
export type MachineName = (typeof MACHINE_NAMES)[number];
export const DRAWING_FORMATS = ["mermaid", "dot", "json"] as const;
export type DrawingFormat = (typeof DRAWING_FORMATS)[number];

/** A machine's drawing as data. */
export const diagramOfMachine = (name: MachineName): Diagram => diagramOf(machineOf(name));

/** Draws a machine as text, without a line break at the end. The same code gives the same text. */
export function drawMachine(name: MachineName, format: DrawingFormat): string {
  const diagram = diagramOfMachine(name);
  switch (format) {
    case "mermaid":
      return drawMermaid(diagram);
    case "dot":
      return drawDot(diagram);
    case "json":
      return JSON.stringify(diagram, null, 2);
    default:
      return format satisfies never;
  }
}

/** One reachable combination of state and context. */
export interface Vertex {
  /** Equal for equal vertices. */
  readonly key: string;
  /** The state's name; nested states are joined with dots. */
  readonly state: string;
  readonly snapshot: AnyMachineSnapshot;
}
export interface Step<Event> {
  readonly event: Event;
  readonly to: Vertex;
}
/** A transition that the machine takes. What it refuses is no edge, though @xstate/graph would show it as a way back to itself. */
export interface Edge<Event> extends Step<Event> {
  readonly from: Vertex;
}
/** A way from the beginning to where the last step leads; no step at all leads to the beginning. */
export interface Path<Event> {
  readonly from: Vertex;
  readonly steps: readonly Step<Event>[];
}
interface MachineEvents {
  readonly job: JobEvent;
  readonly dispatcher: DispatcherEvent;
  readonly worker: SeatEvent;
}

/** The events with which a machine is unfolded: each kind, in all the forms that its guards and actions can tell apart. */
export function representativeEvents<Name extends MachineName>(name: Name): readonly MachineEvents[Name][] {
  return Object.values<readonly MachineEvents[Name][]>(events[name]).flat();
}

/** All transitions between reachable vertices. */
export function edgesOf<Name extends MachineName>(name: Name): readonly Edge<MachineEvents[Name]>[] {
  return adjacencyMapToArray(getAdjacencyMap(machineOf(name), traversal(name))).map(({ state, event, nextState }) => ({
    from: vertexOf(state),
    event,
    to: vertexOf(nextState),
  }));
}

/** For each reachable vertex one shortest path to it; the first leads nowhere, and is that of the beginning. */
export function shortestPaths<Name extends MachineName>(name: Name): readonly Path<MachineEvents[Name]>[] {
  return getShortestPaths(machineOf(name), traversal(name)).map(pathOf);
}

/** All paths that come to no vertex twice. */
export function simplePaths<Name extends MachineName>(name: Name): readonly Path<MachineEvents[Name]>[] {
  return getSimplePaths(machineOf(name), traversal(name)).map(pathOf);
}

const machines: Readonly<Record<MachineName, AnyStateMachine>> = {
  job: jobMachine,
  dispatcher: dispatcherMachine,
  worker: workerMachine,
};
const machineOf = (name: MachineName): AnyStateMachine => machines[name];

/** A job may have up to 100 attempts; three show a first, a middle and a last one. */
const ATTEMPTS_UNFOLDED = [1, 2, 3] as const;

/** Every event type has its line, by its type: a new event cannot be forgotten here. */
type Representatives<Event extends EventObject> = {
  readonly [Type in Event["type"]]: readonly (Event & { readonly type: Type })[];
};
const plain = <Type extends string>(type: Type): readonly [{ readonly type: Type }] => [{ type }];
const failure = <Type extends string>(type: Type) => [true, false].map((retry) => ({ type, retry }));

const events: { readonly [Name in MachineName]: Representatives<MachineEvents[Name]> } = {
  job: {
    JobSubmitted: ATTEMPTS_UNFOLDED.flatMap((maxAttempts) =>
      [false, true].map((delayed) => ({ type: "JobSubmitted", maxAttempts, delayed }) as const),
    ),
    JobRejected: plain("JobRejected"),
    JobDue: plain("JobDue"),
    JobAmended: plain("JobAmended"),
    JobMoved: plain("JobMoved"),
    StartDenied: plain("StartDenied"),
    StartGranted: plain("StartGranted"),
    RunStarted: plain("RunStarted"),
    RunCompleted: plain("RunCompleted"),
    RunSkipped: plain("RunSkipped"),
    RunCancelled: plain("RunCancelled"),
    RunFailed: failure("RunFailed"),
    RunTimedOut: failure("RunTimedOut"),
    LeaseExpired: failure("LeaseExpired"),
    CancelRequested: plain("CancelRequested"),
    JobCancelled: plain("JobCancelled"),
  },
  dispatcher: {
    CONNECTED: plain("CONNECTED"),
    CAUGHT_UP: plain("CAUGHT_UP"),
    LEADER_SILENT: plain("LEADER_SILENT"),
    INPUT: plain("INPUT"),
    PROPOSED: plain("PROPOSED"),
    NOTHING_TO_DECIDE: plain("NOTHING_TO_DECIDE"),
    STORED: plain("STORED"),
    REFUSED: plain("REFUSED"),
    UNKNOWN: plain("UNKNOWN"),
    ABSENT: plain("ABSENT"),
    STOP: plain("STOP"),
    DRAINED: plain("DRAINED"),
    DEPOSED: plain("DEPOSED"),
    CORRUPT: plain("CORRUPT"),
  },
  worker: {
    START: [SEAT_EVENTS.START],
    BEGAN: [SEAT_EVENTS.BEGAN],
    ABORT: [SEAT_EVENTS.ABORT],
    SETTLED: [SEAT_EVENTS.SETTLED],
    RECORDED: [SEAT_EVENTS.RECORDED],
    ABANDON: [SEAT_EVENTS.ABANDON],
  },
};

/** More vertices than this mean that a context has grown without bound: better to fail than to unfold for ever. */
const TRAVERSALS_MAX = 100_000;

/** The key of a vertex is asked for at each step of each path, of which there are many, and there are few snapshots. */
const keys = new WeakMap<AnyMachineSnapshot, string>();

function keyOf(snapshot: AnyMachineSnapshot): string {
  const known = keys.get(snapshot);
  if (known !== undefined) return known;
  const key = canonicalJson([snapshot.value, snapshot.context]);
  keys.set(snapshot, key);
  return key;
}

function traversal(name: MachineName) {
  const all: readonly EventObject[] = representativeEvents(name);
  // What is refused leads nowhere; without it there is less to walk.
  const events = (snapshot: AnyMachineSnapshot) => all.filter((event) => snapshot.can(event));
  return { events, serializeState: keyOf, serializeEvent: canonicalJson, limit: TRAVERSALS_MAX };
}

/** Of @xstate/graph's path the first step is left out: the arrival at the beginning, by an event that no machine knows. */
function pathOf<Event extends EventObject>({ steps }: StatePath<AnyMachineSnapshot, Event>): Path<Event> {
  const [first, ...rest] = steps;
  if (first === undefined) throw new Error("a path has no beginning: @xstate/graph has changed");
  return { from: vertexOf(first.state), steps: rest.map(({ event, state }) => ({ event, to: vertexOf(state) })) };
}

function vertexOf(snapshot: AnyMachineSnapshot): Vertex {
  return { key: keyOf(snapshot), state: stateName(snapshot.value), snapshot };
}
