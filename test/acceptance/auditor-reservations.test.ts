/** The auditor and reservations (DEC-004): sound ledgers pass, and each kind of planted violation is found at its address. */
import { describe, expect, test } from "vitest";
import { audit } from "../support/auditor.js";
import type { Raw } from "../support/auditor-world.js";
import { ledger } from "../support/ledger-builder.js";
import { begin, book, denied, found, granted, joined, limits, submitted } from "../support/raw-ledger.js";

type Units = Readonly<Record<string, number>>;

const asked = (reservation: string, resources: Units = {}): Raw => ({
  ...{ type: "ReservationRequested", reservation, resources, leaseMs: 1_000, holder: "somebody" },
});
const given = (reservation: string, demand: Units): Raw => ({ type: "ReservationGranted", reservation, demand });
const released = (reservation: string): Raw => ({ type: "ReservationReleased", reservation, reason: "released" });
const paused = (pool: string): Raw => ({ type: "PoolPaused", pool });
const gpu = (units: number): Units => ({ "resource:gpu": units });
const job = (id: string, resources: Units = {}): Raw => submitted(id, { resources });
const start = (id: string, demand: Units): Raw => granted(id, { demand });

/** Two graphics cards, four processors, no other limits. */
const cards = [...begin, limits({ resources: { gpu: 2, cpu: 4 } })];

describe("the auditor of reservations", () => {
  test("given reservations beside jobs, as the grant rule decides them, when they are audited, then nothing is found", () => {
    const written = ledger()
      .elected()
      .worker()
      .limits({ global: 2, resources: { gpu: 2 } });
    written.together((one) => one.reserved("room-1", { gpu: 2 }).reservationGranted("room-1"));
    // It waits for the first to end, and keeps nobody from the second slot.
    written.together((one) => one.reserved("room-2", { gpu: 1 }).submitted("a").granted("a"));
    written.submitted("b").decided();
    written.together((one) => one.expired("room-1").reservationGranted("room-2"));
    written.together((one) => one.started("a").completed("a").granted("b")).released("room-2");
    const { violations, peaks } = audit(written.lines);
    expect(violations).toEqual([]);
    expect(Object.fromEntries(peaks)).toEqual({ global: 2, "resource:gpu": 2 });
  });

  const sound: readonly (readonly [string, readonly string[]])[] = [
    [
      "one that waits only for an active one of the same pools, and a job that passes it",
      book(
        [...cards, asked("r1", { gpu: 1 }), given("r1", gpu(1))],
        [asked("r2", { gpu: 1 }), job("j1", { gpu: 1 }), start("j1", gpu(1))],
      ),
    ],
    [
      "one whose pool is paused, and a job that passes it",
      book(cards, [
        paused("resource:cpu"),
        asked("r1", { gpu: 2, cpu: 1 }),
        job("j1", { gpu: 2 }),
        start("j1", gpu(2)),
      ]),
    ],
    [
      "one that is too large since a limit was lowered, and a job that passes it",
      book(
        [...cards, job("j1", { gpu: 2 }), start("j1", gpu(2))],
        [asked("r1", { gpu: 2 })],
        [limits({ resources: { gpu: 1 } })],
        [{ type: "RunCompleted", job: "j1", grant: 1 }, job("j2", { gpu: 1 }), start("j2", gpu(1))],
      ),
    ],
    [
      "a later one of other pools, whose units the earlier one does not need",
      book(
        [...cards, job("j1", { cpu: 4 }), start("j1", { "resource:cpu": 4 })],
        [asked("r1", { gpu: 1, cpu: 1 }), asked("r2", { gpu: 1 }), given("r2", gpu(1))],
      ),
    ],
    [
      "one that needs no worker, where there is none",
      book([begin[0] ?? {}, limits({ resources: { gpu: 1 } })], [asked("r1", { gpu: 1 }), given("r1", gpu(1))]),
    ],
    [
      "two that have come to have the same pools only when the limits changed",
      book(
        [...cards, asked("r1", { gpu: 1 }), given("r1", gpu(1))],
        [asked("r2", { gpu: 1, cpu: 1 }), given("r2", { "resource:gpu": 1, "resource:cpu": 1 })],
        [limits({ resources: { gpu: 2 } })],
        [released("r1"), released("r2")],
      ),
    ],
  ];
  test.for(sound)("given %s, when it is audited, then nothing is found", ([, lines]) => {
    expect(audit(lines).violations).toEqual([]);
  });

  const planted: readonly (readonly [string, string, readonly string[]])[] = [
    [
      "a job over capacity beside an active one",
      "2.1 capacity",
      book([...cards, asked("r1", { gpu: 2 }), given("r1", gpu(2))], [job("j1", { gpu: 1 }), start("j1", gpu(1))]),
    ],
    [
      "a job over the global limit, of which an active one takes one",
      "2.1 capacity",
      book([...begin, asked("r1"), given("r1", { global: 1 })], [submitted("j1"), granted("j1")]),
    ],
    [
      "one over capacity beside a job",
      "2.1 capacity",
      book([...cards, job("j1", { gpu: 1 }), start("j1", gpu(1))], [asked("r1", { gpu: 2 }), given("r1", gpu(2))]),
    ],
    [
      "one from a paused pool",
      "1.5 capacity",
      book([...cards, paused("resource:gpu"), asked("r1", { gpu: 1 }), given("r1", gpu(1))]),
    ],
    [
      "one that takes fewer units than it asked for",
      "1.4 demand",
      book([...cards, asked("r1", { gpu: 2 }), given("r1", gpu(1))]),
    ],
    [
      "one that takes of a type's pool",
      "1.4 demand",
      book([...begin, limits({ types: { story: 1 } }), asked("r1"), given("r1", { "type:story": 1 })]),
    ],
    [
      "a second one of the same pools while the first is active",
      "2.1 reservation",
      book([...cards, asked("r1", { gpu: 1 }), given("r1", gpu(1))], [asked("r2", { gpu: 1 }), given("r2", gpu(1))]),
    ],
    ["one that is granted and was not asked for", "1.3 reservation", book([...cards, given("r1", gpu(1))])],
    [
      "one that is granted twice",
      "2.0 reservation",
      book([...cards, asked("r1", { gpu: 1 }), given("r1", gpu(1))], [given("r1", gpu(1))]),
    ],
    [
      "one that is asked for twice",
      "2.0 reservation",
      book([...cards, asked("r1", { gpu: 1 }), given("r1", gpu(1))], [asked("r1", { gpu: 1 })]),
    ],
    ["one that ends and was not asked for", "1.3 reservation", book([...cards, released("r1")])],
    [
      "one that ends twice",
      "2.0 reservation",
      book(
        [...cards, asked("r1"), given("r1", {}), released("r1")],
        [{ ...released("r1"), type: "ReservationExpired" }],
      ),
    ],
    [
      "a job that takes what a waiting one needs",
      "2.2 order",
      book(
        [...cards, job("j1", { gpu: 1 }), start("j1", gpu(1))],
        [asked("r1", { gpu: 2 }), job("j2", { gpu: 1 }), start("j2", gpu(1))],
      ),
    ],
    [
      "a job that takes what a waiting one needs, and says that it overtakes",
      "2.2 order",
      book(
        [...begin, limits({ resources: { gpu: 2 }, maxOvertakes: 9 }), job("j1", { gpu: 1 }), start("j1", gpu(1))],
        [asked("r1", { gpu: 2 }), job("j2", { gpu: 1 }), { ...start("j2", gpu(1)), overtook: ["r1"] }],
      ),
    ],
    [
      "a later one that takes what an earlier one needs",
      "2.2 order",
      book(
        [...cards, job("j1", { gpu: 1 }), start("j1", gpu(1))],
        [
          asked("r1", { gpu: 2 }),
          asked("r2", { gpu: 1, cpu: 1 }),
          given("r2", { "resource:gpu": 1, "resource:cpu": 1 }),
        ],
      ),
    ],
    ["one that could have its slots and does not get them", "1 idle", book([...cards, asked("r1", { gpu: 2 })])],
    [
      "one that could have its slots since the one before it ended",
      "3 idle",
      book([...cards, asked("r1", { gpu: 1 }), given("r1", gpu(1))], [asked("r2", { gpu: 1 })], [released("r1")]),
    ],
    [
      "one that takes nothing of any pool and does not get that, in a full house",
      "2 idle",
      book(
        [...begin, limits({ types: { story: 1 } }), submitted("j1"), start("j1", { "type:story": 1 })],
        [asked("r1")],
      ),
    ],
    [
      "a job left waiting that could start beside a waiting one",
      "2 idle",
      book(
        [...cards, asked("r1", { gpu: 1 }), given("r1", gpu(1))],
        [asked("r2", { gpu: 1 }), job("j1", { gpu: 1 }), denied("j1")],
      ),
    ],
    [
      "a job that takes nothing of any pool left waiting in a full house",
      "2 idle",
      book(
        [
          begin[0] ?? {},
          joined("w", 5),
          limits({ types: { story: 1 } }),
          submitted("j1"),
          start("j1", { "type:story": 1 }),
        ],
        [submitted("j2", { type: "other" }), denied("j2")],
      ),
    ],
  ];
  test.for(planted)("given a ledger with %s, when it is audited, then only that is found", ([, expected, lines]) => {
    expect(found(lines)).toEqual([expected]);
  });
});
