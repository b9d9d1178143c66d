/** What `explain` says of random jobs at random positions is what a script says that sees the exported ledger only. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Entry } from "../../events/entry.js";
import { position } from "../../events/names.js";
import { type Explanation, explain } from "../../projections/explain/explain.js";
import { Fold } from "../../projections/fold.js";
import { type JobRow, stateOf } from "../../projections/jobs.js";
import { exportText } from "../support/export-file.js";
import { dayArbitrary, dayOf } from "../support/random-turns.js";
import { type SecondOpinion, secondOpinion } from "../support/second-opinion.js";
import { checkRandomly, happeningArbitrary, limitsArbitrary, World } from "./random-world.js";

/** So many days and worlds, in each of which so many jobs are asked about. */
const STORIES = 120;
const ASKED = 8;

const asked = fc.array(fc.record({ position: fc.nat({ max: 10_000 }), job: fc.nat({ max: 10_000 }) }), {
  minLength: ASKED,
  maxLength: ASKED,
});
const limits = limitsArbitrary();
/** Whatever may come to a dispatcher, which decides when it comes to it. */
const day = dayArbitrary(limits).map((one) => dayOf(one).entries);
/** Many jobs for few slots, decided on after each thing that happens. */
const world = fc
  .record({
    limits,
    seats: fc.integer({ min: 1, max: 4 }),
    happenings: fc.array(happeningArbitrary(limits), { minLength: 20, maxLength: 80, size: "max" }),
  })
  .map(({ limits: first, seats, happenings }) => {
    const grown = new World(first, seats);
    for (const happening of happenings) {
      grown.happen(happening);
      grown.ledger.decide();
    }
    return grown.ledger.entries.map(({ entry }) => entry);
  });

function foldedTo(entries: readonly Entry[], last: number): Fold {
  const fold = new Fold();
  for (const [index, entry] of entries.slice(0, last).entries()) fold.apply(position(index + 1), entry);
  return fold;
}

describe("explain and a script that shares no code with it", () => {
  test("given random days, when jobs are explained at any positions, then both say the same of verdict, pools and waits", {
    timeout: 240_000,
  }, () => {
    const seen = new Map<string, number>();
    const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);
    const story = fc.record({ entries: fc.oneof(day, world), asked });
    const runs = checkRandomly("explain against a second opinion", STORIES, story, ({ entries, asked: questions }) => {
      const exported = exportText(entries.map((entry, index) => ({ position: position(index + 1), entry })));
      for (const question of questions) {
        const at = 1 + (question.position % entries.length);
        const fold = foldedTo(entries, at);
        const row = pick(fold, question.job);
        if (row === undefined) continue;
        const told = explain(fold, row.id);
        if (told === null) throw new Error(`${row.id} is not in the index`);
        expect(ofExplanation(told)).toEqual(ofOpinion(secondOpinion(exported, row.id, at), told));
        expect(told.waitsComplete).toBe(true);
        count("asked");
        count(told.verdict);
        for (const { cause } of told.waits) count(`wait ${cause}`);
        for (const { cause } of told.blockedBy) count(`block ${cause}`);
      }
    });
    process.stdout.write(`${[...seen].map(([what, times]) => `${times} ${what}`).join(", ")}\n`);
    if (runs < STORIES) return;
    expect(seen.get("asked") ?? 0).toBeGreaterThan(500);
    // What occurs hundreds of times, seen so often at least that it was compared at all.
    for (const often of ["block full", "wait full", "wait kept", "block paused", "wait paused", "block no-worker"])
      expect(seen.get(often) ?? 0, often).toBeGreaterThan(5);
  });
});

/** Mostly of those that wait in the queue, else of those that were granted, else any. */
function pick(fold: Fold, number: number): JobRow | undefined {
  const jobs = [...fold.jobs.values()].filter(({ spec }) => spec !== null);
  const queued = jobs.filter((row) => stateOf(row) === "queued");
  const granted = jobs.filter(({ attempts }) => attempts.length > 0);
  const choices = [number % 3 !== 0 ? queued : [], granted, jobs].find((some) => some.length > 0) ?? [];
  return choices[number % Math.max(1, choices.length)];
}

/** What is compared, in an order of its own: who came at the same moment is in no order. */
interface Compared {
  readonly verdict: string;
  readonly blockedBy: readonly object[];
  readonly waits: readonly object[];
}

function ofExplanation({ verdict, blockedBy, waits }: Explanation): Compared {
  return {
    verdict,
    blockedBy: inOrder(
      blockedBy.map(({ pool, cause, capacity, used, needs, holders, ahead }) => {
        return { pool, cause, capacity, used, needs, holders: [...holders].sort(), ahead };
      }),
    ),
    waits: inOrder(
      waits.map(({ pool, cause, from, to, behind, ms }) => {
        expect(ms).toBe(Date.parse(to) - Date.parse(from));
        return { pool, cause, from, to, behind: inOrder(behind) };
      }),
    ),
  };
}

/** Of a job that is not in the queue only its waits are looked at. */
function ofOpinion({ now, waits }: SecondOpinion, { verdict }: Explanation): Compared {
  return {
    verdict: now?.verdict ?? verdict,
    blockedBy: inOrder(now?.blockedBy.map((block) => ({ ...block, holders: [...block.holders].sort() })) ?? []),
    waits: inOrder(waits.map((wait) => ({ ...wait, behind: inOrder(wait.behind) }))),
  };
}

const inOrder = <T>(items: readonly T[]): T[] =>
  [...items].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
