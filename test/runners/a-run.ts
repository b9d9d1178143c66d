/** One attempt for a runner under test, with what it reports and the means to abort it. */
import { readFile } from "node:fs/promises";
import type { Json, JsonObject } from "../../events/json.js";
import { jobId, position } from "../../events/names.js";
import type { Outcome, Run } from "../../src/runners/runner.js";

export interface TestRun extends Run {
  readonly updates: Json[];
  abort(why: string): void;
  /** Settles with the first update for which `condition` is true, also if it has already come. Fails after 10 s. */
  update(condition: (update: Json) => boolean): Promise<Json>;
}

let grants = 100;

export function aRun(params: JsonObject = {}, job = "chapter-7"): TestRun {
  const controller = new AbortController();
  const updates: Json[] = [];
  const watchers = new Set<() => void>();
  return {
    job: jobId(job),
    type: "story",
    params,
    attempt: 2,
    grant: position(++grants),
    signal: controller.signal,
    updates,
    progress: (update) => {
      updates.push(update);
      for (const watcher of [...watchers]) watcher();
    },
    abort: (why) => controller.abort(new Error(why)),
    update: (condition) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no such update among ${JSON.stringify(updates)}`)), 10_000);
        const watcher = (): void => {
          const found = updates.find(condition);
          if (found === undefined) return;
          clearTimeout(timer);
          watchers.delete(watcher);
          resolve(found);
        };
        watchers.add(watcher);
        watcher();
      }),
  };
}

/** The outcome as a failure; fails if it is not one. */
export function failed(outcome: Outcome): Extract<Outcome, { outcome: "failed" }> {
  if (outcome.outcome !== "failed") throw new Error(`expected a failure, got ${JSON.stringify(outcome).slice(0, 500)}`);
  return outcome;
}

/** The result; fails if the run did not complete. */
export function result(outcome: Outcome): Json {
  if (outcome.outcome !== "completed")
    throw new Error(`expected a result, got ${JSON.stringify(outcome).slice(0, 500)}`);
  return outcome.result;
}

/** Whether a process is there and not a zombie. */
export async function isRunning(pid: number): Promise<boolean> {
  if (process.platform !== "linux") return answersToSignals(pid);
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => "");
  const [state = "", ...numbers] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // Without memory nothing of it runs any more; it may be a moment until the kernel calls it a zombie.
  return state !== "" && state !== "Z" && state !== "X" && numbers[VIRTUAL_SIZE] !== "0";
}

/** Its place among the numbers that follow the state in /proc/<pid>/stat (proc(5)). */
const VIRTUAL_SIZE = 19;

/** Waits until `condition` is true, looking every 10 ms. Fails after `msMax`. */
export async function eventually(condition: () => Promise<boolean>, msMax = 10_000): Promise<void> {
  const deadline = performance.now() + msMax;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`this did not come true in ${msMax} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** How the configuration refers to an environment variable. */
export const fromEnvironment = (name: string): string => `\${env:${name}}`;

function answersToSignals(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
