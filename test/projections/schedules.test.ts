/**
 * Schedules as decisions (DEC-010): each firing submits exactly once, missed times are made up for as the schedule says, and what
 * changes about a schedule or a template changes nothing about jobs that are there (INV-005).
 */
import { describe, expect, test } from "vitest";
import type { Fact, FactOf, FactType, MissedPolicy } from "../../events/facts.js";
import { jobId } from "../../events/names.js";
import type { Catalogue } from "../../projections/admission.js";
import { decideCommand, type Surroundings } from "../../projections/commands.js";
import { stateOf } from "../../projections/jobs.js";
import type { ScheduleAction, ScheduleDefinition } from "../../projections/schedule-commands.js";
import { dueSchedules, scheduleFacts } from "../../projections/schedule-facts.js";
import { schedulesView } from "../../projections/views/views.js";
import { nextFiring } from "../../src/cron.js";
import { type LedgerBuilder, ledger } from "../support/ledger-builder.js";

const catalogue: Catalogue = {
  types: new Map([["story", { resources: { ollama: 1 } }]]),
  templates: new Map([
    ["nightly", { type: "story", params: { tone: "dark" }, priority: 3, labels: { by: "schedule" } }],
    ["daily", { type: "story", params: { tone: "light" } }],
  ]),
};
const HOURLY = "0 * * * *";
/** A decision of bounded facts takes no time that anybody would notice; this bound is for slow machines. */
const DECIDED_MS_MAX = 5_000;

class Clockwork {
  readonly book: LedgerBuilder = ledger().elected().worker().limits({});
  catalogue = catalogue;

  /** Lets time pass, and decides what is due then, as a turn does. Returns the facts. */
  at(time: string): Fact[] {
    const { book } = this;
    book.later(Date.parse(time) - Date.parse(book.now));
    const around = this.around;
    const facts: Fact[] = [];
    book.together(() => {
      for (let [due] = dueSchedules(book.fold, around); due !== undefined; [due] = dueSchedules(book.fold, around))
        for (const fact of scheduleFacts(book.fold, due, around)) {
          book.fact(fact);
          facts.push(fact);
        }
    });
    return facts;
  }

  /** Carries out a command; what it recorded, or why it did not. */
  command(action: ScheduleAction): string {
    const decided = decideCommand(this.book.fold, { verb: "schedule", action }, this.around);
    if ("refused" in decided) return `${decided.refused}: ${decided.reason}`;
    this.book.together(() => {
      for (const fact of decided.facts) this.book.fact(fact);
    });
    return [...decided.facts.map(({ type }) => type), ...(decided.id === undefined ? [] : [`→ ${decided.id}`])].join(
      " ",
    );
  }

  set(name: string, more: Partial<ScheduleDefinition> = {}): string {
    const definition = { template: "nightly", cron: HOURLY, timezone: "UTC", missed: "skip", enabled: true } as const;
    return this.command({ kind: "set", name, definition: { ...definition, ...more } });
  }

  schedule(name: string) {
    const found = schedulesView(this.book.fold).find((view) => view.name === name);
    if (found === undefined) throw new Error(`no schedule ${name}`);
    return found;
  }

  get around(): Surroundings {
    return { catalogue: this.catalogue, now: this.book.now, nextFiring, intake: null };
  }
}

/** The ledger begins at midnight of the first of January 2026. */
const begin = (): Clockwork => new Clockwork();
const ofType = <T extends FactType>(facts: readonly Fact[], type: T): FactOf<T>[] =>
  facts.filter((fact): fact is FactOf<T> => fact.type === type);
const submitted = (facts: readonly Fact[]): string[] => ofType(facts, "JobSubmitted").map(({ job }) => job);

describe("a schedule whose time has come", () => {
  test("given a schedule, when its time comes, then it submits one job of its template, and says so in the same entry", () => {
    const clock = begin();
    expect(clock.set("digest", { cron: "30 6 * * *" })).toBe("ScheduleSet → digest");
    expect(clock.at("2026-01-01T06:29:59.999Z")).toEqual([]);
    const facts = clock.at("2026-01-01T06:30:00.000Z");
    expect(facts).toEqual([
      {
        type: "JobSubmitted",
        job: "digest-20260101T063000Z",
        spec: {
          type: "story",
          params: { tone: "dark" },
          priority: 3,
          resources: { ollama: 1 },
          maxAttempts: 3,
          timeoutMs: null,
          labels: { by: "schedule" },
          template: "nightly",
        },
        position: 1_000,
        createdAt: "2026-01-01T06:30:00.000Z",
        runAt: null,
        retryOf: null,
        intake: null,
      },
      {
        type: "ScheduleFired",
        schedule: "digest",
        dueAt: "2026-01-01T06:30:00.000Z",
        submits: "digest-20260101T063000Z",
        triggered: false,
        nextAt: "2026-01-02T06:30:00.000Z",
      },
    ]);
    expect(clock.book.entries.at(-1)?.entry.facts).toHaveLength(2);
    expect(clock.at("2026-01-01T06:30:00.000Z")).toEqual([]);
    expect(clock.schedule("digest")).toMatchObject({
      nextAt: "2026-01-02T06:30:00.000Z",
      lastAt: "2026-01-01T06:30:00.000Z",
      lastJob: "digest-20260101T063000Z",
      fired: 1,
      missedCount: 0,
    });
  });

  test("given several schedules that are due, when they are decided late, then in the order of their times, and of their names", () => {
    const clock = begin();
    clock.set("b", { cron: "0 1 * * *" });
    clock.set("a", { cron: "1 1 * * *" });
    clock.set("c", { cron: "0 2 * * *" });
    for (const name of ["f", "d", "e"]) clock.set(name, { cron: "0 1 * * *" });
    expect(submitted(clock.at("2026-01-01T01:01:00.000Z"))).toEqual([
      ...["b", "d", "e", "f"].map((name) => `${name}-20260101T010000Z`),
      "a-20260101T010100Z",
    ]);
  });

  test("given a template that is gone, when the schedule fires, then the refusal is on record with its reason, and the schedule goes on", () => {
    const clock = begin();
    clock.set("digest");
    clock.catalogue = { ...catalogue, templates: new Map() };
    const [refused, fired] = clock.at("2026-01-01T01:00:00.000Z");
    expect(refused).toMatchObject({
      type: "JobRejected",
      job: "digest-20260101T010000Z",
      reason: 'schedule digest: template: "nightly" is unknown; no templates are configured',
    });
    expect(fired).toMatchObject({ type: "ScheduleFired", submits: "digest-20260101T010000Z" });
    clock.catalogue = catalogue;
    expect(submitted(clock.at("2026-01-01T02:00:00.000Z"))).toEqual(["digest-20260101T020000Z"]);
  });

  test("given somebody has taken the job's id, when the schedule fires, then that is on record, nothing is submitted, and it goes on", () => {
    const clock = begin();
    clock.set("digest");
    clock.book.submitted("digest-20260101T010000Z", { params: { mine: true } });
    expect(clock.at("2026-01-01T01:00:00.000Z").map(({ type }) => type)).toEqual([
      "SubmissionDuplicated",
      "ScheduleFired",
    ]);
    expect(clock.book.row("digest-20260101T010000Z").spec?.params).toEqual({ mine: true });
    expect(submitted(clock.at("2026-01-01T02:00:00.000Z"))).toEqual(["digest-20260101T020000Z"]);
  });

  test("given a schedule called like a member of every object, when it is set and fires, then it is one like any other", () => {
    const clock = begin();
    expect(clock.command({ kind: "enable", name: "constructor" })).toBe(
      "not-found: there is no schedule constructor; schedules are none",
    );
    expect(clock.set("constructor")).toBe("ScheduleSet → constructor");
    expect(submitted(clock.at("2026-01-01T01:00:00.000Z"))).toEqual(["constructor-20260101T010000Z"]);
  });
});

describe("times that passed while nobody led", () => {
  const missed = (policy: MissedPolicy, cron: string, until: string): { clock: Clockwork; facts: Fact[] } => {
    const clock = begin();
    clock.set("s", { cron, missed: policy });
    return { clock, facts: clock.at(until) };
  };

  test.each<[MissedPolicy]>([["skip"], ["catch-up-one"], ["catch-up-all"]])(
    "given %s, when a time is decided a minute late, then it is only late and fires",
    (policy) => {
      const { facts } = missed(policy, HOURLY, "2026-01-01T01:01:00.000Z");
      expect(facts.map(({ type }) => type)).toEqual(["JobSubmitted", "ScheduleFired"]);
    },
  );

  test("given skip, when five times passed, then all are left out on record, and it goes on with the next", () => {
    const { clock, facts } = missed("skip", HOURLY, "2026-01-01T05:30:00.000Z");
    expect(facts).toEqual([
      {
        type: "ScheduleMissed",
        schedule: "s",
        from: "2026-01-01T01:00:00.000Z",
        to: "2026-01-01T05:00:00.000Z",
        count: 5,
        nextAt: "2026-01-01T06:00:00.000Z",
      },
    ]);
    expect(clock.schedule("s")).toMatchObject({ fired: 0, missedCount: 5 });
    expect(submitted(clock.at("2026-01-01T06:00:00.000Z"))).toEqual(["s-20260101T060000Z"]);
  });

  test("given skip, when the last of them is just due, then that one fires", () => {
    const { facts } = missed("skip", HOURLY, "2026-01-01T05:00:30.000Z");
    expect(facts[0]).toMatchObject({ type: "ScheduleMissed", count: 4, nextAt: "2026-01-01T05:00:00.000Z" });
    expect(submitted(facts)).toEqual(["s-20260101T050000Z"]);
  });

  test("given catch-up-one, when five times passed, then the last of them is made up for", () => {
    const { clock, facts } = missed("catch-up-one", HOURLY, "2026-01-01T05:30:00.000Z");
    expect(facts.map(({ type }) => type)).toEqual(["ScheduleMissed", "JobSubmitted", "ScheduleFired"]);
    expect(facts[0]).toMatchObject({ count: 4, to: "2026-01-01T04:00:00.000Z" });
    expect(submitted(facts)).toEqual(["s-20260101T050000Z"]);
    expect(clock.schedule("s").nextAt).toBe("2026-01-01T06:00:00.000Z");
  });

  test("given catch-up-all, when five times passed, then each is made up for, in order, each under an id of its own", () => {
    const { facts } = missed("catch-up-all", HOURLY, "2026-01-01T05:30:00.000Z");
    expect(ofType(facts, "ScheduleMissed")).toEqual([]);
    const hours = [1, 2, 3, 4, 5];
    expect(submitted(facts)).toEqual(hours.map((hour) => `s-20260101T0${hour}0000Z`));
    expect(ofType(facts, "ScheduleFired").map(({ dueAt }) => dueAt)).toEqual(
      hours.map((hour) => `2026-01-01T0${hour}:00:00.000Z`),
    );
  });

  test("given catch-up-all, when more than a hundred passed, then the last hundred are made up for and the others left out", () => {
    const { facts } = missed("catch-up-all", HOURLY, "2026-01-11T00:30:00.000Z");
    expect(facts[0]).toMatchObject({
      type: "ScheduleMissed",
      from: "2026-01-01T01:00:00.000Z",
      count: 140,
      nextAt: "2026-01-06T21:00:00.000Z",
    });
    const jobs = submitted(facts);
    expect([jobs.length, jobs[0], jobs[99]]).toEqual([100, "s-20260106T210000Z", "s-20260111T000000Z"]);
  });

  test.each<[MissedPolicy, number]>([
    ["skip", 0],
    ["catch-up-one", 1],
    ["catch-up-all", 100],
  ])(
    "given %s and a schedule of every minute, when a year has passed, then it is decided at once, in few facts, with %i jobs of the last minutes",
    (policy, jobs) => {
      const clock = begin();
      clock.set("s", { cron: "* * * * *", missed: policy, timezone: "Europe/Berlin" });
      const before = performance.now();
      const facts = clock.at("2027-01-01T00:00:30.000Z");
      expect(performance.now() - before).toBeLessThan(DECIDED_MS_MAX);
      // The minute that has just begun is due and not missed.
      const made = submitted(facts);
      expect(made).toHaveLength(jobs + 1);
      expect(new Set(made).size).toBe(jobs + 1);
      expect(made.at(-1)).toBe("s-20270101T000000Z");
      expect(facts.length).toBeLessThan(2 * (jobs + 1) + 5);
      expect(ofType(facts, "ScheduleMissed")[0]?.from).toBe("2026-01-01T00:01:00.000Z");
      expect(clock.schedule("s")).toMatchObject({ fired: jobs + 1, nextAt: "2027-01-01T00:01:00.000Z" });
    },
  );

  test.each<[string, string]>([
    // More of its times than are counted come on one day, and the next only a month later.
    ["* * 1 * *", "2026-01-31T23:00:00.000Z"],
    ["*/2 0-12 1-3 * *", "2026-01-31T23:00:00.000Z"],
    ["* * 1 1 *", "2027-01-02T10:00:00.000Z"],
  ])(
    "given catch-up-all and '%s', whose times come in bunches, when it is %s, then no time comes again",
    (cron, until) => {
      const { clock, facts } = missed("catch-up-all", cron, until);
      const times = ofType(facts, "ScheduleFired").map(({ dueAt }) => dueAt);
      expect(times.length).toBeGreaterThan(80);
      expect([...new Set(times)].sort()).toEqual(times);
      const leftOut = ofType(facts, "ScheduleMissed").map(({ to }) => to);
      expect(leftOut.length).toBeGreaterThan(0);
      expect([...leftOut, ...times].sort()).toEqual([...leftOut, ...times]);
      expect([until, clock.schedule("s").nextAt ?? ""].sort()[0]).toBe(until);
    },
  );
});

describe("commands on schedules", () => {
  test("given a schedule, when it is set to what it is, then nothing is recorded; when it is changed, then its past stays", () => {
    const clock = begin();
    clock.set("s");
    expect(clock.set("s")).toBe("");
    clock.at("2026-01-01T01:00:00.000Z");
    expect(clock.set("s", { cron: "15 * * * *", missed: "catch-up-one" })).toBe("ScheduleSet → s");
    expect(clock.schedule("s")).toEqual({
      name: "s",
      template: "nightly",
      cron: "15 * * * *",
      timezone: "UTC",
      missed: "catch-up-one",
      enabled: true,
      source: "command",
      nextAt: "2026-01-01T01:15:00.000Z",
      lastAt: "2026-01-01T01:00:00.000Z",
      lastJob: "s-20260101T010000Z",
      fired: 1,
      missedCount: 0,
    });
  });

  test("given a template that is not there, when a schedule is set, then it is refused and those that are there are named", () => {
    expect(begin().set("s", { template: "weekly" })).toBe(
      'invalid: template: "weekly" is unknown; configured templates: daily, nightly',
    );
  });

  test("given a thousand schedules, when one more is set, then it is refused; one that is there can be changed", () => {
    const clock = begin();
    for (let n = 0; n < 1_000; n += 1) clock.set(`s${n}`);
    expect(clock.set("one-more")).toBe("conflict: there are 1000 schedules already");
    expect(clock.set("s7", { cron: "0 6 * * *" })).toBe("ScheduleSet → s7");
  });

  test("given a schedule that is disabled, when its time comes, then nothing happens; enabled again it goes on from then", () => {
    const clock = begin();
    clock.set("s", { missed: "catch-up-all" });
    expect(clock.command({ kind: "disable", name: "s" })).toBe("ScheduleDisabled");
    expect(clock.command({ kind: "disable", name: "s" })).toBe("");
    expect(clock.at("2026-01-01T03:30:00.000Z")).toEqual([]);
    expect(clock.command({ kind: "enable", name: "s" })).toBe("ScheduleEnabled");
    expect(clock.command({ kind: "enable", name: "s" })).toBe("");
    expect(clock.schedule("s")).toMatchObject({ nextAt: "2026-01-01T04:00:00.000Z", missedCount: 0 });
    expect(submitted(clock.at("2026-01-01T04:00:00.000Z"))).toEqual(["s-20260101T040000Z"]);
  });

  test("given a schedule set as disabled, when it is listed, then it has no next time; setting it anew enables it", () => {
    const clock = begin();
    clock.set("s", { enabled: false });
    expect(clock.schedule("s")).toMatchObject({ enabled: false, nextAt: null });
    clock.set("s", { enabled: true });
    expect(clock.schedule("s")).toMatchObject({ enabled: true, nextAt: "2026-01-01T01:00:00.000Z" });
  });

  test("given a schedule, when it is triggered, then it submits at once, disabled or not, and its next time stays", () => {
    const clock = begin();
    clock.set("s");
    clock.at("2026-01-01T00:10:00.250Z");
    expect(clock.command({ kind: "trigger", name: "s" })).toBe(
      "JobSubmitted ScheduleFired → s-by-hand-20260101T001000Z-250",
    );
    expect(clock.schedule("s")).toMatchObject({ nextAt: "2026-01-01T01:00:00.000Z", fired: 1 });
    clock.command({ kind: "disable", name: "s" });
    clock.at("2026-01-01T02:00:00.001Z");
    expect(clock.command({ kind: "trigger", name: "s" })).toBe(
      "JobSubmitted ScheduleFired → s-by-hand-20260101T020000Z-001",
    );
    expect(clock.schedule("s")).toMatchObject({
      enabled: false,
      nextAt: null,
      fired: 2,
      lastJob: "s-by-hand-20260101T020000Z-001",
    });
  });

  test("given a schedule that was triggered, when it is again in the same millisecond, then that is refused: it would be the same job", () => {
    const clock = begin();
    clock.set("s");
    const { around, book } = clock;
    const trigger = () =>
      decideCommand(book.fold, { verb: "schedule", action: { kind: "trigger", name: "s" } }, around);
    const first = trigger();
    if ("refused" in first) throw new Error(first.reason);
    for (const fact of first.facts) book.fact(fact);
    expect(trigger()).toEqual({ refused: "conflict", reason: "s was triggered at this very moment already" });
  });

  test("given a template that is gone, when the schedule is triggered, then that is refused, with nothing on record", () => {
    const clock = begin();
    clock.set("s");
    clock.catalogue = { ...catalogue, templates: new Map() };
    const entries = clock.book.entries.length;
    expect(clock.command({ kind: "trigger", name: "s" })).toBe(
      'conflict: schedule s: template: "nightly" is unknown; no templates are configured',
    );
    expect(clock.book.entries).toHaveLength(entries);
  });

  test("given a schedule, when it is removed, then it is gone and fires no more", () => {
    const clock = begin();
    clock.set("s");
    clock.set("t");
    expect(clock.command({ kind: "rm", name: "s" })).toBe("ScheduleRemoved");
    expect(submitted(clock.at("2026-01-01T01:00:00.000Z"))).toEqual(["t-20260101T010000Z"]);
    for (const kind of ["enable", "disable", "trigger", "rm"] as const)
      expect(clock.command({ kind, name: "s" })).toBe("not-found: there is no schedule s; schedules are t");
  });
});

describe("what changes later (INV-005)", () => {
  test("given jobs of a schedule, when its template or the schedule is changed, then they stay as they are, and the next firing is of the new", () => {
    const clock = begin();
    clock.set("s");
    const [first] = submitted(clock.at("2026-01-01T01:00:00.000Z"));
    const jobs = () => [...clock.book.fold.jobs.values()].map(({ id, spec, position }) => ({ id, spec, position }));
    const before = JSON.stringify(jobs());
    clock.catalogue = {
      types: new Map([["story", { resources: { ollama: 1 }, params: { model: "large" } }]]),
      templates: new Map([["nightly", { type: "story", params: { tone: "grim" }, priority: 9, maxAttempts: 1 }]]),
    };
    expect(JSON.stringify(jobs())).toBe(before);
    const [, second] = [first, ...submitted(clock.at("2026-01-01T02:00:00.000Z"))];
    clock.set("s", { template: "nightly", cron: "30 * * * *", timezone: "Asia/Kolkata" });
    // Half past in Kolkata is on the hour in UTC; the zone of a change applies to the next firing.
    expect(clock.schedule("s").nextAt).toBe("2026-01-01T03:00:00.000Z");
    clock.command({ kind: "rm", name: "s" });
    expect(JSON.stringify(jobs().slice(0, 1))).toBe(before);
    expect(clock.book.row(String(first)).spec).toMatchObject({ params: { tone: "dark" }, priority: 3, maxAttempts: 3 });
    expect(clock.book.row(String(second)).spec).toMatchObject({
      params: { model: "large", tone: "grim" },
      priority: 9,
      maxAttempts: 1,
    });
    expect(stateOf(clock.book.row(String(first)))).toBe("queued");
  });
});

describe("the fold as the guard of schedules", () => {
  const fired = {
    type: "ScheduleFired",
    schedule: "s",
    dueAt: "2026-01-01T01:00:00.000Z",
    submits: jobId("x"),
    triggered: false,
    nextAt: "2026-01-01T02:00:00.000Z",
  } as const;
  const skipped = {
    type: "ScheduleMissed",
    schedule: "s",
    from: "2026-01-01T01:00:00.000Z",
    to: "2026-01-01T01:00:00.000Z",
    count: 1,
    nextAt: "2026-01-01T02:00:00.000Z",
  } as const;
  test.each<[string, Fact, RegExp]>([
    ["a schedule that is not there", { ...fired, schedule: "t" }, /there is no schedule t/],
    ["another time than the one that is due", { ...fired, dueAt: "2026-01-01T02:00:00.000Z" }, /s is due at/],
    [
      "a next time that is not later",
      { ...fired, nextAt: fired.dueAt },
      /would be due at 2026-01-01T01:00:00.000Z again/,
    ],
    ["a firing by hand that moves the next time", { ...fired, triggered: true }, /by hand, which moves nothing/],
    ["times left out that are not due", { ...skipped, from: "2026-01-01T00:30:00.000Z" }, /s is due at/],
    ["the removal of none", { type: "ScheduleRemoved", schedule: "t" }, /there is no schedule t/],
  ])("given %s, when it is folded, then it is corruption", (_, fact, message) => {
    const clock = begin();
    clock.set("s");
    expect(() => clock.book.fact(fact)).toThrow(message);
  });

  test("given a time that has fired, when it fires again, then it is corruption: each time is done with once", () => {
    const clock = begin();
    clock.set("s");
    clock.at("2026-01-01T01:00:00.000Z");
    expect(() => clock.book.fact(fired)).toThrow(/s is due at 2026-01-01T02:00:00.000Z/);
  });
});
