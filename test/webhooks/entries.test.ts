/** What is kept of the ledger for webhooks: the same as is in it, and no more than a bound. */
import { beforeEach, describe, expect, test } from "vitest";
import { position } from "../../events/names.js";
import type { Log, StoredMessage } from "../../src/log/log.js";
import { Entries } from "../../src/webhooks/entries.js";
import { type LedgerBuilder, ledger } from "../support/ledger-builder.js";
import { logOf } from "./builder-log.js";

let book: LedgerBuilder;
let log: Log;
let reads: number[];
beforeEach(async () => {
  book = ledger().elected();
  for (const id of ["a", "b", "c"]) book.submitted(id, { params: { text: "x".repeat(100) } });
  const inner = await logOf(book);
  reads = [];
  log = Object.create(inner, {
    read: {
      value: (sequence: number): Promise<StoredMessage | null> => {
        reads.push(sequence);
        return inner.read(sequence);
      },
    },
  });
});

const entryIn = (at: number) => {
  const { at: time, facts } = book.entries[at - 1]?.entry ?? { at: "", facts: [] };
  return { at: time, facts };
};

describe("entries", () => {
  test("given an entry, when it is asked for again and again, also at the same time, then it is read once, and is what the ledger holds", async () => {
    const entries = new Entries(log);
    const asked = await Promise.all([entries.at(position(2)), entries.at(position(2)), entries.at(position(3))]);
    expect(asked).toMatchObject([entryIn(2), entryIn(2), entryIn(3)]);
    expect(await entries.at(position(2))).toMatchObject(entryIn(2));
    expect(reads).toEqual([2, 3]);
  });

  test("given an entry that was followed, or stored here, when it is asked for, then it need not be read", async () => {
    const entries = new Entries(log);
    const message = await log.read(2);
    reads = [];
    if (message === null) throw new Error("the ledger is empty");
    expect(entries.of(message)).toMatchObject(entryIn(2));
    entries.keep(position(3), entryIn(3), 500);
    expect([await entries.at(position(2)), await entries.at(position(3))]).toMatchObject([entryIn(2), entryIn(3)]);
    expect(reads).toEqual([]);
  });

  test("given more than 16 MiB, when more comes, then what was used longest ago is let go, and read again when it is wanted", async () => {
    const entries = new Entries(log);
    const half = 8 * 1024 * 1024;
    entries.keep(position(2), entryIn(2), half);
    entries.keep(position(3), entryIn(3), half);
    await entries.at(position(2));
    entries.keep(position(4), entryIn(4), 1);
    await entries.at(position(2));
    await entries.at(position(4));
    expect(reads).toEqual([]);
    expect(await entries.at(position(3))).toMatchObject(entryIn(3));
    expect(reads).toEqual([3]);
  });

  test("given a reading that fails, when it is asked for again, then it is read again", async () => {
    const entries = new Entries(log);
    await expect(entries.at(position(9))).rejects.toThrow("entry 9 is not in the ledger");
    await expect(entries.at(position(9))).rejects.toThrow("entry 9 is not in the ledger");
    expect(reads).toEqual([9, 9]);
  });
});
