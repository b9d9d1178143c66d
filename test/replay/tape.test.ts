/** The tape: wherever it is wound to, and however often back, what it shows is what folding from zero shows there. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { position } from "../../events/names.js";
import { LedgerCorrupt } from "../../projections/fold.js";
import type { Log } from "../../src/log/log.js";
import { MemoryLog } from "../../src/log/memory.js";
import { parseCondition } from "../../src/replay/condition.js";
import { Reel } from "../../src/replay/reel.js";
import { type Scene, sceneOf } from "../../src/replay/scene.js";
import { TAPE_BOUNDS, Tape, type TapeBounds } from "../../src/replay/tape.js";
import { goldenDay } from "../golden/scenario.js";
import { checkRandomly } from "../projections/random-world.js";
import { dayArbitrary, dayOf } from "../support/random-turns.js";
import { TurnBook } from "../support/turn-book.js";

const patient = { signal: new AbortController().signal, onProgress: () => {} };
/** So small that everything happens: copies are made, thinned out and gone back to, scenes are forgotten. */
const SMALL: TapeBounds = { keptMax: 3, keepEveryFacts: 5, nearEntries: 4, scenesBefore: 2, scenesMax: 5 };

async function logOf({ lines, now }: TurnBook): Promise<MemoryLog> {
  const log = new MemoryLog({ identity: "test", now: () => now, appendOnly: true });
  for (const line of lines) await log.append({ subject: "ledger", data: Buffer.from(line) });
  return log;
}

const failing = (() => {
  const parsed = parseCondition("state==failed || fact==StartDenied");
  if (!parsed.ok) throw new Error(parsed.problem.message);
  return parsed.condition;
})();

/** The scenes of a ledger at every position, each folded once, from zero on. */
function scenesOf({ entries }: TurnBook): Scene[] {
  const reel = new Reel(failing);
  return [
    sceneOf(reel),
    ...entries.map((entry, index) => {
      reel.apply(position(index + 1), entry);
      return sceneOf(reel);
    }),
  ];
}

const LONG = 3_000;
let long: TurnBook | null = null;
function longBook(): TurnBook {
  if (long !== null) return long;
  long = new TurnBook({ types: { story: {} }, seats: 1 }).lead();
  long.decide();
  for (let i = 0; i < LONG; i += 1) long.submit("story", { id: `n${i}` }).decide();
  return long;
}

describe("a tape", () => {
  test("given any day, when it is wound anywhere, forwards and backwards, then each scene is that of folding from zero", async () => {
    const way = fc.array(fc.oneof(fc.nat(10_000), fc.constantFrom("back", "on")), { minLength: 20, maxLength: 60 });
    await checkRandomlyAsync("windings", 15, fc.tuple(dayArbitrary(), way), async ([day, steps]) => {
      const book = dayOf(day);
      const scenes = scenesOf(book);
      const last = book.entries.length;
      const tape = new Tape(await logOf(book), last, failing, SMALL);
      let at = 0;
      for (const step of steps) {
        if (step === "back") at = Math.max(0, at - 1);
        else if (step === "on") at = Math.min(last, at + 1);
        else at = Number(step) % (last + 1);
        expect(await tape.scene(at, patient)).toEqual(scenes[at]);
        expect(tape.copies).toBeLessThanOrEqual(SMALL.keptMax + 1);
      }
      await tape.close();
    });
  });

  test("given the golden day, when it is played and stepped back through to its beginning, then the way back shows the same", async () => {
    const book = goldenDay();
    const tape = new Tape(await logOf(book), book.entries.length, failing, SMALL);
    const forwards: Scene[] = [];
    for (let at = 0; at <= tape.last; at += 1) forwards.push(await tape.scene(at, patient));
    for (let at = tape.last; at >= 0; at -= 1) expect(await tape.scene(at, patient)).toEqual(forwards[at]);
    expect(await tape.timeOf(3)).toBe(book.entries[2]?.at);
    await tape.close();
  });

  test("given jobs that the index has forgotten, when they are counted, then they are there still", async () => {
    const settings = () => [{ type: "RetentionChanged", finishedJobsMax: 1 }] as const;
    const book = new TurnBook({ types: { story: {} }, settings }).lead();
    book.decide();
    for (const id of ["one", "two", "three"]) {
      book.submit("story", { id }).decide();
      book.end(id, { outcome: "completed", result: { inline: 1 }, exitCode: 0 }).decide();
    }
    expect(book.fold.jobs.size).toBe(1);
    const tape = new Tape(await logOf(book), book.entries.length, null);
    expect((await tape.scene(tape.last, patient)).counts).toMatchObject({ completed: 3, queued: 0 });
    await tape.close();
  });

  test("given a long way, when whoever waits for it goes, then it breaks off, and the tape can be wound on", async () => {
    const book = longBook();
    const tape = new Tape(await logOf(book), book.entries.length, null);
    const gone = new AbortController();
    const seen: number[] = [];
    const onProgress = ({ entries, of }: { entries: number; of: number }) => {
      expect(of).toBe(tape.last);
      seen.push(entries);
      gone.abort();
    };
    await expect(tape.scene(tape.last, { signal: gone.signal, onProgress })).rejects.toThrow(/abort/);
    expect(seen).toHaveLength(1);
    expect((await tape.scene(tape.last, patient)).counts.queued).toBe(LONG - 1);
    await tape.close();
  });

  test("given a long ledger, when one steps back a thousand times, then little of it is read again, and nothing is kept beyond the bounds", async () => {
    const book = longBook();
    const log = await logOf(book);
    let read = 0;
    const counting: Log = {
      ...{ state: () => log.state(), append: (one) => log.append(one), trim: (one) => log.trim(one) },
      read: (sequence) => log.read(sequence),
      follow: async function* (after, signal) {
        for await (const batch of log.follow(after, signal)) {
          read += batch.length;
          yield batch;
        }
      },
    };
    const tape = new Tape(counting, book.entries.length, null);
    await tape.scene(tape.last, patient);
    expect(read).toBe(tape.last);
    for (let at = tape.last - 1; at >= tape.last - 1_000; at -= 1)
      expect((await tape.scene(at, patient)).position).toBe(at);
    // Four times at the most a copy is gone back to, and what lies between is read, in whole batches.
    expect(read).toBeLessThan(3 * tape.last);
    expect(tape.copies).toBeLessThanOrEqual(TAPE_BOUNDS.keptMax + 1);
    await tape.close();
  });

  test("given an entry that cannot be, when it is wound there, then its address is told; and before it all is well", async () => {
    const book = goldenDay();
    const log = new MemoryLog({ identity: "test", now: () => book.now, appendOnly: true });
    for (const [index, line] of book.lines.entries())
      await log.append({
        subject: "ledger",
        data: Buffer.from(index === 9 ? line.replace('"RunCompleted"', '"JobDue"') : line),
      });
    const tape = new Tape(log, book.lines.length, null);
    await expect(tape.scene(20, patient)).rejects.toThrow(LedgerCorrupt);
    const fresh = new Tape(log, book.lines.length, null);
    expect((await fresh.scene(8, patient)).position).toBe(8);
  });
});

/** Like `checkRandomly`, for what takes its time. */
async function checkRandomlyAsync<T>(
  name: string,
  runs: number,
  arbitrary: fc.Arbitrary<T>,
  check: (value: T) => Promise<void>,
): Promise<void> {
  const values: T[] = [];
  checkRandomly(name, runs, arbitrary, (value) => void values.push(value));
  for (const value of values) await check(value);
}
