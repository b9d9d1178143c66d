/**
 * Runs another program in the foreground, as a shell would: on our own terminal and streams, in our own process group, and its end
 * is ours. On Linux it dies with us, even by SIGKILL, and can be ended together with everything that it has started.
 *
 * It is not given a process group of its own: such a one could not read from the terminal, and Ctrl-C and Ctrl-Z would not reach it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { delimiter, resolve } from "node:path";
import { endMarked, environVariable } from "../runners/marked-processes.js";
import { dieWithParent, findProgram } from "../runners/program.js";
import { CliFailure, EXIT } from "./failure.js";
import { exitCodeOf, type ForegroundSignals } from "./foreground-signals.js";
import type { Terminal } from "./terminal.js";

export type Argv = readonly [string, ...string[]];

export interface ForegroundOptions {
  readonly argv: Argv;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A variable of `env` that nothing else on this machine has: by it, what the program has started is found. */
  readonly mark: { readonly name: string; readonly value: string };
  readonly signals: ForegroundSignals;
  /** Ends the program when it aborts: politely, and after `graceMs` for good. */
  readonly stop: AbortSignal;
  readonly graceMs: number;
}

/** How it ended: its exit code, or 128 and the number of the signal that killed it; and whether that was our doing. */
export interface ForegroundEnd {
  readonly exitCode: number;
  readonly isStopped: boolean;
}

/** Settles when the program has ended. Throws a `CliFailure` with 126 or 127 if it could not be started. */
export async function runInForeground(options: ForegroundOptions): Promise<ForegroundEnd> {
  const { argv, env, signals, stop } = options;
  const [program, ...args] = (await dieWithParent(env["PATH"] ?? ""))(argv);
  if (stop.aborted) return { exitCode: EXIT.failed, isStopped: true };
  if (signals.received !== null) return { exitCode: exitCodeOf(signals.received), isStopped: false };
  const child = spawn(program, args, { env, stdio: "inherit" });
  signals.forwardTo(child);
  let stopping: Promise<void> | null = null;
  const stopNow = () => {
    stopping = endAll(child, options);
    // Looked at below; it must not be taken for forgotten before that.
    stopping.catch(() => {});
  };
  stop.addEventListener("abort", stopNow);
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.once("error", (error) => reject(notStarted(argv[0], error)));
    child.once("exit", (code, name) => resolve(name === null ? (code ?? EXIT.failed) : exitCodeOf(name)));
  });
  stop.removeEventListener("abort", stopNow);
  if (stopping === null) return { exitCode, isStopped: false };
  await stopping;
  return { exitCode, isStopped: true };
}

/** The program by its id, what it has started by the mark. */
async function endAll(child: ChildProcess, { mark, graceMs }: ForegroundOptions): Promise<void> {
  child.kill("SIGTERM");
  // Stopped, it would not hear that.
  child.kill("SIGCONT");
  const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
  child.once("exit", () => clearTimeout(timer));
  await endMarked((environ) => environVariable(environ, mark.name) === mark.value, graceMs);
}

/** Throws as `runInForeground` would, if there is no such program: then nobody need wait for it. */
export async function mustFind(name: string, { env, cwd }: Pick<Terminal, "env" | "cwd">): Promise<void> {
  const folders = (env["PATH"] ?? "").split(delimiter).map((folder) => resolve(cwd, folder));
  if ((await findProgram(name, { path: folders.join(delimiter), cwd })) === null) throw missing(name);
}

function notStarted(name: string, error: Error): CliFailure {
  if ("code" in error && error.code === "ENOENT") return missing(name);
  return new CliFailure(`${JSON.stringify(name)} could not be started: ${error.message}`, EXIT.notExecutable);
}

const missing = (name: string): CliFailure =>
  new CliFailure(
    `there is no program ${JSON.stringify(name)}`,
    EXIT.commandNotFound,
    name.includes("/")
      ? "A name with a slash is a path from here, to a file that may be executed."
      : "It is looked for on the PATH. What a shell understands needs a shell: -- sh -c '…'",
  );
