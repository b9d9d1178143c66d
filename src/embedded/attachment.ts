/**
 * How a scheduler holds on to its server: through a guard that it has started, or through one that another scheduler on
 * the same folder has started, whose lock it then watches.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { EmbeddedServerError } from "./errors.js";
import { type GuardOrder, guardReportSchema } from "./guard-messages.js";
import { lockAddress, watchLock } from "./lock.js";
import { type LogLine, parseLogLine } from "./log-line.js";
import { findRunningServer, type ServerRecord } from "./record.js";

/** The guard gives the server 10 s to end by itself; with that it has time to tidy up. */
const guardStopTimeoutMs = 15_000;

export interface Attachment {
  /** The server now running; after a restart another process. */
  readonly record: () => ServerRecord;
  /** True: another scheduler's guard runs the server. */
  readonly joined: boolean;
  /** Resolves when the guard has ended: with its reason if it gave up, null if it was stopped or killed. */
  readonly gone: Promise<string | null>;
  /** Own guard: stops the server and resolves when both are gone. Another's: leaves it alone. */
  release(): Promise<void>;
}

/** Why no guard was started: the folder that another guard has. */
export interface Held {
  readonly heldFolder: string;
}

/**
 * Starts a guard and resolves when its server answers, or when another guard has a folder. Throws
 * `EmbeddedServerError`.
 */
export async function startGuard(order: GuardOrder, onLog: (line: LogLine) => void): Promise<Attachment | Held> {
  // In a process group of its own, so that what ends the scheduler's whole group leaves the guard to stop the server.
  const guard = spawn(process.execPath, [guardFile()], { stdio: "pipe", detached: true });
  let record: ServerRecord | null = null;
  let reason: string | null = null;
  const gone = new Promise<string | null>((resolve) => {
    guard.once("error", (error) => resolve(`its guard cannot be started: ${error.message}`));
    guard.once("close", () => resolve(reason));
  });
  // A guard that has just died takes no order; its end is seen in `gone`.
  guard.stdin.on("error", () => {});
  createInterface({ input: guard.stderr }).on("line", (text) => onLog({ level: "error", text: `guard: ${text}` }));
  guard.stdin.write(`${JSON.stringify(order)}\n`);

  const first = new Promise<ServerRecord | Held>((resolve, reject) => {
    createInterface({ input: guard.stdout }).on("line", (line) => {
      const message = guardReportSchema.parse(JSON.parse(line));
      if (message.report === "log") onLog(parseLogLine(message.line));
      else if (message.report === "notice") onLog({ level: "warn", text: message.text });
      else if (message.report === "failed") reason = message.text;
      else if (message.report === "held") resolve({ heldFolder: message.folder });
      else {
        record = message.record;
        resolve(record);
      }
    });
    void gone.then((text) =>
      reject(new EmbeddedServerError(text ?? "the guard of the server was killed at its start")),
    );
  });
  const answer = await first;
  if ("heldFolder" in answer) {
    await gone;
    return answer;
  }
  return { record: () => record ?? answer, joined: false, gone, release: () => stopGuard(guard, gone) };
}

/**
 * Joins the server that another scheduler's guard runs on this folder, or answers null if there is none that answers.
 */
export async function joinServer(stateDir: string): Promise<Attachment | null> {
  const watch = await watchLock(lockAddress(stateDir));
  if (watch === null) return null;
  const record = await findRunningServer(stateDir);
  if (record === null) {
    watch.close();
    return null;
  }
  const release = async (): Promise<void> => watch.close();
  return { record: () => record, joined: true, gone: watch.gone.then(() => null), release };
}

async function stopGuard(guard: ChildProcess, gone: Promise<string | null>): Promise<void> {
  // The end of its stdin is the order to stop; the system gives the same order when the scheduler is killed.
  guard.stdin?.end();
  const force = setTimeout(() => guard.kill("SIGKILL"), guardStopTimeoutMs);
  await gone;
  clearTimeout(force);
  if (guard.exitCode === null && guard.signalCode === null && guard.pid !== undefined) await once(guard, "exit");
}

/** The compiled guard. Tests run from the TypeScript sources, which Node.js itself cannot; they need a build, too. */
function guardFile(): string {
  const fromSource = import.meta.url.endsWith(".ts");
  return fileURLToPath(new URL(fromSource ? "../../dist/src/embedded/guard.js" : "./guard.js", import.meta.url));
}
