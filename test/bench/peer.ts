/**
 * The peer: BullMQ on a Redis server of its own, with the same jobs, the same limit and a publisher in another process.
 *
 * It is set up as its documentation advises and in its own favour: jobs are added many in one call, every finished job is kept (so is
 * ours), Redis appends to its file and syncs once a second, which is stronger than the default of the NATS server.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "bullmq";
import { freePort, LOOPBACK } from "../../src/embedded/port.js";
import { type PublisherProcess, startProgram } from "./measure.js";

export interface RedisServer extends AsyncDisposable {
  readonly port: number;
  readonly version: string;
}

/** A Redis server of our own; null if there is none on this machine. */
export async function startRedis(): Promise<RedisServer | null> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), "signalbox-redis-"));
  const settings = ["--port", port, "--bind", LOOPBACK, "--dir", folder, "--appendonly", "yes", "--save", ""];
  const child = spawn("redis-server", settings.map(String), { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const stop = async () => {
    child.kill();
    await ended.catch(() => {});
    await rm(folder, { recursive: true, force: true });
  };
  let version = "";
  try {
    await once(child, "spawn");
    let said = "";
    for await (const chunk of child.stdout) {
      said += String(chunk);
      version = /Redis version=([\d.]+)/.exec(said)?.[1] ?? version;
      if (said.includes("Ready to accept connections")) break;
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  return { port, version, [Symbol.asyncDispose]: stop };
}

/** Jobs per second through a BullMQ worker with `concurrency: limit`, `batch` of them added in one call. */
export async function measurePeer(
  port: number,
  queue: string,
  jobs: number,
  limit: number,
  batch: number,
): Promise<number> {
  let ended = 0;
  let allEnded = () => {};
  const done = new Promise<void>((resolve) => {
    allEnded = resolve;
  });
  const worker = new Worker(queue, async () => null, { connection: { host: LOOPBACK, port }, concurrency: limit });
  worker.on("completed", () => {
    ended += 1;
    if (ended === jobs) allEnded();
  });
  await worker.waitUntilReady();
  const publisher = await startPeerPublisher(port, queue, jobs, batch);
  const begin = performance.now();
  await Promise.all([publisher.publish(), done]);
  const seconds = (performance.now() - begin) / 1_000;
  await worker.close();
  return jobs / seconds;
}

/** Milliseconds from a run's return to the next run's call with one job at a time, every job waiting from the start. */
export async function measurePeerHandover(port: number, queue: string, jobs: number): Promise<readonly number[]> {
  const releaseToStartMs: number[] = [];
  let released: number | null = null;
  let allRun = () => {};
  const done = new Promise<void>((resolve) => {
    allRun = resolve;
  });
  const publisher = await startPeerPublisher(port, queue, jobs, 500);
  await publisher.publish();
  const noop = async () => {
    if (released !== null) releaseToStartMs.push(performance.now() - released);
    if (releaseToStartMs.length === jobs - 1) allRun();
    released = performance.now();
    return null;
  };
  const worker = new Worker(queue, noop, { connection: { host: LOOPBACK, port }, concurrency: 1 });
  await done;
  await worker.close();
  return releaseToStartMs;
}

function startPeerPublisher(port: number, queue: string, jobs: number, batch: number): Promise<PublisherProcess> {
  const program = fileURLToPath(new URL("./peer-publish.js", import.meta.url));
  return startProgram(program, [LOOPBACK, String(port), queue, String(jobs), String(batch)]);
}
