/**
 * Finds processes by a mark in their environment, the way build servers find leaked build processes: whatever a marked process
 * starts inherits the mark. Only on Linux; elsewhere nothing can be found.
 */
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/** Something survived SIGKILL: a process stuck inside the kernel. The message names the process ids. */
export class OrphansRemainError extends Error {
  override readonly name = "OrphansRemainError";
  readonly code = "orphans-remain";
}

/** How long the killed processes are waited for. */
const goneMsMax = 5_000;
const pollMs = 20;
const emptyRoundsNeeded = 2;

/** Says of the environment of a process, as the kernel shows it, whether the mark is in it. */
export type IsMarked = (environ: string) => boolean;

/**
 * Kills (SIGKILL) every process of ours on this machine that is marked, and waits until they are gone.
 * @returns how many processes were killed
 * @throws OrphansRemainError if one is still there after five seconds
 */
export async function killMarked(isMarked: IsMarked): Promise<number> {
  const killed = new Set<number>();
  const deadline = performance.now() + goneMsMax;
  // Looked for again after each round, because a process may have started another between being read and being killed. And
  // once more when none was found: in the moment in which a process becomes another program, it shows no environment.
  let emptyRounds = 0;
  for (;;) {
    const found = await markedProcesses(isMarked);
    emptyRounds = found.length === 0 ? emptyRounds + 1 : 0;
    if (emptyRounds >= emptyRoundsNeeded) return killed.size;
    if (found.length > 0 && performance.now() >= deadline) {
      throw new OrphansRemainError(`processes ${found.join(", ")} of runs that are over do not end, even by SIGKILL`);
    }
    for (const pid of found) if (signalProcess(pid, "SIGKILL")) killed.add(pid);
    if (emptyRounds < emptyRoundsNeeded) await delay(pollMs);
  }
}

/**
 * Ends every marked process: politely (SIGTERM, and SIGCONT, because a stopped one would not hear it), and after `graceMs` for good.
 * @throws OrphansRemainError if one is still there five seconds later
 */
export async function endMarked(isMarked: IsMarked, graceMs: number): Promise<void> {
  const asked = new Set<number>();
  for (const deadline = performance.now() + graceMs; performance.now() < deadline; await delay(pollMs)) {
    const found = await markedProcesses(isMarked);
    if (found.length === 0) break;
    for (const pid of found.filter((one) => !asked.has(one))) {
      asked.add(pid);
      signalProcess(pid, "SIGTERM");
      signalProcess(pid, "SIGCONT");
    }
  }
  await killMarked(isMarked);
}

/** A variable of an environment as the kernel shows it; null if it is not there. */
export function environVariable(environ: string, name: string): string | null {
  const found = environ.split("\0").find((pair) => pair.startsWith(`${name}=`));
  return found === undefined ? null : found.slice(name.length + 1);
}

async function markedProcesses(isMarked: IsMarked): Promise<number[]> {
  if (process.platform !== "linux") return [];
  // Without /proc nothing can be found, as on another system.
  const names = await readdir("/proc").catch((): string[] => []);
  // Not this process, even where it was itself started by a marked one.
  const pids = names.filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid).map(Number);
  // Unreadable: another user's, or gone by now. Empty: a zombie, which runs no more.
  const marked = await Promise.all(
    pids.map(async (pid) => isMarked(await readFile(`/proc/${pid}/environ`, "utf8").catch(() => ""))),
  );
  return pids.filter((_pid, index) => marked[index] === true);
}

/** False if it is gone, or not ours. */
function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}
