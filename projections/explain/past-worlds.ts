/**
 * Makes the past again as a waiting job met it: for each change between two moments the slots in use, and who waited ahead of it.
 * Who waited behind is left out, because the grant rule goes down the order, and never asks them about those ahead.
 */
import type { JobId } from "../../events/names.js";
import { newJob } from "../../machines/job.js";
import type { Fold } from "../fold.js";
import { compareWaiting, type JobRow } from "../jobs.js";
import type { Frame, Moment, QueueStay } from "../past.js";
import { ScratchSlots } from "../scratch-slots.js";
import type { Holding } from "../slots.js";
import { inGrantOrder } from "../views/view-queue.js";
import type { World } from "../views/view-verdicts.js";
import { Waiting } from "../waiting.js";

/** What the grant rule was to decide about `row` from the end of the entry at `from` on. */
export interface PastWorld extends World {
  readonly from: Moment;
  readonly row: JobRow;
}

/** More changes than this are not gone through: the oldest are left out. */
const MOMENTS_MAX = 500;
/** So many jobs that were ahead at some time are gone through; the beginning of a wait behind more of them is left out. */
const AHEAD_MAX = 2_000;

type Change = { readonly at: Moment } & (
  | { readonly kind: "came" | "left"; readonly row: JobRow }
  | { readonly kind: "took"; readonly holding: Holding }
  | { readonly kind: "freed"; readonly job: JobId }
  | { readonly kind: "frame"; readonly frame: Frame }
);

/**
 * The worlds in which the job waited that is `asked` about, one for each moment at which anything in them changed, oldest first;
 * each holds until the next, the last until the stay's end. The first may begin later than the stay, where that is longer ago than
 * is remembered, or too much happened in it. A world is only good until the next one is asked for.
 */
export function* worldsOf(fold: Fold, asked: QueueStay): IterableIterator<PastWorld> {
  const { reach } = fold.past;
  const whole = asked.from.position < reach.position ? { ...asked, from: reach } : asked;
  const ahead = rivalsOf(fold, whole);
  if (ahead === null) return;
  const stay = { ...whole, from: ahead.from };
  const rivals = ahead.rivals.flatMap((rival) => rivalChanges(rival, stay));
  yield* replay(stay, [...rivals, ...holdingChanges(fold, stay), ...frameChanges(fold, stay)]);
}

function* replay(stay: QueueStay, changes: readonly Change[]): IterableIterator<PastWorld> {
  const row = rowOf(stay);
  const waiting = new Waiting();
  waiting.add(row);
  const held = new Map<JobId, Holding>();
  let slots: ScratchSlots | null = null;
  const moments = momentsOf(stay, changes);
  for (const [index, { from, changes: now }] of moments.entries()) {
    for (const change of now) {
      switch (change.kind) {
        case "came":
          waiting.add(change.row);
          break;
        case "left":
          waiting.delete(change.row);
          break;
        case "took":
          held.set(change.holding.job, change.holding);
          slots?.take(change.holding);
          break;
        case "freed":
          held.delete(change.job);
          slots?.free(change.job);
          break;
        case "frame":
          slots = new ScratchSlots(change.frame, held.values());
          break;
        default:
          change satisfies never;
      }
    }
    if (slots === null) throw new Error("the past begins with a frame");
    if (index >= moments.length - MOMENTS_MAX) yield { from, row, slots, waiting };
  }
}

/** Changes up to the stay's beginning make its first moment; of an entry, what ends comes before what begins. */
function momentsOf(stay: QueueStay, changes: readonly Change[]): { from: Moment; changes: Change[] }[] {
  const order = { left: 0, freed: 1, frame: 2, came: 3, took: 4 };
  const sorted = [...changes].sort((a, b) => a.at.position - b.at.position || order[a.kind] - order[b.kind]);
  const first = { from: stay.from, changes: [] as Change[] };
  const moments = [first];
  let last = first;
  for (const change of sorted) {
    if (change.at.position > last.from.position) {
      last = { from: change.at, changes: [] };
      moments.push(last);
    }
    last.changes.push(change);
  }
  return moments;
}

/** True if something that was so from one position to another was so at the end of an entry of the stay. */
const overlaps = (stay: QueueStay, from: Moment, to: Moment | null): boolean =>
  (to === null || to.position > stay.from.position) && (stay.to === null || from.position < stay.to.position);

const isWithin = (stay: QueueStay, at: Moment): boolean => stay.to === null || at.position < stay.to.position;

/** Who was ahead at any time from `from` on, the latest first; null if more are still than are gone through. */
function rivalsOf(
  fold: Fold,
  stay: QueueStay,
): { readonly rivals: readonly QueueStay[]; readonly from: Moment } | null {
  const own = rowOf(stay);
  const rivals: QueueStay[] = [];
  for (const row of inGrantOrder(fold.waiting.lines())) {
    if (compareWaiting(row, own) >= 0) break;
    const other = fold.past.waitingStay(row);
    if (other !== null && overlaps(stay, other.from, null)) rivals.push(other);
    if (rivals.length > AHEAD_MAX) return null;
  }
  const { stays } = fold.past;
  for (let index = stays.length - 1; index >= 0; index -= 1) {
    const other = stays[index];
    if (other === undefined || other.to === null || other.to.position <= stay.from.position) break;
    if (!overlaps(stay, other.from, other.to) || compareWaiting(rowOf(other), own) >= 0) continue;
    if (rivals.length >= AHEAD_MAX) return { rivals, from: other.to };
    rivals.push(other);
  }
  return { rivals, from: stay.from };
}

function rivalChanges(rival: QueueStay, stay: QueueStay): readonly Change[] {
  const row = rowOf(rival);
  const came: Change = { at: rival.from, kind: "came", row };
  return rival.to !== null && isWithin(stay, rival.to) ? [came, { at: rival.to, kind: "left", row }] : [came];
}

function holdingChanges({ past, slots }: Fold, stay: QueueStay): readonly Change[] {
  const changes: Change[] = [];
  const add = (holding: Holding, to: Moment | null) => {
    const from = { position: holding.grant, at: holding.since };
    if (!overlaps(stay, from, to)) return;
    changes.push({ at: from, kind: "took", holding });
    if (to !== null && isWithin(stay, to)) changes.push({ at: to, kind: "freed", job: holding.job });
  };
  for (const { holding, to } of past.holdings) add(holding, to);
  for (const holding of Object.values<Holding>(slots.holdings)) add(holding, null);
  return changes;
}

/** The frames within the stay, and the one that was in force when it began. */
function frameChanges({ past: { frames } }: Fold, stay: QueueStay): readonly Change[] {
  const inForce = Math.max(
    0,
    frames.findLastIndex(({ position }) => position <= stay.from.position),
  );
  return frames
    .slice(inForce)
    .filter((frame) => isWithin(stay, frame))
    .map((frame): Change => ({ at: frame, kind: "frame", frame }));
}

/** A row as it stood in its place; what has nothing to do with waiting is left empty. */
function rowOf(stay: QueueStay): JobRow {
  const { id, type, resources, priority, place, createdAt, overtaken } = stay;
  const policy = { params: {}, maxAttempts: 1, timeoutMs: null, labels: {}, template: null };
  return {
    ...{ id, createdAt, overtaken, position: place, askedType: type },
    spec: { ...policy, type, resources, priority },
    ...{ retryOf: null, node: newJob, line: null, dueAt: null, reason: null, deniedBy: null },
    ...{ attempts: [], addresses: [] },
  };
}
