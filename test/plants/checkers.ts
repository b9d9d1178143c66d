/** The checks that are tried on each plant, in their short forms: how each is called on a copy of what was built. */
import { join } from "node:path";

export interface Checker {
  readonly name: string;
  readonly what: string;
  /** Arguments for Node.js. */
  readonly argv: (copy: string, ledgers: string) => readonly string[];
  /** What it says of a fault: its first group. */
  readonly found: RegExp;
}

const vitest = (copy: string, ...files: string[]) => [
  "node_modules/vitest/vitest.mjs",
  "run",
  "--no-color",
  "--maxWorkers=1",
  `--root=${copy}`,
  ...files,
];
const FAILED_TEST = /FAIL .*> (.*)/;

/** From the quickest to the slowest. */
export const CHECKERS: readonly Checker[] = [
  {
    name: "ledgers",
    what: "sound ledgers folded and verified, and damaged ones refused",
    argv: (copy, ledgers) => [join(copy, "test/plants/ledgers.js"), ledgers],
    found: /^found: (.*)/,
  },
  {
    name: "states",
    what: "small worlds in every order of events",
    argv: (copy) => [join(copy, "test/exhaustive/main.js"), "--states-max", "12000", "--first-fault"],
    found: /^\s+broken: (.*)/,
  },
  {
    name: "clusters",
    what: "clusters in virtual time, from seeds, with faults",
    argv: (copy) => [join(copy, "test/simulation/main.js"), "--seeds", "120", "--threads", "1", "--brief"],
    found: /broke a rule: ([\w-]+)/,
  },
  {
    name: "stories",
    what: "what the clusters have found once",
    argv: (copy) => vitest(copy, "test/simulation/stories.test.js"),
    found: FAILED_TEST,
  },
  {
    name: "paths",
    what: "every path of the machines, through the fold",
    argv: (copy) => vitest(copy, "test/machines"),
    found: FAILED_TEST,
  },
];
