/**
 * The machines of the dispatcher and of a worker's seat, each event in each state, against a table written by hand:
 * what is not in the table must be refused.
 */
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../../events/json.js";
import { DISPATCHER_ACTIONS, dispatcherMachine } from "../../machines/dispatcher.js";
import { edgesOf, representativeEvents, shortestPaths, simplePaths } from "../../machines/graph.js";
import { type Node, Stepper } from "../../machines/stepper.js";
import { SEAT_ACTIONS, workerMachine } from "../../machines/worker.js";

const seatTable = `
  idle       START    → starting   callRunner
  starting   BEGAN    → running    reportStarted
  starting   ABORT    → stopping   abortRunner
  starting   ABANDON  → abandoned  leaveSeat
  running    SETTLED  → reporting  reportEnding
  running    ABORT    → stopping   abortRunner
  running    ABANDON  → abandoned  leaveSeat
  stopping   SETTLED  → reporting  reportEnding
  stopping   ABANDON  → abandoned  leaveSeat
  reporting  RECORDED → idle       leaveSeat
  reporting  ABANDON  → abandoned  leaveSeat
`;

const dispatcherTable = `
  connecting          CONNECTED         → catchingUp          catchUp
  connecting          STOP              → stopped             release
  connecting          CORRUPT           → halted              release
  catchingUp          CAUGHT_UP         → standby             watchLeader
  catchingUp          STOP              → stopped             release
  catchingUp          CORRUPT           → halted              release
  standby             LEADER_SILENT     → leading.deciding    beginReign decide
  standby             STOP              → stopped             release
  standby             CORRUPT           → halted              release
  leading.waiting     INPUT             → leading.deciding    decide
  leading.waiting     STOP              → draining.waiting    drain
  leading.waiting     CORRUPT           → halted              stepDown release
  leading.waiting     DEPOSED           → catchingUp          stepDown catchUp
  leading.deciding    PROPOSED          → leading.committing  append
  leading.deciding    NOTHING_TO_DECIDE → leading.waiting
  leading.deciding    STOP              → draining.deciding   drain
  leading.deciding    CORRUPT           → halted              stepDown release
  leading.committing  STORED            → leading.deciding    performEffects decide
  leading.committing  REFUSED           → leading.settling    settle
  leading.committing  UNKNOWN           → leading.settling    settle
  leading.committing  STOP              → draining.committing drain
  leading.committing  CORRUPT           → halted              stepDown release
  leading.settling    STORED            → leading.deciding    performEffects decide
  leading.settling    ABSENT            → leading.committing  append
  leading.settling    REFUSED           → catchingUp          stepDown catchUp
  leading.settling    STOP              → draining.settling   drain
  leading.settling    CORRUPT           → halted              stepDown release
  draining.waiting    INPUT             → draining.deciding   decide
  draining.waiting    DRAINED           → stopped             release
  draining.waiting    CORRUPT           → halted              stepDown release
  draining.waiting    DEPOSED           → stopped             stepDown release
  draining.deciding   PROPOSED          → draining.committing append
  draining.deciding   NOTHING_TO_DECIDE → draining.waiting
  draining.deciding   CORRUPT           → halted              stepDown release
  draining.committing STORED            → draining.deciding   performEffects decide
  draining.committing REFUSED           → draining.settling   settle
  draining.committing UNKNOWN           → draining.settling   settle
  draining.committing CORRUPT           → halted              stepDown release
  draining.settling   STORED            → draining.deciding   performEffects decide
  draining.settling   ABSENT            → draining.committing append
  draining.settling   REFUSED           → stopped             stepDown release
  draining.settling   CORRUPT           → halted              stepDown release
`;

const rooms = [
  { name: "worker", machine: workerMachine, table: seatTable, ends: ["abandoned"], performed: SEAT_ACTIONS },
  {
    name: "dispatcher",
    machine: dispatcherMachine,
    table: dispatcherTable,
    ends: ["halted", "stopped"],
    performed: DISPATCHER_ACTIONS,
  },
] as const;

describe.each(rooms)("the $name machine", ({ name, machine, table, ends, performed }) => {
  const rows = read(table);
  const shortest = shortestPaths(name);
  const states = shortest.map(({ from, steps }) => (steps[steps.length - 1]?.to ?? from).state);
  const types = representativeEvents(name).map(({ type }) => type);

  test(`given the ${name} machine, when every event meets every state, then the table says what follows and all else is refused`, () => {
    const stepper = new Stepper(machine);
    const nodes = new Map<string, Node>();
    for (const { steps } of shortest) {
      const end = steps.reduce((node, { event }) => stepped(stepper, node, event).to, stepper.initial);
      nodes.set(end.state, end);
    }
    const seen = new Map<string, Row>();
    for (const [state, node] of nodes) {
      for (const event of representativeEvents(name)) {
        const step = stepper.step(node, event);
        if (step !== null) seen.set(`${state} ${event.type}`, { to: step.to.state, actions: [...step.actions] });
      }
    }
    expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(rows));
    expect(edgesOf(name).length).toBe(rows.size);
    const refused = states.length * types.length - rows.size;
    process.stdout.write(
      `${name} machine: ${states.length} states, ${rows.size} edges, ${refused} refusals, ${simplePaths(name).length} simple paths\n`,
    );
  });

  test(`given every simple path of the ${name} machine, when it is stepped along it, then each step is the table's`, () => {
    const stepper = new Stepper(machine);
    const taken = new Set<string>();
    const paths = simplePaths(name);
    for (const { steps } of paths) {
      let node = stepper.initial;
      for (const { event, to } of steps) {
        const key = `${node.state} ${event.type}`;
        const step = stepped(stepper, node, event);
        expect({ to: step.to.state, actions: step.actions }, key).toEqual(rows.get(key));
        expect(step.to.state).toBe(to.state);
        taken.add(key);
        node = step.to;
      }
    }
    process.stdout.write(
      `${name} machine: ${paths.length} simple paths stepped, with ${taken.size} of ${rows.size} edges\n`,
    );
  });

  test(`given an end of the ${name} machine, when it is reached, then it is left no more, and every other state can reach one`, () => {
    const reaching = new Set<string>(ends);
    expect([...rows.keys()].filter((key) => reaching.has(key.split(" ")[0] ?? ""))).toEqual([]);
    for (let size = -1; size !== reaching.size; ) {
      size = reaching.size;
      for (const [key, { to }] of rows) if (reaching.has(to)) reaching.add(key.split(" ")[0] ?? "");
    }
    expect(states.filter((state) => !reaching.has(state))).toEqual([]);
  });

  test(`given the actions that the ${name}'s shell performs, when the machine is walked, then each is asked for somewhere`, () => {
    const asked = new Set([...rows.values()].flatMap(({ actions }) => actions));
    if (name === "dispatcher") asked.add("connect"); // Asked for by the entry into the first state.
    expect([...asked].sort()).toEqual([...performed].sort());
  });
});

describe("what the dispatcher's machine promises", () => {
  const rows = [...read(dispatcherTable)];

  test("given the dispatcher's machine, when an entry is appended, then it is in committing, so that one is in flight at most (D1)", () => {
    for (const [key, { to, actions }] of rows) {
      expect(actions.includes("append"), key).toBe(to.endsWith("committing") && !key.includes("STOP"));
    }
  });

  test("given the dispatcher's machine, when it leaves leading for another reason than a stop, then it steps down", () => {
    for (const [key, { to, actions }] of rows) {
      if (key.startsWith("leading") && !to.startsWith("leading") && !to.startsWith("draining"))
        expect(actions, key).toContain("stepDown");
    }
  });

  test("given a write of unknown outcome, when it is settled, then only the ledger's word ends the settling (D9)", () => {
    const endings = rows.filter(([key]) => key.startsWith("leading.settling")).map(([key]) => key.split(" ")[1]);
    expect(endings).toEqual(["STORED", "ABSENT", "REFUSED", "STOP", "CORRUPT"]);
  });
});

interface Row {
  readonly to: string;
  readonly actions: readonly string[];
}

function read(table: string): ReadonlyMap<string, Row> {
  const lines = table.trim().split("\n");
  return new Map(
    lines.map((line) => {
      const [from, event, , to = "", ...actions] = line.trim().split(/\s+/);
      return [`${from} ${event}`, { to, actions }];
    }),
  );
}

function stepped(stepper: Stepper<{ type: string }>, from: Node, event: { readonly type: string }) {
  const step = stepper.step(from, event);
  if (step === null) throw new Error(`${canonicalJson(event)} is refused in ${from.state}`);
  return step;
}

describe("the stepper", () => {
  test("given a caller that makes a new event for each step, when there are too many, then it is told, and which state it was", () => {
    const stepper = new Stepper<{ type: string }>(workerMachine);
    for (let steps = 0; steps <= 10_000; steps += 1) stepper.step(stepper.initial, { type: "NOBODY_KNOWS" });
    expect(() => stepper.step(stepper.initial, { type: "NOBODY_KNOWS" })).toThrow(
      "too many events in idle: pass shared event objects",
    );
  });
});
