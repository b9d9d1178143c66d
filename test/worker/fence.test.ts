/** What a worker refuses, whatever it is told (INV-003, INV-007). */
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import type { JobId, Position } from "../../events/names.js";
import { ENDED_GRANTS_KEPT_MAX, Fence, type InHand } from "../../src/worker/fence.js";

const LEDGER = "ledger";
const J1 = "j1" as JobId;
const IDLE: InHand = { grant: null, executing: 0, capacity: 1 };

const order = (grant: number, { job = J1, epoch = 1 } = {}) => ({ job, epoch, grant: grant as Position });

let fence: Fence;
beforeEach(() => {
  fence = new Fence();
  fence.joined({ ledger: LEDGER, epoch: 1 });
});

describe("the fence", () => {
  test("given it is free, when an order comes, then it runs", () => {
    expect(fence.judge(order(5), IDLE)).toBe("run");
  });

  test("given as many run as it has seats, when another order comes, then it is refused with the numbers", () => {
    expect(fence.judge(order(5), { grant: null, executing: 2, capacity: 2 })).toEqual({
      refused: "it runs 2 of 2 jobs already",
    });
  });

  test("given it is full, when the order for what runs comes again, then there is nothing to do", () => {
    expect(fence.judge(order(5), { grant: 5 as Position, executing: 1, capacity: 1 })).toBe("again");
  });

  test("given an attempt has ended, when its order comes again, then it does not run twice", () => {
    fence.ended(J1, 5 as Position);
    expect(fence.judge(order(5), IDLE)).toBe("again");
  });

  test.each([
    ["runs", () => ({ ...IDLE, grant: 5 as Position })],
    [
      "has ended",
      () => {
        fence.ended(J1, 5 as Position);
        return IDLE;
      },
    ],
  ])("given a newer attempt of the job %s, when an order for an older one comes, then it is refused", (_what, hand) => {
    expect(fence.judge(order(4), hand())).toEqual({ refused: "attempt 5 of the job is newer than 4" });
  });

  test("given an attempt has ended, when a newer one of the same job comes, then it runs", () => {
    fence.ended(J1, 5 as Position);
    expect(fence.judge(order(9), IDLE)).toBe("run");
  });

  test("given a reign was heard of, when an order of an older one comes, then it is refused, whoever it is from", () => {
    expect(fence.hears(3)).toBe(true);
    expect(fence.judge(order(5, { epoch: 2 }), IDLE)).toEqual({ refused: "it is of reign 2, and 3 has begun" });
    expect(fence.hears(2)).toBe(false);
    expect(fence.heard).toEqual({ ledger: LEDGER, epoch: 3 });
  });

  test("given an order of a newer reign, when one of the reign before comes after it, then it is refused", () => {
    expect(fence.judge(order(5, { epoch: 2 }), IDLE)).toBe("run");
    expect(fence.judge(order(6, { epoch: 1, job: "j2" as JobId }), IDLE)).toMatchObject({
      refused: expect.any(String),
    });
  });

  test("given more ended attempts than it remembers, when an order comes that may be one of those forgotten, then it is refused", () => {
    for (let n = 1; n <= ENDED_GRANTS_KEPT_MAX + 1; n += 1) fence.ended(`job-${n}` as JobId, n as Position);
    expect(fence.judge(order(1, { job: "job-1" as JobId }), IDLE)).toMatchObject({ refused: expect.any(String) });
    expect(fence.judge(order(2, { job: "job-2" as JobId }), IDLE)).toBe("again");
    expect(fence.judge(order(2_000, { job: "new" as JobId }), IDLE)).toBe("run");
  });

  test("given it joins in another ledger, when an order comes, then what it knew of the first one does not count", () => {
    fence.hears(7);
    fence.ended(J1, 500 as Position);
    fence.joined({ ledger: "another", epoch: 1 });
    expect(fence.judge(order(3), IDLE)).toBe("run");
  });

  test("given it joins again in the same ledger, then it forgets nothing", () => {
    fence.hears(7);
    fence.ended(J1, 500 as Position);
    fence.joined({ ledger: LEDGER, epoch: 7 });
    expect(fence.judge(order(500, { epoch: 7 }), IDLE)).toBe("again");
  });

  test("given any orders and ends in any sequence, then no attempt runs twice, none after a newer one of its job or of an older reign, and never more than the capacity", () => {
    const step = fc.oneof(
      fc.record({
        job: fc.integer({ min: 1, max: 4 }),
        grant: fc.integer({ min: 1, max: 12 }),
        epoch: fc.integer({ min: 1, max: 3 }),
      }),
      fc.record({ ends: fc.nat() }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 3 }), (steps, capacity) => {
        const one = new Fence();
        one.joined({ ledger: LEDGER, epoch: 1 });
        const running = new Map<JobId, Position>();
        const newest = new Map<JobId, number>();
        const ran = new Set<string>();
        let heard = 1;
        for (const each of steps) {
          if ("ends" in each) {
            const [job, grant] = [...running][each.ends % Math.max(1, running.size)] ?? [];
            if (job === undefined || grant === undefined) continue;
            running.delete(job);
            one.ended(job, grant);
            continue;
          }
          const job = `j${each.job}` as JobId;
          const grant = each.grant as Position;
          const hand = { grant: running.get(job) ?? null, executing: running.size, capacity };
          const verdict = one.judge({ job, grant, epoch: each.epoch }, hand);
          const isOld = each.epoch < heard;
          heard = Math.max(heard, each.epoch);
          if (verdict !== "run") continue;
          expect(isOld).toBe(false);
          expect(grant).toBeGreaterThan(newest.get(job) ?? 0);
          expect(ran).not.toContain(`${job}@${grant}`);
          expect(running.size).toBeLessThan(capacity);
          newest.set(job, grant);
          ran.add(`${job}@${grant}`);
          running.set(job, grant);
        }
      }),
      { numRuns: 500 },
    );
  });
});
