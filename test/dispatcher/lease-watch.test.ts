/** Who is silent for how long, as a leader counts it. */
import { beforeEach, expect, test } from "vitest";
import { LeaseWatch } from "../../src/dispatcher/lease-watch.js";
import { VirtualClock } from "../support/virtual-clock.js";

let clock: VirtualClock;
let leases: LeaseWatch;
beforeEach(() => {
  clock = new VirtualClock();
  leases = new LeaseWatch(clock);
});

test("given somebody was heard of, when time passes, then that is how long they have been silent", () => {
  leases.heard("w1");
  clock.sleep(700);
  expect(leases.silentMs("w1")).toBe(700);
  leases.heard("w1");
  expect(leases.silentMs("w1")).toBe(0);
});

test("given a reign of an hour, when somebody comes who has not said a word yet, then their silence begins now and not with the reign", () => {
  clock.sleep(3_600_000);
  expect(leases.silentMs("new")).toBe(0);
  clock.sleep(400);
  expect(leases.silentMs("new")).toBe(400);
});

test("given somebody who is not known yet when the others are sorted out, when they turn out to be there, then they have their whole lease", () => {
  leases.heard("joining");
  clock.sleep(3_600_000);
  leases.keepOnly(() => false);
  expect(leases.silentMs("joining")).toBe(0);
});
