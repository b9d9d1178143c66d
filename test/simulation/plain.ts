/** Plans that are written by hand: what is the same in all of them, unless a test says otherwise. */
import type { Happening, Settings } from "./plan.js";

/** Two machines, two slots, one type of job. */
export const plainSettings: Settings = {
  hosts: ["m1", "m2"],
  publishers: 1,
  latency: { minUs: 60, maxUs: 1_500 },
  hardness: { durationMsMax: 20, instant: 0.5, failing: 0 },
  crowd: 0,
  isEarly: false,
  configuration: {
    lease: 2_000,
    limits: { global: 2 },
    types: { story: { runner: "command", argv: ["true"] } },
  },
  spanMs: 30_000,
};

/** `subject` without its namespace. */
export const publish = (atMs: number, subject: string, text: string, retries = 0): Happening => ({
  ...{ atMs, kind: "publish", publisher: 0, subject: `world.${subject}`, text, retries },
});

/** So many jobs, a millisecond after each other. */
export const submit = (atMs: number, count = 1): Happening[] =>
  Array.from({ length: count }, (_, index) => publish(atMs + index, "submit.story", "{}"));
