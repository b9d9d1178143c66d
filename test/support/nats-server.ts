/**
 * Real nats-servers for tests: plain children of the test process, each with a port, a configuration and a store of its
 * own.
 *
 * A test owns its server: `await using server = await startNatsServer()`, or `stop()` in `afterEach`. What a test
 * forgets is killed when its process ends. Acknowledged here does not mean fsynced: that is left to the server, for
 * speed.
 */
import { randomUUID } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  type FindOptions,
  findNamedNatsServer,
  NAMED_VERSIONS,
  type NamedVersion,
  type NatsBinary,
} from "../../src/embedded/binary.js";
import { freePort, LOOPBACK } from "../../src/embedded/port.js";
import { launchServer, type ServerProcess, ServerStartError } from "../../src/embedded/server-process.js";

const readyTimeoutMs = 20_000;
const stopGraceMs = 5_000;
/**
 * Another process can take a port between its choice and its use; this often in a row means that something else is
 * wrong.
 */
const startTriesMax = 5;
const logLinesMax = 200;
const freezeTimeoutMs = 5_000;
const freezePollMs = 1;

export interface NatsServerOptions {
  /** Default: `current`. */
  readonly version?: NamedVersion;
  /**
   * More lines for the server's configuration file; a later key replaces an earlier one, so `jetstream: {…}` may be
   * given.
   */
  readonly config?: string;
  /** Default: a temporary folder, removed by `stop()`. A folder given is left in place. */
  readonly storeDir?: string;
  readonly maxPayloadBytes?: number;
}

export interface NatsTestServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** The process now running; changes with `restart()`. */
  readonly pid: number;
  readonly version: string;
  readonly storeDir: string;
  /** The server's last log lines. */
  readonly log: readonly string[];
  /** Ends the server (SIGTERM, then SIGKILL) and removes its temporary folder. May be called twice. */
  stop(): Promise<void>;
  /** Sends the signal, SIGKILL by default, and resolves when the process has ended. `restart()` may follow. */
  kill(signal?: "SIGKILL" | "SIGTERM" | "SIGINT"): Promise<void>;
  /** Starts the server again on the same port and store, ending it first (SIGTERM) if it still runs. */
  restart(): Promise<void>;
  /** Freezes the process (SIGSTOP) and resolves when it is: its clients see silence, not a closed connection. */
  pause(): Promise<void>;
  /** Lets a frozen process go on (SIGCONT). */
  resume(): void;
}

/** Starts a server and resolves when it answers. Throws with its last log lines if it does not. */
export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsTestServer> {
  const binary = await binaryOf(options.version ?? "current");
  const folder = await mkdtemp(join(tmpdir(), "signalbox-nats-"));
  const storeDir = options.storeDir ?? join(folder, "store");
  const log: string[] = [];
  // Kept over restarts: a cluster knows its nodes by their names.
  const serverName = `test-${randomUUID()}`;
  let server: ServerProcess | null = null;

  async function launch(port: number): Promise<void> {
    const configFile = join(folder, "nats-server.conf");
    await writeFile(configFile, configText(serverName, port, options));
    const onLine = (line: string): void => {
      log.push(line);
      if (log.length > logLinesMax) log.shift();
    };
    const where = { binary: binary.path, configFile, storeDir, host: LOOPBACK, port, serverName };
    const started = await launchServer({ ...where, readyTimeoutMs, detached: false, onLine });
    server = started;
    running.add(started);
    void started.ended.then(() => running.delete(started));
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (server === null || server.hasEnded()) return;
    const ended = server.end(signal, stopGraceMs);
    // A frozen process acts on no signal but SIGKILL before it goes on.
    server.send("SIGCONT");
    await ended;
  }

  async function stop(): Promise<void> {
    await end("SIGTERM");
    await rm(folder, { recursive: true, force: true });
  }

  async function launchOnFreePort(): Promise<number> {
    for (let tries = 1; ; tries++) {
      const port = await freePort();
      try {
        await launch(port);
        return port;
      } catch (error) {
        if (error instanceof ServerStartError && error.portTaken && tries < startTriesMax) continue;
        await stop();
        throw error;
      }
    }
  }

  const port = await launchOnFreePort();
  return {
    url: `nats://${LOOPBACK}:${port}`,
    port,
    version: binary.version,
    storeDir,
    log,
    get pid() {
      return server?.pid ?? 0;
    },
    stop,
    [Symbol.asyncDispose]: stop,
    kill: (signal = "SIGKILL") => end(signal),
    restart: async () => {
      await end("SIGTERM");
      await launch(port);
    },
    pause: async () => {
      server?.send("SIGSTOP");
      if (server !== null) await untilFrozen(server.pid);
    },
    resume: () => void server?.send("SIGCONT"),
  };
}

/**
 * Fetches the binaries of the matrix once, before any test process starts, so that tests do not each wait for the
 * network. What was found, and why a version is not to be had, is handed to the test processes in the environment.
 */
export async function provideServers(options: FindOptions = {}): Promise<ReadonlyMap<NamedVersion, Provided>> {
  const provided = new Map<NamedVersion, Provided>();
  for (const version of NAMED_VERSIONS) {
    const say = (text: string): void => void process.stderr.write(`nats-server ${version}: ${text}\n`);
    try {
      const binary = await findNamedNatsServer(version, { onProgress: say, ...options });
      if (binary.warning !== null) say(binary.warning);
      provided.set(version, { binary });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      say(`tests of this version will be skipped: ${reason}`);
      provided.set(version, { reason });
    }
  }
  process.env[handOver] = JSON.stringify(Object.fromEntries(provided));
  return provided;
}

/** A version of the matrix: its binary, or the reason why there is none here. */
export type Provided = { readonly binary: NatsBinary } | { readonly reason: string };

/** What vitest calls when this file is named as a `globalSetup`. */
export const setup = async (): Promise<void> => void (await provideServers());

/** What `provideServers` found, or finds now if no global setup ran. */
export async function providedServers(): Promise<ReadonlyMap<NamedVersion, Provided>> {
  const handed = process.env[handOver];
  if (handed === undefined) return provideServers();
  // Written by provideServers above, in the process that started this one.
  const entries = JSON.parse(handed) as Readonly<Record<NamedVersion, Provided>>;
  return new Map(NAMED_VERSIONS.map((version) => [version, entries[version]]));
}

const handOver = "SIGNALBOX_TEST_NATS_SERVERS";

async function binaryOf(version: NamedVersion): Promise<NatsBinary> {
  const provided = (await providedServers()).get(version);
  if (provided === undefined || "reason" in provided)
    throw new Error(`nats-server ${version}: ${provided?.reason ?? "unknown version"}`);
  return provided.binary;
}

function configText(serverName: string, port: number, options: NatsServerOptions): string {
  return [
    `server_name: ${JSON.stringify(serverName)}`,
    `listen: "${LOOPBACK}:${port}"`,
    // The store itself is named in the arguments, and may not be named twice.
    "jetstream: {}",
    ...(options.maxPayloadBytes === undefined ? [] : [`max_payload: ${options.maxPayloadBytes}`]),
    options.config ?? "",
    "",
  ].join("\n");
}

/** A signal takes effect a moment after it was sent, and on each thread for itself; until then the server still answers. */
async function untilFrozen(pid: number): Promise<void> {
  if (process.platform !== "linux") return;
  const deadline = performance.now() + freezeTimeoutMs;
  while (performance.now() < deadline) {
    const states: string[] = [];
    for (const thread of await readdir(`/proc/${pid}/task`)) {
      const status = await readFile(`/proc/${pid}/task/${thread}/stat`, "utf8").catch(() => "");
      states.push(status.charAt(status.lastIndexOf(")") + 2));
    }
    if (states.every((state) => state === "T")) return;
    await delay(freezePollMs);
  }
  throw new Error(`process ${pid} was not frozen within ${freezeTimeoutMs} ms`);
}

/** The last guard against servers left behind: a test process that ends takes its servers with it. */
const running = new Set<ServerProcess>();
process.once("exit", () => {
  for (const server of running) server.send("SIGKILL");
});
