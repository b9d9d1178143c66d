/**
 * What `explain` should say of a waiting job, worked out once more from an exported ledger: who holds what, who is ahead, which pools
 * block, and what it has waited for in which intervals. Written from the rules in words, entry by entry and from scratch at each; it
 * reads plain JSON and shares no code with the projections.
 */
import { type Opinion, opinionOf } from "./opinion-rule.js";
import { OpinionWorld } from "./opinion-world.js";

type Raw = Readonly<Record<string, unknown>>;

export interface OpinionWait {
  readonly pool: string | null;
  readonly cause: string;
  readonly from: string;
  readonly to: string;
  readonly behind: readonly { readonly job: string; readonly from: string; readonly to: string }[];
}

export interface SecondOpinion {
  /** Null for a job that does not wait in the queue. */
  readonly now: Opinion | null;
  readonly waits: readonly OpinionWait[];
}

interface Reason {
  readonly pool: string | null;
  readonly cause: string;
  readonly behind: readonly string[];
}

/** The job as of the entry at `position` of the exported ledger. */
export function secondOpinion(exported: string, job: string, position: number): SecondOpinion {
  const lines = exported
    .trimEnd()
    .split("\n")
    .slice(1, position + 1);
  const entries = lines.map((line) => (JSON.parse(line) as { entry: Raw }).entry);
  const world = new OpinionWorld();
  const stretches: { readonly from: string; readonly to: string; readonly reasons: readonly Reason[] }[] = [];
  let first: number | null = null;
  for (const [index, entry] of entries.entries()) {
    world.read(index + 1, entry);
    const found = world.jobs.get(job);
    if (found === undefined) continue;
    const from = String(entry["at"]);
    // An id that was forgotten may be given again: then the first job is of no interest.
    const facts = entry["facts"] as readonly Raw[];
    if (facts.some((fact) => fact["type"] === "JobSubmitted" && fact["job"] === job)) {
      first = null;
      stretches.length = 0;
    }
    if (first === null) {
      first = index;
      const cause = found.state === "time" ? timeCause(found.isInLine) : "undecided";
      stretches.push({ from: found.createdAt, to: from, reasons: [{ pool: null, cause, behind: [] }] });
    }
    const to = String(entries[index + 1]?.["at"] ?? from);
    if (found.state === "time" || found.state === "retry") {
      const cause = found.state === "retry" ? "retry" : timeCause(found.isInLine);
      stretches.push({ from, to, reasons: [{ pool: null, cause, behind: [] }] });
    } else if (found.state === "queued") {
      stretches.push({ from, to, reasons: reasonsOf(opinionOf(world, found)) });
    }
  }
  const last = world.jobs.get(job);
  const isWaiting = last !== undefined && last.state !== "ended";
  const told = isWaiting || last === undefined ? stretches : stretches.filter(({ from }) => from < last.lastLeft);
  return { now: last?.state === "queued" ? opinionOf(world, last) : null, waits: joined(told) };
}

const timeCause = (isInLine: boolean): string => (isInLine ? "turn" : "time");

function reasonsOf({ blockedBy }: Opinion): readonly Reason[] {
  if (blockedBy.length === 0) return [{ pool: null, cause: "undecided", behind: [] }];
  return blockedBy.map(({ pool, cause, capacity, used, needs, holders, ahead }) => {
    if (cause !== "full") return { pool, cause, behind: [] };
    return used + needs <= capacity ? { pool, cause: "kept", behind: ahead } : { pool, cause, behind: holders };
  });
}

/** Equal reasons in stretches that meet are one interval; the same for each name in them. */
function joined(
  stretches: readonly { readonly from: string; readonly to: string; readonly reasons: readonly Reason[] }[],
): readonly OpinionWait[] {
  const waits: { pool: string | null; cause: string; from: string; to: string; behind: Named[] }[] = [];
  for (const { from, to, reasons } of stretches) {
    if (from >= to) continue;
    for (const { pool, cause, behind } of reasons) {
      let wait = waits.find((one) => one.pool === pool && one.cause === cause && one.to === from);
      if (wait === undefined) {
        wait = { pool, cause, from, to, behind: [] };
        waits.push(wait);
      }
      wait.to = to;
      for (const job of behind) {
        const named = wait.behind.find((one) => one.job === job && one.to === from);
        if (named === undefined) wait.behind.push({ job, from, to });
        else named.to = to;
      }
    }
  }
  return waits;
}

interface Named {
  readonly job: string;
  readonly from: string;
  to: string;
}
