/** A scheduler that is killed while a checkpoint is written: nothing depends on it, and nothing is left of it. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { openShelf } from "../../src/checkpoints/index.js";
import { foldLedger } from "../../src/client/reader.js";
import { JetStreamLog } from "../../src/log/jetstream.js";
import { Publisher } from "../../src/log/publisher.js";
import type { NatsConnection } from "../../src/nats/door.js";
import { ObjectBucket } from "../../src/nats/object-bucket.js";
import { subjectsOf } from "../../src/nats/subjects.js";
import { stateHash } from "../../src/state-hash.js";
import { startProgram } from "../cli/world.js";
import { type NatsTestServer, startNatsServer } from "../support/nats-server.js";
import { Stage } from "../support/stage.js";
import { WorkServer } from "../support/work-server.js";

const KILLS = 4;
const JOBS_BETWEEN = 100;

let server: NatsTestServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

test("given a scheduler that is killed whenever it writes a checkpoint, when it is started again, then all is as without them", {
  timeout: 120_000,
}, async () => {
  await using work = await WorkServer.start();
  const stage = await Stage.open(server.url, () => ({
    limits: { global: 20 },
    lease: "2s",
    checkpoints: { facts: 100, every: "100ms" },
    types: { story: { runner: "http", url: work.url("story") } },
  }));
  const { nc, namespace } = stage;
  const { ledgerStream, checkpointsBucket } = subjectsOf(namespace);
  const parts = `$O.${checkpointsBucket}.C.>`;
  let jobs = 0;
  let whole: Promise<unknown> = Promise.resolve();
  for (let kill = 0; kill < KILLS; kill += 1) {
    const part = await nextMessage(nc, parts);
    jobs += JOBS_BETWEEN;
    await stage.publish("submit", JSON.stringify(Array(JOBS_BETWEEN).fill({ type: "story" })));
    await part();
    await stage.scheduler.kill();
    whole = (await nextMessage(nc, `$O.${checkpointsBucket}.M.>`))();
    await stage.startScheduler();
  }
  await whole;
  await stage.untilEnded(jobs, 60_000);
  stage.scheduler.signal("SIGTERM");
  await stage.scheduler.exited;
  await stage.audit();

  const jsm = await nc.jetstreamManager();
  const ledger = new JetStreamLog({ nc, jsm, stream: ledgerStream, publisher: new Publisher(nc) });
  const shelf = openShelf(nc, subjectsOf(namespace));
  const said: string[] = [];
  const onNotice = (text: string) => void said.push(text);
  const near = await foldLedger({ ledger, begin: null, shelf, onNotice });
  expect(stateHash(near)).toBe(stateHash(await foldLedger({ ledger, begin: null, shelf: null, onNotice })));
  expect(said).toEqual([]);
  const kept = await shelf.list();
  expect(kept.length).toBeGreaterThan(0);
  await shelf.sweep();
  const { state } = await jsm.streams.info(`OBJ_${checkpointsBucket}`, { subjects_filter: parts });
  expect(Object.keys(state.subjects ?? {})).toHaveLength(kept.length);

  const verify = (...more: string[]) =>
    startProgram(["log", "verify", "--namespace", namespace, "--nats", server.url, ...more]).ended;
  expect(await verify()).toMatchObject({ code: 0, stdout: expect.stringMatching(/, \d+ checkpoints?, up to /) });

  const newest = kept.at(-1)?.position ?? 0;
  await stage.startScheduler();
  const { ready, log } = stage.scheduler;
  expect(ready).toMatchObject({ checkpoint: newest, entriesFolded: near.head.position - newest });
  expect(log.join("\n")).toMatch(/ {2}ledger {5}checkpoint at [\d,]+, [\d,]+ entr(y|ies) after it/);
  stage.scheduler.signal("SIGTERM");
  await stage.scheduler.exited;

  // One that was forged: its state would be believed, if nobody looked.
  const [forged] = kept;
  if (forged === undefined) throw new Error("there is no checkpoint");
  const bucket = new ObjectBucket(nc, checkpointsBucket);
  const wrong = { ...forged.object.metadata, hash: "0".repeat(64) };
  await bucket.put(forged.place, await bucket.read(forged.object), wrong);
  const told = await verify("-o", "json");
  expect(told).toMatchObject({ code: 4, stderr: expect.stringContaining("may be deleted") });
  expect(JSON.parse(told.stdout)).toMatchObject({ ok: false, address: String(forged.position) });
});

/** Listens from now on; the function that it gives settles with the first message. */
async function nextMessage(nc: NatsConnection, subject: string): Promise<() => Promise<unknown>> {
  const messages = nc.subscribe(subject, { max: 1 });
  await nc.flush();
  return () => messages[Symbol.asyncIterator]().next();
}
