/** Which processes are there: for tests that assert that nothing is left behind. Linux only. */
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

const GONE_MS_MAX = 10_000;
const POLL_MS = 25;

/** The ids of all processes whose environment holds this text; what a process starts inherits it. */
export async function processesWith(mark: string): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const environment = await readFile(`/proc/${name}/environ`, "utf8").catch(() => "");
    if (environment.includes(mark)) found.push(Number(name));
  }
  return found;
}

/** Resolves when no process has this text in its environment; throws with those that are still there. */
export async function untilNoneWith(mark: string): Promise<void> {
  const deadline = performance.now() + GONE_MS_MAX;
  for (;;) {
    const left = await processesWith(mark);
    if (left.length === 0) return;
    if (performance.now() > deadline) throw new Error(`still running: ${left.join(", ")}`);
    await delay(POLL_MS);
  }
}
