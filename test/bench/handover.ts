/** Handing over the only slot: from the end of one run to the start of the next, against the raw publish-to-ack round trip. */

import { Publisher } from "../../src/log/publisher.js";
import { createLogger } from "../../src/logger.js";
import { openConnection } from "../../src/nats/connection.js";
import { openStreams } from "../../src/nats/streams.js";
import { subjectsOf } from "../../src/nats/subjects.js";
import { startScheduler } from "../../src/scheduler.js";
import { startPublisher } from "./measure.js";
import { configurationFor, untilLeading } from "./setting.js";
import { NOOP_TYPE } from "./workload.js";

export interface Handover {
  readonly completionsPerSecond: number;
  /** Milliseconds from a run's return to the next run's call, one sample a pair. */
  readonly releaseToStartMs: readonly number[];
}

export async function measureHandover(url: string, namespace: string, jobs: number): Promise<Handover> {
  const releaseToStartMs: number[] = [];
  let released: number | null = null;
  let firstRelease = 0;
  let runs = 0;
  let allRun = () => {};
  const done = new Promise<void>((resolve) => {
    allRun = resolve;
  });
  // Held until every job waits, so that each release finds a next one.
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const noop = async () => {
    if (released !== null) releaseToStartMs.push(performance.now() - released);
    if (runs === 0) await gate;
    runs += 1;
    if (runs === 1) firstRelease = performance.now();
    if (runs === jobs) allRun();
    released = performance.now();
    return null;
  };
  const scheduler = await startScheduler({
    connection: { servers: [url] },
    configuration: configurationFor(namespace, { global: 1 }),
    functions: new Map([[NOOP_TYPE, noop]]),
    log: createLogger("warn"),
  });
  await untilLeading(scheduler);
  const publisher = await startPublisher(url, `${scheduler.subjects.submit}.${NOOP_TYPE}`, jobs);
  await publisher.publish();
  while ((await scheduler.dispatcher.query((fold) => fold.waiting.size)) < jobs - 1)
    await new Promise((resolve) => setImmediate(resolve));
  open();
  await done;
  const seconds = (performance.now() - firstRelease) / 1000;
  await scheduler.stop();
  return { completionsPerSecond: (jobs - 1) / seconds, releaseToStartMs };
}

/** Milliseconds from publish to acknowledgement, one after the other, with the same compare-and-set and about the same bytes. */
export async function measureRoundTrip(url: string, namespace: string, appends: number): Promise<readonly number[]> {
  const subjects = subjectsOf(namespace);
  const nc = await openConnection({ servers: [url] }, "bench round trip");
  await openStreams(nc, subjects);
  const publisher = new Publisher(nc);
  const data = new Uint8Array(1_000);
  const samples: number[] = [];
  for (let i = 0; i < appends; i += 1) {
    const begin = performance.now();
    await publisher.publish({ subject: subjects.ledger, data, expectedLast: i });
    samples.push(performance.now() - begin);
  }
  await nc.close();
  return samples;
}
