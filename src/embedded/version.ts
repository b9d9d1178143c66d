/** Versions of nats-server: the three numbers, what is recent enough, and how to ask a binary for its own. */
import { runProgram } from "./program.js";

/** The version that a fetch asks the release host for. */
export const PINNED_VERSION = "2.15.1";
/** Below this, a kill could lose whole clustered streams; from here on a server on the PATH is good enough (D10). */
export const VERSION_MIN = "2.10.23";
/** The first version whose configuration knows `sync_interval`, hence the first that can survive a power failure. */
export const SYNC_INTERVAL_VERSION_MIN = "2.10.0";

const askTimeoutMs = 10_000;

/** The version `x.y.z` that the binary at `path` says it has. Throws if it does not run or says something else. */
export async function askVersion(path: string): Promise<string> {
  const { stdout } = await runProgram(path, ["--version"], { timeoutMs: askTimeoutMs });
  const version = /^nats-server:? v?(\d+\.\d+\.\d+)/m.exec(stdout)?.[1];
  if (version === undefined)
    throw new Error(`${path} --version printed ${JSON.stringify(stdout.trim())}, not a nats-server's version`);
  return version;
}

/** Whether `version` is `least` or later, compared number by number. */
export function isAtLeast(version: string, least: string): boolean {
  const have = version.split(".").map(Number);
  const want = least.split(".").map(Number);
  for (const [index, number] of want.entries()) {
    const difference = (have[index] ?? 0) - number;
    if (difference !== 0) return difference > 0;
  }
  return true;
}
