/** A pool explained: who holds it, who waits in which order and why, and what must happen next. */
import { describe, expect, test } from "vitest";
import { explainPool } from "../../projections/explain/explain-pool.js";
import { poolNamed } from "../../projections/pool-name.js";
import { type LedgerBuilder, ledger } from "../support/ledger-builder.js";

const OLLAMA = { resources: { ollama: 1 } };
const scheduler = (ollama = 1) => ledger().elected().worker("w1").limits({ resources: { ollama } });

function told(book: LedgerBuilder, name = "ollama") {
  const found = poolNamed(book.fold, name);
  if ("refused" in found) throw new Error(found.reason);
  return explainPool(book.fold, found.name);
}

describe("a pool", () => {
  test("given a holder and several that wait, when it is explained, then all of it is told, in order and with reasons", () => {
    const book = scheduler().submitted("j42", OLLAMA).decided();
    book
      .submitted("j41", OLLAMA)
      .submitted("j43", { ...OLLAMA, priority: 5 })
      .submitted("j44", OLLAMA)
      .decided();
    expect(told(book)).toEqual({
      ...{ pool: "resource:ollama", position: 9, at: "2026-01-01T00:00:08.000Z" },
      ...{ capacity: 1, used: 1, free: 0, paused: false, pausedSince: null },
      capacitySince: "2026-01-01T00:00:02.000Z",
      holders: [{ job: "j42", units: 1, grant: 5, since: "2026-01-01T00:00:04.000Z", worker: "w1" }],
      waiting: [
        { job: "j43", needs: 1, why: "priority" },
        { job: "j41", needs: 1, why: "place" },
        { job: "j44", needs: 1, why: null },
      ],
      next: "Next is j43: it starts when j42 has ended.",
      text:
        "resource:ollama: 1 of 1 used by j42 since 00:00:04Z; 3 wait for it: j43 (higher priority), then j41 (earlier in line), " +
        "then j44. Next is j43: it starts when j42 has ended.",
    });
  });

  test("given nobody waits, when it is explained, then that is told", () => {
    expect(told(scheduler()).text).toBe("resource:ollama: 0 of 1 used. Nobody waits for it.");
  });

  test("given it is paused, when it is explained, then since when, and that it has to be resumed", () => {
    const book = scheduler()
      .submitted("a", OLLAMA)
      .decided()
      .submitted("b", OLLAMA)
      .paused("resource:ollama")
      .decided();
    expect(told(book)).toMatchObject({
      pausedSince: "2026-01-01T00:00:06.000Z",
      text:
        "resource:ollama is paused since 00:00:06Z: 1 of 1 used by a since 00:00:04Z; one waits for it: b. " +
        "Pool resource:ollama has to be resumed.",
    });
  });

  test("given its capacity was lowered, when it is explained, then since when it is above it", () => {
    const book = scheduler(2).submitted("a", OLLAMA).submitted("b", OLLAMA).decided();
    book
      .limits({ resources: { ollama: 1 } })
      .submitted("c", OLLAMA)
      .decided();
    expect(told(book).text).toBe(
      "resource:ollama: 2 of 1 used by a and b since 00:00:05Z, which is more than its capacity since 00:00:06Z; " +
        "one waits for it: c. Next is c: it starts when 2 units of resource:ollama have been given back.",
    );
  });

  test("given a demand above the lowered capacity at the front, when it is explained, then the next is the first that can start", () => {
    const book = scheduler(2)
      .submitted("a", OLLAMA)
      .decided()
      .submitted("large", { resources: { ollama: 2 } });
    book.limits({ resources: { ollama: 1 } }).decided();
    expect(told(book).next).toBe("None of those that wait can start as things are; `explain large` says why.");
    expect(told(book.submitted("b", OLLAMA).decided()).next).toBe("Next is b: it starts when a has ended.");
  });

  test("given a reservation waits, when it is explained, then it goes first", () => {
    const book = scheduler()
      .submitted("a", OLLAMA)
      .decided()
      .submitted("b", OLLAMA)
      .reserved("r", { ollama: 1 })
      .decided();
    expect(told(book).text).toBe(
      "resource:ollama: 1 of 1 used by a since 00:00:04Z; 2 wait for it: r (reservations go first), then b. " +
        "Next is the reservation r, when there is room for it.",
    );
  });

  test("given room that was not decided on yet, when it is explained, then who starts is told", () => {
    expect(told(scheduler().submitted("a", OLLAMA)).text).toBe(
      "resource:ollama: 0 of 1 used; one waits for it: a. The scheduler's next decision starts a.",
    );
  });

  test("given many that wait, when it is explained, then the first are named and the others counted", () => {
    const book = scheduler();
    for (const id of ["a", "b", "c", "d", "e", "f"]) book.submitted(id, OLLAMA);
    expect(told(book.decided()).text).toContain(
      "5 wait for it: b (earlier in line), then c (earlier in line), then d, and 2 more.",
    );
  });
});
