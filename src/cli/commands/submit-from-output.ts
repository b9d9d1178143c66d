/** What `submit --from` says while it is at it: the ids as they are given, the first wrong lines, the first jobs that fail. */
import { defaultJobId, intakeSequence } from "../../../events/names.js";
import type { Failing } from "../../client/bulk-fates.js";
import type { WrongLine } from "../../client/bulk-items.js";
import type { Batch } from "../../client/bulk-packer.js";
import type { Output } from "../options.js";
import { printDocument } from "../printing.js";
import type { Terminal } from "../terminal.js";
import { oneLine } from "../text-width.js";
import { counted } from "../wording.js";

/** Of each kind; the others are counted. */
const TOLD_MAX = 20;

export class WrongLines {
  readonly told: WrongLine[] = [];
  readonly #source: string;
  readonly #terminal: Terminal;
  #count = 0;

  constructor(source: string, terminal: Terminal) {
    this.#source = source;
    this.#terminal = terminal;
  }

  get count(): number {
    return this.#count;
  }

  /** `3 lines are wrong`. */
  get text(): string {
    const beyond = this.#count > TOLD_MAX ? ` (the first ${TOLD_MAX} are told)` : "";
    return `${counted(this.#count, "line")} ${this.#count === 1 ? "is" : "are"} wrong${beyond}`;
  }

  add(wrong: WrongLine): void {
    this.#count += 1;
    if (this.#count > TOLD_MAX) return;
    this.told.push(wrong);
    this.#terminal.err(oneLine(`${this.#source}:${wrong.line}: ${wrong.reason}`));
  }
}

export class FailingJobs {
  readonly #source: string;
  readonly #terminal: Terminal;
  #count = 0;

  constructor(source: string, terminal: Terminal) {
    this.#source = source;
    this.#terminal = terminal;
  }

  add({ job, state, reason, line }: Failing): void {
    this.#count += 1;
    if (this.#count > TOLD_MAX + 1) return;
    if (this.#count > TOLD_MAX) return this.#terminal.err("and others that are not told here: see `signalbox jobs`");
    const place = line === null ? "" : `${this.#source}:${line}: `;
    const end = state === "failed" ? state : `was ${state}`;
    this.#terminal.err(oneLine(`${place}${job} ${end}${reason === "" ? "" : `: ${reason}`}`));
  }
}

/** The ids: a line each with -o jsonl; with -o json in one document, which is written as they come, so that none is kept. */
export class SubmittedPrinter {
  readonly #terminal: Terminal;
  readonly #output: Output;
  #count = 0;

  constructor(terminal: Terminal, output: Output) {
    this.#terminal = terminal;
    this.#output = output;
  }

  /** How many are submitted. */
  get count(): number {
    return this.#count;
  }

  async stored({ lines, ids }: Batch, sequence: number): Promise<void> {
    const isFirst = this.#count === 0;
    this.#count += lines.length;
    if (this.#output === "table") return;
    const message = intakeSequence(sequence);
    const items = lines.map((line, index) => JSON.stringify({ line, id: ids[index] ?? defaultJobId(message, index) }));
    const text =
      this.#output === "jsonl"
        ? `${items.join("\n")}\n`
        : `${isFirst ? '{\n  "jobs": [\n    ' : ",\n    "}${items.join(",\n    ")}`;
    await this.#terminal.writeAll(text);
  }

  /** With `text` for people, and `summary` as the rest of the document. */
  end(summary: object, text: string): void {
    if (this.#output === "jsonl") return;
    if (this.#output === "table") return this.#terminal.out(text);
    if (this.#count === 0) return printDocument(this.#terminal, "json", { jobs: [], ...summary }, () => "");
    this.#terminal.out(`\n  ],${JSON.stringify(summary, null, 2).slice("{".length)}`);
  }
}
