/**
 * The inner rooms, and the tests that their mutants meet. A mutant that lives meets all of them, so each room has the tests that look at
 * it most closely, and none that starts a server or a process.
 */

export interface Room {
  readonly name: string;
  /** What is mutated: paths from the root, where `*` stands for all of a folder. */
  readonly files: readonly string[];
  /** Below `test/`, without `.test.ts`. */
  readonly tests: readonly string[];
  /** The share of random runs (`SIGNALBOX_TEST_SHARE`); a tenth if not given. */
  readonly share?: number;
}

const projections = (...names: string[]) => names.map((name) => `projections/${name}.ts`);
const tests = (...names: string[]) => names.map((name) => `projections/${name}`);

export const ROOMS: readonly Room[] = [
  {
    name: "events",
    files: ["events/*.ts"],
    tests: ["events/codec", "events/duration", "events/submission", "events/words", "golden/golden"],
  },
  {
    name: "machines",
    files: ["machines/*.ts"],
    tests: ["drawing", "job-paths", "job-table", "player", "shell-machines"].map((name) => `machines/${name}`),
  },
  {
    name: "admission",
    files: projections("admission"),
    tests: tests("admission", "commands", "groups", "reservations"),
  },
  {
    name: "starts",
    files: projections("starts", "start-facts", "reserved-starts"),
    tests: tests("starts", "starts-random", "reservations"),
    share: 0.5,
  },
  {
    name: "slots",
    files: projections("slots", "slot-changes", "holders", "room", "claim", "scratch-slots"),
    tests: tests("slots", "starts", "fold", "reservations", "verification", "scratch-slots"),
  },
  {
    name: "order",
    files: projections("demand", "heap", "waiting", "sorted-list", "pool-name"),
    tests: tests("demand", "heap", "waiting", "sorted-list", "pool-name", "order-random", "starts"),
  },
  {
    name: "fold",
    files: projections("fold", "job-index", "jobs", "head", "canonical-state", "draft"),
    tests: tests("fold", "fold-random", "retry", "move", "canonical-state", "checkpoint", "groups", "reservations"),
  },
  {
    name: "commands",
    files: projections("commands", "reports", "recovery", "retry", "move", "attempts"),
    tests: tests("commands", "reports", "retry", "move", "fold", "groups", "turns-random"),
  },
  {
    name: "groups",
    files: projections("groups", "group-facts"),
    tests: tests("groups", "fold", "views", "starts"),
  },
  {
    name: "schedules",
    files: projections("schedules", "schedule-commands", "schedule-facts"),
    tests: tests("schedules", "views", "fold"),
  },
  {
    name: "reservations",
    files: projections("reservations", "reservation-commands"),
    tests: tests("reservations", "views", "fold"),
  },
  {
    name: "past",
    files: projections("past", "durations", "quantile"),
    tests: tests("waits", "forecast", "checkpoint", "explain"),
  },
  {
    name: "checkpoint",
    files: ["projections/checkpoint/*.ts"],
    tests: tests("checkpoint", "canonical-state"),
  },
  {
    name: "verify",
    files: ["projections/verify/*.ts"],
    tests: tests("verification", "verify-fences", "verify-intake", "verify-order"),
    share: 0.3,
  },
  {
    name: "audit",
    files: ["projections/audit/*.ts"],
    tests: tests("audit/slot-count", "verification"),
  },
  {
    name: "views",
    files: ["projections/views/*.ts"],
    tests: tests("views", "explain", "groups", "reservations", "schedules"),
  },
  {
    name: "explain",
    files: ["projections/explain/*.ts"],
    tests: tests("explain", "explain-pool", "waits", "explain-opinion"),
  },
  {
    name: "forecast",
    files: ["projections/forecast/*.ts"],
    tests: tests("forecast", "waits"),
    share: 0.3,
  },
  {
    name: "whatif",
    files: ["projections/whatif/*.ts"],
    tests: tests("whatif/other-limits", "whatif/same-past"),
  },
];
