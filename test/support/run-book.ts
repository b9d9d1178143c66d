/**
 * A job for the command runner that keeps its own book: a line when it begins and one when it ends, each with its job, its grant and
 * its process. What ran, how often and at the same time as what, can be read there whatever became of the scheduler.
 */
import { access, chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface BookLine {
  readonly event: "begin" | "end";
  readonly job: string;
  readonly grant: number;
  readonly pid: number;
}

export class RunBook {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The program and arguments of the job type. While the gate is shut, a run stays where it is. */
  get argv(): readonly string[] {
    return [join(this.#folder, "work.sh")];
  }

  /** Writes the program. Appending one short line is atomic. */
  async prepare({ ignoresTerm = false }: { readonly ignoresTerm?: boolean } = {}): Promise<void> {
    const script = [
      "#!/bin/sh",
      ignoresTerm ? "trap '' TERM" : "",
      `echo "begin $SIGNALBOX_JOB_ID $SIGNALBOX_GRANT $$" >> '${this.#bookFile}'`,
      `while [ ! -e '${this.#gateFile}' ]; do sleep 0.02; done`,
      `echo "end $SIGNALBOX_JOB_ID $SIGNALBOX_GRANT $$" >> '${this.#bookFile}'`,
      "",
    ].join("\n");
    await writeFile(join(this.#folder, "work.sh"), script);
    await chmod(join(this.#folder, "work.sh"), 0o755);
    await writeFile(this.#bookFile, "");
  }

  /** From now on every run goes through to its end. */
  async openGate(): Promise<void> {
    await writeFile(this.#gateFile, "");
  }

  async lines(): Promise<readonly BookLine[]> {
    const text = await readFile(this.#bookFile, "utf8");
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => {
        const [event, job = "", grant, pid] = line.split(" ");
        return { event: event === "end" ? "end" : "begin", job, grant: Number(grant), pid: Number(pid) };
      });
  }

  get #bookFile(): string {
    return join(this.#folder, "book.txt");
  }

  get #gateFile(): string {
    return join(this.#folder, "gate");
  }
}

/** What the book shows to be wrong: a grant that ran twice, or a job that ran twice at the same time. */
export function clashesIn(lines: readonly BookLine[]): readonly string[] {
  const clashes: string[] = [];
  const grants = new Set<string>();
  const live = new Map<string, number>();
  for (const { event, job, grant, pid } of lines) {
    if (event === "end") {
      if (live.get(job) !== pid) clashes.push(`${job}@${grant} ended, and it is not what runs`);
      live.delete(job);
      continue;
    }
    const name = `${job}@${grant}`;
    if (grants.has(name)) clashes.push(`${name} ran twice`);
    grants.add(name);
    live.set(job, pid);
  }
  return clashes;
}

/** Whether a process is there and is not merely a zombie. */
export async function isAlive(pid: number): Promise<boolean> {
  const gone = await access(`/proc/${pid}`).then(
    () => false,
    () => true,
  );
  if (gone) return false;
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ") Z");
  return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3) !== "Z";
}
