/**
 * A scheduler together with the NATS server that it needs: the embedded one is started before it and stopped after it.
 * What `up`, `demo` and the library have in common.
 */
import { type Clock, systemClock } from "./clock.js";
import type { ConnectionSettings } from "./config/connection.js";
import type { Configuration } from "./config/index.js";
import type { Ended } from "./dispatcher/dispatcher.js";
import {
  type EmbeddedServer,
  type EmbeddedServerError,
  findNatsServer,
  type LogLine,
  startEmbeddedServer,
} from "./embedded/index.js";
import type { Logger } from "./logger.js";
import type { JobFunction } from "./runners/index.js";
import { type Scheduler, startScheduler } from "./scheduler.js";

/** Beyond the grace: aborted runs settle, the last entries are stored. Longer than that the server is out of reach. */
const drainBeyondGraceMs = 20_000;

/** The scheduler was told to stop and could not write its last word. */
export class DrainFailed extends Error {
  readonly code = "drain-failed";
}

/** Where the NATS server is: our own, or one that somebody else runs. */
export type HostConnection =
  | { readonly kind: "embedded"; readonly port?: number }
  | { readonly kind: "server"; readonly settings: ConnectionSettings };

export interface HostOptions {
  readonly configuration: Configuration;
  readonly connection: HostConnection;
  /** Job types that are functions of this program. */
  readonly functions?: ReadonlyMap<string, JobFunction>;
  readonly log: Logger;
  /** Told in one line when a binary of nats-server has to be fetched first, which may take a minute. */
  readonly onFetch?: (text: string) => void;
}

export interface Host {
  readonly scheduler: Scheduler;
  /** How other programs here reach the same server. */
  readonly settings: ConnectionSettings;
  /** The server's address, without secrets. */
  readonly url: string;
  /** The embedded server; null if somebody else runs the server. */
  readonly server: EmbeddedServer | null;
  /** Settles when the scheduler has ended, asked for or not, or when its embedded server is lost for good. */
  readonly ended: Promise<Ended>;
  /** Drains the scheduler (CON-003), then stops the embedded server if it is ours. May be called twice. */
  stop(): Promise<Ended>;
}

/**
 * Starts the server if it is to be ours, then the scheduler. Nothing is left running if that fails.
 * Throws `NatsBinaryError`, `EmbeddedServerError`, `ConnectionFailed`, `StreamUnfit` or `RunnerOptionsError`.
 */
export async function startHost(options: HostOptions): Promise<Host> {
  const { configuration, connection, functions, log } = options;
  let onLost: (ended: Ended) => void = () => {};
  const lost = new Promise<Ended>((resolve) => {
    onLost = resolve;
  });
  const server =
    connection.kind === "server" ? null : await startServer(options, connection.port, (error) => onLost({ error }));
  const settings = connection.kind === "server" ? connection.settings : { servers: [server?.url ?? ""] };

  let scheduler: Scheduler;
  const clock = new EndingClock();
  try {
    const given = functions === undefined ? {} : { functions };
    scheduler = await startScheduler({ connection: settings, configuration, log, clock, ...given });
  } catch (error) {
    await server?.stop();
    throw error;
  }
  void scheduler.ended.then(() => clock.end());

  const ended = Promise.race([scheduler.ended, lost]);
  let stopping: Promise<Ended> | null = null;
  async function stop(): Promise<Ended> {
    const drained = scheduler.stop();
    const end = await Promise.race([drained, lost, failAfter(configuration.graceMs + drainBeyondGraceMs)]);
    await server?.stop();
    return end;
  }
  return {
    scheduler,
    settings,
    url: settings.servers.join(","),
    server,
    ended,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}

async function startServer(
  { configuration, log, onFetch }: HostOptions,
  port: number | undefined,
  onFailure: (error: EmbeddedServerError) => void,
): Promise<EmbeddedServer> {
  const binary = await findNatsServer(onFetch === undefined ? {} : { onProgress: onFetch });
  return startEmbeddedServer({
    stateDir: configuration.stateDir,
    ...(port === undefined ? {} : { port }),
    binary,
    onLog: (line) => logServerLine(log, line),
    onFailure,
  });
}

/** The server's everyday words are for those who look for a fault; its warnings are everybody's. */
function logServerLine(log: Logger, { level, text }: LogLine): void {
  log[level === "info" ? "debug" : level]({ from: "nats-server" }, text);
}

/** The system's clock, until the scheduler has ended: what it then still waited for must not keep a program alive. */
class EndingClock implements Clock {
  readonly now = systemClock.now;
  readonly nowIso = systemClock.nowIso;
  readonly elapsedMs = systemClock.elapsedMs;
  readonly #cancels = new Set<() => void>();

  after(ms: number, act: () => void): () => void {
    const cancelTimer = systemClock.after(ms, () => {
      this.#cancels.delete(cancel);
      act();
    });
    const cancel = () => {
      this.#cancels.delete(cancel);
      cancelTimer();
    };
    this.#cancels.add(cancel);
    return cancel;
  }

  end(): void {
    for (const cancel of this.#cancels) cancel();
  }
}

function failAfter(ms: number): Promise<Ended> {
  return new Promise((resolve) => {
    const error = new DrainFailed(
      `the scheduler did not end within ${ms} ms of being told to: the NATS server cannot be reached, so the end of its ` +
        "runs is not on record; the next scheduler records them as lost",
    );
    // It must not keep a process alive that has nothing else to do.
    setTimeout(() => resolve({ error }), ms).unref();
  });
}
