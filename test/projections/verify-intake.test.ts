/** The accounting of the intake, in ledgers whose arrivals the test makes up (D3, INV-008). */
import { describe, expect, test } from "vitest";
import type { Fact } from "../../events/facts.js";
import { entryId, intakeSequence, jobId, position } from "../../events/names.js";
import type { StoredEntry } from "../support/ledger-builder.js";
import { good, verify } from "./sound-ledger.js";

describe("the accounting of the intake", () => {
  const from = (sequence: number, index: number | null) => ({ sequence: intakeSequence(sequence), index });
  /** Where the submissions of an entry came from, and the progress that it records. */
  type ArrivalEntry = readonly [
    places: readonly (readonly [number, number | null])[],
    progress: readonly [number, number],
  ];
  /** Submissions with these places in the intake, an entry each, whose progress is said. */
  function arrivals(...entries: readonly ArrivalEntry[]) {
    const book = good();
    const stored: StoredEntry[] = [...book.entries];
    let header = book.nextHeader;
    for (const [places, [sequence, taken]] of entries) {
      const at = position(stored.length + 1);
      const facts = places.map(([message, index], number): Fact => {
        const job = jobId(`from-${message}-${index ?? "x"}-${at}-${number}`);
        return {
          type: "JobRejected",
          job,
          jobType: null,
          createdAt: header.at,
          reason: "",
          intake: from(message, index),
        };
      });
      const intake = { sequence: intakeSequence(sequence), taken };
      const entry = { ...header, id: entryId(`i${at}`), intake, facts };
      stored.push({ position: at, entry });
      header = { ...header, prev: entry.id };
    }
    return verify(stored);
  }

  test("given batches that entries cut in two, and messages that left no fact, when it is verified, then all is right", () => {
    const found = arrivals(
      [[[1, null]], [1, 0]],
      [
        [
          [2, 0],
          [2, 1],
        ],
        [1, 2],
      ],
      [
        [
          [2, 2],
          [5, null],
        ],
        [7, 0],
      ],
      [[[8, 0]], [8, 0]],
    );
    expect(found.message).toBe("all is right");
  });

  test.each<[string, readonly ArrivalEntry[], string, RegExp]>([
    [
      "a message decided twice",
      [
        [
          [
            [1, null],
            [1, null],
          ],
          [1, 0],
        ],
      ],
      "11.1",
      /intake 1 comes after 1, which is decided/,
    ],
    [
      "an item decided twice",
      [
        [
          [
            [2, 0],
            [2, 1],
          ],
          [1, 2],
        ],
        [[[2, 1]], [2, 0]],
      ],
      "12.0",
      /intake 2-1 comes after 2-1/,
    ],
    [
      "messages out of order",
      [
        [
          [
            [3, null],
            [2, null],
          ],
          [3, 0],
        ],
      ],
      "11.1",
      /intake 2 comes after 3/,
    ],
    [
      "a message below the progress",
      [
        [[[4, null]], [6, 0]],
        [[[5, null]], [6, 0]],
      ],
      "12.0",
      /intake 5 comes after 4/,
    ],
    [
      "more decided than the progress says",
      [[[[4, null]], [3, 0]]],
      "11",
      /it decides intake 4, and its progress is 3, 0 of the next/,
    ],
    [
      "a message that is none of a batch, and progress as of one",
      [[[[4, null]], [3, 1]]],
      "11",
      /it decides intake 4, and its progress is 3, 1 of the next/,
    ],
    [
      "more of a batch decided than it says",
      [
        [
          [
            [4, 0],
            [4, 1],
          ],
          [3, 1],
        ],
      ],
      "11",
      /it decides intake 4-1, and its progress is 3, 1/,
    ],
  ])("given %s, when it is verified, then its address is told", (_what, entries, address, message) => {
    expect(arrivals(...entries)).toMatchObject({ address, message: expect.stringMatching(message) });
  });
});
