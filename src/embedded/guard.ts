/**
 * The guard: a small process between a scheduler and its nats-server, so that the server ends with the scheduler,
 * always.
 *
 * Its stdin is a pipe from the scheduler. However the scheduler ends, be it by SIGKILL, the kernel closes that pipe,
 * and the guard stops the server. While the pipe is open the guard starts the server again whenever it dies, on the
 * same port and store. Signals that a terminal or a service manager sends to everybody at once do not move it: the
 * scheduler must be able to drain, which it cannot without a server, and then closes the pipe.
 */
import { randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { configurationText } from "./configuration.js";
import { messageOf } from "./errors.js";
import { type GuardOrder, type GuardReport, guardOrderSchema } from "./guard-messages.js";
import { type Lock, lockAddress, takeLock } from "./lock.js";
import { stopServersOn } from "./orphans.js";
import { freePort, LOOPBACK } from "./port.js";
import { lastPort, rememberPort, removeRecord, type ServerRecord, writeRecord } from "./record.js";
import { launchServer, type ServerProcess, ServerStartError } from "./server-process.js";

/** A server with a large store reads all of it before it answers. */
const readyTimeoutMs = 120_000;
const stopGraceMs = 10_000;
const restartDelayMinMs = 100;
const restartDelayMaxMs = 2_000;
/** A server that could not be started, or has lived no longer than this, has died quickly. */
const quickDeathMs = 2_000;
/** So many quick deaths in a row, and the guard gives up: what is wrong will not pass by itself. */
const quickDeathsMax = 8;
/** Another process can take a port between its choice and its use. */
const portTriesMax = 5;

const stopping = new AbortController();

function report(message: GuardReport): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** Runs until told to stop. Returns the exit code. */
async function main(): Promise<number> {
  const order = await readOrder();
  if (order === null) return 0;
  await mkdir(order.storeDir, { recursive: true, mode: 0o700 });
  const locks: Lock[] = [];
  try {
    // The state folder is locked for its record, the store for the server: they may be far from each other.
    for (const folder of new Set([order.stateDir, order.storeDir])) {
      const lock = await takeLock(lockAddress(folder));
      if (lock === null) {
        report({ report: "held", folder });
        return 0;
      }
      locks.push(lock);
    }
    await stopServersOn(order.storeDir, (text) => report({ report: "notice", text }));
    try {
      await keepServerRunning(order);
    } finally {
      await removeRecord(order.stateDir);
    }
    return 0;
  } catch (error) {
    report({ report: "failed", text: error instanceof Error ? error.message : String(error) });
    return 1;
  } finally {
    // In reverse: whoever is refused the store although it has the state folder then knows that another folder's guard
    // has it.
    for (const lock of locks.reverse()) await lock.release();
  }
}

async function keepServerRunning(order: GuardOrder): Promise<void> {
  let { port } = order;
  for (let quickDeaths = 0; ; ) {
    let how: string;
    let livedMs = 0;
    try {
      const { server, record } = port === null ? await launchOnAnyPort(order) : await launch(order, port);
      port = record.port;
      const readyAt = performance.now();
      how = await serveUntilEnd(order, server, record);
      livedMs = performance.now() - readyAt;
    } catch (error) {
      // The first start has told us nothing about the machine yet: whoever waits for it had better know at once.
      if (!(error instanceof ServerStartError) || (quickDeaths === 0 && !stopping.signal.aborted)) throw error;
      how = error.message;
    }
    if (stopping.signal.aborted) return;
    quickDeaths = livedMs < quickDeathMs ? quickDeaths + 1 : 1;
    if (quickDeaths >= quickDeathsMax)
      throw new Error(`nats-server died ${quickDeaths} times in a row within ${quickDeathMs} ms; at last: ${how}`);
    const delayMs = Math.min(restartDelayMinMs * 2 ** (quickDeaths - 1), restartDelayMaxMs);
    report({ report: "notice", text: `nats-server is gone (${how}); starting it again in ${delayMs} ms` });
    await delay(delayMs, undefined, { signal: stopping.signal }).catch(() => {});
    if (stopping.signal.aborted) return;
  }
}

interface Launched {
  readonly server: ServerProcess;
  readonly record: ServerRecord;
}

/** The port that it had last, if it is free: whoever was connected then, such as a worker, finds it again. */
async function launchOnAnyPort(order: GuardOrder): Promise<Launched> {
  const before = await lastPort(order.stateDir);
  for (let tries = 1; ; tries++) {
    try {
      return await launch(order, tries === 1 && before !== null ? before : await freePort());
    } catch (error) {
      if (!(error instanceof ServerStartError && error.portTaken) || tries >= portTriesMax) throw error;
    }
  }
}

async function launch(order: GuardOrder, port: number): Promise<Launched> {
  const { stateDir, storeDir, maxPayloadBytes, syncInterval } = order;
  const serverName = `signalbox-${randomUUID()}`;
  const configFile = join(stateDir, "nats-server.conf");
  const text = configurationText({ serverName, host: LOOPBACK, port, maxPayloadBytes, syncInterval });
  await writeFile(configFile, text, { mode: 0o600 });
  const server = await launchServer({
    binary: order.binary,
    configFile,
    storeDir,
    host: LOOPBACK,
    port,
    serverName,
    readyTimeoutMs,
    detached: true,
    signal: stopping.signal,
    onLine: (line) => report({ report: "log", line }),
  });
  const record: ServerRecord = {
    url: `nats://${LOOPBACK}:${port}`,
    port,
    pid: server.pid,
    version: server.version,
    serverName,
    storeDir,
    syncInterval,
    guardPid: process.pid,
    startedAt: new Date().toISOString(),
  };
  return { server, record };
}

/** Records and reports the server, and resolves with how it ended: by itself, or because the guard is to stop. */
async function serveUntilEnd(order: GuardOrder, server: ServerProcess, record: ServerRecord): Promise<string> {
  // If the guard itself fails in an unforeseen way, it still takes the server with it.
  const killServer = (): void => server.send("SIGKILL");
  process.once("exit", killServer);
  await writeRecord(order.stateDir, record);
  await rememberPort(order.stateDir, record.port);
  report({ report: "ready", record });
  const end = (): void => void server.end("SIGTERM", stopGraceMs);
  stopping.signal.addEventListener("abort", end);
  if (stopping.signal.aborted) end();
  const how = await server.ended;
  stopping.signal.removeEventListener("abort", end);
  process.off("exit", killServer);
  return how;
}

/** The first line of stdin, or null if it ends without one. The end of stdin is the order to stop. */
function readOrder(): Promise<GuardOrder | null> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: process.stdin });
    lines.once("line", (line) => {
      try {
        resolve(guardOrderSchema.parse(JSON.parse(line)));
      } catch (error) {
        reject(error);
      }
    });
    const stop = (): void => {
      stopping.abort();
      resolve(null);
    };
    lines.once("close", stop);
    process.stdin.once("error", stop);
  });
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
// When the scheduler is gone nobody reads the reports; that must not keep the guard from its work.
process.stdout.on("error", () => {});

main().then(
  (exitCode) => process.exit(exitCode),
  (error: unknown) => {
    report({ report: "failed", text: messageOf(error) });
    process.exit(1);
  },
);
