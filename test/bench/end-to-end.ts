/** End to end: no-op jobs from a publisher in another process to RunCompleted in the ledger, and the raw limit of the same bytes. */

import { JetStreamLog } from "../../src/log/jetstream.js";
import { Publisher } from "../../src/log/publisher.js";
import { createLogger } from "../../src/logger.js";
import { openConnection } from "../../src/nats/connection.js";
import { openStreams } from "../../src/nats/streams.js";
import { subjectsOf } from "../../src/nats/subjects.js";
import type { Scheduler } from "../../src/scheduler.js";
import { startScheduler } from "../../src/scheduler.js";
import { startPublisher } from "./measure.js";
import { configurationFor, untilLeading } from "./setting.js";
import { NOOP_TYPE } from "./workload.js";

export interface EndToEnd {
  readonly jobsPerSecond: number;
  /** What the scheduler wrote: entries, and their bytes. */
  readonly entries: readonly Uint8Array[];
}

/** Jobs per second through a scheduler with `limits.global: limit`, `batch` of them in one message. */
export async function measureEndToEnd(
  url: string,
  namespace: string,
  jobs: number,
  limit: number,
  batch = 1,
): Promise<EndToEnd> {
  let ended = 0;
  let allEnded = () => {};
  const done = new Promise<void>((resolve) => {
    allEnded = resolve;
  });
  const configuration = configurationFor(namespace, { global: limit });
  const scheduler: Scheduler = await startScheduler({
    connection: { servers: [url] },
    configuration,
    functions: new Map([[NOOP_TYPE, () => null]]),
    log: createLogger("warn"),
    onStored: ({ facts }) => {
      for (const { fact } of facts) if (fact.type === "RunCompleted") ended += 1;
      if (ended >= jobs) allEnded();
    },
  });
  await untilLeading(scheduler);
  const { subjects } = scheduler;
  const subject = batch === 1 ? `${subjects.submit}.${NOOP_TYPE}` : subjects.submit;
  const publisher = await startPublisher(url, subject, jobs, batch);
  const begin = performance.now();
  await Promise.all([publisher.publish(), done]);
  const seconds = (performance.now() - begin) / 1000;
  await scheduler.stop();
  return { jobsPerSecond: jobs / seconds, entries: await readEntries(url, namespace) };
}

/** The same messages and bytes through both streams, with no scheduler between: submissions in, entries out, one in flight. */
export async function measureRawLimit(
  url: string,
  namespace: string,
  jobs: number,
  entries: readonly Uint8Array[],
): Promise<number> {
  const subjects = subjectsOf(namespace);
  const nc = await openConnection({ servers: [url] }, "bench raw");
  const jsm = await openStreams(nc, subjects);
  const publisher = new Publisher(nc);
  const intake = new JetStreamLog({ nc, jsm, stream: subjects.intakeStream, publisher });
  const outside = await startPublisher(url, `${subjects.submit}.${NOOP_TYPE}`, jobs);
  const stop = new AbortController();
  const begin = performance.now();
  const consumed = (async () => {
    let seen = 0;
    for await (const batch of intake.follow(0, stop.signal)) {
      seen += batch.length;
      if (seen >= jobs) return;
    }
  })();
  const written = (async () => {
    for (const [i, data] of entries.entries()) {
      const appended = await publisher.publish({ subject: subjects.ledger, data, expectedLast: i });
      if (appended.outcome !== "stored") throw new Error(`entry ${i} was not stored`);
    }
  })();
  await Promise.all([outside.publish(), consumed, written]);
  const seconds = (performance.now() - begin) / 1000;
  stop.abort();
  await nc.close();
  return jobs / seconds;
}

async function readEntries(url: string, namespace: string): Promise<Uint8Array[]> {
  const subjects = subjectsOf(namespace);
  const nc = await openConnection({ servers: [url] }, "bench reader");
  const jsm = await openStreams(nc, subjects);
  const ledger = new JetStreamLog({ nc, jsm, stream: subjects.ledgerStream, publisher: new Publisher(nc) });
  const { last } = await ledger.state();
  const stop = new AbortController();
  const entries: Uint8Array[] = [];
  for await (const batch of ledger.follow(0, stop.signal)) {
    for (const message of batch) entries.push(message.data);
    if (entries.length >= last) break;
  }
  stop.abort();
  await nc.close();
  return entries;
}
