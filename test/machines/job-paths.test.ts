/** Every path of the job machine, walked through the fold with real facts: the ledger can hold what the machine allows, no more. */
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../../events/json.js";
import { jobId } from "../../events/names.js";
import { isSlotHolding, isTerminal, JOB_STATES, TERMINAL_STATES } from "../../events/states.js";
import {
  edgesOf,
  type Path,
  representativeEvents,
  shortestPaths,
  simplePaths,
  type Vertex,
} from "../../machines/graph.js";
import { type JobEvent, type JobNode, jobState } from "../../machines/job.js";
import { LedgerCorrupt } from "../../projections/fold.js";
import { type LedgerBuilder, ledger } from "../support/ledger-builder.js";
import { shareOfAll } from "../support/share.js";
import { askGuards, guardedTransitions } from "./guard-outcomes.js";
import { factOf } from "./job-facts.js";

const JOB = "walker";
const edges = edgesOf("job");
const events = representativeEvents("job");
const shortest = shortestPaths("job");
const vertices: readonly Vertex[] = shortest.map(endOf);

describe("the paths of the job machine", () => {
  test("given the unfolded machine, when it is counted, then every state is reached and nothing else", () => {
    const states = new Set(vertices.map(({ state }) => state));
    expect(new Set(vertices.map(({ key }) => key)).size).toBe(vertices.length);
    expect([...states].sort()).toEqual([...JOB_STATES, "new"].sort());
    report(`${vertices.length} vertices in ${states.size} states, ${edges.length} edges, ${events.length} events`);
  });

  test("given every simple path, when its facts are folded, then the fold is in the machine's state after every step", {
    timeout: 120_000,
  }, () => {
    const paths = simplePaths("job");
    let steps = 0;
    for (const path of shareOfAll(paths)) {
      const walked = begin();
      for (const { event, to } of path.steps) {
        walked.fact(factOf(event, JOB, walked));
        expectAt(walked, to);
        steps += 1;
      }
    }
    expect(paths.length).toBeGreaterThan(vertices.length);
    report(`${paths.length} simple paths with ${steps} steps walked through the fold`);
  });

  test("given every edge, when its fact is folded where it begins, then the fold follows it, unless the job is fixed", () => {
    const walked = new Set<string>();
    for (const { from, event, to } of edges) {
      const at = walkTo(from);
      const isFixed = event.type === "JobAmended" && attemptOf(from) > 0;
      if (isFixed) {
        // The machine sees no more than the state; that a job is fixed by its first grant is the fold's to know (INV-001).
        expect(() => at.fact(factOf(event, JOB, at))).toThrow(/fixed \(INV-001\)/);
      } else {
        at.fact(factOf(event, JOB, at));
        expectAt(at, to);
      }
      walked.add(`${from.key} ${canonicalJson(event)}`);
    }
    expect(walked.size).toBe(edges.length);
    report(`${walked.size} of ${edges.length} edges walked through the fold`);
  });

  test("given every state, when a fact comes that the machine refuses there, then the fold stops and names the address", () => {
    const accepted = new Set(edges.map(({ from, event }) => `${from.key} ${canonicalJson(event)}`));
    let refused = 0;
    const statesByEvent = new Set<string>();
    for (const from of vertices) {
      for (const event of events) {
        if (accepted.has(`${from.key} ${canonicalJson(event)}`)) continue;
        const at = walkTo(from);
        const address = `${at.fold.head.position + 1}.0`;
        expect(
          caught(() => at.fact(factOf(event, JOB, at))),
          `${event.type} in ${from.state}`,
        ).toMatchObject({
          code: "ledger-corrupt",
          address,
        });
        statesByEvent.add(`${from.state} ${event.type}`);
        refused += 1;
      }
    }
    expect(refused).toBe(vertices.length * events.length - edges.length);
    expect(statesByEvent.size).toBeGreaterThan(100);
    report(`${refused} refused facts in ${vertices.length} vertices (${statesByEvent.size} of state and event type)`);
  });

  test("given every guard, when it is asked, then both its answers occur and lead where they must", () => {
    const seen = new Set<string>();
    for (const from of vertices) {
      for (const event of events) {
        const { outcomes, target } = askGuards(from, event);
        for (const outcome of outcomes) seen.add(outcome);
        const edge = edges.find(
          (one) => one.from.key === from.key && canonicalJson(one.event) === canonicalJson(event),
        );
        expect(edge?.to.state ?? null, `${canonicalJson(event)} in ${from.key}`).toBe(target);
      }
    }
    expect(guardedTransitions.length).toBe(16);
    expect(seen.size).toBe(2 * guardedTransitions.length);
    report(`${seen.size} outcomes of ${guardedTransitions.length} guarded transitions`);
  });

  test("given a terminal state, when any event comes, then it stays; and from every other state an end can be reached", () => {
    const ends = vertices.filter(({ state }) => isTerminal(state));
    expect(new Set(ends.map(({ state }) => state))).toEqual(new Set(TERMINAL_STATES));
    expect(edges.filter(({ from }) => isTerminal(from.state))).toEqual([]);
    const reaching = new Set(ends.map(({ key }) => key));
    for (let size = -1; size !== reaching.size; ) {
      size = reaching.size;
      for (const { from, to } of edges) if (reaching.has(to.key)) reaching.add(from.key);
    }
    expect(vertices.filter(({ key }) => !reaching.has(key))).toEqual([]);
  });

  test("given a running job, when it is queued again, then only after a recorded failure or loss of the attempt (INV-007)", () => {
    const back = edges.filter(({ from, to }) => isSlotHolding(from.state) && !isSlotHolding(to.state));
    for (const { event, to } of back) {
      if (to.state === "retrying") expect(["RunFailed", "RunTimedOut", "LeaseExpired"]).toContain(event.type);
      else expect(isTerminal(to.state), `${event.type} to ${to.state}`).toBe(true);
    }
    expect(new Set(back.map(({ to }) => to.state))).toEqual(
      new Set(["retrying", "completed", "skipped", "failed", "cancelled"]),
    );
  });

  test("given any path, when attempts are counted, then there are never more than the job may have (DEC-007)", () => {
    for (const { snapshot } of vertices)
      expect(snapshot.context.attempt).toBeLessThanOrEqual(snapshot.context.maxAttempts);
  });
});

function begin(): LedgerBuilder {
  return ledger()
    .elected()
    .worker("w1", 1)
    .limits({ global: 1, types: { story: 1 } });
}

function endOf({ from, steps }: Path<JobEvent>): Vertex {
  return steps[steps.length - 1]?.to ?? from;
}

/** A ledger in which the job has come to `vertex` by the shortest path. */
function walkTo({ key }: Vertex): LedgerBuilder {
  const path = shortest.find((one) => endOf(one).key === key);
  if (path === undefined) throw new Error(`no path leads to ${key}`);
  const walked = begin();
  for (const { event } of path.steps) walked.fact(factOf(event, JOB, walked));
  return walked;
}

/** The job is where the machine is, with its counts, and holds its slots exactly in the states that do. */
function expectAt({ fold }: LedgerBuilder, to: Vertex): void {
  const id = jobId(JOB);
  const node: JobNode | undefined = fold.jobs.get(id)?.node;
  if (node === undefined) throw new Error(`${JOB} is not in the fold`);
  expect(canonicalJson([node.snapshot.value, node.snapshot.context])).toBe(to.key);
  const holds = isSlotHolding(jobState(node));
  expect(fold.slots.holdings[id] !== undefined).toBe(holds);
  expect(Object.values(fold.slots.pools).map((pool) => pool.used)).toEqual(holds ? [1, 1] : [0, 0]);
  expect(Object.values(fold.slots.workers).map((worker) => worker.used)).toEqual([holds ? 1 : 0]);
  expect(fold.waiting.size).toBe(to.state === "queued" ? 1 : 0);
  expect([...fold.due].length).toBe(to.state === "scheduled" || to.state === "retrying" ? 1 : 0);
}

const attemptOf = (vertex: Vertex): number => vertex.snapshot.context.attempt;

function caught(act: () => unknown): LedgerCorrupt {
  try {
    act();
  } catch (error) {
    if (error instanceof LedgerCorrupt) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** Printed, so that the run shows how much was walked. */
function report(line: string): void {
  process.stdout.write(`job machine: ${line}\n`);
}
