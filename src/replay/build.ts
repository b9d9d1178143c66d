/** Another build of this program, as a process of its own that decides a ledger: no code of it comes into ours. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Readable } from "node:stream";
import { ClientFailure } from "../client/failure.js";
import { LineSplitter } from "../client/line-splitter.js";
import { type DecisionsAt, readDecisionLine, readHeader, type Stopped } from "./decisions.js";

/** Where the program stands in a checkout that is built, and in its `dist` folder. */
const PROGRAMS = [join("dist", "src", "cli", "main.js"), join("src", "cli", "main.js")] as const;
/** Of what a build complains, the end is what matters. */
const COMPLAINT_CHARACTERS_MAX = 2_000;

/** The program of the build in `folder`. Throws `ClientFailure` if there is none. */
export function programOf(folder: string, cwd: string): string {
  const found = PROGRAMS.map((path) => resolve(cwd, folder, path)).find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new ClientFailure("invalid", `${folder} holds no build: there is no ${PROGRAMS[0]} in it`, {
    hint: "Give the folder of a checkout in which `npm ci && npm run build` was run.",
  });
}

/** A build that decides: its decisions in the order of the ledger. */
export class DecidingBuild implements AsyncDisposable {
  readonly #name: string;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #lines: AsyncGenerator<string>;
  /** Settles when it has ended and everything that it said has come. */
  readonly #closed: Promise<void>;
  #complaint = "";
  #ahead: DecisionsAt | { readonly stopped: Stopped } | { readonly end: number } | null = null;
  #program: string | null = null;

  /** `file`: an exported log. */
  constructor(program: string, file: string, name: string) {
    this.#name = name;
    this.#child = spawn(process.execPath, [program, "replay", "--decide", "--log", file, "-o", "jsonl"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-COMPLAINT_CHARACTERS_MAX);
    });
    this.#closed = new Promise((resolve) => {
      this.#child.once("close", () => resolve());
      this.#child.once("error", () => resolve());
    });
    this.#lines = linesOf(this.#child.stdout);
  }

  /** Its version; it must have been asked for something before. */
  get version(): string {
    return this.#program ?? "unknown";
  }

  /** What it decides at a position; positions are asked about in order. Throws `ClientFailure` if it cannot say. */
  async at(position: number): Promise<DecisionsAt["decided"] | Stopped> {
    if (this.#program === null) await this.#begin();
    this.#ahead ??= await this.#next();
    if ("end" in this.#ahead) return [];
    if ("stopped" in this.#ahead) {
      const { stopped } = this.#ahead;
      return Number.parseInt(stopped.address, 10) > position ? [] : stopped;
    }
    if (this.#ahead.position > position) return [];
    const { decided } = this.#ahead;
    this.#ahead = null;
    return decided;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
  }

  async #begin(): Promise<void> {
    const { value } = await this.#lines.next();
    this.#program = typeof value === "string" ? readHeader(value) : null;
    if (this.#program === null) throw await this.#failure();
  }

  async #next() {
    const { value } = await this.#lines.next();
    const line = typeof value === "string" ? readDecisionLine(value) : null;
    if (line === null) throw await this.#failure();
    return line;
  }

  /** What it would still say on standard output is not waited for. */
  async #end(): Promise<void> {
    this.#child.stdout.destroy();
    this.#child.kill("SIGKILL");
    await this.#closed;
  }

  async #failure(): Promise<ClientFailure> {
    // It has ended, or says what nobody understands.
    await this.#end();
    const text = `the build ${this.#name} does not tell what it decides`;
    const complaint = this.#complaint.trim().split("\n")[0] ?? "";
    return new ClientFailure("unanswered", complaint === "" ? text : `${text}: ${complaint}`, {
      hint: "It must be of a version that has `signalbox replay --decide`.",
    });
  }
}

async function* linesOf(stream: Readable): AsyncGenerator<string> {
  const splitter = new LineSplitter();
  for await (const chunk of stream) for (const line of splitter.push(chunk)) if ("text" in line) yield line.text;
  for (const line of splitter.end()) if ("text" in line) yield line.text;
}
