/** Grants against their order (INV-004), and reservations against theirs, in ledgers that somebody has changed. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Fact } from "../../events/facts.js";
import { jobId, poolName, reservationId } from "../../events/names.js";
import { Fold } from "../../projections/fold.js";
import { compareWaiting, stateOf } from "../../projections/jobs.js";
import { decideStarts } from "../../projections/starts.js";
import { ledger, type StoredEntry } from "../support/ledger-builder.js";
import { checkRandomly, happeningArbitrary, limitsArbitrary, World } from "./random-world.js";
import { as, changed, changedFact, followed, granted, verify } from "./sound-ledger.js";

describe("grants against their order (INV-004)", () => {
  test("given the one behind granted instead of the one ahead, when it is verified, then that grant is wrong, and why is told", () => {
    const entries = changedFact(
      10,
      0,
      as("StartGranted", () => ({ job: jobId("b") })),
    );
    const { address, message } = verify(entries);
    expect(address).toBe("10.0");
    expect(message).toContain("the grant rule does not start b here (INV-004): b waits for resource:gpu");
  });

  test("given grants of one entry in another order, when it is verified, then that is as good, because nobody is delayed", () => {
    const entries = changed(10, ({ facts }) => ({ facts: [...facts].reverse() }));
    expect(verify(entries).message).toBe("all is right");
  });

  test("given one of the grants left out, when the others are verified, then they are right: an entry may be cut short", () => {
    const entries = changed(10, ({ facts }) => ({
      facts: facts.filter((fact) => !("job" in fact) || fact.job !== "c"),
    }));
    expect(verify(entries).message).toBe("all is right");
  });

  test("given a job that passes one ahead whose units it takes, when it is verified, then it is wrong although there is room for it", () => {
    // The first needs two units and waits; of the one that is free, the second could live, but it is set aside.
    const book = ledger()
      .elected()
      .worker("w1", 5)
      .limits({ resources: { api: 2 } })
      .together((all) => all.submitted("r", { resources: { api: 1 } }))
      .decided()
      .together((all) => all.submitted("big", { resources: { api: 2 } }).submitted("small", { resources: { api: 1 } }));
    expect(verify(followed([granted("small", "resource:api")], book))).toMatchObject({
      address: "7.0",
      message: expect.stringContaining("the grant rule does not start small here (INV-004)"),
    });
  });

  test("given that overtaking is allowed, when an overtake is not told, or the wrong one is, then that is wrong", () => {
    const book = ledger()
      .elected()
      .worker("w1", 5)
      .limits({ resources: { api: 2 }, maxOvertakes: 1 })
      .submitted("r", { resources: { api: 1 } })
      .decided()
      .together((all) => all.submitted("big", { resources: { api: 2 } }).submitted("small", { resources: { api: 1 } }));
    const told = followed([granted("small", "resource:api", { overtook: [jobId("big")] })], book);
    expect(verify(told).message).toBe("all is right");
    expect(verify(followed([granted("small", "resource:api")], book))).toMatchObject({
      address: "7.0",
      message: expect.stringContaining("small overtakes big, and it says nobody (INV-004)"),
    });
  });

  test("given two that are overtaken, when nobody is told of, then both are named", () => {
    const two = { resources: { api: 2 } };
    const book = ledger()
      .elected()
      .worker("w1", 5)
      .limits({ resources: { api: 2 }, maxOvertakes: 1 })
      .submitted("r", { resources: { api: 1 } })
      .decided()
      .together((all) =>
        all
          .submitted("big", two)
          .submitted("large", two)
          .submitted("small", { resources: { api: 1 } }),
      );
    expect(verify(followed([granted("small", "resource:api")], book)).message).toContain(
      "small overtakes big, large, and it says nobody (INV-004)",
    );
  });

  test("given two reservations for one slot, when the later one is given it, then that is wrong; the earlier one, and all is right", () => {
    const book = ledger()
      .elected()
      .worker("w1")
      .limits({ resources: { gpu: 1 } })
      .together((all) => all.reserved("r1", { gpu: 1 }).reserved("r2", { gpu: 1 }));
    const given = (id: string): Fact => ({
      type: "ReservationGranted",
      reservation: reservationId(id),
      demand: { [poolName("resource:gpu")]: 1 },
    });
    expect(verify(followed([given("r1")], book)).message).toBe("all is right");
    expect(verify(followed([given("r2")], book))).toMatchObject({
      address: "5.0",
      message: expect.stringContaining("the grant rule does not give r2 its slots here (DEC-004)"),
    });
  });

  test("given any past, when a grant is given to one behind in the same line instead, then its address is told", () => {
    const limits = limitsArbitrary();
    const story = fc.record({
      limits,
      picked: fc.nat(),
      happenings: fc.array(happeningArbitrary(limits), { minLength: 20, maxLength: 80, size: "max" }),
    });
    let swapped = 0;
    const runs = checkRandomly("grants given to those behind", 300, story, ({ limits: first, happenings, picked }) => {
      const world = new World(first, 2);
      for (let i = 0; i < 6; i += 1)
        world.happen({ kind: "submit", job: { type: "story", priority: 0, resources: { api: 1 } } });
      for (const happening of happenings) {
        world.happen(happening);
        world.ledger.decide();
      }
      const swaps = swapsIn(world.ledger.entries);
      const swap = swaps[picked % swaps.length];
      if (swap === undefined) return;
      swapped += 1;
      expect(verify(swap.entries)).toMatchObject({
        address: swap.address,
        message: expect.stringContaining("INV-004"),
      });
    });
    expect(swapped).toBeGreaterThan(runs / 6);
  });
});

/** Every grant of the ledger that could have been given to a job right behind in the same line, with the ledger up to there. */
function swapsIn(entries: readonly StoredEntry[]): { readonly address: string; readonly entries: StoredEntry[] }[] {
  const fold = new Fold();
  const swaps: { address: string; entries: StoredEntry[] }[] = [];
  for (const [place, stored] of entries.entries()) {
    const starting = new Set(decideStarts(fold.waiting, fold.slots).starts.map(({ row }) => row.id));
    for (const [index, fact] of stored.entry.facts.entries()) {
      if (fact.type !== "StartGranted") continue;
      const row = fold.jobs.get(fact.job);
      if (row === undefined || stateOf(row) !== "queued") continue;
      const behind = [...fold.waiting.lineOf(row).rows].find(
        (other) => compareWaiting(row, other) < 0 && !starting.has(other.id),
      );
      if (behind === undefined) continue;
      const given: Fact = { ...fact, job: behind.id, attempt: behind.attempts.length + 1 };
      const facts = [...stored.entry.facts.slice(0, index), given];
      swaps.push({
        address: `${stored.position}.${index}`,
        entries: [...entries.slice(0, place), { ...stored, entry: { ...stored.entry, facts } }],
      });
    }
    fold.apply(stored.position, stored.entry);
  }
  return swaps;
}
