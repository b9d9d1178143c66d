/** Reservations at the dispatcher: how long the silence of a holder lasts before its slots are given to others (DEC-004, D8). */
import { expect, test } from "vitest";
import { type Clock, systemClock } from "../../src/clock.js";
import type { Log } from "../../src/log/log.js";
import { eventually } from "../embedded/folders.js";
import { factsOf, ledgerUntil, memoryLog, startDispatcher } from "./dispatcher-stage.js";

const LEASE_MS = 600;
const LONG_MS = 3_600_000;

/** The system's clock, which a test may put forward. */
class MovableClock implements Clock {
  readonly now = systemClock.now;
  readonly nowIso = systemClock.nowIso;
  readonly after = systemClock.after;
  #aheadMs = 0;

  elapsedMs(): number {
    return systemClock.elapsedMs() + this.#aheadMs;
  }

  forward(ms: number): void {
    this.#aheadMs += ms;
  }
}

/** A log that counts how often it is asked for its state: the leader asks each time that it looks after leases. */
function counted(log: Log): { readonly log: Log; looks(): number } {
  let looks = 0;
  const state = () => {
    looks += 1;
    return log.state();
  };
  return {
    log: {
      state,
      append: (entry) => log.append(entry),
      read: (at) => log.read(at),
      follow: (a, s) => log.follow(a, s),
      trim: (at) => log.trim(at),
    },
    looks: () => looks,
  };
}

test("given a reign much older than a lease, when somebody reserves, then its lease begins with that, and ends after a silence as long", async () => {
  const clock = new MovableClock();
  const { log: ledger, looks } = counted(memoryLog("ledger", true));
  const { dispatcher } = startDispatcher(ledger, memoryLog("intake", false), () => null, { global: 1 }, { clock });
  await ledgerUntil(ledger, (entries) => factsOf(entries).some(({ type }) => type === "LimitsChanged"));
  clock.forward(LONG_MS);
  const content = { value: { id: "r1", lease: LEASE_MS } };
  expect(await dispatcher.request({ verb: "reserve", content })).toMatchObject({ ok: true, id: "r1" });
  const before = looks();
  await eventually("leases were looked after three times", () => (looks() >= before + 3 ? true : null));
  expect(await dispatcher.query((fold) => Object.keys(fold.slots.reservations))).toEqual(["r1"]);
  clock.forward(LEASE_MS);
  const entries = await ledgerUntil(ledger, (all) => factsOf(all).some(({ type }) => type === "ReservationExpired"));
  expect(factsOf(entries).at(-1)).toMatchObject({ type: "ReservationExpired", reservation: "r1" });
});
