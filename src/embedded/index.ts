/**
 * The embedded server: with no NATS configured, a real nats-server of our own on loopback, its store in the state
 * folder (D10).
 *
 * The schedulers on one folder share one server. The one that started its guard takes it along when it ends; another
 * one then starts it again, on the same port and store, and its clients reconnect.
 */
import { mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Attachment, joinServer, startGuard } from "./attachment.js";
import { findNatsServer, type NatsBinary } from "./binary.js";
import { type SyncInterval, syncIntervalFor } from "./configuration.js";
import { EmbeddedServerError, messageOf } from "./errors.js";
import type { GuardOrder } from "./guard-messages.js";
import type { LogLine } from "./log-line.js";

export { findNatsServer, type NatsBinary } from "./binary.js";
export type { SyncInterval } from "./configuration.js";
export { EmbeddedServerError, NatsBinaryError } from "./errors.js";
export type { LogLine } from "./log-line.js";
export { findRunningServer, type ServerRecord } from "./record.js";

/** Another scheduler's server may be reading a large store: a little longer than its guard allows it to. */
const attachTimeoutMs = 130_000;
const attachPollMs = 100;
/** A guard that is lost more often than this within the window is not lost by chance. */
const takeoversMax = 10;
const takeoverWindowMs = 60_000;

export interface EmbeddedServerOptions {
  /** The project's state folder; made if absent. The server's configuration and `server.json` are written here. */
  readonly stateDir: string;
  /** Default: `nats` in the state folder. */
  readonly storeDir?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** Default: the server's own, 1 MiB. */
  readonly maxPayloadBytes?: number;
  /** Default: `always`, acknowledged means on disk. A server before 2.10 does not know it, and a warning says so. */
  readonly syncInterval?: SyncInterval;
  /** Default: one is found, or fetched once. */
  readonly binary?: NatsBinary;
  /** The server's log, and what there is to say about it. */
  readonly onLog: (line: LogLine) => void;
  /** Called at most once, if the server is lost for good after it was ready. */
  readonly onFailure?: (error: EmbeddedServerError) => void;
}

export interface EmbeddedServer {
  /** `nats://127.0.0.1:<port>`; the same for as long as this object lives, whatever is restarted. */
  readonly url: string;
  readonly version: string;
  /** The server's `sync_interval`, null if it is too old to have one. */
  readonly syncInterval: string | null;
  /**
   * Whether another scheduler's guard runs the server; then `stop()` leaves it running. May become false by a takeover.
   */
  readonly joined: boolean;
  /** The server's process id, of the time of joining if another scheduler's guard runs it. */
  pid(): number;
  /** Stops the server if it is ours, and resolves when no process of it is left. May be called twice. */
  stop(): Promise<void>;
}

/**
 * Starts the server of a state folder, or joins the one that is running on it, and resolves when it answers.
 * Throws `NatsBinaryError` if there is no server to be had, `EmbeddedServerError` with the reason if it does not start.
 */
export async function startEmbeddedServer(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
  const order = await orderOf(options);
  let stopped: Promise<void> | null = null;
  const isStopped = (): boolean => stopped !== null;
  let attachment = await attach(order, options.onLog, isStopped);
  const { url, port } = attachment.record();

  async function takeOverWhenLost(): Promise<void> {
    let takeovers: number[] = [];
    while (!isStopped()) {
      const reason = await attachment.gone;
      if (isStopped()) return;
      if (reason !== null) throw new EmbeddedServerError(reason);
      const now = performance.now();
      takeovers = [...takeovers.filter((at) => now - at < takeoverWindowMs), now];
      if (takeovers.length > takeoversMax)
        throw new EmbeddedServerError(
          `the guard of the server was lost ${takeoversMax} times in ${takeoverWindowMs} ms`,
        );
      options.onLog({ level: "warn", text: "the guard of the embedded server is gone; taking over" });
      attachment = await attach({ ...order, port }, options.onLog, isStopped);
    }
  }

  const supervision = takeOverWhenLost().catch((error: unknown) => {
    if (isStopped()) return;
    const failure =
      error instanceof EmbeddedServerError ? error : new EmbeddedServerError(messageOf(error), { cause: error });
    options.onLog({ level: "error", text: failure.message });
    options.onFailure?.(failure);
  });

  async function stop(): Promise<void> {
    const current = attachment;
    await current.release();
    await supervision;
    // A takeover that was under way when the stop came has given us another guard since.
    if (attachment !== current) await attachment.release();
  }

  return {
    url,
    get version() {
      return attachment.record().version;
    },
    get syncInterval() {
      return attachment.record().syncInterval;
    },
    get joined() {
      return attachment.joined;
    },
    pid: () => attachment.record().pid,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

async function orderOf(options: EmbeddedServerOptions): Promise<GuardOrder> {
  const { onLog } = options;
  const say = (text: string): void => onLog({ level: "info", text });
  const stateDir = await realFolder(options.stateDir);
  const storeDir = await realFolder(options.storeDir ?? join(stateDir, "nats"));
  const binary = options.binary ?? (await findNatsServer({ onProgress: say }));
  if (binary.warning !== null) onLog({ level: "warn", text: binary.warning });
  const wanted = options.syncInterval ?? "always";
  const syncInterval = syncIntervalFor(binary.version, wanted);
  if (syncInterval === null) {
    const text = `nats-server ${binary.version} has no sync_interval: a power failure can lose what it acknowledged`;
    onLog({ level: "warn", text });
  }
  const maxPayloadBytes = options.maxPayloadBytes ?? null;

  return { binary: binary.path, stateDir, storeDir, port: options.port ?? null, maxPayloadBytes, syncInterval };
}

/** Joins or starts, whichever is possible first: schedulers that start at the same moment end up on one server. */
async function attach(
  order: GuardOrder,
  onLog: (line: LogLine) => void,
  isStopped: () => boolean,
): Promise<Attachment> {
  const deadline = performance.now() + attachTimeoutMs;
  while (performance.now() < deadline && !isStopped()) {
    const attached = (await joinServer(order.stateDir)) ?? (await startGuard(order, onLog));
    if (!("heldFolder" in attached)) return attached;
    if (attached.heldFolder !== order.stateDir)
      throw new EmbeddedServerError(
        `the store ${order.storeDir} is in use by a scheduler with another state folder than ${order.stateDir}. ` +
          "Give each its own store, or both the same state folder.",
      );
    await delay(attachPollMs);
  }
  throw new EmbeddedServerError(
    `another scheduler has the state folder ${order.stateDir}, but its server does not answer. ` +
      "Stop that scheduler, or give this one another state folder.",
  );
}

async function realFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  return realpath(path);
}
