/** Random walks through the small worlds, with the real thing walking beside the states that only stand for it. */
import { describe, expect, test } from "vitest";
import { audit, describeViolation } from "../support/auditor.js";
import { Concrete } from "./concrete.js";
import { assemble } from "./explore.js";
import type { MoveName } from "./moves.js";
import type { State } from "./state.js";
import { longForm, WORLDS } from "./worlds.js";

const WALKS = 12;
const MOVES_MAX = 120;

/** Mulberry32: small, and the same on every machine. */
function randomFrom(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Made {
  readonly after: State;
  readonly name: MoveName;
  readonly d: number;
  readonly detail: number;
  readonly taken: readonly number[];
}

/** Walks once; returns how many moves it made. Throws where the states and the real thing part. */
function walk(parts: ReturnType<typeof assemble>, random: () => number): number {
  const { moves, canonical } = parts;
  const { acts } = moves;
  const concrete = new Concrete(parts);
  const state = parts.begin();
  canonical.make(state);
  let made = 0;
  for (; made < MOVES_MAX; made += 1) {
    const choices: Made[] = [];
    moves.each(state, (name, d, detail) => {
      choices.push({ after: acts.next.slice(), name, d, detail, taken: [...acts.taken] });
    });
    const chosen = choices[Math.floor(random() * choices.length)];
    if (chosen === undefined) break;
    const { after, name, d, detail, taken } = chosen;
    acts.taken = taken;
    concrete.move(state, after, name, d, detail);
    state.set(after);
    canonical.make(state);
    concrete.compare(state);
  }
  const decided = concrete.intake.slice(0, decidedOf(concrete.lines));
  const { violations } = audit(concrete.lines, decided);
  expect(violations.filter(({ rule }) => rule !== "idle").map(describeViolation)).toEqual([]);
  return made;
}

function decidedOf(lines: readonly string[]): number {
  const last: unknown = JSON.parse(lines[lines.length - 1] ?? '{"intake":{"sequence":0}}');
  return (last as { intake: { sequence: number } }).intake.sequence;
}

describe("the states of the small worlds", () => {
  const given = Number(process.env["SIGNALBOX_TEST_SEED"]);
  const seed = Number.isInteger(given) && given !== 0 ? given : Math.floor(Math.random() * 2 ** 31);
  const all = WORLDS.flatMap((world) => [world, { ...longForm(world), name: `${world.name}, long form` }]);

  test.each(all.map((world) => [world.name, world] as const))(
    "given the world %s, when it is walked through at random, then ledgers, folds and answers are what the states say",
    (name, world) => {
      const random = randomFrom(seed);
      // What was decided on one walk is remembered on the next.
      const parts = assemble(world, {});
      let moves = 0;
      for (let count = 0; count < WALKS; count += 1) moves += walk(parts, random);
      process.stdout.write(`walks through ${name}: ${moves} moves with seed ${seed}\n`);
      expect(moves).toBeGreaterThan(WALKS * 10);
    },
  );
});
