/**
 * Every edge of the dispatcher's machine in a running system: a dispatcher as it ships on a real NATS server. What it does is compared with
 * the machine after every step. And in each state every event that the machine refuses there is sent: nothing must come of it.
 */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { DISPATCHER_EVENTS, type DispatcherEvent } from "../../machines/dispatcher.js";
import { edgesOf, representativeEvents } from "../../machines/graph.js";
import type { SteppedActor } from "../../src/dispatcher/stepped-actor.js";
import { connect, type NatsConnection } from "../../src/nats/door.js";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";
import type { DispatcherLane } from "./dispatcher-lane.js";

type EventType = DispatcherEvent["type"];
type Actor = SteppedActor<DispatcherEvent, string>;

/** The actor of the dispatcher that was made last: events are sent to it that nobody sends there. */
let lastActor: Actor | null = null;
let Lane: typeof DispatcherLane;
/** Everything of the dispatcher is loaded anew, around an actor that can be reached. */
beforeAll(async () => {
  vi.resetModules();
  const path = "../../src/dispatcher/stepped-actor.js";
  const original = await vi.importActual<typeof import("../../src/dispatcher/stepped-actor.js")>(path);
  const SteppedActor = class extends original.SteppedActor<DispatcherEvent, string> {
    constructor(options: ConstructorParameters<typeof original.SteppedActor<DispatcherEvent, string>>[0]) {
      super(options);
      lastActor = this;
    }
  };
  vi.doMock(path, () => ({ SteppedActor }));
  Lane = (await import("./dispatcher-lane.js")).DispatcherLane;
});
afterAll(() => {
  vi.doUnmock("../../src/dispatcher/stepped-actor.js");
  vi.resetModules();
});

const timeoutMs = 300_000;
const LEADS: readonly EventType[] = ["CONNECTED", "CAUGHT_UP", "LEADER_SILENT"];
const COMMITS: readonly EventType[] = [...LEADS, "PROPOSED"];
const WAITS: readonly EventType[] = [...COMMITS, "STORED", "NOTHING_TO_DECIDE"];

/** The shortest ways on which a running system can come to each state: the first turn of a reign always has something to decide. */
const WAYS: Readonly<Record<string, readonly EventType[]>> = {
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
const WAYS_TO: Readonly<Record<string, readonly EventType[]>> = {
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

const edges = edgesOf("dispatcher");
const events = representativeEvents("dispatcher");
const edgeOf = new Map(edges.map((edge) => [`${edge.from.state} ${edge.event.type}`, edge]));

let server: NatsTestServer;
let nc: NatsConnection;
beforeAll(async () => {
  server = await startNatsServer();
  nc = await connect({ servers: server.url });
});
afterAll(async () => {
  await nc.close();
  await server.stop();
});

/** What the machine says of a way, step by step. */
function expected(way: readonly EventType[]): { from: string; event: string; to: string }[] {
  let from = "connecting";
  return way.map((event) => {
    const edge = edgeOf.get(`${from} ${event}`);
    if (edge === undefined) throw new Error(`${event} is no event of ${from}`);
    const step = { from, event, to: edge.to.state };
    from = edge.to.state;
    return step;
  });
}

async function inLane(act: (lane: DispatcherLane, actor: Actor) => Promise<void>): Promise<void> {
  const lane = await Lane.open(nc, `machine-${randomUUID().slice(0, 8)}`);
  try {
    if (lastActor === null) throw new Error("no actor was made");
    await act(lane, lastActor);
  } finally {
    await lane.close();
  }
}

const isTurn = (state: string): boolean => state.endsWith("deciding");

test("given every edge of the dispatcher's machine, when it is brought about in the running system, then each step is the machine's, and it leads while the machine says so", {
  timeout: timeoutMs,
}, async () => {
  const taken = new Set<string>();
  for (const { from, event } of edges) {
    const key = `${from.state} ${event.type}`;
    const way = [...(WAYS_TO[key] ?? WAYS[from.state] ?? []), event.type];
    await inLane(async (lane) => {
      if (key.endsWith("settling STORED")) lane.storeUnanswered();
      await lane.drive(way);
      expect(lane.transitions.slice(0, way.length), key).toEqual(expected(way));
      for (const step of lane.transitions) taken.add(`${step.from} ${step.event}`);
      const { state, leads } = lane.dispatcher;
      expect(leads, `${state} after ${key}`).toBe(/^(leading|draining)/.test(state));
    });
  }
  const missed = [...edgeOf.keys()].filter((key) => !taken.has(key));
  expect(missed).toEqual([]);
  const states = new Set(edges.flatMap(({ from, to }) => [from.state, to.state]));
  const seen = new Set([...taken].flatMap((key) => [key.split(" ")[0] ?? "", edgeOf.get(key)?.to.state ?? ""]));
  expect([...states].filter((state) => !seen.has(state))).toEqual([]);
  report(`${seen.size} of ${states.size} states, ${edges.length} of ${edges.length} edges`);
});

test("given an event that the dispatcher's machine refuses in a state, when it is sent there, then nothing comes of it, and the dispatcher ends as it is told", {
  timeout: timeoutMs,
}, async () => {
  let refusals = 0;
  for (const [state, way] of Object.entries(WAYS)) {
    const refused = events.filter(({ type }) => !edgeOf.has(`${state} ${type}`));
    await inLane(async (lane, actor) => {
      const send = () => {
        expect(lane.dispatcher.state).toBe(state);
        for (const { type } of refused) actor.send(DISPATCHER_EVENTS[type]);
      };
      if (isTurn(state) && state.startsWith("leading")) {
        // Only within a turn is it in this state.
        lane.duringNextTurn(send);
        await lane.drive([...way, "PROPOSED"]);
        expect(lane.transitions).toEqual(expected([...way, "PROPOSED"]));
      } else if (isTurn(state)) {
        await lane.drive([...COMMITS, "STOP"]);
        lane.duringNextTurn(send);
        await lane.drive(["STORED", "NOTHING_TO_DECIDE"]);
        expect(lane.transitions).toEqual(expected([...COMMITS, "STOP", "STORED", "NOTHING_TO_DECIDE"]));
      } else {
        await lane.drive(way);
        send();
        expect(lane.dispatcher.state).toBe(state);
        expect(lane.transitions).toEqual(expected(way));
      }
      refusals += refused.length;
    });
  }
  const pairs = Object.keys(WAYS).length * events.length;
  expect(refusals).toBe(pairs - edges.length);
  report(`${refusals} of ${pairs - edges.length} refusals`);
});

test("given an entry that starts a run and is on its way, when a stop's grace is over before it is stored, then the run is ended, and the dispatcher too (CON-003)", async () => {
  await inLane(async (lane) => {
    await lane.drive([...WAITS, "INPUT", "PROPOSED", "STOP"]);
    await lane.pass(60_000);
    await lane.drive(["STORED"]);
    await lane.close();
    expect(lane.dispatcher.state).toBe("stopped");
  });
});

/** Printed, so that the run shows how much was walked. */
function report(line: string): void {
  process.stdout.write(`dispatcher machine in a running system: ${line}\n`);
}
