/** Random days of a dispatcher: whatever may come from outside, in every mixture, with groups, reservations and schedules. */
import fc from "fast-check";
import type { Fact } from "../../events/facts.js";
import type { Limits } from "../../events/limits.js";
import { type FactAddress, workerId } from "../../events/names.js";
import { isSlotHolding, isTerminal } from "../../events/states.js";
import { type JobRow, stateOf } from "../../projections/jobs.js";
import { dismissWorkers, expireReservations } from "../../projections/recovery.js";
import type { Ending } from "../../projections/reports.js";
import { limitsArbitrary, TAGS, TYPES } from "../projections/random-world.js";
import { LEDGER_BEGINS } from "./ledger-writer.js";
import { TurnBook } from "./turn-book.js";

const picked = fc.nat({ max: 1_000 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const kind = <K extends string>(name: K) => fc.constant(name);
const units = fc.integer({ min: 1, max: 3 });
const resources = fc.dictionary(fc.constantFrom(...TAGS), units, { noNullPrototype: true, maxKeys: 2 });

const GROUPS = ["line-1", "line-2", "crowd"] as const;
const group = fc.record({
  id: fc.constantFrom(...GROUPS),
  order: fc.integer({ min: -1, max: 2 }),
});
/** Few ids, so that some come again: while the job is known, and after it is forgotten. */
const chosen = fc.constantFrom("chapter-1", "chapter-2", "chapter-3");
const submission = fc.record({
  id: fc.oneof({ weight: 8, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: chosen }),
  resources,
  priority: fc.constantFrom(0, 0, 0, 5, -5),
  maxAttempts: fc.integer({ min: 1, max: 3 }),
  group: maybe(group),
  delay: maybe(fc.constantFrom("1s", "1m")),
});
const outcomes: readonly Ending[] = [
  { outcome: "completed", result: { inline: "done" }, exitCode: 0 },
  { outcome: "skipped", reason: "nothing to do" },
  { outcome: "cancelled", reason: "not worth it" },
  failing(true),
  failing(false),
  { outcome: "timed-out", error: { code: "timed-out", message: "it took too long" } },
  { outcome: "lost", error: { code: "worker-lost", message: "its worker is gone" } },
];
const schedule = fc.record({
  template: fc.constantFrom("nightly", "hourly"),
  cron: fc.constantFrom("* * * * *", "*/5 * * * *", "0 6 * * *"),
  missed: fc.constantFrom("skip", "catch-up-one", "catch-up-all"),
  enabled: fc.boolean(),
});
const name = fc.constantFrom("first", "second");
const REMOTE = ["r1", "r2"] as const;

/** One thing that happens, and whether a turn is taken at once. Numbers pick one of what is there at that time. */
export const orderArbitrary = (limits: fc.Arbitrary<Limits> = limitsArbitrary()) =>
  fc.record({
    isDecided: fc.boolean(),
    order: fc.oneof(
      {
        weight: 12,
        arbitrary: fc.record({
          kind: kind("submit"),
          type: fc.constantFrom(...TYPES),
          jobs: fc.array(submission, { minLength: 1, maxLength: 4 }),
        }),
      },
      { weight: 5, arbitrary: fc.record({ kind: kind("start"), picked }) },
      { weight: 12, arbitrary: fc.record({ kind: kind("end"), picked, outcome: fc.constantFrom(...outcomes) }) },
      { weight: 2, arbitrary: fc.record({ kind: kind("cancel"), picked }) },
      { weight: 1, arbitrary: fc.record({ kind: kind("webhook"), picked }) },
      { weight: 1, arbitrary: fc.record({ kind: kind("cancel-group"), group: fc.constantFrom(...GROUPS) }) },
      { weight: 1, arbitrary: fc.record({ kind: kind("retry"), picked }) },
      {
        weight: 1,
        arbitrary: fc.record({ kind: kind("amend"), picked, priority: fc.constantFrom(0, 9) }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: kind("move"),
          picked,
          other: picked,
          to: fc.constantFrom("first", "last", "before", "after"),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: kind("limits"), limits }) },
      { weight: 1, arbitrary: fc.record({ kind: kind("pause"), picked }) },
      { weight: 2, arbitrary: fc.record({ kind: kind("resume"), picked }) },
      { weight: 4, arbitrary: fc.record({ kind: kind("reserve"), resources, id: fc.integer({ min: 1, max: 4 }) }) },
      { weight: 4, arbitrary: fc.record({ kind: kind("release"), picked }) },
      { weight: 1, arbitrary: fc.record({ kind: kind("expire"), picked }) },
      { weight: 2, arbitrary: fc.record({ kind: kind("schedule"), name, schedule }) },
      {
        weight: 4,
        arbitrary: fc.record({
          kind: kind("schedule-action"),
          name,
          action: fc.constantFrom("enable", "disable", "trigger", "rm"),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: kind("join"),
          id: fc.constantFrom(...REMOTE),
          seats: units,
          types: fc.option(fc.uniqueArray(fc.constantFrom(...TYPES), { minLength: 1 })),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: kind("leave"), id: fc.constantFrom(...REMOTE) }) },
      { weight: 1, arbitrary: fc.record({ kind: kind("dismiss"), id: fc.constantFrom(...REMOTE) }) },
      { weight: 6, arbitrary: fc.record({ kind: kind("pass"), ms: fc.constantFrom(1, 999, 10_000, 59_999, 300_000) }) },
      { weight: 1, arbitrary: fc.record({ kind: kind("reign"), othersAreGone: fc.boolean() }) },
      { weight: 1, arbitrary: fc.record({ kind: kind("drain") }) },
    ),
  });
export type RandomOrder = ReturnType<typeof orderArbitrary> extends fc.Arbitrary<infer T> ? T : never;

type Submitted = typeof submission extends fc.Arbitrary<infer T> ? T : never;

export const dayArbitrary = (limits: fc.Arbitrary<Limits> = limitsArbitrary(), orders = 80) =>
  fc.record({
    limits,
    seats: fc.integer({ min: 1, max: 4 }),
    /** How many finished jobs are kept. */
    kept: fc.constantFrom(1, 2, 5, 100_000),
    orders: fc.array(orderArbitrary(limits), { minLength: 5, maxLength: orders, size: "max" }),
  });
export type RandomDay = ReturnType<typeof dayArbitrary> extends fc.Arbitrary<infer T> ? T : never;

/** Lets a day happen. */
export function dayOf({ limits, seats, kept, orders }: RandomDay): TurnBook {
  const first: readonly Fact[] = [
    { type: "LimitsChanged", limits, source: "configuration" },
    { type: "RetentionChanged", finishedJobsMax: kept },
  ];
  const told = (fold: TurnBook["fold"]): readonly Fact[] => (fold.settings.limitsKnown ? [] : first);
  const types = Object.fromEntries(TYPES.map((type) => [type, {}]));
  const templates = { nightly: { type: "story" }, hourly: { type: "research", priority: 1 } };
  const book = new TurnBook({ types, templates, settings: told, seats }).lead();
  book.decide();
  for (const { isDecided, order } of orders) {
    carryOut(book, order);
    if (isDecided) book.decide();
  }
  book.decide();
  return book;
}

function carryOut(book: TurnBook, order: RandomOrder["order"]): void {
  const { fold } = book;
  const rows = (fits: (row: JobRow) => boolean) => [...fold.jobs.values()].filter(fits);
  const held = () => rows((row) => isSlotHolding(stateOf(row)));
  const live = () => rows((row) => !isTerminal(stateOf(row)));
  switch (order.kind) {
    case "submit":
      book.submit(
        null,
        order.jobs.map((job) => ({ ...withGroup(job), type: order.type })),
      );
      return;
    case "start":
      return pick(held(), order.picked, ({ id }) => book.started(id));
    case "end":
      return pick(held(), order.picked, ({ id }) => book.end(id, order.outcome));
    case "cancel":
      return pick(live(), order.picked, ({ id }) => book.command("cancel", { id }));
    case "webhook":
      return pick(
        rows((row) => isTerminal(stateOf(row))),
        order.picked,
        ({ id, addresses }) => {
          const address = addresses.slice(-2).join(".") as FactAddress;
          const error = { code: "refused", message: "nobody listens there" };
          const about = { webhook: "done", url: "http://127.0.0.1:9/", address, attempts: 4, error };
          book.own(() => [{ type: "WebhookFailed", job: id, ...about }]);
        },
      );
    case "cancel-group":
      book.command("cancel", { group: order.group, reason: "all of it" });
      return;
    case "retry":
      return pick(
        rows((row) => isTerminal(stateOf(row))),
        order.picked,
        ({ id }) => book.command("retry", { id }),
      );
    case "amend":
      return pick(live(), order.picked, ({ id }) => book.command("amend", { id, priority: order.priority }));
    case "move":
      return pick(live(), order.picked, ({ id }) =>
        pick(live(), order.other, ({ id: other }) => {
          const isBeside = order.to === "before" || order.to === "after";
          book.command("move", { id, [order.to]: isBeside ? other : true });
        }),
      );
    case "limits":
      book.own(() => [{ type: "LimitsChanged", limits: order.limits, source: "configuration" }]);
      return;
    case "pause":
    case "resume":
      return pick(Object.keys(fold.slots.pools), order.picked, (pool) => book.command(order.kind, { pool }));
    case "reserve":
      book.request("reserve", { id: `room-${order.id}`, resources: order.resources });
      return;
    case "release":
      return pick(Object.keys(fold.slots.reservations), order.picked, (id) => book.request("release", { id }));
    case "expire":
      return pick(Object.keys(fold.slots.reservations), order.picked, (gone) =>
        book.own((now) => expireReservations(now, ({ id }) => id === gone, "its holder is gone")),
      );
    case "schedule":
      book.command("schedule", { name: order.name, action: "set", schedule: order.schedule });
      return;
    case "schedule-action":
      book.command("schedule", { name: order.name, action: order.action });
      return;
    case "join": {
      const worker = workerId(order.id);
      const process = { host: "elsewhere", pid: 7, startedAt: LEDGER_BEGINS };
      const joined = { type: "WorkerJoined", worker, process, capacity: order.seats, types: order.types } as const;
      book.own((now) => (worker in now.slots.workers ? [] : [{ ...joined, remote: true }]));
      return;
    }
    case "leave": {
      const worker = workerId(order.id);
      book.own((now) =>
        now.slots.workers[worker]?.leaving === false ? [{ type: "WorkerLeft", worker, reason: "shutdown" }] : [],
      );
      return;
    }
    case "dismiss":
      book.own((now) =>
        dismissWorkers(
          now,
          ({ id }) => id === order.id,
          "nothing was heard of it",
          () => book.now,
        ),
      );
      return;
    case "pass":
      book.later(order.ms);
      return;
    case "reign":
      book.decide();
      book.lead({ othersAreGone: order.othersAreGone });
      return;
    case "drain":
      book.decide();
      return drain(book, held());
    default:
      return order satisfies never;
  }
}

/** What runs inside is handed back, the worker inside leaves, and somebody else leads. */
function drain(book: TurnBook, held: readonly JobRow[]): void {
  book.mayStart = false;
  const lost: Ending = { outcome: "lost", error: { code: "shutdown", message: "the scheduler shuts down" } };
  for (const { id, attempts } of held) {
    const worker = attempts[attempts.length - 1]?.worker;
    if (worker !== undefined && !REMOTE.some((remote) => remote === worker)) book.end(id, lost);
  }
  book.decide();
  book.leave().decide();
  book.lead();
}

function failing(retryable: boolean): Ending {
  const error = { code: "broken", message: "it broke" };
  return { outcome: "failed", error, retryable, exitCode: 1, retryAfterMs: null };
}

/** A group's name says whether it is a line. */
function withGroup({ id, group: member, delay, ...rest }: Submitted) {
  return {
    ...rest,
    ...(id !== undefined && { id }),
    ...(delay !== undefined && { delay }),
    ...(member !== undefined && { group: { ...member, sequential: member.id.startsWith("line") } }),
  };
}

function pick<T>(choices: readonly T[], number: number, act: (choice: T) => unknown): void {
  const choice = choices[number % Math.max(1, choices.length)];
  if (choice !== undefined) act(choice);
}
