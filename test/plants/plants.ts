/**
 * Mistakes as somebody could make them in the shipped code, one edit each, planted into a copy of what was built. The text that is
 * replaced must be there just once: a plant that does not fit any more is an error, not a plant that nobody has found.
 */
export interface Plant {
  readonly name: string;
  readonly edits: readonly Edit[];
}

export interface Edit {
  /** Under `dist`. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const plant = (name: string, file: string, from: string, to: string, ...more: Edit[]): Plant => ({
  name,
  edits: [{ file, from, to }, ...more],
});

const COMMIT = "src/dispatcher/commit.js";
const TURN = "src/dispatcher/turn.js";
const FOLD = "projections/fold.js";
const STARTS = "projections/starts.js";
const SLOTS = "projections/slot-changes.js";
const REPORTS = "projections/reports.js";

export const PLANTS: readonly Plant[] = [
  // Writing the ledger
  plant("drops the compare-and-set", COMMIT, "data, expectedLast: at - 1 }", "data }"),
  plant("takes a refused append for stored", COMMIT, '"refused" ? "REFUSED"', '"refused" ? "STORED"'),
  plant("takes an append that was lost for stored", COMMIT, 'return "ABSENT"', 'return "STORED"'),
  plant("acts on an entry that others came after", COMMIT, "!== id || last > at)", "!== id)"),
  plant(
    "decides on a fold that lacks what was stored last",
    "src/dispatcher/standby.js",
    "fold.apply(position(message.sequence), entry);\n                facts",
    "if (message.sequence !== last)\n                    fold.apply(position(message.sequence), entry);\n                facts",
  ),
  // Slots
  plant("forgets a release", SLOTS, "this.#pool(name).used -= units;", "void units;"),
  plant(
    "counts a grant twice",
    SLOTS,
    "this.#pool(name).used += units;\n        worker.used += 1;",
    "this.#pool(name).used += 2 * units;\n        worker.used += 1;",
  ),
  plant("grants one unit more than a pool has", STARTS, "pool.capacity - pool.used)", "pool.capacity + 1 - pool.used)"),
  plant(
    "grants one unit more than a pool has, and its guard lets that pass",
    STARTS,
    "pool.capacity - pool.used)",
    "pool.capacity + 1 - pool.used)",
    { file: "projections/claim.js", from: "used + units > capacity", to: "used + units > capacity + 1" },
  ),
  plant("gives away slots of a paused pool", "projections/room.js", "pool?.paused === true", "false", {
    file: "projections/claim.js",
    from: "if (closed)",
    to: "if (false)",
  }),
  // The order
  plant(
    "lets the lower priority go first",
    "projections/jobs.js",
    "(b.spec?.priority ?? 0) - (a.spec?.priority ?? 0)",
    "(a.spec?.priority ?? 0) - (b.spec?.priority ?? 0)",
  ),
  plant(
    "sets nothing aside for whoever waits",
    STARTS,
    "subtract(demand, this.#room);\n        if (this.#roomOvertaking",
    "if (this.#roomOvertaking",
  ),
  plant(
    "lets two reservations have the same pools",
    "projections/reserved-starts.js",
    "(set !== NO_POOLS && taken.has(set))",
    "false",
  ),
  plant(
    "starts the members of a sequential group side by side",
    "projections/admission.js",
    "runAt ?? (group?.sequential === true ? now : null)",
    "runAt",
  ),
  // Times
  plant("is a millisecond late with what is due", TURN, "row.dueAt <= at", "row.dueAt < at"),
  plant(
    "fires a schedule again and again",
    "projections/schedule-facts.js",
    "nextAt: around.nextFiring(schedule, dueAt) }",
    "nextAt: dueAt }",
  ),
  // Reports
  plant("lets a zombie report", REPORTS, "|| live.grant !== report.grant", "", {
    file: REPORTS,
    from: "report.by !== undefined && report.by !== live.worker",
    to: "false",
  }),
  plant(
    "tries once more than it may",
    REPORTS,
    "row.attempts.length < row.spec.maxAttempts",
    "row.attempts.length <= row.spec.maxAttempts",
  ),
  plant(
    "reports a run that failed as completed",
    "src/worker/ending.js",
    "return cause === null ? failed(outcome) : aborted(cause, about);",
    'return { outcome: "completed", result: { inline: null }, exitCode: null };',
  ),
  // The intake
  plant(
    "loses the position in the intake",
    TURN,
    'this.#intake = input.progress;\n                return true;\n            }\n            case "order"',
    'return true;\n            }\n            case "order"',
  ),
  plant("decides a batch from its beginning again", "src/dispatcher/arrivals.js", ".slice(taken)", ".slice(0)"),
  plant("trims what is not decided yet", "src/dispatcher/reign.js", ".trim(sequence)", ".trim(sequence + 3)", {
    file: "src/dispatcher/reign.js",
    from: "TRIM_EVERY_MESSAGES = 10_000",
    to: "TRIM_EVERY_MESSAGES = 2",
  }),
  // Leases and leaders
  plant(
    "lets runs go on past their lease",
    "src/worker/lease-guard.js",
    "UNRENEWED_SHARE_MAX = 2 / 3",
    "UNRENEWED_SHARE_MAX = 3",
  ),
  plant(
    "counts a lease from when the answer was read",
    "src/dispatcher/dispatcher.js",
    "this.#reign?.renewed(asked)",
    "this.#reign?.renewed({ elapsedMs: this.#options.clock.elapsedMs(), wallMs: this.#options.clock.now() })",
  ),
  plant(
    "compares wall clocks",
    "src/dispatcher/lease-watch.js",
    "this.#heardMs.set(id, this.#clock.elapsedMs());",
    "this.#heardMs.set(id, this.#clock.now());",
    {
      file: "src/dispatcher/lease-watch.js",
      from: "const now = this.#clock.elapsedMs();",
      to: "const now = this.#clock.now();",
    },
  ),
  plant(
    "takes over from a leader that answers",
    "src/dispatcher/standby.js",
    'if (answer === "leads")\n                silentSince = null;\n            else',
    "",
  ),
  plant(
    "never ends the grace of a former leader's runs",
    "src/dispatcher/lease-expiry.js",
    "clock.after(leaseMs, () => void this.#endGrace())",
    "() => {}",
  ),
  plant(
    "leaves the processes of lost runs at work",
    "src/dispatcher/lease-expiry.js",
    "await this.#endOrphansOf(isOther(worker));",
    "",
  ),
  plant(
    "obeys an order from before it was taken in",
    "src/worker/membership.js",
    "isEarly && this.#tenure.asks > 1",
    "false",
  ),
  plant(
    "orders a run again that its worker has refused",
    "src/dispatcher/remote-workers.js",
    "this.#ordering.has(key) || this.#refused.has(key)",
    "this.#ordering.has(key)",
  ),
  plant(
    "takes a rival's entry in the place of its own for its own",
    "src/dispatcher/lease-expiry.js",
    "entryOf(found).id === inFlight.id",
    "entryOf(found).id !== undefined",
  ),
  plant("starts jobs while it drains", TURN, "desk.mayStart && (", "("),
  plant(
    "frees the slots of a job at once when it is cancelled",
    "projections/commands.js",
    "if (live === null)",
    "if (true)",
    {
      file: "machines/job.js",
      from: 'CancelRequested: "cancelling",\n            },\n        },\n        running',
      to: 'CancelRequested: "cancelling", JobCancelled: "cancelled",\n            },\n        },\n        running',
    },
  ),
  // The guards of the fold: nothing that is written breaks them, so only a ledger that is damaged shows that one is gone
  plant("skips the check of the chain", FOLD, "header.prev !== entryId", "false"),
  plant("ignores the epoch", FOLD, "header.epoch !== reign && header.epoch !== reign + 1", "false", {
    file: FOLD,
    from: "open.header.epoch !== open.epoch",
    to: "false",
  }),
  plant("lets time go back", FOLD, "header.at < lastAt", "false"),
  plant("lets a pool be over capacity", "projections/claim.js", "used + units > capacity", "false"),
  plant(
    "applies a fact that the machine refuses",
    "machines/job.js",
    'completed: { type: "final" }',
    'completed: { on: { RunCompleted: "completed" } }',
  ),
];
