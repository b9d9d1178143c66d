/** Who holds slots, and slots to try things on: the same as the projection says, and counted anew after whatever is tried. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jobId, reservationId, workerId } from "../../events/names.js";
import { holdersIn, holdersOf } from "../../projections/holders.js";
import { ScratchSlots } from "../../projections/scratch-slots.js";
import type { Holding, Pool, Slots, Worker } from "../../projections/slots.js";
import { ledger } from "../support/ledger-builder.js";
import { checkRandomly, happeningArbitrary, limitsArbitrary, World } from "./random-world.js";

const figures = ({ pools, workers, holdings, reservations, limits }: Slots) => ({
  pools: Object.values<Pool>(pools),
  workers: Object.values<Worker>(workers),
  holdings: Object.values<Holding>(holdings),
  ...{ reservations, limits },
});
const scratchOf = (slots: Slots) => new ScratchSlots(slots, Object.values<Holding>(slots.holdings));

/** Two jobs and a reservation hold slots, and one reservation waits. */
const book = ledger()
  .elected()
  .worker("w1", 5)
  .limits({ resources: { gpu: 2, api: 1 } })
  .submitted("a", { resources: { gpu: 1 } })
  .decided()
  .reserved("r", { gpu: 1 })
  .decided()
  .submitted("b", { resources: { api: 1 } })
  .decided()
  .reserved("waits", { gpu: 1 });

describe("holders", () => {
  test("given jobs and reservations, when they are listed, then by their grants; a reservation that waits is none", () => {
    const { slots } = book.fold;
    expect(holdersIn(slots).map(({ id, by, isReservation }) => [id, by, isReservation])).toEqual([
      ["a", "w1", false],
      ["r", "holder of r", true],
      ["b", "w1", false],
    ]);
  });

  test("given a pool, when its holders are named, then those that take it, as many as are asked for; of the seats, jobs only", () => {
    const { slots } = book.fold;
    expect(holdersOf(slots, "resource:gpu")).toEqual(["a", "r"]);
    expect(holdersOf(slots, "resource:gpu", 1)).toEqual(["a"]);
    expect(holdersOf(slots, "resource:api")).toEqual(["b"]);
    expect(holdersOf(slots, "workers")).toEqual(["a", "b"]);
    expect(holdersOf(slots, "global")).toEqual([]);
  });
});

describe("scratch slots", () => {
  test("given any moment, when they are made of it, then they are as the projection has them; what is freed and taken again changes nothing", () => {
    const story = fc.record({
      limits: limitsArbitrary(),
      happenings: fc.array(happeningArbitrary(limitsArbitrary()), { minLength: 10, maxLength: 60, size: "max" }),
    });
    let holdings = 0;
    const runs = checkRandomly("scratch slots", 200, story, ({ limits, happenings }) => {
      const world = new World(limits, 3);
      for (const happening of happenings) {
        world.happen(happening);
        world.ledger.decide();
        const { slots } = world.ledger.fold;
        expect(figures(scratchOf(slots))).toEqual(figures(slots));
        const scratch = scratchOf(slots);
        const staying = Object.values<Holding>(slots.holdings).filter(
          ({ worker }) => slots.workers[worker]?.leaving === false,
        );
        for (const { job } of staying) scratch.free(job);
        for (const holding of staying) scratch.take(holding);
        expect(new Set(figures(scratch).holdings)).toEqual(new Set(figures(slots).holdings));
        expect(figures(scratch).pools).toEqual(figures(slots).pools);
        expect(figures(scratch).workers).toEqual(figures(slots).workers);
        holdings += staying.length;
      }
    });
    expect(holdings).toBeGreaterThan(runs);
  });

  test("given what is not there, when it is freed or granted, then nothing happens", () => {
    const scratch = scratchOf(book.fold.slots);
    scratch.free(jobId("nobody"));
    scratch.grantReserved(reservationId("nobody"));
    expect(figures(scratch)).toEqual(figures(book.fold.slots));
  });

  test("given a reservation that waits, when it is granted, then it takes its pools", () => {
    const scratch = scratchOf(book.fold.slots);
    scratch.free(jobId("a"));
    scratch.grantReserved(reservationId("waits"));
    expect(scratch.reservations[reservationId("waits")]).toMatchObject({ grant: 0, since: "" });
    expect(Object.values<Pool>(scratch.pools).map(({ name, used }) => [name, used])).toEqual([
      ["resource:api", 1],
      ["resource:gpu", 2],
    ]);
    expect(Object.keys(scratch.reservations)).toEqual(["r", "waits"]);
  });

  test("given a worker that leaves, when its last job is freed, then it is forgotten, and not before", () => {
    const leaving = ledger()
      .elected()
      .worker("w1", 2)
      .worker("w2", 1)
      .limits({})
      .submitted("a")
      .submitted("b")
      .decided()
      .workerLeft("w1");
    const scratch = scratchOf(leaving.fold.slots);
    const jobs = Object.values<Holding>(scratch.holdings).filter(({ worker }) => worker === "w1");
    expect(scratch.workers[workerId("w1")]).toMatchObject({ used: jobs.length, leaving: true });
    for (const { job } of jobs) {
      expect(scratch.workers[workerId("w1")]).toBeDefined();
      scratch.free(job);
    }
    expect(Object.keys(scratch.workers)).toEqual(["w2"]);
    // One that had nothing left when the moment was taken is not there at all.
    const gone = { ...leaving.fold.slots, holdings: {} };
    expect(Object.keys(new ScratchSlots(gone, []).workers)).toEqual(["w2"]);
  });
});
