/** A scheduler and a worker as people run them: `signalbox up` and `signalbox worker`, each in a process of its own. */
import { PROGRAM } from "./program.js";
import { type ReadyProcess, startReadyProcess } from "./ready-process.js";

/** The built command line; `npm test` builds it first. */

export type SchedulerProcess = ReadyProcess;

/** Starts a scheduler on a server and settles when it leads or stands by. Fails with its log if it ends before. */
export async function startSchedulerProcess(configFile: string, natsUrl: string): Promise<SchedulerProcess> {
  const argv = [PROGRAM, "up", "--config", configFile, "--nats", natsUrl, "-o", "json"] as const;
  return startReadyProcess("the scheduler", [process.execPath, ...argv]);
}

export interface WorkerProcess extends ReadyProcess {
  /** The id under which it joined first. */
  readonly id: string;
}

/** Starts a worker for some types, and settles when it has joined. */
export async function startWorkerProcess(
  configFile: string,
  natsUrl: string,
  types: readonly string[],
  capacity = 1,
): Promise<WorkerProcess> {
  const argv = [PROGRAM, "worker", "--config", configFile, "--nats", natsUrl, "-o", "json", "--types", types.join(",")];
  const started = await startReadyProcess("the worker", [process.execPath, ...argv, "--capacity", String(capacity)]);
  return { ...started, id: String(started.ready["worker"]) };
}
