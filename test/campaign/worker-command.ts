/** Whether this command line has workers in processes of their own; where it has not, rounds go without. */
import { execFile } from "node:child_process";
import { MAIN } from "./world.js";

const HELP_MS_MAX = 20_000;

export function canRunWorkers(): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, "worker", "--help"], { timeout: HELP_MS_MAX }, (error, stdout) =>
      resolve(error === null && stdout.includes("--types")),
    );
  });
}
