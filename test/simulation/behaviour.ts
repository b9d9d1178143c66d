/** What a job does in an attempt: drawn from the seed, the job and the attempt, so that it is the same in every run of a plan. */
import { Chance } from "./chance.js";

export interface Behaviour {
  /** Null: it ends as it begins, without ever waiting. */
  readonly durationMs: number | null;
  readonly ending: "completed" | "skipped" | "threw" | "not-retryable" | "failed" | "failed-retry-after";
  readonly retryAfterMs: number;
  /** `deaf`: never looks at its signal. */
  readonly onAbort: "ends at once" | "ends later" | "completes" | "deaf";
  readonly abortMs: number;
  /** A process of its own: goes on while the scheduler is frozen or dead, as a command does. */
  readonly isDetached: boolean;
  /** Its result goes to the store, and that takes a while, or fails. */
  readonly keeping: "at once" | "later" | "fails";
}

/** How hard the jobs of a world are. */
export interface Hardness {
  readonly durationMsMax: number;
  /** Of a job to end as it begins. */
  readonly instant: number;
  /** Of an attempt to fail in some way. */
  readonly failing: number;
}

/** Jobs whose names begin so are many, and end as they begin, nearly all of them. */
export const CROWD = "crowd-";
const CROWD_INSTANT = 0.98;
const CROWD_MS_MAX = 20;

export function behaviourOf(seed: number, job: string, attempt: number, hardness: Hardness): Behaviour {
  const chance = new Chance(seed, `${job} attempt ${attempt}`);
  const isOfCrowd = job.startsWith(CROWD);
  const { failing } = hardness;
  const durationMsMax = isOfCrowd ? CROWD_MS_MAX : hardness.durationMsMax;
  const instant = isOfCrowd ? CROWD_INSTANT : hardness.instant;
  return {
    durationMs: chance.happens(instant) ? null : chance.spread(1, durationMsMax),
    ending: chance.happens(failing)
      ? chance.weighted([
          [4, "threw"],
          [1, "not-retryable"],
          [2, "failed"],
          [1, "failed-retry-after"],
          [1, "skipped"],
        ])
      : "completed",
    retryAfterMs: chance.spread(1, 3_000),
    onAbort: chance.weighted([
      [5, "ends at once"],
      [2, "ends later"],
      [1, "completes"],
      [1, "deaf"],
    ]),
    abortMs: chance.spread(1, 12_000),
    isDetached: chance.happens(0.25),
    keeping: chance.weighted([
      [20, "at once"],
      [2, "later"],
      [1, "fails"],
    ]),
  };
}
