/**
 * A job for the command runner that keeps its own book: a line when it begins and one when it ends, each with its job, its grant and
 * its process. What ran, how often and at the same time as what, can be read there whatever became of the scheduler.
 *
 * On Linux a run also looks at whether the one that began before it, of the same job, is there still: then it has met it.
 */
import { access, chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface BookLine {
  /** `meets`: it began while an earlier run of its job was there still. */
  readonly event: "begin" | "end" | "meets";
  readonly job: string;
  readonly grant: number;
  readonly pid: number;
  /** When, since the machine was started, to ten milliseconds; null where that is not to be had. */
  readonly uptimeMs: number | null;
}

interface RunBookOptions {
  readonly ignoresTerm?: boolean;
  readonly byParams?: boolean;
}

const liveFolder = (folder: string): string => join(folder, "live");

/** Notes who runs a job, by process and when that began, after a look at who is noted there. A zombie runs nothing any more. */
const meeting = (folder: string, bookFile: string): readonly string[] => [
  "look() {",
  '  { read -r stat < "/proc/$1/stat"; } 2> /dev/null || return 1',
  `  set -- \${stat##*) }`,
  '  case "$1" in Z | X) return 1 ;; esac',
  "  shift 19",
  '  began="$1"',
  "}",
  `live='${liveFolder(folder)}/'"$SIGNALBOX_JOB_ID"`,
  'if { read -r pid since < "$live"; } 2> /dev/null && look "$pid" && [ "$began" = "$since" ]; then',
  `  echo "meets $SIGNALBOX_JOB_ID $SIGNALBOX_GRANT $pid" >> '${bookFile}'`,
  "fi",
  'look "$$" && echo "$$ $began" > "$live"',
  "{ read -r uptime idle < /proc/uptime; } 2> /dev/null",
];

const WORK_BY_PARAMS: readonly string[] = [
  '[ "$SIGNALBOX_PARAM_LEAVES" = true ] && sleep 300 &',
  'sleep "$SIGNALBOX_PARAM_SECONDS"',
];
/** The result names the run: so it can be told whose it is. */
const END_BY_PARAMS: readonly string[] = [
  '[ -n "$SIGNALBOX_PARAM_FAILS" ] && [ "$SIGNALBOX_ATTEMPT" -le "$SIGNALBOX_PARAM_FAILS" ] && exit 1',
  'echo "{\\"job\\":\\"$SIGNALBOX_JOB_ID\\",\\"grant\\":$SIGNALBOX_GRANT}"',
  "exit $SIGNALBOX_PARAM_EXIT",
];

export class RunBook {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The program and arguments of the job type. While the gate is shut, a run stays where it is. */
  get argv(): readonly string[] {
    return [join(this.#folder, "work.sh")];
  }

  /**
   * Writes the program. Appending one short line is atomic. With `byParams` the params say what a run does: `seconds` that it takes;
   * whether it `waits` for the gate then; `fails`, how many attempts end with exit code 1; `exit`, another code; `deaf` to SIGTERM;
   * `leaves` a process behind.
   */
  async prepare({ ignoresTerm = false, byParams = false }: RunBookOptions = {}): Promise<void> {
    const run = '"$SIGNALBOX_JOB_ID $SIGNALBOX_GRANT $$ $uptime"';
    const script = [
      "#!/bin/sh",
      ignoresTerm ? "trap '' TERM" : "",
      byParams ? `[ "$SIGNALBOX_PARAM_DEAF" = true ] && trap '' TERM` : "",
      ...(process.platform === "linux" ? meeting(this.#folder, this.#bookFile) : []),
      `echo begin ${run} >> '${this.#bookFile}'`,
      ...(byParams ? WORK_BY_PARAMS : []),
      `while ${byParams ? '[ "$SIGNALBOX_PARAM_WAITS" = true ] && ' : ""}[ ! -e '${this.#gateFile}' ]; do sleep 0.02; done`,
      `echo end ${run} >> '${this.#bookFile}'`,
      ...(byParams ? END_BY_PARAMS : []),
      "",
    ].join("\n");
    await mkdir(liveFolder(this.#folder), { recursive: true });
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
        const [event, job = "", grant, pid, uptime = ""] = line.split(" ");
        const uptimeMs = uptime === "" ? null : Math.round(Number(uptime) * 1_000);
        const known = event === "end" || event === "meets" ? event : "begin";
        return { event: known, job, grant: Number(grant), pid: Number(pid), uptimeMs };
      });
  }

  get #bookFile(): string {
    return join(this.#folder, "book.txt");
  }

  get #gateFile(): string {
    return join(this.#folder, "gate");
  }
}

/**
 * What the book shows to be wrong: a grant that ran twice, or after a later one of its job, or a job that ran twice at the same time.
 * That the earlier run of a job is only about to be killed when the next one begins counts too.
 */
export function clashesIn(lines: readonly BookLine[]): readonly string[] {
  const clashes: string[] = [];
  const grants = new Set<string>();
  const live = new Map<string, number>();
  const last = new Map<string, number>();
  for (const { event, job, grant, pid } of lines) {
    if (event === "end") {
      if (live.get(job) !== pid) clashes.push(`${job}@${grant} ended, and it is not what runs`);
      live.delete(job);
      continue;
    }
    const name = `${job}@${grant}`;
    if (event === "meets") {
      clashes.push(`${name} began while process ${pid} of an earlier run was there still`);
      continue;
    }
    if (grants.has(name)) clashes.push(`${name} ran twice`);
    grants.add(name);
    const before = last.get(job) ?? 0;
    if (grant < before) clashes.push(`${name} began after ${job}@${before}`);
    last.set(job, Math.max(grant, before));
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
