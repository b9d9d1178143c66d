/**
 * What a ledger makes us believe, so far as it can matter for anything that is still to come. Ledgers that lead to equal beliefs
 * have equal futures, so they are explored once: names of reigns, positions, entry ids and times are taken out, finished jobs are
 * all the same, and what waits for a time either has reached it or has not.
 */
import { canonicalJson } from "../../events/json.js";
import { isTerminal } from "../../events/states.js";
import type { Fold } from "../../projections/fold.js";
import { type JobRow, liveAttempt, stateOf } from "../../projections/jobs.js";
import type { AuditedWorld } from "../support/auditor-world.js";
import { ATTEMPTS_MAX } from "./codes.js";
import { ownWorker, workerEpochs } from "./inputs.js";
import { jobName } from "./messages.js";
import { type Setting, stepOf } from "./setting.js";
import type { Turn } from "./turns.js";

export interface Belief {
  readonly id: number;
  /** The entry that first led here, and from where; null for the empty ledger. */
  readonly from: { readonly before: Belief; readonly data: Uint8Array } | null;
  /** Of the fold and the audit of that first ledger; neither is changed any more. */
  readonly fold: Fold;
  readonly audit: AuditedWorld;
  readonly summary: Summary;
  /** The turns decided from here so far, by what they took. */
  readonly turns: Map<number, Turn>;
  /** The fold of another ledger that leads here, to compare with; null until one has come. */
  twin: Fold | null;
}

/** What the moves of the world look at. */
export interface Summary {
  /** Steps of the clock until the last entry. */
  readonly step: number;
  /** True if somebody waits for the clock. */
  readonly isWaiting: boolean;
  /** Reigns of the workers that are still known, oldest first. */
  readonly epochs: readonly number[];
  /** For each job how many attempts were granted so far; for one that has ended, as many as there can be. */
  readonly attempts: readonly number[];
  /** For each job the number of its live attempt, or 0. */
  readonly live: readonly number[];
  /** For each job with a live attempt the rank of its worker among `epochs`, else -1. */
  readonly workers: readonly number[];
  /** The rank of the latest reign's own worker; -1 if it has left. */
  readonly own: number;
  /** Jobs that were ever decided. */
  readonly jobs: number;
  /** Those of them that have ended. */
  readonly ended: number;
}

export function summarize(fold: Fold, jobs: number): Summary {
  const { at, epoch } = fold.head;
  const epochs = workerEpochs(fold);
  const rows = rowsOf(fold, jobs);
  const live = rows.map((row) => (row === undefined ? null : liveAttempt(row)));
  const ranks = new Map(epochs.map((reign, rank) => [ownWorker(reign), rank]));
  return {
    step: fold.head.position === 0 ? 0 : stepOf(at),
    isWaiting: rows.some((row) => row?.dueAt != null && row.dueAt > at),
    epochs,
    attempts: rows.map((row) =>
      row === undefined ? 0 : isTerminal(stateOf(row)) ? ATTEMPTS_MAX : row.attempts.length,
    ),
    live: live.map((attempt) => attempt?.number ?? 0),
    workers: live.map((attempt) => (attempt === null ? -1 : (ranks.get(attempt.worker) ?? -1))),
    own: epochs.indexOf(epoch),
    jobs: rows.filter((row) => row !== undefined).length,
    ended: rows.filter((row) => row !== undefined && isTerminal(stateOf(row))).length,
  };
}

/** Equal keys are equal futures. */
export function beliefKey(fold: Fold, setting: Setting): string {
  const { jobs } = setting;
  const { slots, settings, head } = fold;
  const epochs = workerEpochs(fold);
  const ranks = new Map(epochs.map((reign, rank) => [ownWorker(reign), rank]));
  const workers = epochs.map((reign) => {
    const worker = slots.workers[ownWorker(reign)];
    return `${worker?.used}/${worker?.capacity}${worker?.leaving ? "-" : ""}`;
  });
  const pools = Object.values<{ name: string; used: number; capacity: number; paused: boolean }>(slots.pools).map(
    ({ name, used, capacity, paused }) => `${name}=${used}/${capacity}${paused ? "!" : ""}`,
  );
  const rows = rowsOf(fold, jobs);
  const order = rows
    .filter((row) => row !== undefined && mayWait(row))
    .sort((a, b) => (a?.position ?? 0) - (b?.position ?? 0))
    .map((row) => row?.id);
  return [
    head.epoch === 0 ? "" : epochs[epochs.length - 1] === head.epoch ? "led" : "left",
    setting.fileNumber(head.epoch),
    head.intake.taken,
    settings.limitsKnown ? "told" : "",
    settings.intakeStream ?? "",
    settings.finishedJobsMax,
    canonicalJson(slots.limits),
    pools.join(" "),
    workers.join(" "),
    order.join(""),
    ...rows.map((row) => (row === undefined ? "" : rowKey(row, head.at, (worker) => ranks.get(worker)))),
  ].join(";");
}

function rowKey(
  row: JobRow,
  now: string,
  rankOf: (worker: JobRow["attempts"][number]["worker"]) => number | undefined,
) {
  const state = stateOf(row);
  if (isTerminal(state)) return "end";
  const live = liveAttempt(row);
  const parts: unknown[] = [state, row.spec?.type, row.attempts.length];
  // Priority and params may still be amended, or decide about a place, only while it may come to wait again.
  if (mayWait(row)) parts.push(row.spec?.priority);
  if (row.dueAt !== null) parts.push(row.dueAt > now ? "later" : "due");
  if (live !== null) parts.push(rankOf(live.worker), live.startedAt === null ? "" : "started");
  if (state === "queued") parts.push(row.deniedBy ?? "undenied", row.overtaken);
  return parts.join(",");
}

/** A job on its last attempt, or one that was cancelled in it, has no place in a line any more. */
function mayWait(row: JobRow): boolean {
  const state = stateOf(row);
  if (isTerminal(state) || state === "cancelling") return false;
  return liveAttempt(row) === null || row.attempts.length < (row.spec?.maxAttempts ?? 0);
}

function rowsOf(fold: Fold, jobs: number): readonly (JobRow | undefined)[] {
  const byName = new Map<string, JobRow>(fold.jobs);
  return Array.from({ length: jobs }, (_, job) => byName.get(jobName(job)));
}
