/** A program that says in one line of JSON when it is ready, in a process of its own that a test may signal and kill. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { isPlainObject } from "../../events/json.js";

const readyMsMax = 20_000;
const logLinesMax = 60;

export interface ReadyProcess {
  readonly pid: number;
  /** What it said when it was ready. */
  readonly ready: Readonly<Record<string, unknown>>;
  /** The last lines of its log. */
  readonly log: readonly string[];
  /** Settles when the process has ended. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  signal(name: NodeJS.Signals): void;
  /** Ends it with SIGKILL, and settles when it has ended. */
  kill(): Promise<void>;
}

/** Processes that a test has forgotten end with the test process. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Starts a program and settles when it is ready. Fails with its log if it ends before. `what` it is stands in that message. */
export async function startReadyProcess(
  what: string,
  [program, ...args]: readonly [string, ...string[]],
): Promise<ReadyProcess> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  const log: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    log.push(line);
    if (log.length > logLinesMax) log.shift();
  });
  const exited = once(child, "exit").then(([code, signal]: (number | string | null)[]) => {
    running.delete(child);
    return { code: typeof code === "number" ? code : null, signal: (signal ?? null) as NodeJS.Signals | null };
  });
  const kill = async () => {
    child.kill("SIGKILL");
    await exited;
  };
  const ready = (async () => {
    for await (const line of createInterface({ input: child.stdout })) {
      const said: unknown = line.startsWith("{") ? JSON.parse(line) : null;
      if (isPlainObject(said) && said["event"] === "ready") return said;
    }
    return "ended";
  })();
  const late = AbortSignal.timeout(readyMsMax);
  const told = await Promise.race([ready, once(late, "abort").then(() => "late")]);
  if (typeof told === "object")
    return { pid: child.pid ?? 0, ready: told, log, exited, signal: (name) => void child.kill(name), kill };
  await kill();
  throw new Error(`${what} was not ready (${told}); its log:\n${log.join("\n")}`);
}
