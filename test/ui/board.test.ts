/** The board says what the command line's views say, at every moment; and what is told of it in patches adds up to it. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isPlainObject } from "../../events/json.js";
import { JOB_STATES, TERMINAL_STATES } from "../../events/states.js";
import type { Fold } from "../../projections/fold.js";
import { stateOf } from "../../projections/jobs.js";
import { endedLast, jobListItem, jobsView, queueView, slotsView } from "../../projections/views/views.js";
import { boardOf, ENDED_SHOWN_MAX } from "../../src/ui/board.js";
import { patchesBetween } from "../../src/ui/board-patches.js";
import { applyPatches } from "../../src/ui/patches.js";
import type { Board, Patch } from "../../src/ui/protocol.js";
import { Recording } from "../../src/ui/recording.js";
import { checkRandomly } from "../projections/random-world.js";
import { ledger } from "../support/ledger-builder.js";
import { dayArbitrary, dayOf } from "../support/random-turns.js";
import { messagesOf } from "./messages.js";

const overTheWire = <T>(value: T): T => JSON.parse(JSON.stringify(value));

/** The board at its moment, worked out in the other way: by looking at everything. */
function expectViews(board: Board, fold: Fold): void {
  const counts = Object.fromEntries(JOB_STATES.map((state) => [state, 0]));
  for (const row of fold.jobs.values()) counts[stateOf(row)] = (counts[stateOf(row)] ?? 0) + 1;
  expect(board.counts).toEqual(counts);
  const { position, at, pools } = slotsView(fold);
  expect(board).toMatchObject({ position, at });
  expect(board.pools.ids).toEqual(pools.map(({ name }) => name));
  for (const { holders, ...pool } of pools) {
    const shown = board.pools.byId[pool.name];
    expect(shown).toMatchObject(pool);
    expect(shown?.holders.total).toBe(holders.length);
    expect(Object.values(shown?.holders.byId ?? {})).toMatchObject(holders);
    const line = queueView(fold, { pool: pool.name, limit: shown?.line.length ?? 0 });
    expect(shown?.line).toEqual(line.map(({ job }) => job));
  }
  const queue = queueView(fold, { limit: board.waiting.ids.length });
  expect(board.waiting).toEqual({ total: counts["queued"], ids: queue.map(({ job }) => job) });
  for (const { job, blockedBy, demand } of queue) expect(board.jobs[job]).toMatchObject({ blockedBy, demand });
  const ended = jobsView(fold, { states: TERMINAL_STATES, limit: ENDED_SHOWN_MAX });
  expect(board.ended.ids).toEqual(ended.map(({ id }) => id));
  for (const job of Object.values(board.jobs)) {
    const row = fold.jobs.get(job.id);
    const { id, type, state, priority, attempt, maxAttempts, reason } =
      row === undefined ? job : jobListItem(row, fold);
    expect(job).toMatchObject({ id, type, state, priority, attempt, maxAttempts, reason });
  }
}

describe("the board", () => {
  test("given any day, when it is followed, then each board says what the views say of everything, and what the one says that is made at once", () => {
    checkRandomly("boards of a day", 40, dayArbitrary(), (day) => {
      const recording = new Recording();
      for (const message of messagesOf(dayOf(day).lines)) {
        recording.apply(message);
        const board = recording.board();
        expectViews(board, recording.fold);
        expect(board).toEqual(boardOf(recording.fold, endedLast(recording.fold, ENDED_SHOWN_MAX)));
      }
    });
  });

  test("given any day, when a page is told a board and then only patches, at any times, then it has the board of that moment", () => {
    const input = fc.tuple(dayArbitrary(), fc.infiniteStream(fc.boolean()));
    checkRandomly("patches of a day", 60, input, ([day, isTold]) => {
      const recording = new Recording();
      let before = recording.board();
      let shown = overTheWire(before);
      for (const message of messagesOf(dayOf(day).lines)) {
        recording.apply(message);
        if (isTold.next().value !== true) continue;
        const board = recording.board();
        const patches: readonly Patch[] = overTheWire(patchesBetween(before, board));
        const kept = structuredClone(shown);
        const next = applyPatches(shown, patches);
        expect(shown).toEqual(kept);
        expect(next).toEqual(overTheWire(board));
        [before, shown] = [board, next];
      }
    });
  });

  test("given a job that is called constructor, when it moves on, then its patches can be applied like any other's", () => {
    const book = ledger().elected().worker().submitted("constructor").submitted("toString").granted("constructor");
    const board = () => boardOf(book.fold, []);
    const before = overTheWire(board());
    book.started("constructor").completed("constructor").granted("toString");
    const after = board();
    const shown = applyPatches(before, overTheWire(patchesBetween(before, after)));
    expect(shown).toEqual(overTheWire(after));
    expect(Object.keys(shown.jobs)).toContain("toString");
  });

  test("given boards that are alike, when they are compared, then there is nothing to tell, and what is not touched stays the same object", () => {
    const book = ledger().elected().worker().submitted("a").submitted("b");
    const before = boardOf(book.fold, []);
    expect(patchesBetween(before, boardOf(book.fold, []))).toEqual([]);
    book.granted("a");
    const patched = applyPatches(before, patchesBetween(before, boardOf(book.fold, [])));
    expect(patched.jobs["b" as keyof Board["jobs"]]).toBe(before.jobs["b" as keyof Board["jobs"]]);
  });

  test("given a patch for something that is not there, when it is applied, then it is refused: something between was missed", () => {
    const board = boardOf(ledger().fold, []);
    const patch: Patch = { op: "replace", path: ["jobs", "lost", "state"], value: "running" };
    expect(() => applyPatches(board, [patch])).toThrow(/jobs\/lost\/state/);
  });

  test("given ten times as many jobs and holders as are shown, when a board is made, then it is bounded and tells how many there are", () => {
    const resources = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`r${i}`, 50]));
    const book = ledger().elected().worker("w1", 10_000).limits({ resources });
    book.together(() => {
      for (let i = 0; i < 6_000; i += 1) book.submitted(`k${i}`, { resources: { [`r${i % 60}`]: 1 } });
    });
    for (let pass = 0; pass < 10; pass += 1) book.decided();
    const board = boardOf(book.fold, []);
    expect(board.counts.granted).toBe(3_000);
    expect(board.waiting).toMatchObject({ total: 3_000 });
    expect(board.pools.byId["resource:r7" as keyof Board["pools"]["byId"]]).toMatchObject({
      waiting: 50,
      used: 50,
      holders: { total: 50 },
    });
    expect(Object.keys(board.jobs).length).toBeLessThan(2_000);
    expect(JSON.stringify(board).length).toBeLessThan(1_000_000);
  });

  test("given many jobs, when a board and its patches are made, then without going through the jobs of the index", () => {
    const recording = new Recording();
    const book = ledger()
      .elected()
      .worker("w", 50)
      .limits({ resources: { a: 20, b: 5 } });
    book.together(() => {
      for (let i = 0; i < 5_000; i += 1) book.submitted(`k${i}`, { resources: i % 2 === 0 ? { a: 1 } : { b: 1 } });
    });
    book.decided();
    const { lines } = book;
    for (const message of messagesOf(lines)) recording.apply(message);
    const before = recording.board();
    book.started("k0").completed("k0");
    for (const message of messagesOf(book.lines).slice(lines.length)) recording.apply(message);
    const { jobs } = recording.fold;
    const all = () => {
      throw new Error("somebody goes through all jobs");
    };
    Object.assign(jobs, { values: all, entries: all, keys: all, forEach: all, [Symbol.iterator]: all });
    const board = recording.board();
    expect(board.counts).toMatchObject({ completed: 1, queued: 4_975 });
    expect(patchesBetween(before, board).length).toBeGreaterThan(0);
  });

  test("given a board, when it is looked through, then it is JSON: nothing is lost on the wire", () => {
    const book = ledger().elected().worker().submitted("a").granted("a").reserved("r").scheduleSet("s", null);
    const board = boardOf(book.fold, []);
    expect(overTheWire(board)).toEqual(board);
    expect(isPlainObject(board)).toBe(true);
  });
});
