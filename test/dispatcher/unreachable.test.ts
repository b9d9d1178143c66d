/** A leader that cannot reach its ledger ends what it runs before its lease is over: somebody else may lead by then (D8). */
import { expect, test } from "vitest";
import type { LogState } from "../../src/log/log.js";
import { factsOf, ledgerUntil, memoryLog, startDispatcher, submit } from "../log/dispatcher-stage.js";
import { FaultyLog } from "../log/faulty-log.js";

const LEASE_MS = 1_200;

class UnreachableLog extends FaultyLog {
  isReachable = true;

  override async state(): Promise<LogState> {
    if (!this.isReachable) throw new Error("a test wants it: the server is out of reach");
    return super.state();
  }
}

test("given a job runs and there is nothing to write, when the ledger is out of reach, then the run is aborted before the lease is over", async () => {
  const ledger = new UnreachableLog(memoryLog("ledger", true));
  const intake = memoryLog("intake", false);
  let aborted: (after: number) => void = () => {};
  const abortedAfter = new Promise<number>((resolve) => {
    aborted = resolve;
  });
  let lostAt = 0;
  startDispatcher(
    ledger,
    intake,
    (_params, { signal }) =>
      new Promise<void>((resolve) => {
        signal.addEventListener("abort", () => {
          aborted(performance.now() - lostAt);
          resolve();
        });
      }),
    { global: 1 },
    { leaseMs: LEASE_MS },
  );
  await submit(intake, 1);
  await ledgerUntil(ledger, (entries) => factsOf(entries).some(({ type }) => type === "RunStarted"));
  lostAt = performance.now();
  ledger.isReachable = false;
  const after = await abortedAfter;
  ledger.isReachable = true;
  expect(after).toBeLessThan(LEASE_MS);
});
