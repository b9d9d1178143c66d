/**
 * Ledgers as plain JSON, for tests of the auditor: any facts in any order, also such as the fold would refuse. Only chain and times
 * are in order, so that nothing is found but what was planted.
 */
import { audit } from "./auditor.js";
import type { Raw } from "./auditor-world.js";

export type Facts = readonly Raw[];

export const elected = (epoch = 1): Raw => ({
  type: "DispatcherElected",
  epoch,
  dispatcher: `d${epoch}`,
  process: {},
  version: "0",
});
export const joined = (worker = "w", capacity = 100, types: string[] | null = null): Raw => ({
  type: "WorkerJoined",
  worker,
  process: {},
  capacity,
  types,
});
export const limits = (value: Raw): Raw => ({ type: "LimitsChanged", limits: value, source: "command" });
export const submitted = (job: string, more: Raw = {}, place = Number(job.slice(1))): Raw => ({
  type: "JobSubmitted",
  job,
  spec: { type: "story", priority: 0, resources: {}, maxAttempts: 3, ...more },
  position: place,
  createdAt: "2026-01-01T00:00:00.000Z",
  runAt: null,
  intake: { sequence: place, index: null },
});
export const granted = (job: string, more: Raw = {}): Raw => ({
  type: "StartGranted",
  job,
  attempt: 1,
  worker: "w",
  demand: { global: 1 },
  ...more,
});
export const denied = (job: string): Raw => ({ type: "StartDenied", job, blockedBy: [] });
export const started = (job: string, grant: number): Raw => ({ type: "RunStarted", job, grant });
export const completed = (job: string, grant: number): Raw => ({ type: "RunCompleted", job, grant });
export const failed = (job: string, grant: number, retryAt: string | null): Raw => ({
  type: "RunFailed",
  job,
  grant,
  retryAt,
});
export const cancelled = (job: string, reason = "cancelled on request"): Raw => ({ type: "JobCancelled", job, reason });
export const due = (job: string): Raw => ({ type: "JobDue", job });

/** A ledger of these entries, chained, one second apart, in the first epoch unless an election comes. */
export function book(...entries: readonly Facts[]): string[] {
  let epoch = 0;
  return entries.map((facts, index) => {
    if (facts[0]?.["type"] === "DispatcherElected") epoch = Number(facts[0]["epoch"]);
    const at = new Date(Date.UTC(2026, 0, 1, 0, 0, index)).toISOString();
    const intake = { sequence: 0, taken: 0 };
    return JSON.stringify({
      v: 1,
      id: `e${index + 1}`,
      prev: index === 0 ? null : `e${index}`,
      epoch,
      at,
      intake,
      facts,
    });
  });
}

/** What the auditor finds: `address rule` each. */
export const found = (lines: readonly string[]): string[] =>
  audit(lines).violations.map(({ rule, address }) => `${address} ${rule}`);
/** The lines with some members of the entry at `index` replaced. */
export const change = (lines: readonly string[], index: number, members: Raw): string[] =>
  lines.map((line, place) => (place === index ? JSON.stringify({ ...JSON.parse(line), ...members }) : line));

/** An election and a worker: what every ledger begins with. */
export const begin = [elected(), joined()];
