/**
 * A worker in a process of its own, on a connection to a NATS server: what `signalbox worker` starts. Neither a server nor a
 * scheduler need be there yet; it waits for both, and says so.
 */
import { setTimeout as delay } from "node:timers/promises";
import { publishProgress } from "./api/progress.js";
import { systemClock } from "./clock.js";
import type { ConnectionSettings } from "./config/connection.js";
import type { Configuration } from "./config/index.js";
import { configuredRunners } from "./configured-runners.js";
import { ownProcess } from "./dispatcher/process-identity.js";
import type { Logger } from "./logger.js";
import { ConnectionFailed, openConnection } from "./nats/connection.js";
import type { NatsConnection } from "./nats/door.js";
import { objectStore } from "./nats/object-store.js";
import { subjectsOf } from "./nats/subjects.js";
import { leaderLink } from "./worker/leader-link.js";
import { orderDesk } from "./worker/order-desk.js";
import type { Lease } from "./worker/protocol.js";
import { freshWorkerId, type Left, RemoteWorker } from "./worker/remote-worker.js";
import { resultStore } from "./worker/results.js";

export interface WorkerHostOptions {
  readonly configuration: Configuration;
  /** Where the server is; null: there is none yet. Asked again until there is a connection. */
  readonly server: () => Promise<ConnectionSettings | null>;
  /** Types of the configuration that have a runner here. */
  readonly types: readonly string[];
  readonly capacity: number;
  readonly log: Logger;
  /** What is waited for, in a line; told once for each reason. */
  readonly waits: (reason: string) => void;
  /** It is taken in under this id: after the start, and again after it was forgotten. */
  readonly joined: (worker: string, lease: Lease, url: string) => void;
  /** Ends it: at once before it has joined, with the grace afterwards. */
  readonly stop: AbortSignal;
}

/** The server has closed the connection and will not have us again: the credentials are not valid any more. */
export class ConnectionEnded extends Error {
  readonly code = "connection-ended";
}

/** Works until it is stopped. Throws `JoinRefused`, `ConnectionFailed`, `ConnectionEnded` or `RunnerOptionsError`. */
export async function runWorker(options: WorkerHostOptions): Promise<Left> {
  const { configuration, types, capacity, log, stop, waits, joined } = options;
  const chosen = Object.entries(configuration.types).filter(([name]) => types.includes(name));
  let worker: RemoteWorker | null = null;
  const runners = configuredRunners(Object.fromEntries(chosen), {
    environment: process.env,
    /** Known from the first lease on, and there is no run before. */
    get ledger(): string {
      return worker?.ledger ?? "";
    },
  });
  const connected = await connectPatiently(options);
  if (connected === null) return { kind: "left", unreported: 0, isTold: true };
  const { nc, url } = connected;
  try {
    const subjects = subjectsOf(configuration.namespace);
    const identity = ownProcess();
    const remote = new RemoteWorker({
      ...{ types, capacity, runners, log, clock: systemClock },
      process: identity,
      newId: () => freshWorkerId(identity),
      leader: leaderLink(nc, subjects),
      orders: orderDesk(nc, subjects),
      results: resultStore(subjects.resultsBucket, objectStore(nc, subjects.resultsBucket)),
      progress: (job, update) => publishProgress(nc, subjects, job, update),
      graceMs: configuration.graceMs,
      waits: () => waits(`no scheduler of namespace ${subjects.namespace} answers at ${url}`),
      joined: (id, lease) => joined(id, lease, url),
    });
    worker = remote;
    if (stop.aborted) remote.stop();
    else stop.addEventListener("abort", () => remote.stop(), { once: true });
    return await Promise.race([remote.run(), failWhenClosed(nc)]);
  } finally {
    await nc.drain().catch((error: unknown) => log.debug({ err: error }, "the connection was gone already"));
  }
}

async function failWhenClosed(nc: NatsConnection): Promise<never> {
  const error = await nc.closed();
  const reason = error instanceof Error ? error.message : "no reason given";
  throw new ConnectionEnded(`the connection to NATS has ended for good: ${reason}; are the credentials still right?`);
}

const CONNECT_AGAIN_MS = 1_000;
/** What passes when the server, or the network, is there. Anything else, such as a wrong password, does not. */
const AWAY = new Set([
  "CONNECTION_REFUSED",
  "TIMEOUT",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "ETIMEDOUT",
  "EAI_AGAIN",
]);

interface Connected {
  readonly nc: NatsConnection;
  /** Without secrets. */
  readonly url: string;
}

/** Null: it is to stop, and there is no connection. */
async function connectPatiently({ server, waits, stop }: WorkerHostOptions): Promise<Connected | null> {
  let told = "";
  while (!stop.aborted) {
    const settings = await server();
    const connected = settings === null ? null : await connectOnce(settings);
    if (connected !== null && "nc" in connected) return connected;
    const reason = connected?.away ?? "no scheduler is running here";
    if (reason !== told) waits(reason);
    told = reason;
    await delay(CONNECT_AGAIN_MS, undefined, { signal: stop }).catch(() => {});
  }
  return null;
}

async function connectOnce(settings: ConnectionSettings): Promise<Connected | { readonly away: string }> {
  const url = settings.servers.join(",");
  try {
    return { nc: await openConnection(settings, `signalbox worker ${process.pid}`), url };
  } catch (error) {
    const cause = error instanceof ConnectionFailed ? error.cause : null;
    const code = (cause as { code?: unknown } | null)?.code;
    if (typeof code !== "string" || !AWAY.has(code)) throw error;
    return { away: `there is no NATS server at ${url} (${code})` };
  }
}
