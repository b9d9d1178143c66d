/**
 * A program and everything that it starts, run as one process group: started without a shell, ended as a whole.
 *
 * `runProcessGroup` settles only when the group is gone: after an abort, and also when the program itself has ended but
 * has left others behind. The polite signal comes first, the final one after the grace.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { Argv } from "./program.js";

/** Nothing tells of the end of a process that is not our child, so it is looked for this often. */
const groupPollMs = 15;
/** After SIGKILL only a process stuck inside the kernel remains; it is not waited for longer than this. */
const killConfirmMsMax = 10_000;
/** With the group gone the pipes close at once, unless a process that left the group holds them open. */
const outputDrainMsMax = 1_000;

export interface ProcessGroupOptions {
  /** The program's absolute path and its arguments. */
  readonly argv: Argv;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Written to standard input, which is then closed. A program that does not read it is fine. */
  readonly input: string;
  readonly signal: AbortSignal;
  readonly killGraceMs: number;
  readonly onOutput: (chunk: Buffer) => void;
  readonly onErrorOutput: (chunk: Buffer) => void;
  /**
   * Kills what has left the group, where it can be found; false if some of it remains. Called after an abort, and when
   * the pipes stay open.
   */
  readonly killEscaped: () => Promise<boolean>;
}

export interface ProcessGroupEnd {
  readonly exitCode: number | null;
  readonly killedBy: NodeJS.Signals | null;
  /** Whether the abort came before the program had ended by itself. */
  readonly aborted: boolean;
  /** False only if something survived SIGKILL for ten seconds: stuck inside the kernel. */
  readonly gone: boolean;
}

/**
 * Runs a program to its end and the end of all its group.
 * @throws the operating system's error (ENOENT, E2BIG, EAGAIN …) if the program could not be started
 */
export async function runProcessGroup(options: ProcessGroupOptions): Promise<ProcessGroupEnd> {
  const child = await start(options);
  const { pid } = child;
  if (pid === undefined) throw new Error("a started process has no process id");
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const exited = new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
    child.once("exit", (code, signal) => resolve([code, signal])),
  );
  child.stdout?.on("data", options.onOutput);
  child.stderr?.on("data", options.onErrorOutput);
  // EPIPE: the program ended or closed its input without reading it, which is its right.
  child.stdin?.on("error", () => {});
  child.stdin?.end(options.input);

  let aborted = false;
  const timers: NodeJS.Timeout[] = [];
  const stuck = new Promise<"stuck">((resolve) => {
    const abort = (): void => {
      aborted = true;
      signalGroup(pid, "SIGTERM");
      timers.push(setTimeout(() => signalGroup(pid, "SIGKILL"), options.killGraceMs));
      timers.push(setTimeout(() => resolve("stuck"), options.killGraceMs + killConfirmMsMax));
    };
    if (options.signal.aborted) abort();
    else options.signal.addEventListener("abort", abort, { once: true });
    void exited.then(() => options.signal.removeEventListener("abort", abort));
  });
  const end = await Promise.race([exited, stuck]);
  const [exitCode, killedBy] = end === "stuck" ? [null, null] : end;

  let gone = end !== "stuck" && (await endGroup(pid, options.killGraceMs, aborted));
  for (const timer of timers) clearTimeout(timer);
  if (aborted) gone = (await options.killEscaped()) && gone;
  if (!(await settledWithin(closed, outputDrainMsMax))) {
    gone = (await options.killEscaped()) && gone;
    await settledWithin(closed, outputDrainMsMax);
    // Whatever still holds the pipes is no longer ours to find; without this its end would be waited for for ever.
    child.stdout?.destroy();
    child.stderr?.destroy();
  }
  child.stdin?.destroy();
  return { exitCode, killedBy, aborted, gone };
}

async function start(options: ProcessGroupOptions): Promise<ChildProcess> {
  const [program, ...args] = options.argv;
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: options.env,
    // Its own session and group, so that one signal reaches all of it and a Ctrl-C in our terminal none of it.
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
    windowsHide: true,
  });
  // `once` rejects with the error event.
  if (child.pid === undefined) await once(child, "spawn");
  return child;
}

/** Ends what the program has left behind. True when nothing of the group is running any more. */
async function endGroup(group: number, graceMs: number, alreadyAsked: boolean): Promise<boolean> {
  if (!(await groupIsAlive(group))) return true;
  if (!alreadyAsked) signalGroup(group, "SIGTERM");
  if (await groupEndsWithin(group, graceMs)) return true;
  signalGroup(group, "SIGKILL");
  return await groupEndsWithin(group, killConfirmMsMax);
}

async function groupEndsWithin(group: number, ms: number): Promise<boolean> {
  const deadline = performance.now() + ms;
  while (await groupIsAlive(group)) {
    if (performance.now() >= deadline) return false;
    await delay(groupPollMs);
  }
  return true;
}

function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch (error) {
    // EPERM: there is something, but it has become another user's; it can be waited for, not signalled.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

async function groupIsAlive(group: number): Promise<boolean> {
  if (!signalGroup(group, 0)) return false;
  // A dead process that nobody reaps (in a container without an init) still answers to its group's signals.
  return process.platform === "linux" ? await hasLivingMember(group) : true;
}

async function hasLivingMember(group: number): Promise<boolean> {
  const names = await readdir("/proc").catch(() => null);
  // Without /proc the answer to the signal is all that is known.
  if (names === null) return true;
  const pids = names.filter((name) => /^\d+$/.test(name));
  const living = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => "");
      // "pid (name) state parent group …"; the name may itself hold blanks and brackets.
      const [state, , memberOf] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return Number(memberOf) === group && state !== "Z" && state !== "X";
    }),
  );
  return living.includes(true);
}

async function settledWithin(promise: Promise<void>, ms: number): Promise<boolean> {
  const timer = new AbortController();
  const late = delay(ms, false, { signal: timer.signal }).catch(() => false);
  const inTime = await Promise.race([promise.then(() => true), late]);
  timer.abort();
  return inTime;
}
