/**
 * Servers whose guard was killed. They run on, with the store open; the next guard ends them before it starts its own.
 * They are recognised by their command line, which names the store: no record is needed that might not have been
 * written.
 */
import { readdir, readFile } from "node:fs/promises";
import { basename } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { runProgram } from "./program.js";

const stopGraceMs = 10_000;
const killGraceMs = 5_000;
const pollMs = 20;
const listTimeoutMs = 5_000;

/** Ends every nats-server that has `storeDir` open, and resolves when they are gone. Throws if one cannot be ended. */
export async function stopServersOn(storeDir: string, onProgress: (text: string) => void): Promise<void> {
  for (const pid of await findServersOn(storeDir)) {
    onProgress(`stopping the nats-server with process id ${pid}, left behind on ${storeDir}`);
    if ((await endProcess(pid, "SIGTERM", stopGraceMs)) || (await endProcess(pid, "SIGKILL", killGraceMs))) continue;
    throw new Error(`the nats-server with process id ${pid} has ${storeDir} open and cannot be stopped`);
  }
}

/** The process ids of the nats-servers that were started with `storeDir` as their store. */
export async function findServersOn(storeDir: string): Promise<readonly number[]> {
  const found = process.platform === "linux" ? await fromProc(storeDir) : await fromPs(storeDir);
  return found.filter((pid) => pid !== process.pid);
}

async function fromProc(storeDir: string): Promise<number[]> {
  const pids: number[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    // Processes end while we look, and others may not be looked at; neither is an orphan of ours.
    const commandLine = await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => "");
    const argv = commandLine.split("\0");
    const store = argv[argv.indexOf("-sd") + 1];
    if (basename(argv[0] ?? "") === "nats-server" && argv.includes("-sd") && store === storeDir)
      pids.push(Number(name));
  }
  return pids;
}

async function fromPs(storeDir: string): Promise<number[]> {
  if (process.platform === "win32") return [];
  const { stdout } = await runProgram("ps", ["-axww", "-o", "pid=,command="], { timeoutMs: listTimeoutMs });
  const ours = stdout
    .split("\n")
    .filter((line) => line.includes("nats-server -c ") && line.endsWith(` -sd ${storeDir}`));
  return ours.map((line) => Number.parseInt(line, 10));
}

/**
 * Whether the process was gone within the time allowed. It is not our child: there is nothing to wait on but its
 * absence.
 */
async function endProcess(pid: number, signal: NodeJS.Signals, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  try {
    process.kill(pid, signal);
    // One that was frozen acts on the signal only when it goes on.
    process.kill(pid, "SIGCONT");
    while (performance.now() < deadline) {
      if (!(await isRunning(pid))) return true;
      await delay(pollMs);
    }
    return false;
  } catch (error) {
    if (isNoSuchProcess(error)) return true;
    throw error;
  }
}

/** Whether the process runs. One that is dead keeps its id until its parent has taken note: that is not running. */
export async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return !isNoSuchProcess(error);
  }
  const status = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return !status.slice(status.lastIndexOf(")")).startsWith(") Z ");
}

const isNoSuchProcess = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ESRCH";
