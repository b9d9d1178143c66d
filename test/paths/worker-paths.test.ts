/**
 * Every path of a seat's machine in a worker as it ships: what it is told, what its runner does, and when nobody is left to report to.
 * After every step the seat is where the machine says, and the worker has done what the machine names, and nothing else.
 */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { JobId, Position, WorkerId } from "../../events/names.js";
import { edgesOf, representativeEvents, simplePaths } from "../../machines/graph.js";
import type { Node, Step } from "../../machines/stepper.js";
import type { SeatEvent } from "../../machines/worker.js";
import type { Outcome, Runner } from "../../src/runners/index.js";
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
        const ended = new Promise<Outcome>((resolve) => {
          this.#settle.push(() => resolve({ outcome: "completed", result: null }));
        });
        this.#whileCalled();
        return ended;
      },
    };
    this.worker = new ShippedWorker("w" as WorkerId, new Map([["task", runner]]), {
      report: ({ said }) => this.done.push("started" in said ? "reportStarted" : "reportEnding"),
      progress: () => {},
      results: { keep: async (inline) => ({ inline }) },
      clock: new VirtualClock(),
    });
  }

  /** Brings an event about as far as anybody can; `next` is what is to happen while the runner is called. */
  async bringAbout(type: EventType, next: EventType | undefined): Promise<void> {
    this.#whileCalled = () => {
      this.#whileCalled = () => {};
      if (next !== undefined) this.#cause(next);
    };
    this.#cause(type);
    await atRest();
  }

  #cause(type: EventType): void {
    const { worker } = this;
    switch (type) {
      case "START": {
        const assignment: Assignment = {
          ...{ job: JOB, grant: GRANT, attempt: 1, type: "task", params: {}, timeoutMs: null, leaseMs: 1_000 },
          worker: worker.id,
        };
        return worker.start(assignment);
      }
      case "BEGAN":
        // It follows by itself when the runner was called.
        return;
      case "SETTLED":
        return this.#settle.shift()?.();
      case "ABORT":
        return worker.abort(JOB, GRANT, "cancel");
      case "RECORDED":
        return worker.recorded(JOB, GRANT);
      case "ABANDON":
        return void worker.abandonAll();
      default:
        return type satisfies never;
    }
  }
}

const SEAT_OF_ITS_OWN = "each assignment is given a seat of its own, and no other hears of it";
const SAID_ONCE = "the seat says so itself, once, when it has called its runner";
const SETTLES_LATER = "how a run ended is heard once, and not before its call has returned";

/** Refusals that nobody can bring about, and why. */
const NEVER: Readonly<Record<string, string>> = {
  "starting START": SEAT_OF_ITS_OWN,
  "running START": SEAT_OF_ITS_OWN,
  "stopping START": SEAT_OF_ITS_OWN,
  "reporting START": SEAT_OF_ITS_OWN,
  "abandoned START": SEAT_OF_ITS_OWN,
  "idle BEGAN": SAID_ONCE,
  "running BEGAN": SAID_ONCE,
  "reporting BEGAN": SAID_ONCE,
  "idle SETTLED": SETTLES_LATER,
  "starting SETTLED": SETTLES_LATER,
  "reporting SETTLED": SETTLES_LATER,
};

/** Words that come to a worker about a seat that it has not, or no more: they reach no machine. */
const UNHEARD: ReadonlySet<string> = new Set(
  ["idle", "abandoned"].flatMap((state) => ["ABORT", "RECORDED", "ABANDON"].map((event) => `${state} ${event}`)),
);

const accepted = () => sent.filter(({ step }) => step !== null);
/** Drives a new worker along a way, comparing after each step; then tries to bring one more event about. */
async function drive(way: readonly EventType[], more?: EventType): Promise<Bench> {
  const bench = new Bench();
  sent.length = 0;
  let state = "idle";
  for (const [index, type] of way.entries()) {
    const edge = edgeOf.get(`${state} ${type}`);
    if (edge === undefined) throw new Error(`${type} is no event of ${state}`);
    if (accepted().length <= index) await bench.bringAbout(type, way[index + 1] ?? more);
    const { from, event, step } = accepted()[index] ?? {};
    expect({ from, event, to: step?.to.state }).toEqual({ from: state, event: type, to: edge.to.state });
    state = edge.to.state;
  }
  if (more !== undefined && state !== "starting") await bench.bringAbout(more, undefined);
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
  const refusals = states.flatMap((state) =>
    events.filter(({ type }) => !edgeOf.has(`${state} ${type}`)).map(({ type }) => ({ state, type })),
  );
  expect(refusals.length).toBe(states.length * events.length - edges.length);
  const heard = new Set<string>();
  for (const { state, type } of refusals) {
    const key = `${state} ${type}`;
    for (const { steps } of paths.filter(({ from, steps }) => (steps.at(-1)?.to ?? from).state === state)) {
      const way = steps.map(({ event }) => event.type);
      const plain = await drive(way);
      const steady = accepted();
      const bench = await drive(way, type);
      if (sent.some((one) => one.from === state && one.event === type && one.step === null)) heard.add(key);
      if (key in NEVER) continue;
      expect(bench.done, key).toEqual(plain.done);
      expect(accepted(), key).toEqual(steady);
    }
  }
  const unheard = refusals.map(({ state, type }) => `${state} ${type}`).filter((key) => !heard.has(key));
  expect(unheard.sort()).toEqual([...Object.keys(NEVER), ...UNHEARD].sort());
  report(
    `${refusals.length} refusals: ${heard.size} by the machine, ${UNHEARD.size} words about a seat that is not there, ` +
      `${Object.keys(NEVER).length} cannot be brought about`,
  );
});

/** Printed, so that the run shows how much was walked. */
function report(line: string): void {
  process.stdout.write(`worker machine in a running system: ${line}\n`);
}
