/** One nats-server process: started, watched until it is ready, ended. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { messageOf } from "./errors.js";
import { greet } from "./greet.js";

const logLinesMax = 50;

export interface LaunchOptions {
  readonly binary: string;
  readonly configFile: string;
  readonly storeDir: string;
  readonly host: string;
  readonly port: number;
  /** As in the configuration file: who answers on the port must say that it is this server. */
  readonly serverName: string;
  readonly readyTimeoutMs: number;
  /** True: in a session of its own, so that no Ctrl-C and no closed terminal reaches it. */
  readonly detached: boolean;
  readonly onLine?: (line: string) => void;
  /** Aborting kills a server that is not ready yet. Afterwards it has no effect. */
  readonly signal?: AbortSignal;
}

export interface ServerProcess {
  readonly pid: number;
  readonly version: string;
  /** Resolves, with how it ended, when the process has ended. */
  readonly ended: Promise<string>;
  hasEnded(): boolean;
  send(signal: NodeJS.Signals): void;
  /** Sends the signal, after `graceMs` SIGKILL, and resolves when the process has ended. */
  end(signal: NodeJS.Signals, graceMs: number): Promise<void>;
}

/** The server could not be started. The message ends with its last log lines. */
export class ServerStartError extends Error {
  readonly code = "SERVER_START_FAILED";
  override readonly name = "ServerStartError";
  /** Another process had the port: a start on another one may succeed. */
  readonly portTaken: boolean;
  constructor(reason: string, log: readonly string[], cause: unknown) {
    super([`nats-server did not start: ${reason}`, ...log].join("\n"), { cause });
    this.portTaken = log.some((line) => line.includes("address already in use"));
  }
}

/** Starts the server and resolves when it answers. Throws `ServerStartError`, and then no process is left. */
export async function launchServer(options: LaunchOptions): Promise<ServerProcess> {
  // The store is named in the arguments too: there `findServersOn` sees which folder a running server has open.
  const argv = ["-c", options.configFile, "-sd", options.storeDir];
  const child = spawn(options.binary, argv, { stdio: ["ignore", "ignore", "pipe"], detached: options.detached });
  const log: string[] = [];
  const server = processOf(child);
  const kill = (): void => void child.kill("SIGKILL");
  const timer = setTimeout(kill, options.readyTimeoutMs);
  options.signal?.addEventListener("abort", kill);
  try {
    await logSaysReady(child, server.ended, (line) => {
      log.push(line);
      if (log.length > logLinesMax) log.shift();
      options.onLine?.(line);
    });
    const greeting = await greet(options.host, options.port, options.readyTimeoutMs);
    if (greeting.serverName !== options.serverName)
      throw new Error(`${options.host}:${options.port} is answered by another server, ${greeting.serverName}`);
    if (options.signal?.aborted === true) throw new Error("told to stop");
    return { ...server, version: greeting.version };
  } catch (error) {
    kill();
    await server.ended;
    throw new ServerStartError(messageOf(error), log, error);
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", kill);
  }
}

function processOf(child: ChildProcess): Omit<ServerProcess, "version"> {
  // "close", not "exit": by then the last log lines, which give the reason, have been read. One that could not be
  // started at all has neither a process id nor an exit, only an error.
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => child.pid === undefined && resolve(`cannot be started (${error.message})`));
    child.once("close", (code, signal) =>
      resolve(signal === null ? `ended with exit code ${code}` : `ended by ${signal}`),
    );
  });
  const hasEnded = (): boolean => child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  return {
    pid: child.pid ?? 0,
    ended,
    hasEnded,
    send: (signal) => void child.kill(signal),
    end: async (signal, graceMs) => {
      if (!hasEnded()) child.kill(signal);
      const force = setTimeout(() => child.kill("SIGKILL"), graceMs);
      await ended;
      clearTimeout(force);
    },
  };
}

/**
 * The server recovers its streams before it listens, so there is nothing to ask it until its log says that it is ready.
 */
function logSaysReady(child: ChildProcess, ended: Promise<string>, onLine: (line: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    void ended.then((how) => reject(new Error(how)));
    if (child.stderr === null) throw new Error("a server is always started with a pipe for its log");
    createInterface({ input: child.stderr }).on("line", (line) => {
      onLine(line);
      if (line.includes("Server is ready")) resolve();
    });
  });
}
