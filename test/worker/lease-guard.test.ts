/** A worker's own watch over its lease, on a clock that the test moves (D8). */
import { beforeEach, describe, expect, test } from "vitest";
import { LeaseGuard, momentOf } from "../../src/worker/lease-guard.js";
import { VirtualClock } from "../support/virtual-clock.js";

const LEASE_MS = 30_000;

let clock: VirtualClock;
let said: number[];
let guard: LeaseGuard;
beforeEach(() => {
  clock = new VirtualClock();
  said = [];
  guard = new LeaseGuard(clock, LEASE_MS, () => said.push(clock.elapsedMs()));
});

describe("the lease guard", () => {
  test("given nothing renews the lease, when two thirds of it have passed, then it says so once, well before the end", async () => {
    await clock.pass(LEASE_MS * 3);
    expect(said).toHaveLength(1);
    expect(said[0]).toBeGreaterThanOrEqual((LEASE_MS * 2) / 3);
    expect(said[0]).toBeLessThan(LEASE_MS * 0.8);
  });

  test("given renewals come in time, when ten leases have passed, then it says nothing", async () => {
    for (let third = 0; third < 30; third += 1) {
      await clock.pass(LEASE_MS / 3);
      guard.renewed(momentOf(clock));
    }
    expect(said).toEqual([]);
  });

  test("given it has said so, when a renewal comes and then none again, then it says so again", async () => {
    await clock.pass(LEASE_MS);
    guard.renewed(momentOf(clock));
    expect(guard.isNearEnd).toBe(false);
    await clock.pass(LEASE_MS);
    expect(said).toHaveLength(2);
  });

  test("given the wall clock alone jumps ahead, when it looks next, then the lease counts as gone", async () => {
    clock.setForward(LEASE_MS);
    expect(guard.isNearEnd).toBe(true);
    await clock.pass(LEASE_MS / 12);
    expect(said).toHaveLength(1);
  });

  test("given the process was paused for longer than the lease, when it goes on, then nothing may run even before a timer has gone off", () => {
    clock.sleep(LEASE_MS * 2);
    expect(said).toEqual([]);
    expect(guard.isNearEnd).toBe(true);
  });

  test("given a pause between a question and its answer, when the answer is read, then the lease counts from the question", async () => {
    const asked = momentOf(clock);
    clock.sleep(LEASE_MS * 2);
    guard.renewed(asked);
    expect(guard.isNearEnd).toBe(true);
    await clock.pass(LEASE_MS / 12);
    expect(said).toHaveLength(1);
  });

  test("given a renewal that makes the lease shorter, when two thirds of the new one have passed, then it says so", async () => {
    guard.renewed(momentOf(clock), LEASE_MS / 10);
    await clock.pass(LEASE_MS / 10);
    expect(guard.isNearEnd).toBe(true);
  });

  test("given it is stopped, when time passes, then it says nothing and waits for nothing", async () => {
    guard.stop();
    await clock.pass(LEASE_MS * 2);
    expect(said).toEqual([]);
    expect(clock.alarms).toBe(0);
  });
});
