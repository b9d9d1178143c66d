/** The grant rule against an oracle of its own making, and against the second guard of the fold, in random worlds (CC-7, INV-003, INV-004). */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { demandOf } from "../../projections/demand.js";
import type { Fold } from "../../projections/fold.js";
import { compareWaiting, type JobRow, stateOf } from "../../projections/jobs.js";
import { type Decision, decideStarts } from "../../projections/starts.js";
import { causes, needs, oracle } from "./grant-oracle.js";
import { checkRandomly, type Happening, happeningArbitrary, limitsArbitrary, World } from "./random-world.js";

const strictLimits = limitsArbitrary();
const story = (limits: ReturnType<typeof limitsArbitrary>, seats: fc.Arbitrary<number>) =>
  fc.record({
    limits,
    seats,
    happenings: fc.array(happeningArbitrary(limits), { minLength: 5, maxLength: 60, size: "max" }),
  });
const few = fc.integer({ min: 1, max: 3 });
/** Submissions of small and large demands, and ends; reservations now and then. */
const demands = fc.constantFrom<Record<string, number>>(
  ...[{ ollama: 1 }, { ollama: 1 }, { ollama: 2 }, { cpu: 1 }, { ollama: 1, cpu: 1 }, { cpu: 2 }],
  ...[{ ollama: 4 }, { cpu: 3, ollama: 3 }, { cpu: 4 }],
);
const submission = demands.map(
  (resources): Happening => ({ kind: "submit", job: { type: "story", priority: 0, resources } }),
);
const smallAndLarge = fc.oneof(
  { weight: 12, arbitrary: submission },
  { weight: 12, arbitrary: fc.nat().map((picked): Happening => ({ kind: "finish", picked })) },
  { weight: 1, arbitrary: demands.map((resources): Happening => ({ kind: "reserve", resources })) },
  { weight: 2, arbitrary: fc.nat().map((picked): Happening => ({ kind: "release", picked })) },
);
const fewSeats = fc.integer({ min: 1, max: 4 });

describe("the grant rule in random worlds", () => {
  test("given any limits and any past, when the rule decides, then it starts exactly whom the definition starts, and says why not", () => {
    let reserved = 0;
    let starts = 0;
    let denials = 0;
    const runs = checkRandomly(
      "grant rule against its oracle",
      400,
      story(strictLimits, fewSeats),
      ({ limits, seats, happenings }) => {
        const world = new World(limits, seats);
        for (const happening of happenings) {
          world.happen(happening);
          const expected = oracle(world.ledger.fold);
          const decision = world.ledger.decide();
          expect(decision.reserved.map(({ reservation }) => String(reservation))).toEqual(expected.reserved);
          expect(decision.starts.map(({ row, worker }) => `${row.id}@${worker}`)).toEqual(expected.starts);
          for (const { row, shortages } of decision.denials) {
            expect(poolCauses(shortages), row.id).toBe(expected.blocked.get(row.id) ?? "it starts");
          }
          for (const row of world.ledger.fold.jobs.values()) {
            if (stateOf(row) === "queued") expect(row.deniedBy, `${row.id} waits and is not told why`).not.toBeNull();
          }
          reserved += decision.reserved.length;
          starts += decision.starts.length;
          denials += decision.denials.length;
        }
      },
    );
    expect(reserved).toBeGreaterThan(runs / 4);
    expect(starts).toBeGreaterThan(runs);
    expect(denials).toBeGreaterThan(runs);
    process.stdout.write(
      `grant rule against its oracle: ${reserved} reserved, ${starts} starts and ${denials} denials compared\n`,
    );
  });

  test("given a bound on overtaking, when the rule decides, then it starts exactly whom the definition starts, and names whom they overtake", () => {
    let [overtakes, twice, strict] = [0, 0, 0];
    const capacity = fc.constantFrom(4, 5, 6);
    const crowd = fc.record({
      limits: fc.record({ resources: fc.record({ ollama: capacity, cpu: capacity }), maxOvertakes: few }),
      seats: fc.integer({ min: 6, max: 20 }),
      // Large jobs wait, and small ones pass them; much happens between two decisions, so that several pass the same one at once.
      bursts: fc.array(fc.array(smallAndLarge, { minLength: 1, maxLength: 8, size: "max" }), {
        minLength: 4,
        maxLength: 12,
        size: "max",
      }),
    });
    const runs = checkRandomly("overtaking against its oracle", 300, crowd, ({ limits, seats, bursts }) => {
      const world = new World(limits, seats);
      const { fold } = world.ledger;
      for (const burst of bursts) {
        for (const one of burst) world.happen(one);
        const expected = oracle(fold);
        const { reserved, starts, denials } = decideStarts(fold.waiting, fold.slots);
        expect(reserved.map(({ reservation }) => String(reservation))).toEqual(expected.reserved);
        expect(starts.map(({ row, worker }) => `${row.id}@${worker}`)).toEqual(expected.starts);
        const told = starts.flatMap(({ row, overtook }) => overtook.map((passed) => `${row.id} ${passed}`));
        expect(told).toEqual(expected.overtakes);
        for (const { row, shortages, ahead } of denials) {
          expect(poolCauses(shortages), row.id).toBe(expected.blocked.get(row.id) ?? "it starts");
          for (const [pool, named] of ahead) expectAhead(fold, row, pool, named);
        }
        const passed = starts.flatMap(({ overtook }) => overtook);
        overtakes += passed.length;
        twice += passed.length - new Set(passed).size;
        world.ledger.decide();
        for (const row of fold.jobs.values())
          if (stateOf(row) === "queued" && row.overtaken >= (limits.maxOvertakes ?? 0)) strict += 1;
      }
    });
    process.stdout.write(
      `overtaking against its oracle: ${overtakes} overtakes, ${twice} of one who was just overtaken\n`,
    );
    expect(overtakes).toBeGreaterThan(runs / 2);
    expect(twice).toBeGreaterThan(runs / 30);
    expect(strict).toBeGreaterThan(runs / 12);
  });

  test("given what was decided is folded, when the rule decides again, then there is nothing new", () => {
    checkRandomly("deciding twice", 200, story(strictLimits, fc.constant(100)), ({ limits, seats, happenings }) => {
      const world = new World(limits, seats);
      for (const happening of happenings) {
        if (happening.kind === "leave" || happening.kind === "join") continue; // Seats stay plentiful here.
        world.happen(happening);
        world.ledger.decide();
        expect(toldBy(world.ledger.decide())).toEqual([]);
      }
    });
  });

  test("given few seats, when the rule decides again, then it starts nobody and has told everything after a second time", () => {
    checkRandomly("deciding thrice", 200, story(strictLimits, fewSeats), ({ limits, seats, happenings }) => {
      const world = new World(limits, seats);
      for (const happening of happenings) {
        world.happen(happening);
        world.ledger.decide();
        expect(world.ledger.decide().starts).toEqual([]);
        expect(toldBy(world.ledger.decide())).toEqual([]);
      }
    });
  });

  test("given a bound on overtaking, when the rule decides, then whoever is overtaken is ahead, a rival, and told so at most so often", () => {
    let overtakes = 0;
    const limits = limitsArbitrary(fc.integer({ min: 1, max: 3 }));
    const runs = checkRandomly("overtaking", 500, story(limits, fewSeats), ({ limits: first, seats, happenings }) => {
      const world = new World(first, seats);
      const { fold } = world.ledger;
      for (const happening of happenings) {
        world.happen(happening);
        const queued = new Map([...fold.jobs.values()].map((row) => [row.id, { ...row }]));
        // Folding throws if anyone were overtaken too often, or anything were over capacity.
        const { starts } = world.ledger.decide();
        for (const { row, demand, overtook } of starts) {
          for (const id of overtook) {
            const passed = queued.get(id);
            const before = queued.get(row.id);
            if (passed === undefined || before === undefined) throw new Error(`${id} or ${row.id} was not there`);
            expect(compareWaiting(passed, before), `${id} is ahead of ${row.id}`).toBeLessThan(0);
            expect(needs(fold, passed).some(([pool]) => [...demand.keys()].some((name) => name === pool))).toBe(true);
            overtakes += 1;
          }
          expect(new Set(overtook).size).toBe(overtook.length);
        }
      }
    });
    expect(overtakes).toBeGreaterThan(runs / 25);
    process.stdout.write(`overtaking: ${overtakes} overtakes checked\n`);
  });

  test("given any mix of demands, when runs keep ending, then every satisfiable job ends up started (INV-003 D)", () => {
    const limits = limitsArbitrary(fc.integer({ min: 0, max: 2 }));
    checkRandomly("draining a queue", 200, story(limits, fewSeats), ({ limits: first, seats, happenings }) => {
      const world = new World(first, seats);
      const { fold } = world.ledger;
      for (const happening of happenings) if (happening.kind === "submit") world.happen(happening);
      const roundsMax = happenings.length + 1;
      for (let round = 0; round < roundsMax; round += 1) {
        world.ledger.decide();
        for (let i = 0; i < seats; i += 1) world.happen({ kind: "finish", picked: i });
      }
      for (const row of fold.jobs.values()) {
        const fits = [
          ...demandOf({ type: row.spec?.type ?? "", resources: row.spec?.resources ?? {} }, fold.slots.limits),
        ].every(([pool, units]) => units <= (fold.slots.pools[pool]?.capacity ?? 0));
        expect(stateOf(row), `${row.id}${fits ? "" : ", which can never fit"}`).toBe(fits ? "completed" : "queued");
      }
    });
  });
});

/** The first few are named, in their order: waiting jobs that go before this one and take the pool, and reservations before all of them. */
function expectAhead(fold: Fold, row: JobRow, pool: string, named: readonly { readonly id: string }[]): void {
  expect(named.length).toBeLessThanOrEqual(3);
  const jobs = named.flatMap(({ id }) => [...fold.jobs.values()].filter((other) => other.id === id));
  for (const other of jobs) {
    expect(compareWaiting(other, row), `${other.id} is ahead of ${row.id}`).toBeLessThan(0);
    expect(needs(fold, other).map(([name]) => name)).toContain(pool);
  }
  expect(named.slice(named.length - jobs.length).map(({ id }) => id)).toEqual(
    [...jobs].sort(compareWaiting).map(({ id }) => id),
  );
}

/** Without the seats, of which a line that was left early knows only how they were then. */
const poolCauses = (shortages: Decision["denials"][number]["shortages"]): string =>
  causes(
    shortages
      .filter(({ pool, cause }) => pool !== "workers" || cause === "no-worker")
      .map(({ pool, cause }) => [pool, cause]),
  );

const toldBy = ({ reserved, starts, denials }: Decision): readonly string[] => [
  ...reserved.map(({ reservation }) => `reserve ${reservation}`),
  ...starts.map(({ row }) => `start ${row.id}`),
  ...denials.map(({ row, shortages }) => `deny ${row.id} ${poolCauses(shortages)}`),
];
