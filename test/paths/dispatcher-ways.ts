/** The ways through the dispatcher's machine on which a running system can be led, and what it can never do on them. */
import type { DispatcherEvent } from "../../machines/dispatcher.js";
import { edgesOf } from "../../machines/graph.js";

export type EventType = DispatcherEvent["type"];
export type Way = readonly EventType[];

/** A step as the dispatcher takes it, and whether it led when it did. */
export interface Taken {
  readonly from: string;
  readonly event: string;
  readonly to: string;
  readonly led: boolean;
}

export const edges = edgesOf("dispatcher");
export const edgeOf = new Map(edges.map((edge) => [`${edge.from.state} ${edge.event.type}`, edge]));

export const LEADS: Way = ["CONNECTED", "CAUGHT_UP", "LEADER_SILENT"];
export const COMMITS: Way = [...LEADS, "PROPOSED"];
export const WAITS: Way = [...COMMITS, "STORED", "NOTHING_TO_DECIDE"];

/** The shortest ways on which a running system can come to each state: the first turn of a reign always has something to decide. */
export const WAYS: Readonly<Record<string, Way>> = {
  connecting: [],
  catchingUp: ["CONNECTED"],
  standby: ["CONNECTED", "CAUGHT_UP"],
  "leading.deciding": LEADS,
  "leading.committing": COMMITS,
  "leading.settling": [...COMMITS, "UNKNOWN"],
  "leading.waiting": WAITS,
  "draining.deciding": [...LEADS, "STOP"],
  "draining.committing": [...COMMITS, "STOP"],
  "draining.settling": [...COMMITS, "UNKNOWN", "STOP"],
  "draining.waiting": [...WAITS, "STOP"],
  stopped: ["STOP"],
  halted: ["CORRUPT"],
};

/** Events that need something before them that the way to their state has not. */
export const WAYS_TO: Readonly<Record<string, Way>> = {
  "leading.deciding NOTHING_TO_DECIDE": [...COMMITS, "STORED"],
  "draining.deciding NOTHING_TO_DECIDE": [...COMMITS, "STOP", "STORED"],
  // With nothing left to run the worker leaves, which is recorded first.
  "draining.waiting DRAINED": [
    ...WAITS,
    "STOP",
    "INPUT",
    "NOTHING_TO_DECIDE",
    "INPUT",
    "PROPOSED",
    "STORED",
    "NOTHING_TO_DECIDE",
  ],
};

/** What the machine allows and no dispatcher does: after that way never that event; what comes instead; and why. */
export interface Never {
  readonly after: Way;
  readonly event: EventType;
  readonly instead: EventType;
  readonly because: string;
}

const nothingFirst = (after: Way): Never => ({
  ...{ after, event: "NOTHING_TO_DECIDE", instead: "PROPOSED" },
  because: "the first turn of a reign has its election to record",
});
const drainedFirst = (after: Way): Never => ({
  ...{ after: [...COMMITS, ...after, "STORED", "NOTHING_TO_DECIDE"], event: "DRAINED", instead: "INPUT" },
  because: "the first entry of a reign lets its worker join, and a second one has to let it leave",
});

/** Complete, and no more than that: each is tried, and every simple path that begins with none of them is driven. */
export const NEVER: readonly Never[] = [
  nothingFirst(LEADS),
  nothingFirst([...LEADS, "STOP"]),
  drainedFirst(["STOP"]),
  drainedFirst(["STOP", "REFUSED"]),
  drainedFirst(["STOP", "UNKNOWN"]),
  drainedFirst(["REFUSED", "STOP"]),
  drainedFirst(["UNKNOWN", "STOP"]),
  drainedFirst(["REFUSED", "STOP", "ABSENT"]),
  drainedFirst(["UNKNOWN", "STOP", "ABSENT"]),
];

export const beginsWith = (way: Way, { after, event }: Never): boolean =>
  [...after, event].every((type, index) => way[index] === type);

/** A refusal by an entry that is gone when the ledger is read: the server has lost it between. */
export const needsPowerFailure = (way: Way): boolean =>
  way.indexOf("ABSENT") > way.indexOf("REFUSED") && way.includes("REFUSED");

export const isReign = (state: string): boolean => /^(leading|draining)/.test(state);

/** What the machine says of a way, step by step, and of whoever is on it. */
export function expected(way: Way): readonly Taken[] {
  let from = "connecting";
  return way.map((event) => {
    const edge = edgeOf.get(`${from} ${event}`);
    if (edge === undefined) throw new Error(`${event} is no event of ${from}`);
    const step = { from, event, to: edge.to.state, led: isReign(from) };
    from = edge.to.state;
    return step;
  });
}
