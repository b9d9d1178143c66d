/** Draws what a world consists of: schedulers and machines, a network, limits of every strategy, types and templates. */
import type { JsonObject } from "../../events/json.js";
import type { Chance } from "./chance.js";
import type { OutsidePlan, Settings } from "./plan.js";

export const TYPES = ["story", "research", "thumbs"] as const;
export const TAGS = ["ollama", "api", "cpu"] as const;

export type Capacities = Readonly<Record<string, number>>;

const TEMPLATE = "nightly";
interface NewYear {
  readonly timezone: string;
  /** Hour, day and month, as cron has them. */
  readonly is: string;
}
/** Where midnight of 2026 is, in UTC and in zones on either side of it. */
const NEW_YEAR: readonly [NewYear, ...NewYear[]] = [
  { timezone: "UTC", is: "0 1 1" },
  { timezone: "Europe/Berlin", is: "1 1 1" },
  { timezone: "America/New_York", is: "19 31 12" },
];
const MINUTE_MS = 60_000;

/** Worlds with so many jobs at once that entries, mailboxes and batches come to their bounds. */
const CROWDED = 0.04;

export function drawSettings(chance: Chance): Settings {
  const isCrowded = chance.happens(CROWDED);
  const schedulers = chance.weighted([
    [1, 1],
    [5, 2],
    [3, 3],
  ]);
  const isOneMachine = chance.happens(0.4);
  const spanMs = chance.happens(0.4) ? chance.spread(1_000, 10_000) : chance.spread(15_000, 90_000);
  const hosts = Array.from({ length: schedulers }, (_, index) => (isOneMachine ? "m1" : `m${index + 1}`));
  const firings = chance.happens(0.25) ? chance.whole(1, 3) : 0;
  const configuration = isCrowded ? drawCrowdedConfiguration(chance) : drawConfiguration(chance);
  const insideTypes = chance.happens(0.3) ? TYPES.filter(() => chance.happens(0.4)) : TYPES;
  return {
    hosts,
    outside: chance.happens(0.35) || insideTypes.length < TYPES.length ? drawOutside(chance, hosts) : [],
    insideTypes,
    lastFiringMs: firings * MINUTE_MS,
    publishers: chance.whole(1, 2),
    latency: chance.weighted([
      [4, { minUs: 60, maxUs: 1_500 }],
      [1, { minUs: 2_000, maxUs: 60_000 }],
    ]),
    hardness: {
      durationMsMax: isCrowded
        ? 20
        : chance.weighted([
            [2, 20],
            [3, 500],
            [2, spanMs / 8],
            [2, spanMs / 2],
          ]),
      instant: isCrowded ? 0.95 : 0.15,
      failing: chance.weighted([
        [1, 0],
        [3, 0.2],
        [1, 0.6],
      ]),
    },
    configuration: { ...configuration, ...(firings > 0 && { schedules: drawSchedules(chance, firings) }) },
    crowd: drawCrowdSize(chance, isCrowded),
    isEarly: chance.happens(0.5),
    spanMs,
  };
}

/** Half of the worlds have some dozens of plain short jobs beside the others: lives that cost little. */
function drawCrowdSize(chance: Chance, isCrowded: boolean): number {
  if (isCrowded) return chance.whole(500, 4_000);
  return chance.happens(0.5) ? chance.whole(50, 400) : 0;
}

/** One to three; on a machine with a scheduler, or on one of their own. */
const drawOutside = (chance: Chance, hosts: readonly string[]): OutsidePlan[] =>
  Array.from({ length: chance.whole(1, 3) }, () => ({
    host: chance.happens(0.6) ? (chance.one(hosts) ?? "m1") : `m${chance.whole(4, 5)}`,
    types: chance.happens(0.5) ? TYPES : [chance.one(TYPES)],
    capacity: chance.whole(1, 4),
  }));

/** In the first minutes of the world's year, and then not before the next one. */
function drawSchedules(chance: Chance, minutes: number): JsonObject {
  const names = ["hourly", "digest"].slice(0, chance.whole(1, 2));
  const definitions = names.map((name) => {
    const { timezone, is } = chance.one(NEW_YEAR);
    const cron = `${chance.happens(0.5) ? `1-${minutes}` : minutes} ${is} *`;
    const missed = chance.one(["skip", "catch-up-one", "catch-up-all"]);
    return [name, { template: TEMPLATE, cron, timezone, missed, enabled: chance.happens(0.9) }];
  });
  return Object.fromEntries(definitions) as JsonObject;
}

/** In the form of `signalbox.yaml`. Some limits are not given, so that the default holds. */
function drawConfiguration(chance: Chance): JsonObject {
  const limits = chance.happens(0.1) ? null : drawLimits(chance);
  const capacities = limits?.["resources"] as Capacities | undefined;
  const backoff = {
    base: chance.spread(1, 2_000),
    cap: 5_000,
    factor: chance.whole(1, 3),
    jitter: chance.happens(0.5),
  };
  const types = TYPES.map((type) => [
    type,
    {
      runner: "command",
      argv: ["true"],
      backoff,
      maxAttempts: chance.whole(1, 4),
      ...(chance.happens(0.2) && { timeout: chance.spread(5, 3_000) }),
      ...(capacities && chance.happens(0.5) && { resources: drawDemand(chance, capacities) }),
    },
  ]);
  return {
    ...(limits && { limits }),
    lease: chance.spread(1_000, 40_000),
    grace: chance.spread(1, 4_000),
    history: { keep: chance.happens(0.1) ? chance.whole(1, 10) : 100_000 },
    worker: { capacity: chance.happens(0.3) ? chance.whole(1, 4) : 100 },
    types: Object.fromEntries(types),
    templates: { [TEMPLATE]: { type: chance.one(TYPES), priority: 3, params: { tone: "dark" } } },
  };
}

/** Room for many at once. */
function drawCrowdedConfiguration(chance: Chance): JsonObject {
  const configuration = drawConfiguration(chance);
  const limits = { global: chance.whole(10, 200), types: { research: chance.whole(5, 50) } };
  return { ...configuration, limits, history: { keep: 100_000 }, worker: { capacity: chance.whole(10, 300) } };
}

/** Strategies A, B and C and their combinations, with bounds on overtaking. */
export function drawLimits(chance: Chance): JsonObject {
  const strategy = chance.weighted([
    [2, "A"],
    [2, "B"],
    [4, "C"],
    [1, "AB"],
    [1, "AC"],
    [2, "BC"],
    [1, "ABC"],
  ]);
  const some = (names: readonly string[], most: number) =>
    Object.fromEntries(names.filter(() => chance.happens(0.7)).map((name) => [name, chance.whole(1, most)]));
  return {
    ...(strategy.includes("A") && { global: chance.whole(1, 4) }),
    ...(strategy.includes("B") && { types: some(TYPES, 3) }),
    ...(strategy.includes("C") && { resources: some(TAGS, 4) }),
    ...(chance.happens(0.4) && { maxOvertakes: chance.whole(1, 2) }),
  };
}

/** Units that fit into the pools; of some, or of none. */
export function drawDemand(chance: Chance, capacities: Capacities): Record<string, number> {
  return Object.fromEntries(
    Object.entries(capacities)
      .filter(() => chance.happens(0.5))
      .map(([tag, most]) => [tag, chance.whole(1, most)]),
  );
}
