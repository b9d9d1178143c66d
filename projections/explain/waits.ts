/**
 * What a job has waited for, from its submission to its last grant or to now, in intervals: for which pool, for what cause, and
 * behind whom. At each change in the past the grant rule is asked again what kept the job from starting (past-worlds.ts).
 */
import type { Block } from "../../events/facts.js";
import type { Fold } from "../fold.js";
import { type Attempt, type JobRow, stateOf } from "../jobs.js";
import type { Moment, QueueStay } from "../past.js";
import { explainWaiting } from "./blocks.js";
import { worldsOf } from "./past-worlds.js";

/**
 * `full`: its units were in use. `kept`: there was room, but it was kept for those ahead. `undecided`: nothing kept it from
 * starting but that the scheduler had not decided yet (while it shut down, say). `time`: for its time to come; `turn`: for its turn
 * in a sequential group; `retry`: for its next attempt. `unknown`: it is too long ago, or too much happened meanwhile, to tell.
 * The others as in a block.
 */
export type WaitCause = Block["cause"] | "kept" | "undecided" | "time" | "turn" | "retry" | "unknown";

/** One reason for waiting, without a break. Where two pools kept a job waiting at once, their intervals overlap. */
export interface Wait {
  /** A pool's name or `workers`, as in a block; null where the cause is about none. */
  readonly pool: string | null;
  readonly cause: WaitCause;
  /** ISO 8601. */
  readonly from: string;
  readonly to: string;
  readonly ms: number;
  /** Who held the units meanwhile, or for whom they were kept; in the order in which they came, the first 100 (`BEHIND_MAX`). */
  readonly behind: readonly Behind[];
}

export interface Behind {
  readonly job: string;
  readonly from: string;
  readonly to: string;
}

export interface WaitsTold {
  readonly waits: readonly Wait[];
  /** False if it began to wait longer ago than the fold remembers: what is missing is told by asking `--at` its last grant. */
  readonly isComplete: boolean;
}

export const BEHIND_MAX = 100;

export function waitsOf(fold: Fold, row: JobRow): WaitsTold {
  const { spells, isComplete } = spellsOf(fold, row);
  const timeline = new Timeline();
  /** Since when it holds nothing and is not in the queue; null while it is, or where that is not known. */
  let since: string | null = isComplete ? row.createdAt : null;
  const waitUntil = (cause: WaitCause, at: string) => {
    if (since !== null && since < at) timeline.waitFor(cause, since, at);
  };
  for (const { from, stay, attempt } of spells) {
    // Queued by its very first fact: until then the scheduler had not come to it.
    const isNew = from.position === row.addresses[0];
    waitUntil(isNew ? "undecided" : causeSince(row, since), from.at);
    if (stay !== null) tellStay(fold, stay, timeline);
    since = attempt?.finishedAt ?? null;
  }
  const state = stateOf(row);
  if (state === "scheduled" || state === "retrying") waitUntil(causeSince(row, since), fold.head.at);
  return { waits: timeline.waits(), isComplete };
}

/** A stay in the queue, and the attempt that ended it. Whoever is queued and granted in one entry has no stay. */
interface Spell {
  readonly from: Moment;
  readonly stay: QueueStay | null;
  readonly attempt: Attempt | null;
}

/** How often a job came to wait for slots, oldest first, as far as it is remembered. */
function spellsOf({ past }: Fold, row: JobRow): { readonly spells: readonly Spell[]; readonly isComplete: boolean } {
  const submitted = row.addresses[0] ?? 0;
  const current = past.waitingStay(row);
  // An id may be given again when the index has forgotten the job that had it.
  const own = past.stays.filter(({ id, from }) => id === row.id && from.position >= submitted);
  const all = current === null ? own : [...own, current];
  const stays = all.filter(({ to }) => to === null || to.position > past.reach.position);
  const spells = stays.map((stay): Spell => {
    const attempt = row.attempts.find(({ grant }) => grant === stay.to?.position) ?? null;
    return { from: stay.from, stay, attempt };
  });
  for (const attempt of row.attempts) {
    if (attempt.grant <= past.reach.position || all.some(({ to }) => to?.position === attempt.grant)) continue;
    spells.push({ from: { position: attempt.grant, at: attempt.grantedAt }, stay: null, attempt });
  }
  spells.sort((a, b) => a.from.position - b.from.position);
  return { spells, isComplete: submitted > past.reach.position || spells[0]?.from.position === submitted };
}

/** What a job waits for while it is not in the queue and holds nothing. */
function causeSince({ attempts, spec }: JobRow, since: string | null): WaitCause {
  if (attempts.some(({ finishedAt }) => finishedAt !== null && finishedAt === since)) return "retry";
  return spec?.group?.sequential === true ? "turn" : "time";
}

function tellStay(fold: Fold, stay: QueueStay, timeline: Timeline): void {
  const end = stay.to?.at ?? fold.head.at;
  // A world is only good until the next one is asked for, so its blocks are worked out before.
  let last: { readonly at: string; readonly blocks: readonly Block[] } | null = null;
  for (const world of worldsOf(fold, stay)) {
    const { at } = world.from;
    if (last !== null && last.at < at) timeline.blockedBy(last.blocks, last.at, at);
    else if (last === null && stay.from.at < at) timeline.waitFor("unknown", stay.from.at, at);
    last = { at, blocks: explainWaiting(world, world.row, BEHIND_MAX).blockedBy };
  }
  if (last === null) timeline.waitFor("unknown", stay.from.at, end);
  else if (last.at < end) timeline.blockedBy(last.blocks, last.at, end);
}

interface Open {
  readonly pool: string | null;
  readonly cause: WaitCause;
  readonly from: string;
  to: string;
  readonly behind: Named[];
  /** Each name's latest stretch among them. */
  readonly latest: Map<string, Named>;
}

interface Named extends Behind {
  to: string;
}

/** Puts stretches of time, given in order, together to intervals. */
class Timeline {
  readonly #all: Open[] = [];
  /** Those that go on if the next stretch says the same. */
  #open: Open[] = [];

  waitFor(cause: WaitCause, from: string, to: string): void {
    this.#stretch([{ pool: null, cause, behind: [] }], from, to);
  }

  blockedBy(blocks: readonly Block[], from: string, to: string): void {
    if (blocks.length === 0) return this.waitFor("undecided", from, to);
    const reasons = blocks.map(({ pool, cause, capacity, used, needs, holders, ahead }) => {
      const isKept = cause === "full" && capacity - used >= needs;
      const behind = isKept ? ahead : cause === "full" ? holders : [];
      return { pool, cause: isKept ? ("kept" as const) : cause, behind };
    });
    this.#stretch(reasons, from, to);
  }

  waits(): Wait[] {
    const length = ({ from, to }: Open) => Date.parse(to) - Date.parse(from);
    return this.#all.map((open) => {
      const { pool, cause, from, to, behind } = open;
      return { pool, cause, from, to, ms: length(open), behind };
    });
  }

  #stretch(
    reasons: readonly { readonly pool: string | null; readonly cause: WaitCause; readonly behind: readonly string[] }[],
    from: string,
    to: string,
  ): void {
    this.#open = reasons.map(({ pool, cause, behind }) => {
      const known = this.#open.find((open) => open.to === from && open.pool === pool && open.cause === cause);
      const open = known ?? { pool, cause, from, to, behind: [], latest: new Map<string, Named>() };
      if (known === undefined) this.#all.push(open);
      open.to = to;
      for (const job of behind) {
        const there = open.latest.get(job);
        if (there?.to === from) there.to = to;
        else if (open.behind.length < BEHIND_MAX) {
          const named = { job, from, to };
          open.behind.push(named);
          open.latest.set(job, named);
        }
      }
      return open;
    });
  }
}
