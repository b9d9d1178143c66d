/** The setting of a round: which concurrency strategies are in force, with which capacities, and the configuration that says so. */
import type { Chance } from "./chance.js";

/** Type → the resource tags that its jobs carry. `far` is run by workers in processes of their own. */
export const TYPES = {
  story: { ollama: 1 },
  research: { api: 1 },
  thumbs: { cpu: 1 },
  mixed: { cpu: 1, ollama: 1 },
} as const satisfies Readonly<Record<string, Readonly<Record<string, number>>>>;
export type LocalType = keyof typeof TYPES;
export const LOCAL_TYPES: readonly [LocalType, ...LocalType[]] = ["story", "research", "thumbs", "mixed"];
export const FAR_TYPE = "far";
/** A run that says that there is nothing to do ends with this. */
export const SKIP_CODE = 75;

const STRATEGIES = ["A", "B", "C", "A+B", "A+C", "B+C", "A+B+C"] as const;

export interface Limits {
  readonly global?: number;
  readonly types?: Readonly<Record<string, number>>;
  readonly resources?: Readonly<Record<string, number>>;
  readonly maxOvertakes?: number;
}

export interface Setting {
  readonly strategy: (typeof STRATEGIES)[number];
  readonly limits: Limits;
  readonly leaseMs: number;
  readonly jitter: boolean;
  /** Worker processes. */
  readonly workers: number;
  readonly workerCapacity: number;
}

export function drawSetting(chance: Chance, workersMax: number): Setting {
  const strategy = chance.one(STRATEGIES);
  const isBounded = strategy.includes("C") && chance.happens(0.3);
  const limits: Limits = {
    ...(strategy.includes("A") && { global: chance.whole(1, 4) }),
    ...(strategy.includes("B") && {
      types: { story: 1, research: chance.whole(1, 2), thumbs: chance.whole(1, 3), mixed: 1 },
    }),
    ...(strategy.includes("C") && { resources: { ollama: 1, api: chance.whole(1, 3), cpu: chance.whole(2, 3) } }),
    ...(isBounded && { maxOvertakes: chance.whole(1, 3) }),
  };
  return {
    strategy,
    limits,
    leaseMs: chance.one([1_000, 1_500, 2_000]),
    jitter: chance.happens(0.3),
    workers: chance.happens(0.6) ? chance.whole(Math.min(1, workersMax), workersMax) : 0,
    workerCapacity: chance.whole(1, 2),
  };
}

/** About how many jobs run at once: the load is measured by it. */
export function widthOf({ limits: { global, types, resources } }: Setting): number {
  const sum = (all: Readonly<Record<string, number>> = {}) => Object.values(all).reduce((a, b) => a + b, 0);
  const widths = [global ?? 8, types === undefined ? 8 : sum(types), resources === undefined ? 8 : sum(resources)];
  return Math.min(...widths, 4);
}

type Argv = readonly string[];

const runnerOf = (argv: Argv, jitter: boolean) => ({
  ...{ runner: "command", argv, killGrace: "150ms", skipExitCodes: [SKIP_CODE], timeout: "5s" },
  backoff: { base: "50ms", cap: "400ms", jitter },
});

/** What stands in the schedulers' signalbox.yaml. */
export function configurationOf({ limits, leaseMs, jitter, workers }: Setting, argv: Argv): object {
  const types = Object.entries(TYPES).map(([name, resources]) => [name, { ...runnerOf(argv, jitter), resources }]);
  const far = { runner: "nats", timeout: "5s", backoff: { base: "50ms", cap: "400ms", jitter } };
  return {
    ...{ limits, lease: leaseMs, grace: "500ms" },
    types: { ...Object.fromEntries(types), ...(workers > 0 && { [FAR_TYPE]: far }) },
    templates: { nightly: { type: "thumbs", params: { seconds: "0.05" }, labels: { by: "schedule" } } },
    // In the small hours: what fires in a round was triggered.
    schedules: { digest: { template: "nightly", cron: "0 3 * * *" } },
  };
}

/** What stands in a worker's own signalbox.yaml. */
export const workerConfigurationOf = ({ jitter }: Setting, argv: Argv): object => ({
  grace: "500ms",
  types: { [FAR_TYPE]: runnerOf(argv, jitter) },
});
