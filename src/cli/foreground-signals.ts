/**
 * Signals for a command that waits first and then runs another program in the foreground. While it waits, the first one ends the
 * waiting in order and a second one ends us at once; while the program runs, it gets what only we were sent; after its end, a signal
 * is for us.
 */
import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { isatty } from "node:tty";

/** What the keyboard sends reaches the program by itself. */
const KEYBOARD_SIGNALS: ReadonlySet<NodeJS.Signals> = new Set(["SIGINT", "SIGQUIT"]);
const SIGNALS = [...KEYBOARD_SIGNALS, "SIGTERM", "SIGHUP"] as const;

/** The exit code that shells give a command that a signal has ended. */
export const exitCodeOf = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];

export class ForegroundSignals implements Disposable {
  readonly #waiting = new AbortController();
  #received: NodeJS.Signals | null = null;
  #program: ChildProcess | null = null;

  constructor() {
    for (const name of SIGNALS) process.on(name, this.#take);
  }

  /** Aborts with the first signal that comes before the program runs. */
  get signal(): AbortSignal {
    return this.#waiting.signal;
  }

  /** The signal that came before the program ran. */
  get received(): NodeJS.Signals | null {
    return this.#received;
  }

  forwardTo(program: ChildProcess): void {
    this.#program = program;
  }

  [Symbol.dispose](): void {
    for (const name of SIGNALS) process.off(name, this.#take);
  }

  readonly #take = (name: NodeJS.Signals): void => {
    const program = this.#program;
    const hasEnded = program !== null && (program.exitCode !== null || program.signalCode !== null);
    // What is left to do then is to tell the scheduler; if nobody answers, the lease does that.
    if (hasEnded || this.#received !== null) process.exit(exitCodeOf(name));
    if (program !== null) {
      if (!KEYBOARD_SIGNALS.has(name) || !isInForeground()) program.kill(name);
      return;
    }
    this.#received = name;
    this.#waiting.abort();
  };
}

/** Whether our process group, in which the program is too, is the one that a terminal's keyboard signals go to. */
function isInForeground(): boolean {
  try {
    // "pid (name) state parent group session terminal foreground-group …"; the name may itself hold blanks and brackets.
    const stat = readFileSync("/proc/self/stat", "latin1");
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return group === foreground;
  } catch {
    return [0, 1, 2].some((stream) => isatty(stream));
  }
}
