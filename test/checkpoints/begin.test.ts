/** A dispatcher that begins at a checkpoint, on logs in memory: where it begins changes nothing of what it comes to. */
import { describe, expect, test } from "vitest";
import { position } from "../../events/names.js";
import { Fold } from "../../projections/fold.js";
import type { Origin } from "../../src/dispatcher/options.js";
import { entryOf } from "../../src/log/entry.js";
import type { Log } from "../../src/log/log.js";
import type { MemoryLog } from "../../src/log/memory.js";
import { stateHash } from "../../src/state-hash.js";
import { haveCompleted, ledgerUntil, memoryLog, startDispatcher, submit } from "../log/dispatcher-stage.js";
import { audit, describeViolation } from "../support/auditor.js";
import { throughCheckpoint } from "../support/checkpoints.js";
import { ledger as ledgerBook } from "../support/ledger-builder.js";

const JOBS = 10;

async function foldUpTo(ledger: Log, end: number): Promise<Fold> {
  const fold = new Fold();
  for (let at = 1; at <= end; at += 1) {
    const message = await ledger.read(at);
    if (message !== null) fold.apply(position(at), entryOf(message));
  }
  return fold;
}

/** Logs in which a dispatcher has done some jobs, and has ended. */
async function pastLogs(): Promise<{ readonly ledger: MemoryLog; readonly intake: MemoryLog; readonly last: number }> {
  const [ledger, intake] = [memoryLog("ledger", true), memoryLog("intake", false)];
  const first = startDispatcher(ledger, intake, () => null);
  await submit(intake, JOBS);
  await ledgerUntil(ledger, haveCompleted(JOBS));
  first.dispatcher.stop();
  await first.ended;
  return { ledger, intake, last: (await ledger.state()).last };
}

/** Lets a dispatcher begin at a checkpoint, and do as many jobs again. */
async function goOn(ledger: Log, intake: Log, checkpoint: Fold): Promise<readonly Origin[]> {
  const origins: Origin[] = [];
  const more = { checkpoint: async () => checkpoint, onFolded: (origin: Origin) => void origins.push(origin) };
  const next = startDispatcher(ledger, intake, () => null, { global: 1 }, more);
  await submit(intake, JOBS);
  await ledgerUntil(ledger, haveCompleted(2 * JOBS));
  next.dispatcher.stop();
  await next.ended;
  const { last } = await ledger.state();
  const whole = await foldUpTo(ledger, last);
  expect(stateHash(await next.dispatcher.query((fold) => fold))).toBe(stateHash(whole));
  return origins;
}

describe("a dispatcher that begins at a checkpoint", () => {
  test("given one in the middle, when it leads, then it has folded what comes after it, and everything is as ever", async () => {
    const { ledger, intake, last } = await pastLogs();
    const middle = Math.floor(last / 2);
    const origins = await goOn(ledger, intake, throughCheckpoint(await foldUpTo(ledger, middle)));
    expect(origins).toEqual([{ checkpoint: middle, entries: last - middle, facts: expect.any(Number) }]);
    const lines: string[] = [];
    for (let at = 1; at <= (await ledger.state()).last; at += 1)
      lines.push(Buffer.from((await ledger.read(at))?.data ?? []).toString("utf8"));
    expect(audit(lines).violations.map(describeViolation)).toEqual([]);
  });

  test("given one behind what was the end when it was asked for, when it is taken, then it leads, too", async () => {
    const { ledger, intake, last } = await pastLogs();
    const stale = { isFirst: true };
    const late: Log = {
      state: async () => {
        const state = await ledger.state();
        const isFirst = stale.isFirst;
        stale.isFirst = false;
        return isFirst ? { ...state, last: last - 2 } : state;
      },
      append: (append) => ledger.append(append),
      read: (sequence) => ledger.read(sequence),
      follow: (after, signal) => ledger.follow(after, signal),
      trim: (sequence) => ledger.trim(sequence),
    };
    const origins = await goOn(late, intake, await foldUpTo(ledger, last));
    expect(origins.at(0)).toMatchObject({ checkpoint: last, entries: 0 });
  });

  test("given one that the ledger does not follow, when it is taken, then the ledger is folded from its first entry", async () => {
    const { ledger, intake, last } = await pastLogs();
    const { fold } = ledgerBook().elected().worker("w1", 1).limits({ global: 1 });
    const origins = await goOn(ledger, intake, fold);
    expect(origins).toEqual([{ checkpoint: null, entries: last, facts: expect.any(Number) }]);
  });
});
