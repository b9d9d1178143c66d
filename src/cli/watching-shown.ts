/** How an answer is shown that is asked for again and again: on a screen, or as lines of JSON. */
import type { Output } from "./options.js";
import { Screen, type ScreenProcess } from "./screen.js";
import type { Terminal } from "./terminal.js";
import { oneLine } from "./text-width.js";

export interface Showing extends Disposable {
  /** What an answer is printed to; it is kept until it is shown. */
  readonly terminal: Terminal;
  /** The form in which it has to be printed. */
  readonly output: Output;
  /** Aborts when the person has left. */
  readonly left: AbortSignal;
  /** Shows what was printed since the last time. */
  show(): void;
  /** What was printed is no answer: says why, and leaves the last one. */
  fail(reason: string): void;
}

export class AnswerScreen implements Showing {
  readonly terminal: Terminal;
  readonly output = "table";
  readonly #left = new AbortController();
  readonly #program: ScreenProcess;
  readonly #own: Terminal;
  /** From the first answer on: a failure before it is told where the command was typed. */
  #screen: Screen | null = null;
  #printed: string[] = [];
  #shown: readonly string[] = [];
  #foot = "";

  constructor(terminal: Terminal, program: ScreenProcess) {
    this.#own = terminal;
    this.#program = program;
    const keep = (text: string) => void this.#printed.push(...text.split("\n"));
    this.terminal = keeping(terminal, keep, (text) => keep(terminal.colors.dim(text)));
  }

  get left(): AbortSignal {
    return this.#left.signal;
  }

  show(): void {
    this.#shown = this.#printed;
    this.#printed = [];
    this.#foot = this.#own.colors.dim(`as of ${new Date().toLocaleTimeString("en-GB")}; Ctrl-C ends`);
    this.#draw();
  }

  fail(reason: string): void {
    this.#printed = [];
    this.#foot = this.#own.colors.yellow(`${oneLine(reason)}; trying again`);
    this.#draw();
  }

  [Symbol.dispose](): void {
    this.#screen?.[Symbol.dispose]();
  }

  #draw(): void {
    this.#screen ??= new Screen(this.#program, {
      onKey: ({ name, ctrl = false }) => {
        if (name === "q" || (ctrl && (name === "c" || name === "d"))) this.#left.abort();
      },
      onResize: () => this.#draw(),
    });
    // The foot, and an empty line above it.
    const room = this.#screen.size.rows - 2;
    const rest = this.#shown.length - room;
    const fits = rest <= 0 ? this.#shown : [...this.#shown.slice(0, room - 1), `… ${rest + 1} more lines`];
    this.#screen.draw([...fits, "", this.#foot]);
  }
}

export class AnswerLines implements Showing {
  readonly terminal: Terminal;
  readonly output = "json";
  /** Nobody is there who could leave. */
  readonly left: AbortSignal = new AbortController().signal;
  readonly #own: Terminal;
  #printed = "";
  #shown = "";
  #said = "";

  constructor(terminal: Terminal) {
    this.#own = terminal;
    const keep = (text: string) => {
      this.#printed += text;
    };
    this.terminal = keeping(terminal, keep, (text) => this.#say(text));
  }

  show(): void {
    const line = JSON.stringify(JSON.parse(this.#printed));
    this.#printed = "";
    if (line === this.#shown) return;
    this.#shown = line;
    this.#own.out(line);
  }

  fail(reason: string): void {
    this.#printed = "";
    this.#say(`${reason}; trying again`);
  }

  [Symbol.dispose](): void {}

  /** The same is not said twice in a row. */
  #say(text: string): void {
    if (text !== this.#said) this.#own.err(text);
    this.#said = text;
  }
}

/** The terminal, with what is printed to it kept. */
function keeping(terminal: Terminal, out: (text: string) => void, err: (text: string) => void): Terminal {
  return {
    ...terminal,
    out,
    err,
    get width() {
      return terminal.width;
    },
    get errWidth() {
      return terminal.errWidth;
    },
  };
}
