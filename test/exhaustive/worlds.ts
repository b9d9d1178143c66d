/**
 * The worlds that are explored: every strategy (CC-7), and each kind of trouble in a world of its own, because together they would
 * be more than can be counted. The long form has more of each.
 */
import type { Bounds, CommandBound, Submission, Submitted, World } from "./world.js";

const PLAIN = {
  seats: 3,
  dispatchers: 2,
  isOneHost: false,
  hasBackoff: true,
  endings: ["completed", "failed"],
  inputsPerTurnMax: 2,
} as const satisfies Partial<World>;

const one = (type: string, more: Omit<Submission, "type"> = {}): Submitted => ({
  submissions: [{ type, ...more }],
  times: 1,
});
const several = (type: string, times: number): Submitted => ({ submissions: [{ type }], times });
const commands = (by: CommandBound["by"], times: number, ...choices: CommandBound["choices"]): CommandBound => ({
  by,
  times,
  choices,
});

const FAULTS: Bounds = { crashes: 1, losses: 1, rivals: 1, lateAppends: 1 };
const STORY = { story: { maxAttempts: 2 } };
const ONE_SLOT = { limits: { global: 1 }, types: STORY };
const TWO_SLOTS = { limits: { global: 2 }, types: STORY };

const cancel = { verb: "cancel", content: { id: "$job" } };
const amend = { verb: "amend", content: { id: "$job", priority: 5 } };
const pause = { verb: "pause", content: { pool: "global" } };
const resume = { verb: "resume", content: { pool: "global" } };
const newLimits = commands(
  "intake",
  2,
  { verb: "limits", content: { set: { "resources.ollama": 2 } } },
  { verb: "limits", content: { set: { "resources.ollama": 1 } } },
  { verb: "limits", content: { set: { "resources.ollama": null, global: 1 } } },
);

export const WORLDS: readonly World[] = [
  {
    ...PLAIN,
    name: "single",
    about: "strategy A: one slot, one dispatcher, which crashes and comes back; runs end in every way",
    file: ONE_SLOT,
    jobs: [several("story", 2)],
    dispatchers: 1,
    endings: ["completed", "failed", "broken", "skipped", "timed-out"],
    bounds: { crashes: 1, losses: 1, lateAppends: 1 },
    long: { jobs: [several("story", 3)], bounds: { crashes: 3, losses: 2, lateAppends: 2 }, inputsPerTurnMax: 3 },
  },
  {
    ...PLAIN,
    name: "rivals",
    about: "strategy A: one slot, two dispatchers that take each other's place",
    file: ONE_SLOT,
    jobs: [several("story", 2)],
    bounds: FAULTS,
    long: { bounds: { ...FAULTS, crashes: 2, rivals: 2, lateAppends: 2 } },
  },
  {
    ...PLAIN,
    name: "types",
    about: "strategy B: a slot for each of two types",
    file: {
      limits: { types: { story: 1, research: 1 } },
      types: { story: { maxAttempts: 1 }, research: { maxAttempts: 1 } },
    },
    jobs: [several("story", 2), one("research")],
    bounds: { crashes: 1, rivals: 1 },
    long: { bounds: FAULTS },
  },
  {
    ...PLAIN,
    name: "pools",
    about: "strategy C: three jobs that meet in two pools",
    file: {
      limits: { resources: { ollama: 1, cpu: 2 } },
      types: {
        story: { resources: { ollama: 1 }, maxAttempts: 2 },
        both: { resources: { ollama: 1, cpu: 2 }, maxAttempts: 1 },
        thumbs: { resources: { cpu: 1 }, maxAttempts: 1 },
      },
    },
    jobs: [one("story"), one("both"), one("thumbs")],
    bounds: { crashes: 1, losses: 1, lateAppends: 1 },
    long: { bounds: { crashes: 1, rivals: 1 } },
  },
  {
    ...PLAIN,
    name: "overtakes",
    about: "all strategies together, where a job may be overtaken once",
    file: {
      limits: { global: 3, types: { thumbs: 2 }, resources: { ollama: 1, cpu: 2 }, maxOvertakes: 1 },
      types: {
        both: { resources: { ollama: 1, cpu: 2 }, maxAttempts: 1 },
        thumbs: { resources: { cpu: 1 }, maxAttempts: 1 },
        story: { resources: { ollama: 1 }, maxAttempts: 1 },
      },
    },
    jobs: [one("both"), several("thumbs", 2), one("story")],
    dispatchers: 1,
    bounds: { crashes: 1, losses: 1 },
    long: { bounds: { crashes: 3, losses: 2, lateAppends: 2 }, inputsPerTurnMax: 3 },
  },
  {
    ...PLAIN,
    name: "seats",
    about: "no limits but the one seat of the worker",
    file: { limits: {}, types: STORY },
    jobs: [several("story", 3)],
    seats: 1,
    dispatchers: 1,
    bounds: { crashes: 2, losses: 1, lateAppends: 1 },
    long: { dispatchers: 2, bounds: { crashes: 1, rivals: 1 } },
  },
  {
    ...PLAIN,
    name: "again",
    about: "no wait before the next attempt: a run fails and is granted its next attempt in one entry",
    isOneHost: true,
    hasBackoff: false,
    file: { limits: { global: 1 }, types: { story: { maxAttempts: 3 } } },
    jobs: [several("story", 2)],
    bounds: { crashes: 1, rivals: 1 },
    long: { bounds: FAULTS },
  },
  {
    ...PLAIN,
    name: "times",
    about: "jobs that wait for their time, batches that are decided in part, priorities",
    file: ONE_SLOT,
    jobs: [
      {
        submissions: [
          { type: "story", delay: "1s" },
          { type: "story", priority: 3 },
        ],
        times: 1,
      },
      one("story"),
    ],
    dispatchers: 1,
    bounds: { crashes: 2, losses: 1, lateAppends: 1 },
    long: { dispatchers: 2, bounds: { crashes: 1, rivals: 1 } },
  },
  {
    ...PLAIN,
    name: "cancels",
    about: "cancels, amendments and second submissions, at any time",
    file: { limits: { types: { story: 1 } }, types: STORY },
    jobs: [several("story", 2)],
    dispatchers: 1,
    bounds: {
      crashes: 1,
      losses: 1,
      duplicates: 1,
      commands: [commands("intake", 1, cancel), commands("intake", 1, amend)],
    },
    long: {
      dispatchers: 2,
      bounds: {
        crashes: 1,
        rivals: 1,
        duplicates: 1,
        commands: [commands("api", 1, cancel), commands("intake", 1, amend)],
      },
    },
  },
  {
    ...PLAIN,
    name: "limits",
    about: "limits raised, lowered and exchanged while jobs run and wait",
    file: { limits: { resources: { ollama: 1 } }, types: { story: { resources: { ollama: 1 }, maxAttempts: 1 } } },
    jobs: [several("story", 3)],
    bounds: { crashes: 1, lateAppends: 1, commands: [newLimits] },
    long: {
      bounds: {
        crashes: 1,
        lateAppends: 1,
        commands: [
          newLimits,
          commands("intake", 1, { verb: "pause", content: { pool: "ollama" } }),
          commands("intake", 1, { verb: "resume", content: { pool: "ollama" } }),
        ],
      },
    },
  },
  {
    ...PLAIN,
    name: "asked",
    about: "a pool that is paused and resumed by whoever answers as the leader",
    file: ONE_SLOT,
    jobs: [one("story")],
    bounds: { crashes: 1, rivals: 1, commands: [commands("api", 1, pause), commands("api", 1, resume)] },
    long: {
      bounds: {
        crashes: 2,
        rivals: 1,
        lateAppends: 1,
        commands: [commands("api", 2, pause, resume), commands("api", 1, cancel)],
      },
    },
  },
  {
    ...PLAIN,
    name: "files",
    about: "every reign after the first has another file: other limits, other demands, other attempts",
    file: ONE_SLOT,
    laterFile: {
      limits: { types: { story: 2 }, resources: { cpu: 1 } },
      types: { story: { maxAttempts: 1, resources: { cpu: 1 } } },
    },
    jobs: [several("story", 2)],
    bounds: { crashes: 1, rivals: 1 },
    long: { bounds: { ...FAULTS, crashes: 2 } },
  },
  {
    ...PLAIN,
    name: "host",
    about: "one host: whoever has crashed is provably gone, and what it ran is lost at once",
    isOneHost: true,
    file: TWO_SLOTS,
    jobs: [several("story", 2)],
    bounds: { crashes: 1, rivals: 1 },
    long: { bounds: { ...FAULTS, crashes: 2 } },
  },
  {
    ...PLAIN,
    name: "stops",
    about: "graceful stops: nothing starts any more, what runs ends or is handed back",
    file: TWO_SLOTS,
    jobs: [several("story", 2)],
    bounds: { stops: 2, crashes: 1, losses: 1 },
    long: { bounds: { ...FAULTS, stops: 2 } },
  },
  {
    ...PLAIN,
    name: "three",
    about: "three dispatchers",
    file: ONE_SLOT,
    jobs: [one("story")],
    dispatchers: 3,
    bounds: { crashes: 1, rivals: 1, losses: 1 },
    long: { jobs: [several("story", 2)], bounds: { crashes: 2, rivals: 2, lateAppends: 1 } },
  },
];

/** The world as the long form has it. */
export const longForm = (world: World): World => ({ ...world, ...world.long });
