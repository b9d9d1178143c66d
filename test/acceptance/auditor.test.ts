/** The auditor itself: a sound ledger passes, and each kind of planted violation is found, by its rule and at its address. */
import { describe, expect, test } from "vitest";
import { audit, LedgerAuditor, type Rule } from "../support/auditor.js";
import type { Raw } from "../support/auditor-world.js";
import {
  begin,
  book,
  change,
  completed,
  denied,
  due,
  elected,
  failed,
  found,
  granted,
  joined,
  limits,
  started,
  submitted,
} from "../support/raw-ledger.js";

/** j1 runs and ends, j2 waits meanwhile, fails once, and ends. */
const sound = book(
  begin,
  [submitted("j1"), submitted("j2"), granted("j1"), denied("j2")],
  [started("j1", 2)],
  [completed("j1", 2), granted("j2")],
  [started("j2", 4), failed("j2", 4, "2026-01-01T00:00:05.000Z")],
  [due("j2"), granted("j2", { attempt: 2 })],
  [started("j2", 6), completed("j2", 6)],
);

describe("the auditor", () => {
  test("given a sound ledger, when it is audited, then nothing is found and the jobs are accounted for", () => {
    const { violations, jobs, peaks, entries } = audit(sound);
    expect(violations).toEqual([]);
    expect(entries).toBe(7);
    expect(jobs.get("j2")).toMatchObject({ state: "completed", attempts: 2, grants: [4, 6] });
    expect(peaks.get("global")).toBe(1);
  });

  test("given an export with a header line, when it is audited, then the header is passed over", () => {
    const header = JSON.stringify({ format: 1, namespace: "signalbox", stream: "x" });
    const { violations, entries } = audit([header, ...sound]);
    expect(violations).toEqual([]);
    expect(entries).toBe(7);
  });

  const planted: readonly (readonly [string, string, readonly string[]])[] = [
    ["a line that is no JSON", "2 unreadable", [...sound.slice(0, 1), "{", ...sound.slice(1)]],
    ["an entry without facts", "1 unreadable", ['{"facts":[]}']],
    [
      "a hole in the positions",
      "5 contiguity",
      sound.map((line, at) => JSON.stringify({ position: at < 3 ? at + 1 : at + 2, ...JSON.parse(line) })),
    ],
    ["a broken chain", "3 chain", change(sound, 2, { prev: "e1" })],
    ["an entry id used twice", "3 chain", change(sound, 2, { id: "e2" })],
    ["a time that goes back", "4 time", change(sound, 3, { at: "2025-01-01T00:00:00.000Z" })],
    ["an intake progress that goes back", "3 intake", change(sound, 1, { intake: { sequence: 5, taken: 0 } })],
    ["an epoch that nobody was elected to", "3 epoch", change(sound, 2, { epoch: 7 })],
    ["an election that skips an epoch", "2 epoch", book(begin, [elected(3)])],
    [
      "a pool over capacity",
      "2.3 capacity",
      book(begin, [submitted("j1"), submitted("j2"), granted("j1"), granted("j2")]),
    ],
    [
      "a grant from a paused pool",
      "2.1 capacity",
      book([...begin, { type: "PoolPaused", pool: "global" }], [submitted("j1"), granted("j1")]),
    ],
    [
      "a start after the limit was lowered below what is in use",
      "5.1 capacity",
      book(
        [...begin, limits({ global: 3 })],
        [submitted("j1"), submitted("j2"), submitted("j3"), granted("j1"), granted("j2"), granted("j3")],
        [limits({ global: 2 })],
        [submitted("j4"), denied("j4")],
        [started("j1", 2), granted("j4")],
      ),
    ],
    [
      "a grant of fewer slots than the job demands",
      "2.1 demand",
      book(
        [...begin, limits({ global: 1, resources: { gpu: 2 } })],
        [submitted("j1", { resources: { gpu: 2 } }), granted("j1")],
      ),
    ],
    ["a worker that never joined", "2.1 seats", book(begin, [submitted("j1"), granted("j1", { worker: "ghost" })])],
    [
      "a worker over its capacity",
      "2.3 seats",
      book(
        [elected(), joined("w", 1), limits({})],
        [submitted("j1"), submitted("j2"), granted("j1", { demand: {} }), granted("j2", { demand: {} })],
      ),
    ],
    [
      "a worker of other types",
      "2.1 seats",
      book([elected(), joined("w", 1, ["other"]), joined("v", 1)], [submitted("j1"), granted("j1")]),
    ],
    [
      "the later of two equals first",
      "2.2 order",
      book(begin, [submitted("j1"), submitted("j2"), granted("j2"), denied("j1")]),
    ],
    [
      "the lower priority first",
      "2.2 order",
      book(begin, [submitted("j1"), submitted("j2", { priority: 5 }), granted("j1"), denied("j2")]),
    ],
    [
      "a start that takes what somebody ahead waits for",
      "3.1 order",
      book(
        [...begin, limits({ resources: { gpu: 2 } })],
        [
          submitted("j1", { resources: { gpu: 1 } }),
          submitted("j2", { resources: { gpu: 2 } }),
          granted("j1", { demand: { "resource:gpu": 1 } }),
          denied("j2"),
        ],
        [submitted("j3", { resources: { gpu: 1 } }), granted("j3", { demand: { "resource:gpu": 1 } })],
      ),
    ],
    ["a job left waiting that could start", "2 idle", book(begin, [submitted("j1"), denied("j1")])],
    [
      "a second grant while the first is live",
      "3.0 live-grant",
      book([...begin, limits({ global: 2 })], [submitted("j1"), granted("j1")], [granted("j1", { attempt: 2 })]),
    ],
    ["the word of an older attempt", "7.0 live-grant", change(sound, 6, { facts: [started("j2", 4)] })],
    [
      "a fact after the end",
      "8.0 terminal",
      [
        ...sound,
        ...book(...Array(7).fill([]), [completed("j1", 2)])
          .slice(7)
          .map((line) => JSON.stringify({ ...JSON.parse(line), epoch: 1 })),
      ],
    ],
    [
      "a run that ends before it is granted",
      "2.1 life",
      book(begin, [submitted("j1"), { type: "RunCompleted", job: "j1" }]),
    ],
    [
      "two jobs of one id",
      "2.1 life",
      book([...begin, limits({ global: 2 })], [submitted("j1"), submitted("j1"), granted("j1")]),
    ],
    ["a wrong attempt number", "6.1 attempts", change(sound, 5, { facts: [due("j2"), granted("j2", { attempt: 3 })] })],
    [
      "a retry beyond the last attempt",
      "3.0 attempts",
      book(begin, [submitted("j1", { maxAttempts: 1 }), granted("j1")], [failed("j1", 2, "2026-01-01T00:00:09.000Z")]),
    ],
    [
      "an amendment after the grant",
      "3.0 fixed",
      change(sound, 2, { facts: [{ type: "JobAmended", job: "j1", priority: 9 }, started("j1", 2)] }),
    ],
    [
      "a retry before its time",
      "6.0 early",
      change(sound, 4, { facts: [started("j2", 4), failed("j2", 4, "2026-01-01T00:00:59.000Z")] }),
    ],
    [
      "a wait without a word",
      "4.1 denial",
      change(sound, 1, { facts: [submitted("j1"), submitted("j2"), granted("j1")] }),
    ],
  ];
  test.for(planted)(
    "given a ledger with %s, when it is audited, then it is found at its address",
    ([, expected, lines]) => {
      expect(found(lines)).toContain(expected);
    },
  );

  test("given every rule, when the planted violations are counted, then each rule has one", () => {
    const rules = new Set(planted.map(([, expected]) => expected.split(" ")[1]));
    // Those about groups, reservations, schedules and times have theirs in auditor-life.test.ts; who was told to stop is not in a ledger.
    type Elsewhere = "lost-submission" | "late" | "reservation" | "group" | "schedule" | "stopping";
    const all: Record<Exclude<Rule, Elsewhere>, true> = {
      unreadable: true,
      contiguity: true,
      chain: true,
      time: true,
      epoch: true,
      intake: true,
      capacity: true,
      demand: true,
      seats: true,
      order: true,
      idle: true,
      "live-grant": true,
      terminal: true,
      life: true,
      attempts: true,
      fixed: true,
      early: true,
      denial: true,
    };
    expect([...rules].sort()).toEqual(Object.keys(all).sort());
  });

  test("given a dispatcher that was told to stop, when it grants in more than the entry that was on its way, then it is found (CON-003)", () => {
    const auditor = new LedgerAuditor();
    const lines = book(
      [...begin, limits({ global: 2 })],
      [submitted("j1"), granted("j1")],
      [submitted("j2"), granted("j2")],
    );
    for (const [index, line] of lines.entries()) {
      if (index === 1) auditor.world.toldToStop(auditor.world.leader);
      auditor.entry(line);
    }
    expect(auditor.violations.map(({ rule, address }) => `${address} ${rule}`)).toEqual(["3.1 stopping"]);
  });

  test("given a limit lowered below what is in use, when runs end, then they are let run and nothing is found (CC-5)", () => {
    const lines = book(
      [...begin, limits({ global: 2 })],
      [submitted("j1"), submitted("j2"), submitted("j3"), granted("j1"), granted("j2"), denied("j3")],
      [limits({ global: 1 })],
      [started("j1", 2), completed("j1", 2)],
      [started("j2", 2), completed("j2", 2), granted("j3")],
    );
    expect(found(lines)).toEqual([]);
  });

  test("given a job that fits into no pool any more, when others start before it, then nothing is found (CC-5)", () => {
    const lines = book(
      [...begin, limits({ resources: { gpu: 2 } })],
      [{ type: "PoolPaused", pool: "resource:gpu" }],
      [submitted("j1", { resources: { gpu: 2 } }), denied("j1")],
      [limits({ resources: { gpu: 1 } }), { type: "PoolResumed", pool: "resource:gpu" }],
      [submitted("j2", { resources: { gpu: 1 } }), granted("j2", { demand: { "resource:gpu": 1 } })],
    );
    expect(found(lines)).toEqual([]);
  });

  test("given a reign that ends by a drain, when startable jobs are left waiting, then nothing is found (CON-003)", () => {
    const lines = book(
      begin,
      [submitted("j1")],
      [{ type: "WorkerLeft", worker: "w", reason: "shutdown" }],
      [elected(2), joined("v"), granted("j1", { worker: "v" })],
    );
    expect(found(lines)).toEqual([]);
  });

  test("given overtaking is allowed twice, when a job is overtaken a third time, then that is found", () => {
    const other = (job: string): Raw => granted(job, { demand: { "resource:gpu": 1 }, overtook: ["j2"] });
    const small = (job: string): Raw => submitted(job, { resources: { gpu: 1 } });
    const lines = book(
      [...begin, limits({ resources: { gpu: 5 }, maxOvertakes: 2 })],
      [
        small("j1"),
        submitted("j2", { resources: { gpu: 5 } }),
        granted("j1", { demand: { "resource:gpu": 1 } }),
        denied("j2"),
      ],
      [small("j3"), other("j3")],
      [small("j4"), other("j4")],
      [small("j5"), other("j5")],
    );
    expect(found(lines)).toEqual(["5.1 order"]);
  });

  describe("with the intake at hand", () => {
    const message = (sequence: number, subject: string, text: string) => ({ sequence, subject, text });
    const record = (...points: readonly (readonly [number, number | null])[]): string[] =>
      book(
        [...begin, limits({})],
        points.map(([sequence, index]) => ({
          type: "JobRejected",
          job: index === null ? `j${sequence}` : `j${sequence}-${index}`,
          createdAt: "",
          intake: { sequence, index },
        })),
      ).map((line) => JSON.stringify({ ...JSON.parse(line), intake: { sequence: 2, taken: 0 } }));
    const intake = [
      message(1, "signalbox.submit.story", "{}"),
      message(2, "signalbox.submit", '[{"type":"a"},{"type":"b"}]'),
    ];

    test("given every submission on record, when it is audited, then nothing is found", () => {
      expect(audit(record([1, null], [2, 0], [2, 1]), intake).violations).toEqual([]);
    });

    test.for([
      ["a submission that is on record nowhere", record([1, null], [2, 0]), "intake 2-1"],
      ["a submission that is on record twice", record([1, null], [1, null], [2, 0], [2, 1]), "intake 1"],
      ["a submission that nobody sent", record([1, null], [2, 0], [2, 1], [2, 2]), "intake 2-2"],
    ] as const)("given %s, when it is audited, then it is found", ([, lines, address]) => {
      const missing = audit(lines, intake).violations.filter(({ rule }) => rule === "lost-submission");
      expect(missing.map((violation) => violation.address)).toEqual([address]);
    });

    test("given a message behind the decided ones, when it is audited, then it is found", () => {
      const { violations } = audit(record([1, null], [2, 0], [2, 1]), [
        ...intake,
        message(3, "signalbox.submit.story", ""),
      ]);
      expect(violations.map(({ address }) => address)).toEqual(["intake 3", "intake 3"]);
    });
  });
});
