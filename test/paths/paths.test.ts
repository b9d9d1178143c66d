/**
 * Every path of the job machine, in a running system: a real NATS server, a real dispatcher, a worker over NATS. What the model says is
 * compared with what the service shows after every step, and with the ledger at the end.
 */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { canonicalJson } from "../../events/json.js";
import {
  edgesOf,
  type Path,
  representativeEvents,
  shortestPaths,
  simplePaths,
  type Vertex,
} from "../../machines/graph.js";
import type { JobEvent } from "../../machines/job.js";
import { askGuards, guardedTransitions } from "../machines/guard-outcomes.js";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";
import { Lane } from "./lane.js";
import { eventsOf, expectAt, isState, walk } from "./walk.js";

/**
 * `PATHS=all` walks every simple path and every refusal in every vertex; else a share of them, one vertex of each state, and whatever
 * shows how else a guard can answer.
 */
const isLong = process.env["PATHS"] === "all";
const SIMPLE_PATHS_SHARE = 40;
const LANES = 4;
const longMsMax = 3_600_000;

const edges = edgesOf("job");
const events = representativeEvents("job");
const shortest = shortestPaths("job");
const endOf = ({ from, steps }: Path<JobEvent>): Vertex => steps[steps.length - 1]?.to ?? from;
const keyOf = (from: Vertex, event: JobEvent): string => `${from.key} ${canonicalJson(event)}`;
const accepted = new Set(edges.map(({ from, event }) => keyOf(from, event)));

let server: NatsTestServer;
let lanes: readonly Lane[];
beforeAll(async () => {
  server = await startNatsServer();
  const names = Array.from({ length: LANES }, () => `path-${randomUUID().slice(0, 8)}`);
  lanes = await Promise.all(names.map((name) => Lane.open(server.url, name)));
});
afterAll(async () => {
  await Promise.all(lanes.map((lane) => lane[Symbol.asyncDispose]()));
  await server.stop();
});

/** Does the work side by side, each lane one thing after the other. */
async function inLanes<T>(work: readonly T[], act: (lane: Lane, item: T) => Promise<void>): Promise<void> {
  const left = [...work];
  await Promise.all(
    lanes.map(async (lane) => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) await act(lane, item);
    }),
  );
}

function pathTo({ key }: Vertex): Path<JobEvent> {
  const path = shortest.find((one) => endOf(one).key === key);
  if (path === undefined) throw new Error(`no path leads to ${key}`);
  return path;
}

/** Decided by the fold's rule beside the machine: a job that was granted a start once is fixed (INV-001). */
const isFixed = (from: Vertex, event: JobEvent): boolean =>
  event.type === "JobAmended" && from.snapshot.context.attempt > 0;

test("given simple paths, when a job is driven along each, then it is where the model is after every step, and the ledger has just these facts", {
  timeout: longMsMax,
}, async () => {
  const all = simplePaths("job");
  const paths = isLong ? all : all.filter((_, index) => index % SIMPLE_PATHS_SHARE === 0);
  let steps = 0;
  await inLanes(paths, async (lane, path) => {
    const { job } = await walk(lane, path);
    const wanted = path.steps.map(({ event }) => canonicalJson(event));
    await lane.watch.until(`${job} has all its facts`, () => eventsOf(lane, job).length >= wanted.length);
    expect(eventsOf(lane, job)).toEqual(wanted);
    steps += wanted.length;
    await lane.clear(job);
  });
  report(`${paths.length} of ${all.length} simple paths, ${steps} steps`);
});

test("given every edge, when it is taken in the running system, then the job comes to where the model says", {
  timeout: longMsMax,
}, async () => {
  let fixed = 0;
  await inLanes(edges, async (lane, { from, event, to }) => {
    const { job } = await walk(lane, pathTo(from));
    const { refused } = await lane.provoke(event, job);
    if (isFixed(from, event)) {
      fixed += 1;
      expect(refused, `${canonicalJson(event)} in ${from.key}`).toBe(409);
      await expectAt(lane, job, from, []);
    } else {
      expect(refused, `${canonicalJson(event)} in ${from.key}`).toBe(null);
      await expectAt(lane, job, to, [{ event, to }]);
      const { type } = event;
      await lane.watch.until(`${job} has ${type}`, () => lane.factsOf(job).some((fact) => fact.type === type));
    }
    await lane.clear(job);
  });
  report(`${edges.length} of ${edges.length} edges, ${fixed} of them refused because the job is fixed`);
});

test("given an event that the machine refuses in a state, when it is provoked there, then no such fact is recorded", {
  timeout: longMsMax,
}, async () => {
  const refusals = isLong ? allRefusals() : refusalsShare();
  let unanswered = 0;
  await inLanes(refusals, async (lane, { from, event }) => {
    const { job } = await walk(lane, pathTo(from));
    const before = eventsOf(lane, job).length;
    if (isState(from, "new") && (event.type === "JobSubmitted" || event.type === "JobRejected")) return;
    const { refused } = await lane.provoke(event, job);
    if (refused === null) unanswered += 1;
    const after = eventsOf(lane, job).slice(before);
    expect(after, `${canonicalJson(event)} in ${from.key}`).not.toContain(canonicalJson(event));
    await lane.clear(job);
  });
  report(`${refusals.length} refusals in ${new Set(refusals.map(({ from }) => from.key)).size} vertices`);
  const onEdges = outcomesOf(edges);
  const outcomes = outcomesOf([...edges, ...refusals]);
  expect(outcomes.size).toBe(2 * guardedTransitions.length);
  report(
    `${outcomes.size} outcomes of ${guardedTransitions.length} guarded transitions, ` +
      `${onEdges.size} on edges and ${outcomes.size - onEdges.size} more where the event is refused`,
  );
  expect(unanswered).toBeLessThan(refusals.length);
});

interface Meeting {
  readonly from: Vertex;
  readonly event: JobEvent;
}

function allRefusals(): readonly Meeting[] {
  return shortest
    .map(endOf)
    .flatMap((from) => events.map((event) => ({ from, event })))
    .filter(({ from, event }) => !accepted.has(keyOf(from, event)));
}

/** Those in the first vertex of each state, and those that add an outcome of a guard. */
function refusalsShare(): readonly Meeting[] {
  const firstOf = new Map<string, Vertex>();
  for (const { from } of allRefusals()) if (!firstOf.has(from.state)) firstOf.set(from.state, from);
  const isFirst = ({ from }: Meeting) => firstOf.get(from.state)?.key === from.key;
  const share = allRefusals().filter(isFirst);
  for (const refusal of allRefusals()) {
    const seen = outcomesOf([...edges, ...share]);
    if ([...outcomesOf([refusal])].some((outcome) => !seen.has(outcome))) share.push(refusal);
  }
  return share;
}

/** How the guards answer, as each is asked. */
const outcomesOf = (meetings: readonly Meeting[]): ReadonlySet<string> =>
  new Set(meetings.flatMap(({ from, event }) => askGuards(from, event).outcomes));

/** Printed, so that the run shows how much was walked. */
function report(line: string): void {
  process.stdout.write(`job machine in a running system: ${line}\n`);
}
