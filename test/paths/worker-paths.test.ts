/**
 * Every path of a seat's machine in a worker as it ships: what it is told, what its runner does, and when nobody is left to report to.
 * After every step the seat is where the machine says, and the worker has done what the machine names, and nothing else.
 */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { JobId, Position, WorkerId } from "../../events/names.js";
import { edgesOf, representativeEvents, simplePaths } from "../../machines/graph.js";
import type { Node, Step } from "../../machines/stepper.js";
import { SEAT_EVENTS, type SeatEvent } from "../../machines/worker.js";
import type { Runner } from "../../src/runners/index.js";
import type { Assignment } from "../../src/worker/assignment.js";
import type { Worker } from "../../src/worker/worker.js";
import { atRest, VirtualClock } from "../support/virtual-clock.js";

type EventType = SeatEvent["type"];

/** What seats were sent, and what came of it: null if the machine refused it. */
const sent: { from: string; event: string; step: Step | null }[] = [];
let ShippedWorker: typeof Worker;
/** The worker is loaded anew, around a stepper that can be watched. */
beforeAll(async () => {
  vi.resetModules();
  const path = "../../machines/stepper.js";
  const original = await vi.importActual<typeof import("../../machines/stepper.js")>(path);
  const Stepper = class extends original.Stepper<SeatEvent> {
    override step(from: Node, event: SeatEvent): Step | null {
      const step = super.step(from, event);
      sent.push({ from: from.state, event: event.type, step });
      return step;
    }
  };
  vi.doMock(path, () => ({ ...original, Stepper }));
  ShippedWorker = (await import("../../src/worker/worker.js")).Worker;
});
afterAll(() => {
  vi.doUnmock("../../machines/stepper.js");
  vi.resetModules();
});

const edges = edgesOf("worker");
const edgeOf = new Map(edges.map((edge) => [`${edge.from.state} ${edge.event.type}`, edge]));
const events = representativeEvents("worker");
const paths = simplePaths("worker");
const GRANT = 5 as Position;
const JOB = "j1" as JobId;

/** A worker with one seat, whose runner does what the test says. */
class Bench {
  readonly worker: Worker;
  readonly done: string[] = [];
  readonly #settle: (() => void)[] = [];
  /** What happens while the runner is being called: there the seat is `starting`. */
  #whileCalled: () => void = () => {};

  constructor() {
    const runner: Runner = {
      run: (run) => {
        this.done.push("callRunner");
        run.signal.addEventListener("abort", () => this.done.push("abortRunner"));
        this.#whileCalled();
        return new Promise((resolve) => {
          this.#settle.push(() => resolve({ outcome: "completed", result: null }));
        });
      },
    };
    this.worker = new ShippedWorker("w" as WorkerId, new Map([["task", runner]]), {
      report: ({ said }) => this.done.push("started" in said ? "reportStarted" : "reportEnding"),
      progress: () => {},
      results: { keep: async (inline) => ({ inline }) },
      clock: new VirtualClock(),
    });
  }

  /** Brings an event about; `next` is what is to happen while the runner is called. */
  async bringAbout(type: EventType, next: EventType | undefined): Promise<void> {
    switch (type) {
      case "START": {
        const { worker } = this;
        this.#whileCalled = next === "ABORT" || next === "ABANDON" ? () => this.#tell(next) : () => {};
        const assignment: Assignment = {
          ...{ job: JOB, grant: GRANT, attempt: 1, type: "task", params: {}, timeoutMs: null, leaseMs: 1_000 },
          worker: worker.id,
        };
        worker.start(assignment);
        return;
      }
      case "SETTLED":
        this.#settle.shift()?.();
        return await atRest();
      case "BEGAN":
        // It follows by itself when the runner was called.
        return;
      default:
        return this.#tell(type);
    }
  }

  #tell(type: "ABORT" | "RECORDED" | "ABANDON"): void {
    if (type === "ABORT") this.worker.abort(JOB, GRANT, "cancel");
    else if (type === "RECORDED") this.worker.recorded(JOB, GRANT);
    else this.worker.abandonAll();
  }
}

const accepted = () => sent.filter(({ step }) => step !== null);
const inIt = (state: string) => state === "starting";

/** Drives a new worker along a way, comparing after each step. */
async function drive(way: readonly EventType[]): Promise<Bench> {
  const bench = new Bench();
  sent.length = 0;
  let state = "idle";
  for (const [index, type] of way.entries()) {
    const edge = edgeOf.get(`${state} ${type}`);
    if (edge === undefined) throw new Error(`${type} is no event of ${state}`);
    if (accepted().length <= index) await bench.bringAbout(type, way[index + 1]);
    const { from, event, step } = accepted()[index] ?? {};
    expect({ from, event, to: step?.to.state }).toEqual({ from: state, event: type, to: edge.to.state });
    state = edge.to.state;
  }
  return bench;
}

test("given every simple path of a seat's machine, when a worker is driven along it, then it is where the machine is after every step", async () => {
  const taken = new Set<string>();
  for (const { steps } of paths) {
    await drive(steps.map(({ event }) => event.type));
    for (const { from, event } of accepted()) taken.add(`${from} ${event}`);
  }
  // Back to the beginning comes no simple path.
  for (const { from, event } of edges) {
    const path = paths.find(({ steps }) => steps.at(-1)?.to.state === from.state)?.steps ?? [];
    await drive([...path.map((step) => step.event.type), event.type]);
    taken.add(`${from.state} ${event.type}`);
  }
  expect(taken.size).toBe(edges.length);
  report(`${paths.length} of ${paths.length} simple paths, ${taken.size} of ${edges.length} edges`);
});

test("given an event that a seat's machine refuses in a state, when it is brought about there, then nothing comes of it", async () => {
  const states = [...new Set(edges.flatMap(({ from, to }) => [from.state, to.state]))];
  let refusals = 0;
  let broughtAbout = 0;
  for (const state of states) {
    const steps = paths.find((path) => path.steps.at(-1)?.to.state === state)?.steps ?? [];
    const way = steps.map(({ event }) => event.type);
    for (const { type } of events.filter((event) => !edgeOf.has(`${state} ${event.type}`))) {
      refusals += 1;
      // Nobody can start a seat that is taken, or begin what has begun; and in the middle of a start only the runner is called.
      if (type === "START" || type === "BEGAN" || inIt(state)) {
        expect(
          paths.some(
            (path) => path.steps.at(-1)?.to.snapshot.can(SEAT_EVENTS[type]) && path.steps.at(-1)?.to.state === state,
          ),
        ).toBe(false);
        continue;
      }
      const bench = await drive(way);
      const before = [...bench.done];
      await bench.bringAbout(type, undefined);
      expect(accepted().length, `${type} in ${state}`).toBe(way.length);
      expect(bench.done, `${type} in ${state}`).toEqual(before);
      broughtAbout += 1;
    }
  }
  expect(refusals).toBe(states.length * events.length - edges.length);
  report(`${refusals} refusals, of which ${broughtAbout} can be brought about`);
});

/** Printed, so that the run shows how much was walked. */
function report(line: string): void {
  process.stdout.write(`worker machine in a running system: ${line}\n`);
}
