/**
 * The runner of commands: a program from the configuration, params as JSON on its standard input, its standard output
 * the result. It runs in a process group of its own, is ended as a whole, and on Linux dies with the scheduler.
 *
 * Result: the output itself if it is exactly one JSON document, else `{stdout}`; with `truncated` and `stdoutBytes` if it
 * was longer than the bound, and `binary` if it was not UTF-8 (what could not be read is U+FFFD then: a program that
 * makes files should write files). A process that a program has deliberately moved out of its group, with its output
 * elsewhere, is found and ended after an abort (on Linux), but is its own affair after a normal end.
 */
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Json } from "../../events/json.js";
import { commandEnvironment } from "./command-environment.js";
import { fillOption, type RunnerContext } from "./environment.js";
import type { CommandOptions } from "./options.js";
import { killOrphanedRuns, type MarkedRun, OrphansRemainError } from "./orphans.js";
import { abortedFailure, errorCode, errorMessage, failure } from "./outcome.js";
import { HeadOfOutput, LineProgress, TailOfOutput } from "./output.js";
import { type ProcessGroupEnd, runProcessGroup } from "./process-group.js";
import { dieWithParent, findProgram } from "./program.js";
import type { Outcome, Run, Runner } from "./runner.js";
import { readable } from "./text.js";

/** The end of the error output, which becomes part of the error message. */
const stderrBytesMax = 4 * 1024;
/** A reason for skipping is one line, from the program's output. */
const reasonCharsMax = 300;
/** The operating system says these of a moment, not of the command: too many processes or files, too little memory. */
const passingSpawnErrors: ReadonlySet<string> = new Set(["EAGAIN", "EMFILE", "ENFILE", "ENOMEM", "ETXTBSY"]);

/**
 * Makes the runner of one job type.
 * @throws RunnerOptionsError when `env` refers to an environment variable that is not set
 */
export function commandRunner(options: CommandOptions, context: RunnerContext): Runner {
  const configured = Object.entries(options.env ?? {}).map(([name, value]): [string, string] => [
    name,
    fillOption(value, context.environment, `env.${name}`),
  ]);
  return { run: (run) => runCommand(run, { options, context, configured }) };
}

interface Command {
  readonly options: CommandOptions;
  readonly context: RunnerContext;
  readonly configured: readonly (readonly [string, string])[];
}

async function runCommand(run: Run, command: Command): Promise<Outcome> {
  const { options, context } = command;
  const { ledger } = context;
  const [name, ...args] = options.argv;
  if (run.signal.aborted) return abortedFailure(run.signal);

  const cwd = resolve(options.cwd ?? ".");
  if (!(await isFolder(cwd))) {
    return failure("folder-missing", `the working folder ${cwd} does not exist: create it, or change cwd`, {
      retryable: false,
    });
  }
  const env = commandEnvironment(run, { ledger, inherited: context.environment, configured: command.configured });
  const program = await findProgram(name, { path: env["PATH"] ?? "", cwd });
  if (program === null) return programMissing(name, env["PATH"], cwd);

  const stdout = new HeadOfOutput(options.outputBytesMax);
  const stderr = new TailOfOutput(stderrBytesMax);
  const lines = new LineProgress(run.progress);
  const dyingWithUs = await dieWithParent(context.environment["PATH"] ?? "");
  // Much time may have passed since the first look, if this process was stopped meanwhile: nothing is started any more then.
  if (run.signal.aborted || run.mayStart?.() === false) return abortedFailure(run.signal);
  try {
    const end = await runProcessGroup({
      argv: dyingWithUs([program, ...args]),
      cwd,
      env,
      input: JSON.stringify(run.params),
      signal: run.signal,
      killGraceMs: options.killGrace,
      onOutput: (chunk) => {
        stdout.add(chunk);
        lines.add(chunk);
      },
      onErrorOutput: (chunk) => stderr.add(chunk),
      killEscaped: () => killAllOf({ ledger, job: run.job, grant: run.grant }),
    });
    return outcomeOf({ run, options, end, stdout, stderr: stderr.text() });
  } catch (error) {
    const code = errorCode(error);
    return failure("start-failed", `${name} could not be started: ${errorMessage(error)}`, {
      retryable: code !== null && passingSpawnErrors.has(code),
    });
  }
}

interface Ended {
  readonly run: Run;
  readonly options: CommandOptions;
  readonly end: ProcessGroupEnd;
  readonly stdout: HeadOfOutput;
  readonly stderr: string;
}

function outcomeOf({ run, options, end, stdout, stderr }: Ended): Outcome {
  const { exitCode } = end;
  const name = options.argv[0];
  if (!end.gone) {
    const message = `a process of ${name} does not end, even by SIGKILL: look for one in state D (ps -eo pid,stat,args)`;
    return failure("still-running", message, { retryable: false, exitCode });
  }
  if (end.aborted) return abortedFailure(run.signal, exitCode);
  const said = readable(stderr, stderrBytesMax);
  const because = said === "" ? "" : `: ${said}`;
  if (exitCode === null) {
    const message = `${name} was killed by signal ${end.killedBy ?? "unknown"}${because}`;
    return failure("killed-by-signal", message, { retryable: true, exitCode });
  }
  if (options.successExitCodes.includes(exitCode)) {
    return { outcome: "completed", result: resultOf(stdout), exitCode };
  }
  if (options.skipExitCodes.includes(exitCode)) {
    return { outcome: "skipped", reason: skipReason(exitCode, stdout, said) };
  }
  return failure("exit-code", `${name} ended with exit code ${exitCode}${because}`, { retryable: true, exitCode });
}

function resultOf(stdout: HeadOfOutput): Json {
  const { text, binary } = stdout.read();
  if (stdout.truncated) {
    return { stdout: text, truncated: true, stdoutBytes: stdout.seenBytes, ...(binary ? { binary } : {}) };
  }
  if (binary) return { stdout: text, binary };
  try {
    // JSON.parse gives JSON.
    return JSON.parse(text.trim()) as Json;
  } catch {
    return { stdout: text };
  }
}

function skipReason(exitCode: number, stdout: HeadOfOutput, stderr: string): string {
  const lines = `${stdout.read().text}\n${stderr}`.split("\n").map((line) => readable(line, reasonCharsMax));
  const said = lines.find((line) => line !== "");
  return said === undefined ? `exit code ${exitCode}` : `exit code ${exitCode}: ${said}`;
}

/** False if something of the run is still there. */
async function killAllOf(run: MarkedRun): Promise<boolean> {
  try {
    await killOrphanedRuns((it) => it.ledger === run.ledger && it.job === run.job && it.grant === run.grant);
    return true;
  } catch (error) {
    if (error instanceof OrphansRemainError) return false;
    throw error;
  }
}

function programMissing(name: string, path: string | undefined, cwd: string): Outcome {
  const where = name.includes("/") ? `from the folder ${cwd}` : `on the PATH (${path ?? "which is not set"})`;
  return failure(
    "program-missing",
    `there is no program ${JSON.stringify(name)} ${where}: install it, or change argv`,
    {
      retryable: false,
    },
  );
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (it) => it.isDirectory(),
    () => false,
  );
}
