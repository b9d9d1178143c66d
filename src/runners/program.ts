/** Finding programs before they are started, so that a missing one is told apart from one that fails. */
import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, isAbsolute, resolve } from "node:path";

/** Checking `setpriv` starts it once; it does nothing else and answers in milliseconds. */
const setprivCheckMsMax = 5_000;

/**
 * The absolute path of `name`, searched as the operating system would: as a path from `cwd` if it has a slash, else in
 * the absolute folders of `path`. Null when there is no such executable file.
 */
export async function findProgram(name: string, place: { path: string; cwd: string }): Promise<string | null> {
  // Only absolute folders: an empty or relative one would mean wherever the scheduler happens to stand.
  const folders = place.path.split(delimiter).filter(isAbsolute);
  const candidates = name.includes("/") ? [resolve(place.cwd, name)] : folders.map((folder) => resolve(folder, name));
  for (const candidate of candidates) if (await isExecutableFile(candidate)) return candidate;
  return null;
}

/** A program and its arguments. */
export type Argv = readonly [string, ...string[]];

/**
 * How a command line is made to die with its parent, even by SIGKILL: by starting it through `setpriv`, which then becomes
 * the program itself. Where that cannot be had (not Linux, not installed, or BusyBox's, which lacks the option) the
 * command line stays as it is, and `killOrphanedRuns` and the lease remain.
 * @param path the PATH to look for `setpriv` on; it is looked for and tried once
 */
export function dieWithParent(path: string): Promise<(argv: Argv) => Argv> {
  const known = found.get(path) ?? findSetpriv(path);
  found.set(path, known);
  return known;
}

const found = new Map<string, Promise<(argv: Argv) => Argv>>();
const setprivArguments = ["--pdeathsig", "KILL", "--"] as const;

async function findSetpriv(path: string): Promise<(argv: Argv) => Argv> {
  const setpriv = process.platform === "linux" ? await findProgram("setpriv", { path, cwd: "/" }) : null;
  if (setpriv === null || !(await succeeds([setpriv, ...setprivArguments, setpriv, "--version"])))
    return (argv) => argv;
  return (argv) => [setpriv, ...setprivArguments, ...argv];
}

function succeeds([program, ...args]: Argv): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: setprivCheckMsMax }, (error) => resolve(error === null));
  });
}

async function isExecutableFile(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
