/**
 * The two streams that a command writes to, and what it may know of the world: environment, working folder, whether a
 * person watches. Results go to standard output, everything else to standard error.
 */
import { once } from "node:events";
import type { Writable } from "node:stream";
import picocolors from "picocolors";

const COLUMNS_DEFAULT = 80;

export type Colors = ReturnType<typeof picocolors.createColors>;

export interface Terminal {
  /** Writes a line, or several, to standard output: results only. */
  out(text: string): void;
  /** Writes a line, or several, to standard error. */
  err(text: string): void;
  /** Writes text as it is to standard output, without a line break: for what grows, or is redrawn. */
  write(text: string): void;
  /** The same for much text: resolves when there is room for more. */
  writeAll(text: string): Promise<void>;
  /** Writes bytes that are no text to standard output. */
  writeBytes(bytes: Uint8Array): Promise<void>;
  /** Writes text as it is to standard error. */
  writeErr(text: string): void;
  /** Resolves when everything written so far is out of this process. */
  flush(): Promise<void>;
  /** From now on a reader that goes away does not end the program: for `up`, which has work to do. */
  outliveReader(): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** True if standard output is a terminal, so that a person reads it as it comes. */
  readonly isInteractive: boolean;
  /** True if standard error is a terminal. */
  readonly isErrInteractive: boolean;
  /** Colours for standard output; plain text when it is no terminal, with NO_COLOR, or with --no-color. */
  readonly colors: Colors;
  /** The same for standard error. */
  readonly errColors: Colors;
  /** Columns of the terminal; infinite when standard output is none, so that nothing is cut off in a file. */
  readonly width: number;
  /** The same for standard error. */
  readonly errWidth: number;
}

/** What is needed of `process`. */
export interface TerminalProcess {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  cwd(): string;
  exit(code: number): never;
}

export function createTerminal(program: TerminalProcess): Terminal {
  const { stdout, stderr, env, argv } = program;
  let isBoundToReader = true;
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    // Whoever read the output has seen enough (`| head`): that is no failure.
    if (error.code !== "EPIPE") throw error;
    if (isBoundToReader) program.exit(0);
  });
  stderr.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  const mayColor = !asksForNoColor(argv) && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
  const writeWhole = async (chunk: string | Uint8Array) => {
    if (!stdout.write(chunk)) await once(stdout, "drain");
  };
  return {
    out: (text) => void stdout.write(`${text}\n`),
    err: (text) => void stderr.write(`${text}\n`),
    write: (text) => void stdout.write(text),
    writeAll: writeWhole,
    writeBytes: writeWhole,
    writeErr: (text) => void stderr.write(text),
    flush: async () => {
      await Promise.all([stdout, stderr].map((stream) => new Promise<void>((done) => stream.write("", () => done()))));
    },
    outliveReader: () => {
      isBoundToReader = false;
    },
    env,
    cwd: program.cwd(),
    isInteractive: stdout.isTTY === true,
    isErrInteractive: stderr.isTTY === true,
    colors: picocolors.createColors(mayColor && stdout.isTTY === true),
    errColors: picocolors.createColors(mayColor && stderr.isTTY === true),
    get width() {
      return columnsOf(stdout);
    },
    get errWidth() {
      return columnsOf(stderr);
    },
  };
}

const columnsOf = ({ isTTY, columns }: { readonly isTTY?: boolean; readonly columns?: number }): number =>
  isTTY === true ? (columns ?? COLUMNS_DEFAULT) : Number.POSITIVE_INFINITY;

/** The option counts wherever it stands, but not behind `--`, where another program's arguments begin. */
function asksForNoColor(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return (end === -1 ? argv : argv.slice(0, end)).includes("--no-color");
}
