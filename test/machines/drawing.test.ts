/** The drawings are computed from the machines' code, complete, and the same every time: they stand in the README. */
import { describe, expect, test } from "vitest";
import { createMachine, setup } from "xstate";
import { diagramOf } from "../../machines/drawing.js";
import { drawDot } from "../../machines/drawing-dot.js";
import { drawMermaid } from "../../machines/drawing-mermaid.js";
import { DRAWING_FORMATS, drawMachine, edgesOf, MACHINE_NAMES, shortestPaths } from "../../machines/graph.js";

/** Composite and final states, several events, actions and entry actions, a condition, and one that stays where it is. */
const everything = setup({
  guards: { may: () => true },
  actions: { note: () => {}, count: () => {}, show: () => {}, tell: () => {} },
}).createMachine({
  id: 'every "thing" \\ here',
  initial: "ready",
  states: {
    ready: {
      on: {
        GO: { guard: "may", target: "busy", actions: ["note", "count"] },
        START: { guard: "may", target: "busy", actions: ["note", "count"] },
        LOOK: { actions: "note" },
      },
    },
    busy: {
      initial: "loading",
      states: { loading: { entry: ["show", "tell"], on: { LOADED: "done" } }, done: { type: "final" } },
      on: { BACK: "ready" },
    },
  },
});

describe("the drawings of the machines", () => {
  test("given the worker's machine, when it is drawn for Mermaid, then the drawing is this one", () => {
    expect(drawMachine("worker", "mermaid")).toBe(`stateDiagram-v2
  idle
  starting
  running
  stopping
  reporting
  abandoned
  [*] --> idle
  idle --> starting : START / callRunner
  starting --> running : BEGAN / reportStarted
  starting --> stopping : ABORT / abortRunner
  starting --> abandoned : ABANDON / leaveSeat
  running --> reporting : SETTLED / reportEnding
  running --> stopping : ABORT / abortRunner
  running --> abandoned : ABANDON / leaveSeat
  stopping --> reporting : SETTLED / reportEnding
  stopping --> abandoned : ABANDON / leaveSeat
  reporting --> idle : RECORDED / leaveSeat
  reporting --> abandoned : ABANDON / leaveSeat
  abandoned --> [*]`);
  });

  test("given the job's machine, when it is drawn, then guards, actions and merged failures stand at the arrows", () => {
    const lines = drawMachine("job", "mermaid").split("\n");
    expect(lines).toContain("  new --> scheduled : JobSubmitted [isDelayed] / setMaximum");
    expect(lines).toContain("  new --> queued : JobSubmitted / setMaximum");
    expect(lines).toContain("  running --> retrying : RunFailed, RunTimedOut, LeaseExpired [retriesAndMay]");
    expect(lines).toContain("  queued --> queued : StartDenied, JobAmended, JobMoved");
    expect(lines.filter((line) => line.endsWith("--> [*]"))).toHaveLength(5);
  });

  test("given the dispatcher's machine, when it is drawn for Mermaid, then nested states stand inside, arrows outside", () => {
    const text = drawMachine("dispatcher", "mermaid");
    expect(text).toContain(`
  state leading {
    state "waiting" as leading_waiting
    state "deciding" as leading_deciding
    state "committing" as leading_committing
    state "settling" as leading_settling
    [*] --> leading_waiting
  }`);
    expect(text).toContain("\n  leading --> halted : CORRUPT / stepDown\n");
    expect(text).toContain("\n  leading_committing --> draining_committing : STOP / drain\n");
    expect(text).toContain('\n  state "stopped" as stopped\n  stopped : entry / release\n');
  });

  test("given the dispatcher's machine, when it is drawn for Graphviz, then an arrow of a composite state starts at its border", () => {
    const text = drawMachine("dispatcher", "dot");
    expect(text).toContain('subgraph "cluster_draining" {');
    expect(text).toContain('"draining.waiting" -> "halted" [label="CORRUPT / stepDown", ltail="cluster_draining"];');
    expect(text).toContain('"halted" [label="halted\\nentry / release", peripheries=2];');
    expect(text.split("{").length).toBe(text.split("}").length);
  });

  test("given a machine with all that can be drawn, when it is drawn, then in each language it is this", () => {
    const diagram = diagramOf(everything);
    expect(drawMermaid(diagram)).toBe(`stateDiagram-v2
  ready
  state busy {
    state "loading" as busy_loading
    busy_loading : entry / show, tell
    state "done" as busy_done
    [*] --> busy_loading
  }
  [*] --> ready
  ready --> busy : GO, START [may] / note, count
  ready --> ready : LOOK / note
  busy --> ready : BACK
  busy_loading --> busy_done : LOADED
  busy_done --> [*]`);
    expect(drawDot(diagram)).toBe(
      String.raw`digraph "every \"thing\" \\ here" {
  compound=true;
  rankdir=TB;
  node [shape=box, style=rounded, fontname="sans-serif"];
  edge [fontname="sans-serif", fontsize=10];
  "[*]" [shape=point, width=0.15];
  "ready" [label="ready"];
  subgraph "cluster_busy" {
    label="busy";
    "busy.loading" [label="loading\nentry / show, tell"];
    "busy.done" [label="done", peripheries=2];
  }
  "[*]" -> "ready";
  "ready" -> "busy.loading" [label="GO, START [may] / note, count", lhead="cluster_busy"];
  "ready" -> "ready" [label="LOOK / note"];
  "busy.loading" -> "ready" [label="BACK", ltail="cluster_busy"];
  "busy.loading" -> "busy.done" [label="LOADED"];
}`,
    );
  });

  test("given a part without a name, or no state at all, when it is drawn, then that is said", () => {
    const nameless = createMachine({ initial: "a", states: { a: { on: { GO: { actions: () => {} } } } } });
    expect(() => diagramOf(nameless)).toThrow("declare it in the machine's setup");
    expect(() => diagramOf(createMachine({ id: "none" }))).toThrow("machine none has no states to draw");
  });

  test.each(MACHINE_NAMES)(
    "given the %s machine, when it is drawn as data, then each reachable edge is in it and each state is reachable",
    (name) => {
      const drawn = readDrawing(drawMachine(name, "json"));
      const edges = new Set(edgesOf(name).map(({ from, event, to }) => `${from.state} ${event.type} ${to.state}`));
      const ends = drawn.states.flatMap(innermost);
      // A transition of a composite state is one of each state in it.
      const transitions = drawn.transitions.flatMap(({ from, event, to }) =>
        ends.filter(({ id }) => id === from || id.startsWith(`${from}.`)).map(({ id }) => `${id} ${event} ${to}`),
      );
      expect(new Set(transitions)).toEqual(edges);
      const reached = shortestPaths(name).map(({ from, steps }) => (steps[steps.length - 1]?.to ?? from).state);
      expect(new Set(ends.map(({ id }) => id))).toEqual(new Set(reached));
    },
  );

  test.each(MACHINE_NAMES)(
    "given the %s machine, when it is drawn twice, then the drawings are equal and end without a line break",
    (name) => {
      for (const format of DRAWING_FORMATS) {
        expect(drawMachine(name, format)).toBe(drawMachine(name, format));
        expect(drawMachine(name, format)).toMatch(/\S$/);
      }
    },
  );
});

interface DrawnState {
  readonly id: string;
  readonly states: readonly DrawnState[];
}
interface Drawn {
  readonly states: readonly DrawnState[];
  readonly transitions: readonly { readonly from: string; readonly event: string; readonly to: string }[];
}

const readDrawing = (text: string): Drawn => JSON.parse(text);

const innermost = (state: DrawnState): readonly DrawnState[] =>
  state.states.length === 0 ? [state] : state.states.flatMap(innermost);
