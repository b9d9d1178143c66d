/** A recording that begins at a checkpoint shows what one from the first entry shows, and when the older past is read, in all. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { entryId, position } from "../../events/names.js";
import type { Fold } from "../../projections/fold.js";
import { CODE, type ShelfReader, type Shelved } from "../../src/checkpoints/shelf.js";
import type { Log } from "../../src/log/log.js";
import type { MemoryLog } from "../../src/log/memory.js";
import { beginRecording } from "../../src/ui/beginning.js";
import { Moments } from "../../src/ui/moments.js";
import { OlderPast } from "../../src/ui/older-past.js";
import type { Board, SlotHistory } from "../../src/ui/protocol.js";
import { Recording } from "../../src/ui/recording.js";
import { slotHistory } from "../../src/ui/slot-history.js";
import { checkRandomlyAsync } from "../projections/random-world.js";
import { throughCheckpoint } from "../support/checkpoints.js";
import { ledger } from "../support/ledger-builder.js";
import { dayArbitrary, dayOf } from "../support/random-turns.js";
import { logOfLines, messagesOf } from "./messages.js";

const never = new AbortController().signal;
const folding = { signal: never, onEntry: () => {} };

interface Past {
  readonly lines: readonly string[];
  readonly log: MemoryLog;
  /** From the first entry to the last. */
  readonly whole: Recording;
  /** The board at each position from 0 on. */
  readonly boards: readonly Board[];
  /** Checkpoints at these positions, and which of them were read. */
  shelf(positions: readonly number[]): ShelfReader & { readonly taken: number[] };
}

async function pastOf(lines: readonly string[]): Promise<Past> {
  const log = await logOfLines(lines);
  const { identity } = await log.state();
  const whole = new Recording();
  const boards = [whole.board()];
  for (const message of messagesOf(lines)) {
    whole.apply(message);
    boards.push(whole.board());
  }
  const foldAt = (at: number): Fold => {
    const recording = new Recording();
    for (const message of messagesOf(lines.slice(0, at))) recording.apply(message);
    return recording.fold;
  };
  const shelved = (at: number): Shelved => {
    const { head } = foldAt(at);
    const object = { nuid: String(at), size: 0, chunks: 0, digest: "" } as Shelved["object"];
    const entry = head.entryId ?? entryId("none");
    return { ledger: identity, position: position(at), entry, at: head.at, hash: "", code: CODE, place: "", object };
  };
  const shelf = (positions: readonly number[]) => {
    const taken: number[] = [];
    return {
      taken,
      list: async () => [...positions].sort((a, b) => a - b).map(shelved),
      read: async ({ position: at }: Shelved) => {
        taken.push(at);
        return throughCheckpoint(foldAt(at));
      },
    };
  };
  return { lines, log, whole, boards, shelf };
}

const readable = (log: Log, shelf: ShelfReader | null, said: string[] = []) => ({
  ...{ ledger: log, begin: null, shelf },
  onNotice: (text: string) => void said.push(text),
});

function historyOf({ spans, fold, first }: Recording): SlotHistory {
  const to = { position: fold.head.position, at: fold.head.at };
  return slotHistory(spans, { from: first ?? to, to, pools: [] });
}

describe("a recording that began at a checkpoint", () => {
  test("given any day and a checkpoint anywhere in it, when it is followed, then each board is the same, and what is held since before is there with its grant", async () => {
    const input = fc.tuple(dayArbitrary(), fc.nat());
    await checkRandomlyAsync("boards from a checkpoint", 20, input, async ([day, pick]) => {
      const { lines, log, whole, boards, shelf } = await pastOf(dayOf(day).lines);
      const at = 1 + (pick % lines.length);
      const { recording, isWhole } = await beginRecording(readable(log, shelf([at])), at, folding);
      expect(isWhole).toBe(false);
      expect(recording.first).toEqual(whole.first);
      expect(recording.board()).toEqual(boards[at]);
      for (const message of messagesOf(lines).slice(at)) {
        recording.apply(message);
        expect(recording.board()).toEqual(boards[message.sequence]);
      }
      expect(recording.spans.completeFrom?.position).toBe(at);
      // What was taken before may have been other pools' then.
      const known = ({ demand, ...span }: (typeof whole.spans.spans)[number]) =>
        span.grant > at ? { ...span, demand } : span;
      const order = (a: { grant: number; holder: string }, b: { grant: number; holder: string }) =>
        a.grant - b.grant || (a.holder < b.holder ? -1 : 1);
      const open = whole.spans.spans.filter(({ grant, end }) => grant > at || end === null || end.position > at);
      expect(recording.spans.spans.map(known).sort(order)).toEqual(open.map(known).sort(order));
    });
  });

  test("given any day and a checkpoint anywhere in it, when the older past was read while more came, then all is as from the first entry", async () => {
    const input = fc.tuple(dayArbitrary(), fc.nat(), fc.nat());
    await checkRandomlyAsync("the older past of a day", 20, input, async ([day, pick, later]) => {
      const { lines, log, whole, boards, shelf } = await pastOf(dayOf(day).lines);
      const at = 1 + (pick % lines.length);
      const { recording } = await beginRecording(readable(log, shelf([at])), at, folding);
      const older = new OlderPast(recording, () => false);
      // The ledger is followed while it is read: by some entries before each batch, by the rest behind it.
      const rest = messagesOf(lines).slice(at);
      const goOn = (entries: number) => {
        for (const message of rest.splice(0, entries)) recording.apply(message);
      };
      const batches: Log["follow"] = async function* (after, signal) {
        for await (const batch of log.follow(after, signal)) {
          for (let from = 0; from < batch.length; from += 3) {
            goOn(later % 3);
            yield batch.slice(from, from + 3);
          }
        }
      };
      const stop = new AbortController();
      await older.readOn({ ...unused, follow: batches }, AbortSignal.any([stop.signal, AbortSignal.timeout(20_000)]));
      expect(older.told).toBeNull();
      goOn(lines.length);
      expect(historyOf(recording)).toEqual(historyOf(whole));
      expect(recording.spans).toEqual(whole.spans);
      expect(recording.board()).toEqual(boards.at(-1));
    });
  });

  const unused: Omit<Log, "follow"> = {
    state: () => Promise.reject(new Error("nobody asks")),
    read: () => Promise.reject(new Error("nobody asks")),
    append: () => Promise.reject(new Error("nobody writes")),
    trim: () => Promise.reject(new Error("nobody trims")),
  };
  const someDay = () => {
    const book = ledger().elected().worker("w", 10);
    for (let job = 0; job < 40; job += 1) book.submitted(`k${job}`).granted(`k${job}`).completed(`k${job}`);
    return book.lines;
  };

  test("given a signal that aborts half way, when it is read on later, then it goes on from there, and says how far it is meanwhile", async () => {
    const { lines, log, whole, shelf } = await pastOf(someDay());
    const { recording } = await beginRecording(readable(log, shelf([100])), lines.length, folding);
    const older = new OlderPast(recording, () => false);
    expect(older.told).toEqual({ kind: "reading", share: 0 });
    const stop = new AbortController();
    const begins: number[] = [];
    const half: Log["follow"] = async function* (after, signal) {
      begins.push(after);
      for await (const batch of log.follow(after, signal)) {
        yield batch.slice(0, 61);
        stop.abort();
        return;
      }
    };
    await older.readOn({ ...unused, follow: half }, stop.signal);
    expect(older.told).toEqual({ kind: "reading", share: 61 / lines.length });
    const rest: Log["follow"] = (after, signal) => {
      begins.push(after);
      return log.follow(after, signal);
    };
    await older.readOn({ ...unused, follow: rest }, never);
    expect(begins).toEqual([0, 61]);
    expect(older.told).toBeNull();
    expect(historyOf(recording)).toEqual(historyOf(whole));
  });

  test("given an older past with something in it that is no entry, when it is read, then it says so, and what is known stays", async () => {
    const { lines, log, shelf } = await pastOf(someDay());
    const { recording } = await beginRecording(readable(log, shelf([100])), lines.length, folding);
    const before = historyOf(recording);
    const older = new OlderPast(recording, () => false);
    const wrong = await logOfLines(lines.with(29, "{}"));
    await older.readOn(wrong, never);
    expect(older.told).toEqual({ kind: "unreadable", reason: expect.stringContaining("corrupt at 30") });
    expect(historyOf(recording)).toEqual(before);
  });

  test("given a checkpoint from which the ledger does not follow, when it is begun, then it is said, and folded from the first entry", async () => {
    const { lines, log, whole, shelf } = await pastOf(someDay());
    const other = await pastOf(ledger().elected().worker("w", 10).submitted("stranger").lines);
    const good = shelf([50]);
    const lying: ShelfReader = {
      list: good.list,
      read: async () => throughCheckpoint(other.whole.fold),
    };
    const said: string[] = [];
    const { recording, isWhole } = await beginRecording(readable(log, lying, said), lines.length, folding);
    expect(isWhole).toBe(true);
    expect(said).toEqual([expect.stringContaining("does not follow from the checkpoint at 3")]);
    expect(recording.board()).toEqual(whole.board());
  });

  test("given no checkpoint behind the first entry, or no shelf, when it is begun, then it is whole, and each entry is told of", async () => {
    const { lines, log, whole, shelf } = await pastOf(someDay());
    for (const one of [null, shelf([])]) {
      const told: (readonly [number, number])[] = [];
      const onEntry = (at: number, last: number) => void told.push([at, last]);
      const begun = await beginRecording(readable(log, one), lines.length, { signal: never, onEntry });
      expect(begun.isWhole).toBe(true);
      expect(historyOf(begun.recording)).toEqual(historyOf(whole));
      expect(told).toEqual(lines.map((_, index) => [index + 1, lines.length]));
    }
  });
});

describe("moments beside checkpoints", () => {
  /** Long enough for checkpoints to be worth reading. */
  const longDay = () => {
    const book = ledger().elected().worker("w", 10);
    for (let job = 0; job < 300; job += 1) book.submitted(`k${job}`).granted(`k${job}`).completed(`k${job}`);
    return book.lines;
  };
  const momentsOf = ({ log, whole }: Past, shelf: ShelfReader) =>
    new Moments({ ledger: async () => log, now: () => whole.fold, shelf: async () => shelf, begin: null });

  test("given checkpoints, when moments are asked about in any order, then each board is right, and folding begins at the nearest that saves something", async () => {
    const past = await pastOf(longDay());
    const shelf = past.shelf([200, 400, 600, 800]);
    const moments = momentsOf(past, shelf);
    const board = (at: number) => moments.board(position(at), never);
    for (const [at, taken] of [
      // Nothing is known yet: from the nearest.
      [650, [600]],
      // A few entries on.
      [660, [600]],
      // The next one would not save more than it costs.
      [850, [600]],
      // Back, to where only the beginning is nearer.
      [450, [600, 400]],
      [120, [600, 400]],
      // The fold that was at 850 is still there.
      [899, [600, 400]],
    ] as const) {
      expect(await board(at)).toEqual(past.boards[at]);
      expect([at, shelf.taken]).toEqual([at, taken]);
    }
  });

  test("given a fold far behind, when there are two checkpoints between it and the moment, then it goes on from the later one", async () => {
    const past = await pastOf(longDay());
    const shelf = past.shelf([200, 400, 600, 800]);
    const moments = momentsOf(past, shelf);
    for (const at of [120, 399, 650]) expect(await moments.board(position(at), never)).toEqual(past.boards[at]);
    expect(shelf.taken).toEqual([600]);
  });

  test("given a checkpoint from which the ledger does not follow, when a moment behind it is asked about, then it is folded from the first entry, and none is read again", async () => {
    const past = await pastOf(longDay());
    const stranger = await pastOf(ledger().elected().worker("w", 10).submitted("stranger").lines);
    const shelf = past.shelf([200, 400]);
    let reads = 0;
    const lying: ShelfReader = {
      list: shelf.list,
      read: async () => {
        reads += 1;
        return throughCheckpoint(stranger.whole.fold);
      },
    };
    const moments = momentsOf(past, lying);
    expect(await moments.board(position(500), never)).toEqual(past.boards[500]);
    expect(await moments.board(position(300), never)).toEqual(past.boards[300]);
    expect(reads).toBe(1);
  });
});
