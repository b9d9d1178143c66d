/** Failures of a command, as people see them: one line that says what was wrong, perhaps a hint, and the exit code. */
import { ClientFailure } from "../client/failure.js";
import type { Terminal } from "./terminal.js";

/** The exit codes of the contract, section 3. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  difference: 4,
  interrupted: 130,
  terminated: 143,
  /** As a shell says it of a command. */
  notExecutable: 126,
  commandNotFound: 127,
} as const;

/** Ends the command with a message for a person and no stack trace. */
export class CliFailure extends Error {
  readonly code = "command-failed";
  readonly exitCode: number;
  /** What to do about it: printed on a line of its own. */
  readonly hint: string | undefined;

  constructor(message: string, exitCode: number, hint?: string) {
    super(message);
    this.exitCode = exitCode;
    this.hint = hint;
  }

  /** The command was right, and did not succeed. */
  static failed(message: string, hint?: string): CliFailure {
    return new CliFailure(message, EXIT.failed, hint);
  }

  /** The command line or the configuration is wrong. */
  static usage(message: string, hint?: string): CliFailure {
    return new CliFailure(message, EXIT.usage, hint);
  }

  /** What was asked for is not there. */
  static notFound(message: string, hint?: string): CliFailure {
    return new CliFailure(message, EXIT.notFound, hint);
  }

  /** A verification found a difference. */
  static difference(message: string, hint?: string): CliFailure {
    return new CliFailure(message, EXIT.difference, hint);
  }

  /** Another program was run, and this is how it ended: its exit code is ours, and it has said itself what there was to say. */
  static ofProgram(exitCode: number): CliFailure {
    return new CliFailure("", exitCode);
  }

  /** A signal ended the command before it was done. An empty message prints nothing. */
  static interrupted(signal: "SIGINT" | "SIGTERM", message = ""): CliFailure {
    return new CliFailure(message, signal === "SIGINT" ? EXIT.interrupted : EXIT.terminated);
  }
}

/** Says on standard error what went wrong, and gives the exit code. The stack is for SIGNALBOX_DEBUG=1 only. */
export function reportFailure(error: unknown, terminal: Terminal): number {
  const isDebugging = (terminal.env["SIGNALBOX_DEBUG"] ?? "") !== "";
  const { red, dim } = terminal.errColors;
  const message = error instanceof Error ? error.message : String(error);
  const hint = error instanceof CliFailure || error instanceof ClientFailure ? error.hint : undefined;
  if (message !== "") terminal.err(`${red("error:")} ${message}`);
  if (hint !== undefined) terminal.err(dim(hint));
  if (isDebugging) terminal.err(stackOf(error));
  else if (!isExpected(error))
    terminal.err(dim("This was not expected. Set SIGNALBOX_DEBUG=1 to see where it happened."));
  return exitCodeOf(error);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CliFailure) return error.exitCode;
  if (!(error instanceof ClientFailure)) return EXIT.failed;
  if (error.code === "not-found") return EXIT.notFound;
  return error.code === "invalid" || error.code === "unreadable-log" ? EXIT.usage : EXIT.failed;
}

/** Operating errors, ours and the system's, carry a code and a message that is enough; others are mistakes in the program. */
function isExpected(error: unknown): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string";
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\ncaused by ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
