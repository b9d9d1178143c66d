/** The attempts of a delivery and the waits between them, on a clock that the test moves. */
import { describe, expect, test } from "vitest";
import { type Delivered, deliver, RETRY_WAITS_MS } from "../../src/webhooks/delivery.js";
import type { Posted } from "../../src/webhooks/post.js";
import { VirtualClock } from "../support/virtual-clock.js";

const failed = (message: string): Posted => ({ kind: "failed", error: { code: "http-status", message } });

/** A delivery whose attempts come out so, one after the other, and when each was made, in milliseconds from the first. */
function begin(...posted: readonly Posted[]) {
  const clock = new VirtualClock("2026-01-01T00:00:00.000Z");
  const begunMs = clock.now();
  const stopping = new AbortController();
  const madeMs: number[] = [];
  const answers = [...posted];
  const attempt = async (): Promise<Posted> => {
    madeMs.push(clock.now() - begunMs);
    const answer = answers.shift();
    if (answer === undefined) throw new Error("more attempts than the test has answers");
    return answer;
  };
  let came: Delivered | null = null;
  void deliver({ attempt, waitsMs: RETRY_WAITS_MS, clock, stopping: stopping.signal }).then((delivered) => {
    came = delivered;
  });
  return { clock, stopping, madeMs, came: () => came };
}

describe("a delivery", () => {
  test("given the first attempt succeeds, then there is no other", async () => {
    const { clock, madeMs, came } = begin({ kind: "delivered" });
    await clock.pass(60_000);
    expect(came()).toEqual({ kind: "delivered" });
    expect(madeMs).toEqual([0]);
  });

  test("given every attempt fails, then there are four, after 0, 1, 5 and 21 seconds, and the last one's error is what it failed of", async () => {
    const { clock, madeMs, came } = begin(failed("a"), failed("b"), failed("c"), failed("d"));
    await clock.pass(20_999);
    expect(madeMs).toEqual([0, 1_000, 5_000]);
    expect(came()).toBeNull();
    await clock.pass(1);
    expect(madeMs).toEqual([0, 1_000, 5_000, 21_000]);
    expect(came()).toEqual({ kind: "failed", attempts: 4, error: { code: "http-status", message: "d" } });
    expect(clock.alarms).toBe(0);
  });

  test("given the third attempt succeeds, then it is delivered, and there is no fourth", async () => {
    const { clock, madeMs, came } = begin(failed("a"), failed("b"), { kind: "delivered" });
    await clock.pass(60_000);
    expect(madeMs).toEqual([0, 1_000, 5_000]);
    expect(came()).toEqual({ kind: "delivered" });
  });

  test("given it is stopped amid a wait, then it ends at once, undecided, and no alarm is left", async () => {
    const { clock, stopping, madeMs, came } = begin(failed("a"), failed("b"));
    await clock.pass(2_000);
    stopping.abort();
    await clock.pass(0);
    expect(came()).toEqual({ kind: "stopped" });
    expect(madeMs).toEqual([0, 1_000]);
    expect(clock.alarms).toBe(0);
  });

  test("given an attempt is aborted, then nothing is known, and it is not counted as failed", async () => {
    const { clock, came } = begin(failed("a"), { kind: "aborted" });
    await clock.pass(60_000);
    expect(came()).toEqual({ kind: "stopped" });
  });

  test("given it is stopped while an attempt is under way, then that one still counts", async () => {
    const { clock, stopping, came } = begin({ kind: "delivered" });
    stopping.abort();
    await clock.pass(0);
    expect(came()).toEqual({ kind: "delivered" });
  });
});
