/** The short form of `npm run check:states`: the smallest worlds, whole; and mistakes that must be found in them. */
import { describe, expect, test } from "vitest";
import { SHIPPED } from "./code.js";
import { type Explored, type ExploreOptions, explore } from "./explore.js";
import { PLANTS } from "./plants.js";
import { tell } from "./story.js";
import type { World } from "./world.js";
import { WORLDS } from "./worlds.js";

const STATES_MAX = 200_000;
/** A story that is longer is no story any more. */
const STORY_LINES_MAX = 25;

function worldNamed(name: string): World {
  const world = WORLDS.find((other) => other.name === name);
  if (world === undefined) throw new Error(`no world ${name}`);
  return world;
}

/** As one text, so that a fault shows its story in the report. */
function outcomeOf(world: World, explored: Explored, options: Pick<ExploreOptions, "code"> = {}): string {
  if (explored.fault !== null) return tell(world, explored.fault, options).join("\n");
  return explored.isComplete ? "all invariants hold" : "not everything was seen";
}

describe("every order of events in a small world", () => {
  test.each(["single", "three", "stops"])(
    "given the world %s, when all its states are seen, then all invariants hold in each, and from each all jobs can still end",
    (name) => {
      const world = worldNamed(name);
      const explored = explore(world, { statesMax: STATES_MAX, compareEvery: 5, refoldEvery: 10 });
      process.stdout.write(
        `${name}: ${explored.states} states, ${explored.transitions} transitions, ${explored.beliefs} beliefs\n`,
      );
      expect(outcomeOf(world, explored)).toBe("all invariants hold");
      expect(explored.ledgersCompared).toBeGreaterThan(0);
      expect(explored.states).toBeGreaterThan(10_000);
    },
  );

  test("given other hashes, when a world is explored again, then there are as many states: none was taken for another", () => {
    const counts = [1, 2].map((hashSeed) => explore(worldNamed("single"), { statesMax: STATES_MAX, hashSeed }).states);
    expect(counts[1]).toBe(counts[0]);
  });

  test("given fewer states are allowed than there are, when the bound is reached, then it is said that not everything was seen", () => {
    const explored = explore(worldNamed("single"), { statesMax: 1_000 });
    expect(outcomeOf(worldNamed("single"), explored)).toBe("not everything was seen");
    expect(explored.states).toBeLessThanOrEqual(1_000);
  });
});

describe("a mistake that somebody makes", () => {
  test.each(PLANTS.map((plant) => [plant.mistake, plant] as const))(
    "given a scheduler that %s, when its world is explored, then the mistake is found, and told as a short story",
    (_, { world: name, rule, code: mistaken }) => {
      const world = worldNamed(name);
      const code = { ...SHIPPED, ...mistaken };
      const explored = explore(world, { statesMax: STATES_MAX, code });
      expect(explored.fault?.broken.rule, outcomeOf(world, explored, { code })).toBe(rule);
      const story = outcomeOf(world, explored, { code }).split("\n");
      expect(story.length).toBeLessThan(STORY_LINES_MAX);
      expect(story.at(-1)).toContain(`${rule}: `);
    },
  );
});
