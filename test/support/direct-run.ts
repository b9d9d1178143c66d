/** `signalbox run …` in a process of its own, whose streams are kept as bytes, and which a test may signal. */
import { type ChildProcess, spawn } from "node:child_process";
import { onTestFinished } from "vitest";
import { eventually } from "../embedded/folders.js";
import { PROGRAM } from "./program.js";
import { isAlive } from "./run-book.js";

/** The built command line; `npm test` builds it first. */

export interface DirectRun {
  readonly pid: number;
  readonly stdin: NonNullable<ChildProcess["stdin"]>;
  /** What was written to standard output so far. */
  stdout(): Buffer;
  stderr(): string;
  readonly ended: Promise<number | null>;
  signal(name: NodeJS.Signals): void;
}

export interface DirectRunOptions {
  readonly natsUrl: string;
  readonly namespace?: string;
}

/** Starts `signalbox run <args>`. Its standard input stays open until the test ends it; whatever became of it, it ends with the test. */
export function startRun(args: readonly string[], { natsUrl, namespace }: DirectRunOptions): DirectRun {
  const { PATH = "", HOME = "" } = process.env;
  const common = ["--nats", natsUrl, ...(namespace === undefined ? [] : ["--namespace", namespace])];
  const child = spawn(process.execPath, [PROGRAM, "run", ...common, ...args], { env: { PATH, HOME } });
  onTestFinished(() => void child.kill("SIGKILL"));
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  // A command that ends without reading its input is no failure of the test.
  child.stdin.on("error", () => {});
  const ended = new Promise<number | null>((resolve) => {
    child.once("close", resolve);
  });
  return {
    pid: child.pid ?? 0,
    stdin: child.stdin,
    stdout: () => Buffer.concat(stdout),
    stderr: () => Buffer.concat(stderr).toString("utf8"),
    ended,
    signal: (name) => void child.kill(name),
  };
}

/** A command that tells the ids of itself and of a child of its own, and then runs until its input ends. */
export const TELLS_PIDS: readonly string[] = ["sh", "-c", 'sleep 600 <&- >&- & echo "$$ $!"; cat >&2; kill $!'];

/** The ids that `TELLS_PIDS` has told. */
export async function pidsOf(run: DirectRun): Promise<readonly number[]> {
  const line = await eventually(
    "the command has told its ids",
    () => /^\d+ \d+$/m.exec(run.stdout().toString())?.[0] ?? null,
  );
  return line.split(" ").map(Number);
}

export async function untilDead(pids: readonly number[]): Promise<void> {
  await eventually(`processes ${pids.join(", ")} have ended`, async () => {
    const alive = await Promise.all(pids.map((pid) => isAlive(pid)));
    return alive.includes(true) ? null : true;
  });
}
