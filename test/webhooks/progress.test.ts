/** How far an endpoint has come, and how many go there at once. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Position, position } from "../../events/names.js";
import { Progress } from "../../src/webhooks/progress.js";
import { Seats } from "../../src/webhooks/seats.js";
import { checkRandomly } from "../projections/random-world.js";
import { atRest } from "../support/virtual-clock.js";

describe("progress", () => {
  test("given entries with any number of deliveries, when these end in any order, then it is settled up to the first that is not", () => {
    const entries = fc.array(fc.nat({ max: 4 }), { maxLength: 30 });
    const input = fc.tuple(fc.nat({ max: 50 }), entries, fc.infiniteStream(fc.nat()));
    checkRandomly("progress", 500, input, ([start, counts, picks]) => {
      const progress = new Progress(position(start));
      const open: Position[] = [];
      const isSettledTo = (read: number) => expect(progress.settled).toBe(Math.min(read, ...open.map((at) => at - 1)));
      const pick = () => Number(picks.next().value);
      isSettledTo(start);
      for (const [index, count] of counts.entries()) {
        const at = position(start + index + 1);
        progress.begin(at);
        open.push(at);
        isSettledTo(at);
        for (let n = 0; n < count; n += 1) {
          progress.begin(at);
          open.push(at);
        }
        // Reading it is done; then some of what is open ends.
        progress.end(at);
        open.splice(open.lastIndexOf(at), 1);
        for (let ends = pick() % 3; ends > 0 && open.length > 0; ends -= 1) {
          const [ended] = open.splice(pick() % open.length, 1);
          if (ended !== undefined) progress.end(ended);
          isSettledTo(at);
        }
      }
      for (const at of open.splice(0)) progress.end(at);
      isSettledTo(start + counts.length);
    });
  });
});

describe("seats", () => {
  test("given two seats, when five come, then two sit, and the others follow in their order as seats are left", async () => {
    const seats = new Seats(2);
    const sat: number[] = [];
    for (let n = 1; n <= 5; n += 1) void seats.take().then(() => sat.push(n));
    await atRest();
    expect(sat).toEqual([1, 2]);
    seats.leave();
    await atRest();
    expect(sat).toEqual([1, 2, 3]);
    seats.leave();
    seats.leave();
    await atRest();
    expect(sat).toEqual([1, 2, 3, 4, 5]);
    let isEmpty = false;
    void seats.empty().then(() => {
      isEmpty = true;
    });
    seats.leave();
    await atRest();
    expect(isEmpty).toBe(false);
    seats.leave();
    await atRest();
    expect(isEmpty).toBe(true);
  });

  test("given nobody has come, when it is asked whether it is empty, then it is", async () => {
    const seats = new Seats(1);
    await seats.empty();
    await seats.take();
    seats.leave();
    await seats.empty();
  });
});
