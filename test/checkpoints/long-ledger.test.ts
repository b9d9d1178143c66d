/** A ledger of 5,000 jobs and its checkpoints: questions and a restart begin at one, and come to the same as from the first entry. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { position } from "../../events/names.js";
import { openShelf } from "../../src/checkpoints/index.js";
import type { Shelf } from "../../src/checkpoints/shelf.js";
import { foldLedger } from "../../src/client/reader.js";
import { loadConfiguration } from "../../src/config/load.js";
import { JetStreamLog } from "../../src/log/jetstream.js";
import type { Log } from "../../src/log/log.js";
import { Publisher } from "../../src/log/publisher.js";
import { createLogger } from "../../src/logger.js";
import { connect, type JetStreamManager, type NatsConnection } from "../../src/nats/door.js";
import { subjectsOf } from "../../src/nats/subjects.js";
import { type Scheduler, startScheduler } from "../../src/scheduler.js";
import { stateHash } from "../../src/state-hash.js";
import { startProgram } from "../cli/world.js";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";

const JOBS = 5_000;
const BATCH_JOBS = 1_000;
const FACTS = 2_000;
const subjects = subjectsOf("long");

let server: NatsTestServer;
let nc: NatsConnection;
let jsm: JetStreamManager;
let ledger: JetStreamLog;
let shelf: Shelf;
/** The newest checkpoint's position, and the ledger's end. */
let newest = 0;
let last = 0;

/** A scheduler that leads, and a promise for the first word in its log of checkpoints that it has written. */
async function startLeading(
  facts: number,
): Promise<{ scheduler: Scheduler; ended: (jobs: number) => Promise<void>; wrote: Promise<void> }> {
  const loaded = loadConfiguration({ namespace: "long", env: {}, cwd: "/nonexistent" });
  if (loaded.kind === "refused") throw new Error("the defaults were refused");
  const { configuration } = loaded;
  let ends = 0;
  let wanted = { jobs: Number.POSITIVE_INFINITY, tell: () => {} };
  let tellWritten = () => {};
  const wrote = new Promise<void>((resolve) => {
    tellWritten = resolve;
  });
  const log = createLogger("info", { write: (line) => line.includes("wrote checkpoints") && tellWritten() });
  const scheduler = await startScheduler({
    connection: { servers: [server.url] },
    configuration: {
      ...configuration,
      limits: { global: 50 },
      limitsGiven: true,
      checkpoints: { facts, everyMs: 100 },
    },
    functions: new Map([["noop", () => null]]),
    log,
    onStored: (stored) => {
      for (const { fact } of stored.facts) if (fact.type === "RunCompleted") ends += 1;
      if (ends >= wanted.jobs) wanted.tell();
    },
  });
  const ended = (jobs: number) =>
    new Promise<void>((tell) => {
      wanted = { jobs, tell };
      if (ends >= jobs) tell();
    });
  return { scheduler, ended, wrote };
}

async function submit(jobs: number): Promise<void> {
  for (let sent = 0; sent < jobs; sent += BATCH_JOBS) {
    const batch = Array.from({ length: Math.min(BATCH_JOBS, jobs - sent) }, () => ({ type: "noop" }));
    await nc.jetstream().publish(subjects.submit, JSON.stringify(batch));
  }
}

beforeAll(async () => {
  server = await startNatsServer();
  nc = await connect({ servers: server.url });
  const { scheduler, ended, wrote } = await startLeading(FACTS);
  await submit(JOBS);
  await ended(JOBS);
  await wrote;
  await scheduler.stop();
  jsm = await nc.jetstreamManager();
  ledger = new JetStreamLog({ nc, jsm, stream: subjects.ledgerStream, publisher: new Publisher(nc) });
  shelf = openShelf(nc, subjects);
  last = (await ledger.state()).last;
  newest = (await shelf.list()).at(-1)?.position ?? 0;
});
afterAll(async () => {
  await nc.close();
  await server.stop();
});

/** The same log, and how many entries were read of it in order. */
function counted(log: Log): { readonly ledger: Log; readonly read: () => number } {
  let entries = 0;
  const follow: Log["follow"] = async function* (after, signal) {
    for await (const batch of log.follow(after, signal)) {
      entries += batch.length;
      yield batch;
    }
  };
  const ledger: Log = {
    follow,
    state: () => log.state(),
    read: (sequence) => log.read(sequence),
    append: (append) => log.append(append),
    trim: (sequence) => log.trim(sequence),
  };
  return { ledger, read: () => entries };
}
const silent = () => {};

/** Deletes the bucket, if it is there. */
async function loseBucket(): Promise<void> {
  await jsm.streams.delete(`OBJ_${subjects.checkpointsBucket}`).catch(silent);
}

describe("a ledger of 5,000 jobs with checkpoints", () => {
  test("given any of its positions, when it is folded up to there, then from the checkpoint before it, and to the same state", async () => {
    expect(newest).toBeGreaterThan(0);
    const kept = (await shelf.list()).map(({ position: at }) => at);
    for (const share of [0.5, 1]) {
      const end = position(Math.floor(share * last));
      const begin = kept.findLast((at) => at <= end) ?? 0;
      const [quick, slow] = [counted(ledger), counted(ledger)];
      const near = await foldLedger({ ledger: quick.ledger, begin: null, shelf, onNotice: silent }, { position: end });
      const whole = await foldLedger(
        { ledger: slow.ledger, begin: null, shelf: null, onNotice: silent },
        { position: end },
      );
      expect(stateHash(near)).toBe(stateHash(whole));
      // Batches are read ahead; what counts is that nothing before the checkpoint is read.
      expect(quick.read()).toBeLessThanOrEqual(last - begin);
      expect(slow.read()).toBeGreaterThanOrEqual(end);
      if (begin > 0) expect(quick.read()).toBeLessThan(slow.read());
    }
  });

  test("given the middle, when slots and a job are asked about, then the answers are the same without the bucket, byte for byte", {
    timeout: 60_000,
  }, async () => {
    const middle = String(Math.floor((newest + last) / 2));
    const questions = [["slots"], ["job", "j1-7"]];
    const ask = (question: readonly string[]) =>
      startProgram([...question, "--at", middle, "-o", "json", "--namespace", "long", "--nats", server.url]).ended;
    const kept = await Promise.all(questions.map(ask));
    for (const { stderr } of kept) expect(stderr).toBe("");
    await loseBucket();
    expect(await Promise.all(questions.map(ask))).toEqual(kept);
  });

  test("given a restart, when the scheduler leads again, then it has begun at a checkpoint, and goes on as ever", {
    timeout: 60_000,
  }, async () => {
    await loseBucket();
    const first = await startLeading(FACTS);
    // Folded from the first entry; and the keeper makes the bucket anew.
    await first.wrote;
    expect(first.scheduler.origin).toMatchObject({ checkpoint: null, entries: last });
    await first.scheduler.stop();
    const end = (await ledger.state()).last;
    const again = await startLeading(FACTS);
    await submit(100);
    await again.ended(100);
    const at = (await shelf.list()).map(({ position: kept }) => kept).findLast((kept) => kept <= end);
    expect(again.scheduler.origin).toMatchObject({ checkpoint: at, entries: end - (at ?? 0) });
    await again.scheduler.stop();
    const verified = await startProgram(["log", "verify", "--namespace", "long", "--nats", server.url, "-o", "json"])
      .ended;
    expect(verified.stderr).toBe("");
    expect(JSON.parse(verified.stdout)).toMatchObject({
      ok: true,
      jobs: JOBS + 100,
      checkpoints: (await shelf.list()).length,
    });
  });
});
