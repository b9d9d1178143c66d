/** Facts that the scheduler has reason for, recorded through the dispatcher that leads. */
import { expect, test } from "vitest";
import { decodeEntry, encodeEntry, encodeFact } from "../../events/codec.js";
import type { Fact, FactOf } from "../../events/facts.js";
import { dispatcherId, entryId, epoch, factAddress, jobId, position } from "../../events/names.js";
import type { Log } from "../../src/log/log.js";
import { eventually } from "../embedded/folders.js";
import {
  factsOf,
  haveCompleted,
  ledgerUntil,
  linesOf,
  memoryLog,
  startDispatcher,
  subjects,
  submit,
} from "../log/dispatcher-stage.js";
import { FaultyLog } from "../log/faulty-log.js";

const failed: FactOf<"WebhookFailed"> = {
  type: "WebhookFailed",
  job: jobId("j1"),
  webhook: "done",
  url: "http://127.0.0.1:1/",
  address: factAddress(position(3), 0),
  attempts: 4,
  error: { code: "unreachable", message: "nobody is there" },
};

test("given a dispatcher that leads, when facts are recorded, then it says so once they are stored, and the job's life goes on without them", async () => {
  const ledger = new FaultyLog(memoryLog("ledger", true));
  const intake = memoryLog("intake", false);
  const { dispatcher } = startDispatcher(ledger, intake, () => {});
  await submit(intake, 1);
  await ledgerUntil(ledger, haveCompleted(1));
  const before = await dispatcher.query((fold) => [...(fold.jobs.get(jobId("j1"))?.addresses ?? [])]);
  // Its outcome is unknown at first: it counts as stored only when that is known.
  ledger.faults.push("absent-unknown");
  expect(await dispatcher.record([failed])).toBe(true);
  const lines = await linesOf(ledger);
  expect(decodeEntry(lines.at(-1) ?? "").facts).toEqual([failed]);
  expect(await dispatcher.query((fold) => fold.jobs.get(jobId("j1"))?.addresses)).toEqual(before);
});

test("given a dispatcher that does not lead yet, or has ended, when facts are recorded, then it says no, and nothing is stored", async () => {
  const ledger = memoryLog("ledger", true);
  const { dispatcher, ended } = startDispatcher(ledger, memoryLog("intake", false), () => {});
  expect(await dispatcher.record([failed])).toBe(false);
  await eventually("it leads", () => (dispatcher.leads ? true : null));
  dispatcher.stop();
  await ended;
  expect(await dispatcher.record([failed])).toBe(false);
  expect((await linesOf(ledger)).join()).not.toContain("WebhookFailed");
});

test("given a rival is elected first, when facts are recorded, then it says no: to those in the entry that was refused, and to those that waited", async () => {
  const ledger = new FaultyLog(memoryLog("ledger", true));
  const { dispatcher } = startDispatcher(ledger, memoryLog("intake", false), () => {});
  await eventually("its reign is on record", async () =>
    (await ledger.state()).last > 0 && dispatcher.leads ? true : null,
  );
  let waiting: Promise<boolean> | null = null;
  ledger.faults.push({
    before: async () => {
      waiting = dispatcher.record([failed]);
      await rivalIsElected(ledger.inner);
    },
  });
  expect(await dispatcher.record([failed])).toBe(false);
  expect(await waiting).toBe(false);
  const entries = await ledgerUntil(ledger, (all) => all.some(({ epoch: reign }) => reign === 3));
  expect(factsOf(entries).filter(({ type }) => type === "WebhookFailed")).toEqual([]);
});

/** A rival on a machine that we cannot look into is elected, and is then never heard of again. */
async function rivalIsElected(ledger: Log): Promise<void> {
  const { facts: _facts, ...last } = decodeEntry((await linesOf(ledger)).at(-1) ?? "");
  const elected: Fact = {
    type: "DispatcherElected",
    epoch: epoch(last.epoch + 1),
    dispatcher: dispatcherId("rival"),
    process: { host: "another machine", pid: 1, startedAt: "" },
    version: "test",
  };
  const header = { ...last, id: entryId("rival-1"), prev: last.id, epoch: elected.epoch };
  await ledger.append({ subject: subjects.ledger, data: Buffer.from(encodeEntry(header, [encodeFact(elected)])) });
}
