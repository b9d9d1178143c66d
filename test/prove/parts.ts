/** The parts of the proof: what each runs, and which of its lines tell how much was looked at. */

export interface Part {
  readonly name: string;
  readonly what: string;
  /** Arguments for Node.js, from the root of the project. */
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Its first group is a figure for the table. */
  readonly figure: RegExp;
  /** What it prints is a table of its own, which is shown below the other one. */
  readonly isTable?: boolean;
}

const env = process.env;
const vitest = (...files: string[]) => ["node_modules/vitest/vitest.mjs", "run", "--no-color", ...files];

export const PARTS: readonly Part[] = [
  {
    name: "machine",
    what: "every path, edge and refusal of the job machine, through the fold",
    argv: vitest("test/machines"),
    env,
    figure: /^job machine: (.*)$/,
  },
  {
    name: "paths",
    what: "a share of the job machine's paths, every edge and refusal of the dispatcher's and the worker's, through a running system",
    argv: vitest("test/paths"),
    env,
    figure: /^(\w+ machine in a running system: .*)$/,
  },
  {
    name: "days",
    what: "random days of a dispatcher, and a day in virtual time, before the auditor",
    argv: vitest("test/projections/turns-random.test.ts", "test/log/day.test.ts"),
    env,
    figure: /^(\d+ facts audited)$/,
  },
  {
    name: "states",
    what: "small worlds in every order of events",
    argv: ["--max-semi-space-size=64", "dist/test/exhaustive/main.js", "--states-max", "300000"],
    env,
    figure: /^([\d,]+ states, [\d,]+ transitions .*)$/,
  },
  {
    name: "clusters",
    what: "clusters in virtual time, from seeds, with faults",
    argv: ["dist/test/simulation/main.js", "--seeds", "400"],
    env,
    figure: /^\s*((?:worlds|job lives|virtual time|no rule was broken)\b.*)$/,
  },
  {
    name: "checkers",
    what: "that the checkers of states and clusters are what they say: whole, the same again, as the real server",
    argv: vitest("test/exhaustive", "test/simulation"),
    env,
    figure: /Tests\s+(\d+ passed.*)$/,
  },
  {
    name: "mistakes",
    what: "mistakes planted into the scheduler, one at a time: each must be found by some check",
    argv: ["dist/test/plants/main.js"],
    env,
    figure: /^planted mistakes: (.*)$/,
    isTable: true,
  },
  {
    name: "rules",
    what: "the grant rule against its definition, folds, orders, demands and configurations at random; golden ledgers",
    argv: vitest("test/projections", "test/events", "test/golden", "test/config"),
    env,
    figure: /Tests\s+(\d+ passed.*)$/,
  },
  {
    name: "kills",
    what: "real processes, killed, stopped and cut off under load",
    argv: ["dist/test/campaign/main.js", "--rounds", "4"],
    env,
    figure: /^((?:rounds|jobs|faults|takeovers|lost attempts|rounds with violations)\s{2,}\S.*)$/,
  },
];
