/**
 * The whole terminal as a screen that is redrawn in place: the alternate screen, keys as they are pressed, no cursor. However the
 * program ends, the terminal is as it was: the way back is taken when the screen is disposed of, and if it comes to that, when the
 * process exits.
 */
import { emitKeypressEvents } from "node:readline";

/** A key as Node.js decodes it. */
export interface Key {
  /** `right`, `space`, `return`, `a`; absent for a character that has no name. */
  readonly name?: string | undefined;
  readonly ctrl?: boolean | undefined;
  /** What came from the terminal. */
  readonly sequence?: string | undefined;
}

/** What is needed of `process`. */
export interface ScreenProcess {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  on(event: "exit" | "SIGCONT", listener: () => void): unknown;
  off(event: "exit" | "SIGCONT", listener: () => void): unknown;
}

const COLUMNS_DEFAULT = 80;
const ROWS_DEFAULT = 24;
/** Alternate screen; no cursor; lines do not wrap. And back, in the other order. */
const ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
const LEAVE = "\x1b[?7h\x1b[?25h\x1b[?1049l";

/** What is between them appears at once, on terminals that know this; others pass over it. */
const BEGIN_UPDATE = "\x1b[?2026h";
const END_UPDATE = "\x1b[?2026l";

export class Screen implements Disposable {
  readonly #process: ScreenProcess;
  readonly #onKey: (key: Key) => void;
  readonly #onResize: () => void;
  /** What stands there, line by line; null: nobody knows. */
  #drawn: readonly string[] | null = null;
  #isOpen = false;

  /** Takes the terminal. `onResize` is called when everything has to be drawn anew. */
  constructor(program: ScreenProcess, listeners: { onKey: (key: Key) => void; onResize: () => void }) {
    this.#process = program;
    this.#onKey = listeners.onKey;
    this.#onResize = listeners.onResize;
    const { stdin, stdout } = program;
    program.on("exit", this.#leave);
    program.on("SIGCONT", this.#comeBack);
    emitKeypressEvents(stdin);
    stdin.on("keypress", this.#pressed);
    stdout.on("resize", this.#resized);
    this.#enter();
  }

  get size(): { readonly columns: number; readonly rows: number } {
    const { columns, rows } = this.#process.stdout;
    // Some terminals do not know their size and say 0.
    return { columns: columns || COLUMNS_DEFAULT, rows: rows || ROWS_DEFAULT };
  }

  /** Shows these lines, from the top; writes only those that have changed. None may be longer than the columns, or more than the rows. */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    const before = this.#drawn;
    let text = before === null ? "\x1b[2J" : "";
    for (const [index, line] of lines.entries())
      if (before === null || before[index] !== line) text += `\x1b[${index + 1};1H\x1b[2K${line}`;
    if (before !== null && before.length > lines.length) text += `\x1b[${lines.length + 1};1H\x1b[J`;
    this.#drawn = [...lines];
    if (text !== "") this.#process.stdout.write(`${BEGIN_UPDATE}${text}${END_UPDATE}`);
  }

  [Symbol.dispose](): void {
    const { stdin, stdout } = this.#process;
    this.#process.off("exit", this.#leave);
    this.#process.off("SIGCONT", this.#comeBack);
    stdin.off("keypress", this.#pressed);
    stdout.off("resize", this.#resized);
    this.#leave();
    stdin.pause();
  }

  #enter(): void {
    const { stdin, stdout } = this.#process;
    this.#isOpen = true;
    this.#drawn = null;
    stdin.setRawMode(true);
    stdin.resume();
    stdout.write(ENTER);
  }

  readonly #leave = (): void => {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const { stdin, stdout } = this.#process;
    stdout.write(LEAVE);
    stdin.setRawMode(false);
  };

  /** We were stopped, and whoever had the terminal meanwhile has left it in their way. */
  readonly #comeBack = (): void => {
    this.#enter();
    this.#onResize();
  };

  readonly #pressed = (_character: string | undefined, key: Key): void => this.#onKey(key);

  readonly #resized = (): void => {
    this.#drawn = null;
    this.#onResize();
  };
}
