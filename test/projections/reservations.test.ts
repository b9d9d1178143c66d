/** Direct execution in the grant rule and in the fold: [running], then [direct], then [queue] (DEC-004). */
import { describe, expect, test } from "vitest";
import { jobId, reservationId } from "../../events/names.js";
import { explain } from "../../projections/explain/explain.js";
import { decideReservation } from "../../projections/reservation-commands.js";
import { reservationsView, reservationView, slotsView } from "../../projections/views/views.js";
import { type LedgerBuilder, ledger } from "../support/ledger-builder.js";

const OLLAMA = { resources: { ollama: 1 } };
const scheduler = (resources: Readonly<Record<string, number>> = { ollama: 1 }): LedgerBuilder =>
  ledger().elected().worker().limits({ resources });

/** Who has been granted slots so far, jobs and reservations, in the order of the ledger. */
const granted = (book: LedgerBuilder): readonly string[] =>
  book.entries.flatMap(({ entry }) =>
    entry.facts.flatMap((fact): readonly string[] =>
      fact.type === "StartGranted" ? [fact.job] : fact.type === "ReservationGranted" ? [fact.reservation] : [],
    ),
  );

const use = (book: LedgerBuilder): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.values(book.fold.slots.pools).map(({ name, used, capacity }) => [name, `${used}/${capacity}`]),
  );

describe("the order: running, direct, queue", () => {
  test("given a running job, a reservation and three queued jobs, when the job ends, then the reservation is next, and then the queue", () => {
    const book = scheduler().submitted("running", OLLAMA).decided();
    for (const id of ["q1", "q2", "q3"]) book.submitted(id, { ...OLLAMA, priority: 1_000 }).decided();
    book.reserved("direct", { ollama: 1 }).decided();
    expect(granted(book)).toEqual(["running"]);
    book.started("running").completed("running").decided();
    expect(granted(book)).toEqual(["running", "direct"]);
    book.released("direct").decided();
    expect(granted(book)).toEqual(["running", "direct", "q1"]);
    expect(use(book)).toEqual({ "resource:ollama": "1/1" });
  });

  test("given a running job, when somebody reserves its slot, then it is not preempted: the grant waits for its end", () => {
    const book = scheduler()
      .submitted("running", OLLAMA)
      .decided()
      .started("running")
      .reserved("direct", { ollama: 1 });
    expect(book.decide().reserved).toEqual([]);
    expect(book.row("running").attempts).toMatchObject([{ outcome: null }]);
  });

  test("given two waiting reservations, when a third comes, then they go in the order in which they were asked for", () => {
    const book = scheduler({ a: 1, b: 1, c: 1 })
      .submitted("running", { resources: { a: 1, b: 1, c: 1 } })
      .decided();
    book.reserved("z", { a: 1 }).reserved("10", { b: 1 }).reserved("y", { a: 1, c: 1 }).decided();
    book.started("running").completed("running").decided();
    expect(granted(book)).toEqual(["running", "z", "10"]);
    book.released("z").decided();
    expect(granted(book)).toEqual(["running", "z", "10", "y"]);
  });
});

describe("one of a set of pools is active", () => {
  test("given room for two, when two reserve the same pools, then the next waits for the first, and the room is the queue's", () => {
    const book = scheduler({ ollama: 3 }).reserved("first", { ollama: 1 }).reserved("next", { ollama: 1 }).decided();
    expect(granted(book)).toEqual(["first"]);
    book.submitted("q1", OLLAMA).submitted("q2", OLLAMA).decided();
    expect(granted(book)).toEqual(["first", "q1", "q2"]);
    book.released("first").decided();
    expect(granted(book)).toEqual(["first", "q1", "q2", "next"]);
  });

  test("given several wait for the same pools, when room is kept, then for the first of them only", () => {
    const book = scheduler({ ollama: 1, cpu: 3 }).submitted("running", OLLAMA).decided();
    for (const id of ["r1", "r2", "r3"]) book.reserved(id, { ollama: 1, cpu: 1 });
    for (const id of ["q1", "q2", "q3"]) book.submitted(id, { resources: { cpu: 1 } });
    book.decided();
    expect(granted(book)).toEqual(["running", "q1", "q2"]);
    expect(use(book)).toEqual({ "resource:ollama": "1/1", "resource:cpu": "2/3" });
  });

  test("given other pools, when another one reserves them, then it is granted at once", () => {
    const book = scheduler({ ollama: 2, cpu: 2 }).reserved("a", { ollama: 1 }).reserved("b", { cpu: 1 });
    book.reserved("c", { ollama: 1, cpu: 1 }).decided();
    expect(granted(book)).toEqual(["a", "b", "c"]);
  });

  test("given limits without a pool for it, when several reserve, then each is granted at once, and takes nothing", () => {
    const book = scheduler().reserved("a").reserved("b").reserved("c", { ollama: 1 }).decided();
    expect(granted(book)).toEqual(["a", "b", "c"]);
    expect(use(book)).toEqual({ "resource:ollama": "1/1" });
  });

  test("given one is active, when a ledger grants the same pools to another one, then it is refused as corrupt", () => {
    const book = scheduler({ ollama: 2 }).reserved("a", { ollama: 1 }).reserved("b", { ollama: 1 }).decided();
    const fact = {
      type: "ReservationGranted",
      reservation: reservationId("b"),
      demand: { "resource:ollama": 1 },
    } as const;
    expect(() => {
      book.fact(fact);
      return book.fold.slots;
    }).toThrow(/a holds the same pools/);
  });
});

describe("what is set aside", () => {
  test("given a reservation of more units than are free, when small jobs keep coming, then none of them starts before it", () => {
    const book = scheduler({ cpu: 4 })
      .submitted("running", { resources: { cpu: 3 } })
      .decided();
    book
      .reserved("large", { cpu: 4 })
      .submitted("small", { resources: { cpu: 1 }, priority: 1_000 })
      .decided();
    expect(granted(book)).toEqual(["running"]);
    expect(explain(book.fold, jobId("small"))).toMatchObject({
      verdict: "waiting",
      text:
        "small waits for resource:cpu: 3 of 4 used by running since 00:00:04Z, but the rest is kept for others: large is ahead " +
        "of it (reservations go first). It starts when large has had its turn.",
    });
    book.started("running").completed("running").decided();
    expect(granted(book)).toEqual(["running", "large"]);
  });

  test("given jobs with other pools, when a reservation waits, then they are not held up", () => {
    const book = scheduler({ ollama: 1, cpu: 1 }).submitted("running", OLLAMA).decided();
    book
      .reserved("direct", { ollama: 1 })
      .submitted("other", { resources: { cpu: 1 } })
      .decided();
    expect(granted(book)).toEqual(["running", "other"]);
  });

  test("given a paused pool, when a reservation needs it, then it keeps nobody from its other pools until it is resumed", () => {
    const book = scheduler({ ollama: 1, cpu: 1 }).paused("resource:ollama").reserved("direct", { ollama: 1, cpu: 1 });
    book.submitted("q1", { resources: { cpu: 1 } }).decided();
    expect(granted(book)).toEqual(["q1"]);
    expect(reservationView(book.fold, "direct")).toMatchObject({
      blockedBy: [
        { pool: "resource:cpu", used: 1 },
        { pool: "resource:ollama", paused: true },
      ],
    });
    book
      .submitted("q2", { resources: { cpu: 1 } })
      .resumed("resource:ollama")
      .decided();
    book.started("q1").completed("q1").decided();
    expect(granted(book)).toEqual(["q1", "direct"]);
  });

  test("given a capacity lowered below a demand, when it waits, then it keeps nobody from anything, and goes on when raised", () => {
    const book = scheduler({ cpu: 2 })
      .submitted("running", { resources: { cpu: 2 } })
      .decided();
    book
      .reserved("large", { cpu: 2 })
      .limits({ resources: { cpu: 1 } })
      .submitted("q1", { resources: { cpu: 1 } });
    book.started("running").completed("running").decided();
    expect(granted(book)).toEqual(["running", "q1"]);
    book
      .limits({ resources: { cpu: 2 } })
      .submitted("q2", { resources: { cpu: 1 } })
      .decided();
    book.started("q1").completed("q1").decided();
    expect(granted(book)).toEqual(["running", "q1", "large"]);
  });

  test("given overtaking is allowed, when a reservation waits, then no job overtakes it", () => {
    const book = ledger()
      .elected()
      .worker()
      .limits({ resources: { cpu: 4 }, maxOvertakes: 3 });
    book
      .submitted("running", { resources: { cpu: 3 } })
      .decided()
      .reserved("large", { cpu: 4 });
    book.submitted("small", { resources: { cpu: 1 } }).decided();
    expect(granted(book)).toEqual(["running"]);
  });
});

describe("limits that change while it is held", () => {
  test("given it holds slots, when the capacity falls below, then it keeps them, nobody starts, and its release gives all back", () => {
    const book = scheduler({ cpu: 3 })
      .reserved("direct", { cpu: 3 })
      .decided()
      .limits({ resources: { cpu: 1 } });
    book.submitted("q1", { resources: { cpu: 1 } }).decided();
    expect(use(book)).toEqual({ "resource:cpu": "3/1" });
    expect(granted(book)).toEqual(["direct"]);
    book.released("direct").decided();
    expect(use(book)).toEqual({ "resource:cpu": "1/1" });
    expect(granted(book)).toEqual(["direct", "q1"]);
  });

  test("given it holds slots of pools that come and go, when it ends, then nothing is given back that was not counted", () => {
    const book = scheduler({ cpu: 2 }).reserved("direct", { cpu: 1 }).decided().limits({ global: 2 });
    expect(use(book)).toEqual({ global: "1/2" });
    book.limits({ global: 2, resources: { cpu: 4 } });
    expect(use(book)).toEqual({ global: "1/2", "resource:cpu": "1/4" });
    book.expired("direct");
    expect(use(book)).toEqual({ global: "0/2", "resource:cpu": "0/4" });
  });

  test.each([
    ["A", { global: 1 }, { global: 1 }],
    ["B", { types: { story: 1 } }, {}],
    ["C", { resources: { ollama: 1 } }, { "resource:ollama": 1 }],
    ["A and C", { global: 2, resources: { ollama: 1 } }, { global: 1, "resource:ollama": 1 }],
  ])(
    "given strategy %s, when it is reserved, then its demand is what the limits say, and never of a type",
    (_name, limits, demand) => {
      const book = ledger().elected().worker().limits(limits).reserved("direct", { ollama: 1 }).decided();
      expect(reservationView(book.fold, "direct")).toMatchObject({ state: "granted", demand });
    },
  );
});

describe("the commands", () => {
  const ask = (book: LedgerBuilder, id: string, resources: Readonly<Record<string, number>>) =>
    decideReservation(book.fold, { verb: "reserve", id: reservationId(id), resources, leaseMs: 1_000, holder: "me" });

  test.each([
    [{ gpu: 1 }, /resources\.gpu: there is no such pool .*configured pools: ollama/],
    [{ ollama: 2 }, /resources\.ollama: demands 2 .*capacity is 1/],
  ])(
    "given a demand of %j that no pool can meet, when it is asked for, then it is refused with what is allowed",
    (resources, reason) => {
      expect(ask(scheduler(), "direct", resources)).toEqual({
        refused: "invalid",
        reason: expect.stringMatching(reason),
      });
    },
  );

  test("given the same request again, when it is decided, then nothing is recorded, and it is the same reservation", () => {
    const book = scheduler().reserved("constructor", { ollama: 1 }).decided();
    expect(ask(book, "constructor", { ollama: 1 })).toEqual({ facts: [], id: "constructor" });
    expect(ask(book, "toString", {})).toMatchObject({
      facts: [{ type: "ReservationRequested", reservation: "toString" }],
    });
  });

  test("given it has ended, when it is released, then it is said not to be there", () => {
    const book = scheduler().reserved("direct").expired("direct");
    const id = reservationId("direct");
    expect(decideReservation(book.fold, { verb: "release", id, reason: "done" })).toMatchObject({
      refused: "not-found",
    });
  });
});

describe("how they are shown", () => {
  test("given one holds and others wait, when they are listed, then each with its place, and with whom it waits for", () => {
    const book = scheduler({ ollama: 1, cpu: 2 }).submitted("job", OLLAMA).decided();
    book
      .reserved("r1", { cpu: 1 })
      .decided()
      .reserved("r2", { ollama: 1, cpu: 1 })
      .reserved("r3", { cpu: 2 })
      .decided();
    const since = book.fold.slots.reservations[reservationId("r1")]?.since;
    expect(reservationsView(book.fold)).toMatchObject([
      {
        id: "r1",
        state: "granted",
        place: null,
        demand: { "resource:cpu": 1 },
        since,
        blockedBy: [],
        holder: "holder of r1",
      },
      {
        id: "r2",
        state: "waiting",
        place: 1,
        blockedBy: [{ pool: "resource:ollama", holders: [{ id: "job" }], ahead: [] }],
      },
      {
        id: "r3",
        state: "waiting",
        place: 2,
        blockedBy: [{ pool: "resource:cpu", needs: 2, holders: [{ id: "r1" }], ahead: ["r2"] }],
      },
    ]);
    expect(reservationView(book.fold, "r3")).toEqual(reservationsView(book.fold)[2]);
    expect(reservationView(book.fold, "nobody")).toBeNull();
  });

  test("given room that is kept for others, when one waits for it, then it is told who is ahead", () => {
    const book = scheduler({ ollama: 1, cpu: 2 }).submitted("job", OLLAMA).decided();
    book
      .reserved("r1", { ollama: 1, cpu: 2 })
      .reserved("r2", { cpu: 1 })
      .reserved("r3", { ollama: 1, cpu: 1 })
      .decided();
    const ahead = reservationsView(book.fold).map(({ blockedBy }) =>
      blockedBy.map((block) => [block.pool, block.ahead]),
    );
    expect(ahead).toEqual([
      [["resource:ollama", []]],
      [["resource:cpu", ["r1"]]],
      [
        ["resource:cpu", ["r1", "r2"]],
        ["resource:ollama", ["r1"]],
      ],
    ]);
  });

  test("given reservations, when slots are shown, then who holds them is marked, and who waits is counted apart from the jobs", () => {
    const book = scheduler({ ollama: 1, cpu: 1 }).reserved("r1", { ollama: 1 }).decided();
    book.submitted("q1", OLLAMA).reserved("r2", { ollama: 1 }).reserved("r3", { ollama: 1, cpu: 1 }).decided();
    const [cpu, ollama] = [...slotsView(book.fold).pools].sort((a, b) => (a.name < b.name ? -1 : 1));
    expect(ollama).toMatchObject({
      ...{ name: "resource:ollama", used: 1, waiting: 1, waitingReservations: 2 },
      holders: [{ job: "r1", units: 1, worker: "holder of r1", reservation: true }],
    });
    expect(cpu).toMatchObject({ name: "resource:cpu", used: 0, waiting: 0, waitingReservations: 1, holders: [] });
    expect(slotsView(scheduler().fold).pools[0]).not.toHaveProperty("waitingReservations");
  });
});
