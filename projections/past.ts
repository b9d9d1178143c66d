/**
 * The recent past, so that it can be explained: who waited in which place and until when, who held slots, and which limits, pauses,
 * workers and reservations were in force. From it the slots and the waiting order at the end of any entry are made again.
 *
 * It is bounded: the oldest is forgotten first, and `reach` says from where on all is known. Whoever asks about longer ago folds
 * the ledger up to there (`--at`), and finds it. It is no part of the canonical state, because no decision looks at it.
 */
import { type JobId, type Position, position } from "../events/names.js";
import type { KeptPast } from "./checkpoint/kept.js";
import type { JobRow } from "./jobs.js";
import { emptySlots } from "./slot-changes.js";
import type { Holding, Slots } from "./slots.js";

/** The end of an entry. What an entry changes holds from its time on. */
export interface Moment {
  readonly position: Position;
  readonly at: string;
}

/** A job waited for slots, with this priority, in this place. */
export interface QueueStay {
  readonly id: JobId;
  readonly type: string;
  readonly resources: Readonly<Record<string, number>>;
  readonly priority: number;
  readonly place: number;
  readonly createdAt: string;
  readonly overtaken: number;
  readonly from: Moment;
  /** Null while it waits. */
  readonly to: Moment | null;
}

export interface HoldingStay {
  readonly holding: Holding;
  readonly to: Moment;
}

/** What was in force from a moment on, beside who waited and who held slots. */
export interface Frame extends Moment, Pick<Slots, "limits" | "pools" | "workers" | "reservations"> {}

const BEGINNING: Moment = { position: position(0), at: "" };
/** So many stays of each kind are kept, and up to twice as many until the older half is forgotten at once: a few megabytes. */
const STAYS_MAX = 10_000;
const FRAMES_MAX = 1_000;

export class Past {
  readonly #since: Map<JobId, Moment>;
  readonly #stays: QueueStay[];
  readonly #holdings: HoldingStay[];
  readonly #frames: Frame[];
  #reach: Moment;

  /** Before the first entry, or a copy of `from`. */
  constructor(from?: Past) {
    this.#since = new Map(from === undefined ? [] : from.#since);
    this.#stays = from === undefined ? [] : [...from.#stays];
    this.#holdings = from === undefined ? [] : [...from.#holdings];
    this.#frames = from === undefined ? [{ ...emptySlots, ...BEGINNING }] : [...from.#frames];
    this.#reach = from === undefined ? BEGINNING : from.#reach;
  }

  /** All is known of the ends of entries from this one on. */
  get reach(): Moment {
    return this.#reach;
  }
  /** Waits that are over, in the order of their ends. */
  get stays(): readonly QueueStay[] {
    return this.#stays;
  }
  /** Slots given back, in the order in which they were. */
  get holdings(): readonly HoldingStay[] {
    return this.#holdings;
  }
  get frames(): readonly Frame[] {
    return this.#frames;
  }

  /** All of it, to be restored elsewhere. */
  keep(): KeptPast {
    return {
      ...{
        reach: this.#reach,
        since: [...this.#since].map(([id, { position: at, at: time }]) => [id, { position: at, at: time }]),
      },
      ...{ stays: this.#stays, holdings: this.#holdings, frames: this.#frames },
    };
  }

  /** Takes over what another one kept. This one must be that of an empty fold. */
  restore({ reach, since, stays, holdings, frames }: KeptPast): void {
    this.#reach = reach;
    for (const [id, at] of since) this.#since.set(id, at);
    this.#stays.push(...stays);
    this.#holdings.push(...holdings);
    this.#frames.splice(0, this.#frames.length, ...frames);
  }

  /** The stay of a job that waits now; null if it does not. */
  waitingStay(row: JobRow): QueueStay | null {
    const from = this.#since.get(row.id);
    return from === undefined ? null : stayOf(row, from, null);
  }

  /** A row has come to wait. */
  came(row: JobRow, at: Moment): void {
    this.#since.set(row.id, at);
  }

  /** A row waits no more, or is about to wait in another place. What comes and goes within an entry leaves no trace. */
  left(row: JobRow, at: Moment): void {
    const from = this.#since.get(row.id);
    this.#since.delete(row.id);
    if (from === undefined || from.position === at.position) return;
    this.#stays.push(stayOf(row, from, at));
    this.#forget(this.#stays, STAYS_MAX, (stay) => stay.to);
  }

  freed(holding: Holding, at: Moment): void {
    if (holding.grant === at.position) return;
    this.#holdings.push({ holding, to: at });
    this.#forget(this.#holdings, STAYS_MAX, ({ to }) => to);
  }

  /** More than who holds slots has changed in the entry. */
  settled({ position: from, at }: Moment, { limits, pools, workers, reservations }: Slots): void {
    this.#frames.push({ position: from, at, limits, pools, workers, reservations });
    // The first that is kept is needed for as long as it was in force.
    this.#forget(this.#frames, FRAMES_MAX, () => this.#frames[FRAMES_MAX] ?? null);
  }

  #forget<T>(kept: T[], most: number, endOf: (last: T) => Moment | null): void {
    const last = kept[most - 1];
    if (last === undefined || kept.length < 2 * most) return;
    const end = endOf(last);
    if (end !== null && end.position > this.#reach.position) this.#reach = { position: end.position, at: end.at };
    kept.splice(0, most);
  }
}

function stayOf(
  { id, spec, position: place, createdAt, overtaken }: JobRow,
  from: Moment,
  to: Moment | null,
): QueueStay {
  if (spec === null) throw new Error(`${id} was rejected and cannot wait`);
  const { type, resources, priority } = spec;
  return { id, type, resources, priority, place, createdAt, overtaken, from, to };
}
