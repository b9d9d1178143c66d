/**
 * Ends the processes of runs whose worker is gone, the way build servers end leaked build processes: every process that
 * a command runner starts carries its run in its environment, and so does everything that it starts in turn.
 */
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { type JobId, jobIdSchema, type Position, positionSchema } from "../../events/names.js";

/** A run, as a process of it can be recognised from outside. */
export interface MarkedRun {
  readonly ledger: string;
  readonly job: JobId;
  readonly grant: Position;
}

/** Something survived SIGKILL: a process stuck inside the kernel. The message names the process ids. */
export class OrphansRemainError extends Error {
  override readonly name = "OrphansRemainError";
  readonly code = "orphans-remain";
}

/** How long the killed processes are waited for. */
const goneMsMax = 5_000;
const pollMs = 20;
const emptyRoundsNeeded = 2;

/** The environment variables by which a process can be recognised as part of a run. */
export function runMarks(run: MarkedRun): Record<string, string> {
  return { SIGNALBOX_LEDGER: run.ledger, SIGNALBOX_RUN: `${run.job}:${run.grant}` };
}

/**
 * Kills (SIGKILL) every process of ours on this machine that belongs to a run for which `match` says true, and waits
 * until they are gone. Only on Linux; elsewhere nothing can be found and the answer is 0.
 * @returns how many processes were killed
 * @throws OrphansRemainError if one is still there after five seconds
 */
export async function killOrphanedRuns(match: (run: MarkedRun) => boolean): Promise<number> {
  if (process.platform !== "linux") return 0;
  const killed = new Set<number>();
  const deadline = performance.now() + goneMsMax;
  // Looked for again after each round, because a process may have started another between being read and being killed. And
  // once more when none was found: in the moment in which a process becomes another program, it shows no environment.
  let emptyRounds = 0;
  for (;;) {
    const found = await processesOf(match);
    emptyRounds = found.length === 0 ? emptyRounds + 1 : 0;
    if (emptyRounds >= emptyRoundsNeeded) return killed.size;
    if (found.length > 0 && performance.now() >= deadline) {
      throw new OrphansRemainError(`processes ${found.join(", ")} of runs that are over do not end, even by SIGKILL`);
    }
    for (const pid of found) if (kill(pid)) killed.add(pid);
    await delay(pollMs);
  }
}

async function processesOf(match: (run: MarkedRun) => boolean): Promise<number[]> {
  // Without /proc nothing can be found, as on another system.
  const names = await readdir("/proc").catch((): string[] => []);
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const matching = await Promise.all(
    pids.map(async (pid) => {
      // Not this process, even where the scheduler itself was started by a job of another scheduler.
      if (pid === process.pid) return false;
      const run = await markedRun(pid);
      return run !== null && match(run);
    }),
  );
  return pids.filter((_pid, index) => matching[index] === true);
}

async function markedRun(pid: number): Promise<MarkedRun | null> {
  // Unreadable: another user's, or gone by now. Empty: a zombie, which runs no more.
  const text = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
  const ledger = variable(text, "SIGNALBOX_LEDGER");
  const [job, grant] = variable(text, "SIGNALBOX_RUN")?.split(":") ?? [];
  const parsedJob = jobIdSchema.safeParse(job);
  const parsedGrant = positionSchema.safeParse(Number(grant));
  if (ledger === null || !parsedJob.success || !parsedGrant.success) return null;
  return { ledger, job: parsedJob.data, grant: parsedGrant.data };
}

function variable(environ: string, name: string): string | null {
  const found = environ.split("\0").find((pair) => pair.startsWith(`${name}=`));
  return found === undefined ? null : found.slice(name.length + 1);
}

function kill(pid: number): boolean {
  try {
    process.kill(pid, "SIGKILL");
    return true;
  } catch {
    return false;
  }
}
