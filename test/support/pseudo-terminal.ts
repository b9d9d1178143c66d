/**
 * A real pseudo-terminal with a program in it, and somebody before it: what the program writes becomes a screen, keys can be pressed,
 * and the size can change. `script` (util-linux) makes the terminal, `stty` changes its size, xterm interprets what comes.
 */
import { type ChildProcessWithoutNullStreams, execFile, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import xterm from "@xterm/headless";

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export interface PseudoTerminalOptions {
  /** A line for the shell. */
  readonly command: string;
  /** Where the program runs, and where the terminal's name is written. */
  readonly folder: string;
  readonly size: TerminalSize;
  readonly env?: Readonly<Record<string, string>>;
}

const SHOWN_MS_MAX = 25_000;
const run = promisify(execFile);

export class PseudoTerminal implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #screen: InstanceType<typeof xterm.Terminal>;
  readonly #folder: string;
  readonly #watchers = new Set<() => void>();
  /** Everything that was written, as it was. */
  raw = "";
  /** How the command ended. */
  readonly ended: Promise<number | null>;

  constructor({ command, folder, size: { columns, rows }, env = {} }: PseudoTerminalOptions) {
    this.#folder = folder;
    this.#screen = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
    const { PATH = "", HOME = "" } = process.env;
    const line = `tty > terminal-name; stty cols ${columns} rows ${rows}; ${command}`;
    this.#child = spawn("script", ["-qec", line, "/dev/null"], {
      cwd: folder,
      env: { PATH, HOME, TERM: "xterm-256color", ...env },
    });
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.raw += text;
      const { length } = this.raw;
      this.#screen.write(text, () => {
        // What is half drawn is not looked at.
        const written = this.raw.slice(0, length);
        if (written.lastIndexOf("\x1b[?2026h") > written.lastIndexOf("\x1b[?2026l")) return;
        for (const watch of this.#watchers) watch();
      });
    });
    this.ended = new Promise((resolve) => this.#child.once("close", resolve));
  }

  /** What stands on the screen, line by line, without blanks at their ends. */
  get lines(): string[] {
    const { active } = this.#screen.buffer;
    return Array.from({ length: this.#screen.rows }, (_, row) =>
      (active.getLine(active.baseY + row)?.translateToString(true) ?? "").trimEnd(),
    );
  }

  get text(): string {
    return this.lines.join("\n");
  }

  /** True while a program has the whole terminal for itself. */
  get isAlternate(): boolean {
    return this.#screen.buffer.active.type === "alternate";
  }

  press(keys: string): void {
    this.#child.stdin.write(keys);
  }

  /** As if somebody drew at the window's corner. */
  async resize({ columns, rows }: TerminalSize): Promise<void> {
    const name = (await readFile(join(this.#folder, "terminal-name"), "utf8")).trim();
    this.#screen.resize(columns, rows);
    await run("stty", ["-F", name, "cols", String(columns), "rows", String(rows)]);
  }

  /** Resolves when the screen is as it should be. */
  shows(what: string | RegExp | ((terminal: PseudoTerminal) => boolean)): Promise<void> {
    const isShown = (): boolean => {
      if (typeof what === "function") return what(this);
      return typeof what === "string" ? this.text.includes(what) : what.test(this.text);
    };
    return new Promise((resolve, reject) => {
      const fail = (why: string) => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        reject(new Error(`${why} without ${String(what)}; the screen shows:\n${this.text}`));
      };
      const look = () => {
        if (!isShown()) return;
        clearTimeout(timer);
        this.#watchers.delete(look);
        resolve();
      };
      const timer = setTimeout(() => fail("the time is up"), SHOWN_MS_MAX);
      this.#watchers.add(look);
      look();
      // What was written last may still be on its way through the screen.
      void this.ended.then(() => this.#screen.write("", () => (isShown() ? look() : fail("the program has ended"))));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    this.#child.stdin.destroy();
    await this.ended;
    this.#screen.dispose();
  }
}

/** What a person at a terminal sees of a command that ends by itself: all that was written, with what was written over. */
export async function seenOnTerminal(
  options: PseudoTerminalOptions,
): Promise<{ readonly code: number | null; readonly shown: string }> {
  await using terminal = new PseudoTerminal(options);
  const code = await terminal.ended;
  return { code, shown: terminal.raw.replaceAll("\r\n", "\n") };
}
