/**
 * What the operating system says of runs: every process that a command runner starts carries its run in its environment, and so does
 * whatever that starts in turn. Read here anew, with none of the scheduler's code, so that a mistake there does not hide here.
 */
import { readdir, readFile } from "node:fs/promises";

export interface MarkedProcess {
  readonly pid: number;
  /** The ledger's identity. */
  readonly ledger: string;
  readonly job: string;
  readonly grant: number;
  /** The process group, by which all of a run is signalled. */
  readonly group: number;
}

/** The processes of runs of one ledger that are there now. Zombies show no environment and are not among them. */
export async function processesOfLedger(ledger: string): Promise<readonly MarkedProcess[]> {
  const names = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(names.map((name) => readMarks(Number(name))));
  return found.filter((one): one is MarkedProcess => one !== null && one.ledger === ledger);
}

async function readMarks(pid: number): Promise<MarkedProcess | null> {
  // Gone by now, or another user's.
  const environ = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
  if (!environ.includes("SIGNALBOX_RUN=")) return null;
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => "");
  const [, , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // Of a process that is just being taken away there is no group to be read; and to signal none is to signal one's own.
  if (!(Number(group) > 1)) return null;
  const variables = new Map(environ.split("\0").map((pair) => splitAt(pair, pair.indexOf("="))));
  const [job = "", grant] = (variables.get("SIGNALBOX_RUN") ?? "").split(":");
  return { pid, ledger: variables.get("SIGNALBOX_LEDGER") ?? "", job, grant: Number(grant), group: Number(group) };
}

const splitAt = (text: string, index: number): [string, string] => [text.slice(0, index), text.slice(index + 1)];

/** Sends a signal; nothing happens if nobody is there any more. A negative number means a whole group. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}
