/** All webhooks of a scheduler that leads: how they begin, how one of them fails beside the others, and how they end. */
import { Writable } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { MemoryLog } from "../../src/log/memory.js";
import { createLogger } from "../../src/logger.js";
import { endpointOf, startWebhooks, type Webhooks } from "../../src/webhooks/index.js";
import { eventually } from "../embedded/folders.js";
import { HookServer } from "../support/hook-server.js";
import { type LedgerBuilder, ledger } from "../support/ledger-builder.js";
import { VirtualClock } from "../support/virtual-clock.js";
import { Bucket } from "./bucket.js";
import { append, logOf } from "./builder-log.js";

let hooks: HookServer;
let bucket: Bucket;
let clock: VirtualClock;
let logged: string;
beforeEach(async () => {
  hooks = await HookServer.start();
  bucket = new Bucket();
  clock = new VirtualClock("2026-01-01T00:00:00.000Z");
  logged = "";
});
afterEach(() => hooks[Symbol.asyncDispose]());

function start(book: LedgerBuilder, log: MemoryLog, names: readonly string[]): Webhooks {
  const destination = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      logged += chunk.toString();
      done();
    },
  });
  const options = { secret: null, states: ["cancelled" as const], types: null, timeoutMs: 60_000 };
  return startWebhooks({
    endpoints: names.map((name) => endpointOf(name, { ...options, url: hooks.url(`/${name}`) }, {})),
    ledger: log,
    state: bucket,
    leader: { query: async (ask) => ask(book.fold), record: async () => true },
    clock,
    log: createLogger("warn", destination),
  });
}

/** The builder's next entries, in the log too. */
async function also(book: LedgerBuilder, log: MemoryLog, write: (book: LedgerBuilder) => unknown): Promise<void> {
  const before = book.entries.length;
  write(book);
  for (const stored of book.entries.slice(before)) await append(log, stored);
}

const cancelled = (id: string) => (book: LedgerBuilder) => book.submitted(id).cancelled(id);

test("given a ledger with a past, when webhooks begin, then at its end as it was when leading began", async () => {
  const book = ledger().elected().submitted("old").cancelled("old");
  const log = await logOf(book);
  const webhooks = start(book, log, ["done"]);
  // The reign goes on while they are still asking for their position.
  await also(book, log, cancelled("new"));
  const [call] = await hooks.until("/done", 1);
  expect(call?.headers["signalbox-delivery"]).toBe("5.0-done");
  await clock.pass(0);
  await webhooks.stop();
  expect(bucket.settled).toEqual({ done: 5 });
  expect(hooks.calls).toHaveLength(1);
});

test("given positions that cannot be read, when they are deleted, then webhooks begin; until then nothing is delivered, and the log says why", async () => {
  const book = ledger().elected();
  const log = await logOf(book);
  bucket.text = "rubbish";
  const webhooks = start(book, log, ["done"]);
  await clock.pass(1_000);
  await also(book, log, cancelled("a"));
  await clock.pass(60_000);
  expect(hooks.calls).toEqual([]);
  expect(logged).toMatch(/does not hold the positions of webhooks: delete it/);
  bucket.text = null;
  await clock.pass(30_000);
  await hooks.until("/done", 1);
  await webhooks.stop();
});

test("given an endpoint's consumer that fails, then that is logged with its name, and the others go on", async () => {
  const book = ledger().elected();
  const log = await logOf(book);
  bucket.text = JSON.stringify({ v: 1, ledger: "ledger", settled: { sound: 1, broken: 1_000 } });
  const webhooks = start(book, log, ["sound", "broken"]);
  await eventually("it is logged", () => (logged.includes('"webhook":"broken"') ? true : null));
  await also(book, log, cancelled("a"));
  await hooks.until("/sound", 1);
  await webhooks.stop();
  expect(bucket.settled).toMatchObject({ broken: 1_000 });
});

test("given an attempt that is not answered, when it is stopped, then it is waited for 3 s, given up, and not settled", async () => {
  hooks.held.add("/done");
  const book = ledger().elected();
  const log = await logOf(book);
  const webhooks = start(book, log, ["done"]);
  await also(book, log, cancelled("a"));
  await hooks.until("/done", 1);
  let isStopped = false;
  const stopped = webhooks.stop().then(() => {
    isStopped = true;
  });
  await clock.pass(2_999);
  expect(isStopped).toBe(false);
  await clock.pass(1);
  await stopped;
  expect(bucket.settled).toEqual({ done: 2 });
  expect(clock.alarms).toBe(0);
});

test("given no webhooks, when they are started and stopped, then nothing is asked and nothing is stored", async () => {
  const book = ledger().elected();
  await start(book, await logOf(book), []).stop();
  expect([bucket.text, bucket.puts]).toEqual([null, 0]);
});
