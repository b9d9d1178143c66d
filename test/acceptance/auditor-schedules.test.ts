/** The auditor and schedules (DEC-010): sound ledgers pass, and each kind of planted violation is found at its address. */
import { describe, expect, test } from "vitest";
import { audit } from "../support/auditor.js";
import type { Raw } from "../support/auditor-world.js";
import { ledger } from "../support/ledger-builder.js";
import { begin, book, found, granted, limits, submitted } from "../support/raw-ledger.js";

/** Seconds after the beginning; entry N stands at second N - 1. */
const at = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, "0")}.000Z`;
const about = (type: string, more: Raw = {}): Raw => ({ type, schedule: "digest", ...more });
const set = (second: number | null, more: Raw = {}): Raw =>
  about("ScheduleSet", { template: "nightly", enabled: second !== null, nextAt: time(second), ...more });
const fired = (dueAt: number, submits: string, nextAt: number | null, more: Raw = {}): Raw =>
  about("ScheduleFired", { dueAt: at(dueAt), submits, triggered: false, nextAt: time(nextAt), ...more });
const missed = (from: number, to: number, count: number, nextAt: number | null): Raw =>
  about("ScheduleMissed", { from: at(from), to: at(to), count, nextAt: time(nextAt) });
const made = (job: string, template = "nightly"): Raw => submitted(job, { template });
const time = (second: number | null) => (second === null ? null : at(second));

const first = [...begin, limits({ global: 9 }), set(1)];
const run = [made("j1"), fired(1, "j1", 30), granted("j1")];

describe("the auditor of schedules", () => {
  test("given schedules that fire, miss and are triggered, as they are decided, when audited, then nothing is found", () => {
    const written = ledger().elected().worker().limits({ global: 9 });
    const job = (id: string) => (one: typeof written) => one.submitted(id, { template: "nightly" });
    written.scheduleSet("digest", at(4));
    written.together((one) => job("a")(one).fired("digest", "a", at(5)).granted("a"));
    written.together((one) => {
      job("b")(one).fired("digest", "b", at(20)).granted("b");
      job("c")(one).fired("digest", "c", at(20), { triggered: true, dueAt: one.now }).granted("c");
    });
    written.later(60_000);
    written.together((one) => {
      one.missed("digest", { from: at(20), to: at(50), count: 4, nextAt: "2026-01-01T00:02:00.000Z" });
    });
    written.scheduleDisabled("digest").scheduleEnabled("digest", "2026-01-01T00:03:00.000Z").scheduleRemoved("digest");
    expect(audit(written.lines).violations).toEqual([]);
  });

  const sound: readonly (readonly [string, readonly string[]])[] = [
    ["one that fires at its time", book(first, run)],
    [
      "one that fires and whose submission is refused",
      book(first, [{ type: "JobRejected", job: "j1", jobType: "story", reason: "" }, fired(1, "j1", 30)]),
    ],
    [
      "one that fires and whose job was there already",
      book(
        [...first, submitted("j1"), granted("j1")],
        [{ type: "SubmissionDuplicated", job: "j1", intake: null }, fired(1, "j1", 30)],
      ),
    ],
    [
      "one that is triggered by hand while it is disabled",
      book([...first.slice(0, 3), set(null)], [made("j1"), fired(1, "j1", null, { triggered: true }), granted("j1")]),
    ],
    ["one that is set anew with a later time", book(first, run, [set(40, { template: "hourly" })])],
  ];
  test.for(sound)("given %s, when it is audited, then nothing is found", ([, lines]) => {
    expect(audit(lines).violations).toEqual([]);
  });

  const planted: readonly (readonly [string, string, readonly string[]])[] = [
    ["one that is due and does not fire", "2 late", book(first, [submitted("j1"), granted("j1")])],
    ["one that fires before its time", "1.5 early", book([...begin, limits({ global: 9 }), set(1), ...run])],
    [
      "one that fires twice for one time",
      "2.4 schedule",
      book(first, [...run, made("j2"), fired(1, "j2", 30), granted("j2")]),
    ],
    ["one that fires for another time", "2.1 schedule", book(first, [made("j1"), fired(0, "j1", 30), granted("j1")])],
    [
      "one that fires again for a time that is done with, after it was set anew",
      "3.2 schedule",
      book(first, run, [set(1), made("j2"), fired(1, "j2", 30), granted("j2")]),
    ],
    [
      "one that does not go on after it fired",
      "2.1 schedule",
      book(first, [made("j1"), fired(1, "j1", 1), granted("j1")]),
    ],
    ["one that fires and submits nothing", "2.0 schedule", book(first, [fired(1, "j1", 30)])],
    [
      "one that fires an entry after its submission",
      "3.0 schedule",
      book([...begin, limits({ global: 9 }), set(2)], [made("j1"), granted("j1")], [fired(2, "j1", 30)]),
    ],
    [
      "one that submits a job of another template",
      "2.1 schedule",
      book(first, [made("j1", "hourly"), fired(1, "j1", 30), granted("j1")]),
    ],
    ["one that fires and is disabled", "2.2 schedule", book(first, [about("ScheduleDisabled"), ...run])],
    ["one that fires and is gone", "2.2 schedule", book(first, [about("ScheduleRemoved"), ...run])],
    ["one that fires and was never set", "1.4 schedule", book([...first.slice(0, 3), ...run])],
    [
      "one that is set to be disabled and to fire",
      "1.3 schedule",
      book([...first.slice(0, 3), set(1, { enabled: false })]),
    ],
    ["one that is removed twice", "2.1 schedule", book(first, [about("ScheduleRemoved"), about("ScheduleRemoved")])],
    [
      "one that is triggered by hand and moves",
      "1.5 schedule",
      book([...first, made("j1"), fired(0, "j1", 30, { triggered: true }), granted("j1")]),
    ],
    ["times left out that have not passed", "2.0 schedule", book(first, [missed(1, 1, 1, 30)])],
    ["times left out and counted wrong", "4.0 schedule", book(first.slice(0, 3), [set(9)], [], [missed(1, 2, 1, 30)])],
    ["times left out backwards", "4.0 schedule", book(first.slice(0, 3), [set(9)], [], [missed(2, 1, 2, 30)])],
    [
      "times left out of one that is disabled",
      "3.0 schedule",
      book(first.slice(0, 3), [set(null)], [missed(1, 1, 1, 30)]),
    ],
    [
      "times left out twice",
      "5.0 schedule",
      book(first.slice(0, 3), [set(1)], [], [missed(1, 2, 2, 9)], [missed(1, 2, 2, 9)]),
    ],
    ["times left out and come to again", "4.0 schedule", book(first.slice(0, 3), [set(1)], [], [missed(1, 2, 2, 2)])],
  ];
  test.for(planted)("given %s, when it is audited, then it is found at its address", ([, expected, lines]) => {
    expect(found(lines)).toContain(expected);
  });
});
