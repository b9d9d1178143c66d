/** The sample jobs of the demo: a mix of three types with random priorities, the same for the same seed. */
import type { JsonObject } from "../../../events/json.js";

type DemoType = "story" | "research" | "thumbs";

export interface DemoJob {
  readonly id: string;
  readonly type: DemoType;
  readonly priority: number;
  readonly params: JsonObject;
  /** Tags beside those of the type: such a job needs slots of several pools at once. */
  readonly resources?: Readonly<Record<string, number>>;
  /** How many attempts it takes to complete. */
  readonly attempts: number;
}

const PRIORITY_MAX = 5;
/** Long enough to see the pools fill, short enough for the whole to take well below a minute. */
const RESEARCH_MS = { min: 500, max: 1_400 };
const STORY_MS = { min: 900, max: 1_700 };
const THUMBS_PRIMES = { min: 1_200_000, max: 2_600_000 };

const SUBJECTS = ["a lamp that learns to whisper", "the last train to the sea", "a clock afraid of noon"];
const MOODS = ["in two short sentences", "as a telegram of twelve words"];
const QUESTIONS = ["When did the first railway open?", "How tall is a signal mast?", "Who invented the block system?"];

/** 24 jobs in the order in which they are published: 6 stories, 10 researches, 8 thumbs, shuffled. */
export function demoJobs(seed: number): DemoJob[] {
  const random = randomFrom(seed);
  const between = ({ min, max }: { min: number; max: number }) => Math.round(min + random() * (max - min));
  const pick = (texts: readonly string[]): string => texts[Math.floor(random() * texts.length)] ?? "";
  const priority = () => Math.floor(random() * (PRIORITY_MAX + 1));

  const jobs: DemoJob[] = [];
  for (let n = 1; n <= 6; n++)
    jobs.push({
      id: `story-${n}`,
      type: "story",
      priority: priority(),
      // `ms` is for the stand-in that is used when there is no Ollama, and is taken out when there is one.
      params: { prompt: `Write about ${pick(SUBJECTS)}, ${pick(MOODS)}.`, ms: between(STORY_MS) },
      attempts: 1,
    });
  for (let n = 1; n <= 10; n++) {
    // One of them meets an API that is briefly out of order, and is tried again.
    const failures = n === 4 ? 1 : 0;
    jobs.push({
      id: `research-${n}`,
      type: "research",
      priority: priority(),
      params: { question: pick(QUESTIONS), ms: between(RESEARCH_MS), failures },
      attempts: 1 + failures,
    });
  }
  for (let n = 1; n <= 8; n++)
    jobs.push({
      id: `thumbs-${n}`,
      type: "thumbs",
      priority: priority(),
      params: { primesBelow: between(THUMBS_PRIMES) },
      // Two of them also ask the API, so they need a slot of each of two pools at once.
      ...(n % 4 === 0 ? { resources: { "claude-api": 1 } } : {}),
      attempts: 1,
    });
  return shuffled(jobs, random);
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, key: random() }))
    .sort((one, other) => one.key - other.key)
    .map(({ item }) => item);
}
