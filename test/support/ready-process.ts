/** A scheduler as people run it: `signalbox up` in a process of its own, that a test may signal and kill. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** The built command line; `npm test` builds it first. */
const MAIN = join(import.meta.dirname, "../../dist/src/cli/main.js");
const readyMsMax = 20_000;
const logLinesMax = 60;

export interface SchedulerProcess {
  readonly pid: number;
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

/** Starts a scheduler on a server and settles when it leads or stands by. Fails with its log if it ends before. */
export async function startSchedulerProcess(configFile: string, natsUrl: string): Promise<SchedulerProcess> {
  const argv = [MAIN, "up", "--config", configFile, "--nats", natsUrl, "-o", "json"];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "pipe"] });
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
  const scheduler: SchedulerProcess = {
    pid: child.pid ?? 0,
    log,
    exited,
    signal: (name) => void child.kill(name),
    kill: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
  const ready = (async () => {
    for await (const line of createInterface({ input: child.stdout }))
      if (line.includes('"event":"ready"')) return "ready";
    return "ended";
  })();
  const late = AbortSignal.timeout(readyMsMax);
  const told = await Promise.race([ready, once(late, "abort").then(() => "late")]);
  if (told === "ready") return scheduler;
  await scheduler.kill();
  throw new Error(`the scheduler was not ready (${told}); its log:\n${log.join("\n")}`);
}
