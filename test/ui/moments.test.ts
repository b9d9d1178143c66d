/** Any moment, in any order: the same board as whoever folds up to there gets. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { position } from "../../events/names.js";
import { KeptFolds } from "../../src/ui/kept-folds.js";
import { Moments } from "../../src/ui/moments.js";
import type { Board } from "../../src/ui/protocol.js";
import { Recording } from "../../src/ui/recording.js";
import { checkRandomlyAsync } from "../projections/random-world.js";
import { ledger } from "../support/ledger-builder.js";
import { dayArbitrary, dayOf } from "../support/random-turns.js";
import { logOfLines, messagesOf } from "./messages.js";

const never = new AbortController().signal;

async function momentsOf(lines: readonly string[]): Promise<{ moments: Moments; boards: readonly Board[] }> {
  const log = await logOfLines(lines);
  const recording = new Recording();
  const boards = [recording.board()];
  for (const message of messagesOf(lines)) {
    recording.apply(message);
    boards.push(recording.board());
  }
  return {
    boards,
    moments: new Moments({ ledger: async () => log, now: () => recording.fold, shelf: async () => null, begin: null }),
  };
}

describe("moments", () => {
  test("given any day, when its moments are asked about in any order, several at once, then each board is the one of that moment", async () => {
    const input = fc.tuple(dayArbitrary(), fc.array(fc.nat(), { minLength: 1, maxLength: 20 }));
    await checkRandomlyAsync("moments of a day", 20, input, async ([day, picks]) => {
      const { moments, boards } = await momentsOf(dayOf(day).lines);
      const positions = picks.map((pick) => pick % boards.length);
      const asked = await Promise.all(positions.map((at) => moments.board(position(at), never)));
      expect(asked).toEqual(positions.map((at) => boards[at]));
    });
  });

  test("given times, when they are turned into positions, then each is the last entry of that time or before it", async () => {
    const { moments } = await momentsOf(ledger().elected().worker().submitted("a").submitted("b").lines);
    const at = (time: string) => moments.positionOf({ time });
    expect(await at("2025-12-31T00:00:00.000Z")).toBe(0);
    expect(await at("2026-01-01T00:00:01.000Z")).toBe(2);
    expect(await at("2026-01-01T00:00:01.500Z")).toBe(2);
    expect(await at("2027-01-01T00:00:00.000Z")).toBe(4);
    expect(await moments.positionOf(null)).toBe(4);
    await expect(moments.positionOf({ position: 5 })).rejects.toMatchObject({ code: "not-found" });
  });

  test("given somebody who waits no more, when the turn comes, then nothing is folded for that, and the next one is answered", async () => {
    const { moments, boards } = await momentsOf(ledger().elected().worker().submitted("a").submitted("b").lines);
    const gone = AbortSignal.abort();
    await expect(moments.board(position(2), gone)).rejects.toThrow();
    expect(await moments.board(position(3), never)).toEqual(boards[3]);
  });

  test("given a long way through the ledger, when folds are kept, then few, spread out, and each as it was", () => {
    const folds = new KeptFolds(null);
    const book = ledger().elected().worker("w", 10);
    for (let i = 0; i < 40; i += 1) book.submitted(`k${i}`);
    for (const { position: at, entry } of book.entries) {
      const fold = folds.nearest(at);
      expect(fold.head.position).toBe(at - 1);
      fold.apply(at, entry);
      // Each is as long as thousands.
      folds.moved(5_000);
    }
    // Going back costs only the way from the nearest one that was kept.
    for (const back of [40, 20, 5]) {
      const fold = folds.nearest(back);
      expect(fold.head.position).toBeLessThanOrEqual(back);
      expect(back - fold.head.position).toBeLessThan(15);
      expect(fold.jobs.size).toBe(Math.max(0, fold.head.position - 2));
    }
  });
});
