/** What is drawn for the campaign: the same for the same seed, and everything in the long run. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { FAULT_KINDS } from "./faults.js";
import { drawPlan } from "./plan.js";

const ROUNDS = 300;
const plansOf = (seed: number) =>
  Array.from({ length: ROUNDS }, (_, index) => drawPlan({ seed, round: index + 1, workersMax: 2 }));

test("given a seed and a round, when the round is drawn twice, then it is the same round, whatever was drawn between", () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 1_000 }), (seed, round) => {
      const first = drawPlan({ seed, round, workersMax: 2 });
      drawPlan({ seed, round: round + 1, workersMax: 2 });
      expect(drawPlan({ seed, round, workersMax: 2 })).toEqual(first);
    }),
    { numRuns: 50 },
  );
});

test("given a campaign of 300 rounds, when it is drawn, then every fault, every strategy and every command is in it many times", () => {
  const plans = plansOf(1);
  const count = <T>(all: readonly T[], one: T) => all.filter((other) => other === one).length;
  const kinds = plans.flatMap(({ faults }) => faults.map(({ kind }) => kind));
  for (const kind of FAULT_KINDS) expect(count(kinds, kind), kind).toBeGreaterThan(5);
  const strategies = plans.map(({ setting }) => setting.strategy);
  for (const strategy of ["A", "B", "C", "A+B", "A+C", "B+C", "A+B+C"] as const)
    expect(count(strategies, strategy), strategy).toBeGreaterThan(20);
  const deeds = plans.flatMap(({ load }) => load.waves.flatMap((wave) => wave.deeds));
  const verbs = deeds.map((deed) => (deed.kind === "command" ? `${deed.verb} by ${deed.door}` : deed.kind));
  for (const verb of ["cancel", "retry", "amend", "move", "limits", "pause", "resume", "schedule"])
    for (const door of ["api", "intake"])
      expect(count(verbs, `${verb} by ${door}`), `${verb} ${door}`).toBeGreaterThan(20);
  expect(count(verbs, "reserve")).toBeGreaterThan(20);
  const moments = plans.flatMap(({ faults }) => faults.map(({ moment }) => moment));
  for (const moment of ["election", "at once"] as const) expect(count(moments, moment), moment).toBeGreaterThan(10);
});

test("given no workers are wanted, when rounds are drawn, then none has workers, jobs for them or faults that strike them", () => {
  for (let round = 1; round <= ROUNDS; round += 1) {
    const { setting, load, faults } = drawPlan({ seed: 2, round, workersMax: 0 });
    expect(setting.workers).toBe(0);
    expect(faults.filter(({ kind }) => kind.endsWith("-worker"))).toEqual([]);
    const types = load.waves.flatMap(({ deeds }) =>
      deeds.flatMap((deed) => (deed.kind === "submit" ? deed.jobs.map(({ type }) => type) : [])),
    );
    expect(types).not.toContain("far");
  }
});
