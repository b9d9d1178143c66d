/** The same ledger gives the same state, byte for byte, whoever folds it and however it is looked at meanwhile (INV-009). */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeEntry } from "../../events/codec.js";
import type { Entry } from "../../events/entry.js";
import { position } from "../../events/names.js";
import { Fold } from "../../projections/fold.js";
import { groupFacts } from "../../projections/group-facts.js";
import { dueSchedules } from "../../projections/schedule-facts.js";
import { decideStarts } from "../../projections/starts.js";
import { stateHash } from "../../src/state-hash.js";
import { dayArbitrary, dayOf } from "../support/random-turns.js";
import { checkRandomly, limitsArbitrary } from "./random-world.js";
import { dump } from "./state-dump.js";

const day = dayArbitrary(limitsArbitrary(fc.constantFrom(0, 0, 2)), 60);
const read = (lines: readonly string[]): Entry[] => lines.map(decodeEntry);

function foldAll(entries: readonly Entry[], fold = new Fold()): Fold {
  for (const entry of entries) fold.apply(position(fold.head.position + 1), entry);
  return fold;
}

describe("days of a dispatcher, folded again", () => {
  test("given any day, when its bytes are folded, then the state is that of the one who decided it", () => {
    checkRandomly("folding days", 80, day, (given) => {
      const book = dayOf(given);
      const copy = foldAll(read(book.lines));
      expect(dump(copy)).toBe(dump(book.fold));
      expect(stateHash(copy)).toBe(stateHash(book.fold));
    });
  });

  test("given any day, when a copy that only followed decides, then it decides what the one would who wrote it", () => {
    checkRandomly("deciding from a copy", 60, day, (given) => {
      const book = dayOf(given);
      const copy = foldAll(read(book.lines));
      const now = book.later(3_600_000).now;
      for (const decide of [starts, (fold: Fold) => [...groupFacts(fold)], dueAt(now)])
        expect(decide(copy)).toEqual(decide(book.fold));
    });
  });

  test("given any day, when the slots are looked at between any facts, then nothing comes of it", () => {
    const input = fc.tuple(day, fc.infiniteStream(fc.boolean()));
    checkRandomly("looking at the slots between facts", 60, input, ([given, looks]) => {
      const entries = read(dayOf(given).lines);
      const fold = new Fold();
      for (const entry of entries) {
        fold.open(position(fold.head.position + 1), entry);
        for (const fact of entry.facts) {
          fold.applyFact(fact);
          // Changes of slots are put into one draft when they are looked at: here now, there at the end of the entry.
          if (looks.next().value === true) expect(Object.keys(fold.slots.pools)).toBeDefined();
          if (looks.next().value === true) expect(fold.room.freed).toBeDefined();
        }
        fold.close(entry.intake);
      }
      expect(dump(fold)).toBe(dump(foldAll(entries)));
    });
  });

  test("given any day, when an entry is left out, or comes before the one before it, then the fold stops at that place", () => {
    checkRandomly("damaged days", 60, fc.tuple(day, fc.nat()), ([given, picked]) => {
      const entries = read(dayOf(given).lines);
      if (entries.length < 2) return;
      const at = picked % (entries.length - 1);
      const stopsThere = new RegExp(`corrupt at ${at + 1}[:.]`);
      expect(() => foldAll(entries.filter((_, index) => index !== at))).toThrow(stopsThere);
      const [one, next] = [entries[at], entries[at + 1]];
      const exchanged = entries.map((entry, index) => (index === at ? next : index === at + 1 ? one : entry));
      expect(() => foldAll(exchanged.filter((entry) => entry !== undefined))).toThrow(stopsThere);
    });
  });
});

const starts = ({ waiting, slots }: Fold) => {
  const decision = decideStarts(waiting, slots);
  return [
    decision.reserved.map(({ reservation, demand }) => [reservation, ...demand]),
    decision.starts.map(({ row, worker, demand, overtook }) => [row.id, worker, [...demand], overtook]),
    decision.denials.map(({ row, shortages, ahead }) => [
      row.id,
      shortages,
      [...ahead].map(([pool, rivals]) => [pool, rivals.map(({ id }) => id)]),
    ]),
  ];
};

const dueAt = (now: string) => (fold: Fold) => dueSchedules(fold, { now }).map(({ name, nextAt }) => [name, nextAt]);
