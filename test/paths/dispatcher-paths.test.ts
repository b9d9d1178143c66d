/**
 * Every path and every edge of the dispatcher's machine in a running system: a dispatcher as it ships on a real NATS server. What it does
 * is compared with the machine after every step. And in each state every event that the machine refuses there is sent: nothing must come
 * of it.
 */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { DISPATCHER_EVENTS, type DispatcherEvent } from "../../machines/dispatcher.js";
import { representativeEvents, simplePaths } from "../../machines/graph.js";
import type { SteppedActor } from "../../src/dispatcher/stepped-actor.js";
import { connect, type NatsConnection } from "../../src/nats/door.js";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";
import type { DispatcherLane } from "./dispatcher-lane.js";
import {
  beginsWith,
  COMMITS,
  edgeOf,
  edges,
  expected,
  isReign,
  NEVER,
  needsPowerFailure,
  WAITS,
  WAYS,
  WAYS_TO,
  type Way,
} from "./dispatcher-ways.js";
import { PowerFailure } from "./power-failure.js";

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
const RECONNECT_MS = 20;
/** `PATHS=all` drives every simple path; else a share of them. Every edge is driven in any case. */
const isLong = process.env["PATHS"] === "all";
const SIMPLE_PATHS_SHARE = 6;

const events = representativeEvents("dispatcher");
const paths: readonly Way[] = simplePaths("dispatcher").map(({ steps }) => steps.map(({ event }) => event.type));

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

async function inLane(act: (lane: DispatcherLane, actor: Actor) => Promise<void>): Promise<void> {
  await inLaneOn(nc, null, act);
}

async function inLaneOn(
  connection: NatsConnection,
  failure: PowerFailure | null,
  act: (lane: DispatcherLane, actor: Actor) => Promise<void>,
): Promise<void> {
  const lane = await Lane.open(connection, `machine-${randomUUID().slice(0, 8)}`, failure);
  try {
    if (lastActor === null) throw new Error("no actor was made");
    await act(lane, lastActor);
  } finally {
    await lane.close();
  }
}

/** Drives a dispatcher along a way, and compares each step with the machine's on the way that is to come of it. */
async function driveAlong(way: Way, toCome = way): Promise<void> {
  const act = async (lane: DispatcherLane) => {
    await lane.drive(way);
    expect(lane.transitions.slice(0, toCome.length)).toEqual(expected(toCome));
  };
  if (!needsPowerFailure(way)) return inLane(act);
  // The server that fails is one of its own.
  await using failing = await startNatsServer();
  const connection = await connect({ servers: failing.url, reconnectTimeWait: RECONNECT_MS });
  await inLaneOn(connection, new PowerFailure(failing), act);
  await connection.close();
}

const isTurn = (state: string): boolean => state.endsWith("deciding");

test("given simple paths of the dispatcher's machine, when a dispatcher is driven along each, then each step is the machine's, and it leads while the machine says so", {
  timeout: timeoutMs,
}, async () => {
  const possible = paths.filter((way) => !NEVER.some((never) => beginsWith(way, never)));
  const driven = possible.filter(
    (way, index) => isLong || (index % SIMPLE_PATHS_SHARE === 0 && !needsPowerFailure(way)),
  );
  for (const way of driven) await driveAlong(way);
  report(
    `${driven.length} of ${paths.length} simple paths driven, ${paths.length - possible.length} cannot be brought about`,
  );
});

test("given what a dispatcher never does though its machine would let it, when it is to do it all the same, then something else comes", {
  timeout: timeoutMs,
}, async () => {
  for (const never of NEVER) {
    const { after, event, instead, because } = never;
    expect(edgeOf.has(`${expected(after).at(-1)?.to} ${event}`), `${after.join(" ")} ${event} is no way`).toBe(true);
    expect(paths.filter((way) => beginsWith(way, never)).length, because).toBeGreaterThan(0);
    if (isLong || !needsPowerFailure(after)) await driveAlong([...after, event], [...after, instead]);
  }
});

test("given every edge of the dispatcher's machine, when it is brought about in the running system, then each step is the machine's, and it leads while the machine says so", {
  timeout: timeoutMs,
}, async () => {
  const taken = new Set<string>();
  for (const { from, event } of edges) {
    const key = `${from.state} ${event.type}`;
    const way = [...(WAYS_TO[key] ?? WAYS[from.state] ?? []), event.type];
    await inLane(async (lane) => {
      await lane.drive(way);
      expect(lane.transitions.slice(0, way.length), key).toEqual(expected(way));
      for (const step of lane.transitions) taken.add(`${step.from} ${step.event}`);
      const { state, leads } = lane.dispatcher;
      expect(leads, `${state} after ${key}`).toBe(isReign(state));
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
