/** Which process this is, and whether another one is provably gone (D8): same machine, same boot, same process namespace. */
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import type { ProcessIdentity } from "../../events/facts.js";

export function ownProcess(): ProcessIdentity {
  return { host: hostIdentity(), pid: process.pid, startedAt: startOf(process.pid) ?? "" };
}

/** True only if it cannot be running any more. A process on another machine may be; then only its lease tells. */
export function isProvablyGone(other: ProcessIdentity): boolean {
  if (other.host !== hostIdentity()) return false;
  const start = startOf(other.pid);
  return start === null || (other.startedAt !== "" && start !== other.startedAt);
}

function hostIdentity(): string {
  const boot = orEmpty(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
  const namespace = orEmpty(() => readlinkSync("/proc/self/ns/pid"));
  return `${hostname()} ${boot} ${namespace}`.trim();
}

/** When a process started, in a form that a later process with the same number does not share; null if there is none. */
function startOf(pid: number): string | null {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it exists and belongs to somebody else.
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return null;
  }
  const stat = orEmpty(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  // After the program's name, which may hold anything but ends with the last parenthesis: state is field 3, start time field 22.
  const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // A zombie runs nothing any more; its parent has only not looked yet.
  return state === "Z" ? null : (fields[18] ?? "");
}

function orEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
