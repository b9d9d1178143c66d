/**
 * Plays the grant rule forward in virtual time: runs end after durations like those recorded, and whom the rule starts then starts.
 * Many plays with other durations each tell the range of what may come.
 *
 * What is not known is left out: jobs that will be submitted, or come due; failures, retries and timeouts; limits that will change.
 * A reservation, and a run of which no like has ended yet, is taken to hold its slots for ever.
 */
import { type JobId, position } from "../../events/names.js";
import type { Durations, RunTimes } from "../durations.js";
import { Heap } from "../heap.js";
import { compareText, type JobRow } from "../jobs.js";
import { ScratchSlots } from "../scratch-slots.js";
import type { Holding, Slots } from "../slots.js";
import { decideStarts } from "../starts.js";
import { Waiting } from "../waiting.js";

export interface Stage {
  readonly slots: Slots;
  readonly durations: Pick<Durations, "of">;
  /** The row of a job that holds slots. */
  readonly rowOf: (id: JobId) => JobRow | undefined;
  /** The waiting jobs that take part, in the order of granting. */
  readonly waiting: readonly JobRow[];
  readonly nowMs: number;
}

export interface Started {
  readonly atMs: number;
  /** From whose times it follows: those of the runs that ended before. */
  readonly basis: readonly RunTimes[];
}

export interface Play {
  readonly started: ReadonlyMap<JobId, Started>;
  /** Types of which a run took part and none has ended yet. */
  readonly unknown: ReadonlySet<string>;
  readonly decisions: number;
}

/** `quantileOf`: which of the recorded durations a job's run takes in this play, from 0 (the shortest) to below 1. */
export function playForward(stage: Stage, quantileOf: (ordinal: number) => number, decisionsMax: number): Play {
  const { nowMs, durations } = stage;
  const holdings = Object.values<Holding>(stage.slots.holdings);
  const slots = new ScratchSlots(stage.slots, holdings);
  const waiting = new Waiting();
  const ordinals = new Map<JobId, number>();
  const ends = new Heap<{ readonly atMs: number; readonly job: JobId; readonly times: RunTimes }>(
    (a, b) => a.atMs - b.atMs || compareText(a.job, b.job),
  );
  const started = new Map<JobId, Started>();
  const unknown = new Set<string>();
  let basis: readonly RunTimes[] = [];
  const run = (row: JobRow, sinceMs: number, fromMs: number) => {
    const times = durations.of(row);
    if (times === null) {
      unknown.add(row.spec?.type ?? "");
      return;
    }
    const longMs = drawMs(times, quantileOf(ordinals.get(row.id) ?? 0), fromMs - sinceMs);
    ends.push({ atMs: Math.max(fromMs, sinceMs + longMs), job: row.id, times });
  };
  for (const { job, since } of holdings) {
    ordinals.set(job, ordinals.size);
    const row = stage.rowOf(job);
    if (row !== undefined) run(row, Date.parse(since), nowMs);
  }
  for (const row of stage.waiting) {
    ordinals.set(row.id, ordinals.size);
    // As if denied before: a denial is of no interest here.
    waiting.add({ ...row, line: null, deniedBy: "" });
  }
  let atMs = nowMs;
  let decisions = 0;
  while (decisions < decisionsMax) {
    const { starts, reserved, more } = decideStarts(waiting, slots);
    decisions += 1;
    for (const { reservation } of reserved) slots.grantReserved(reservation);
    for (const { row, worker } of starts) {
      if (row.spec === null) continue;
      const { type, resources } = row.spec;
      waiting.delete(row);
      started.set(row.id, { atMs, basis });
      slots.take({ job: row.id, type, resources, worker, grant: position(0), since: "" });
      run(row, atMs, atMs);
    }
    if (more && starts.length > 0) continue;
    const next = waiting.size === 0 ? undefined : ends.pop();
    if (next === undefined) break;
    slots.free(next.job);
    atMs = next.atMs;
    if (!basis.includes(next.times)) basis = [...basis, next.times];
  }
  return { started, unknown, decisions };
}

/** A recorded duration of those longer than what has passed already; what has passed, if none was. */
function drawMs({ sortedMs }: RunTimes, quantile: number, passedMs: number): number {
  const longer = sortedMs.findIndex((ms) => ms > passedMs);
  if (longer === -1) return passedMs;
  return sortedMs[longer + Math.floor(quantile * (sortedMs.length - longer))] ?? passedMs;
}
