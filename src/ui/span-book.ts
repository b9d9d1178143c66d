/**
 * Who held which slots from when to when: written down while the ledger is folded, because the fold itself only knows who holds
 * them now. A book may begin in the middle of a ledger, and the oldest spans are forgotten when there are too many; it says from
 * when on it is complete.
 */
import type { Fact } from "../../events/facts.js";
import type { JobId, Position } from "../../events/names.js";
import { isSlotHolding } from "../../events/states.js";
import { demandOf } from "../../projections/demand.js";
import type { Fold } from "../../projections/fold.js";
import { holdersIn } from "../../projections/holders.js";
import type { Pool, Slots } from "../../projections/slots.js";
import type { AsOf } from "../../projections/views/views.js";
import type { FoldedFact } from "./news.js";
import type { CapacityChange } from "./protocol.js";

const SPANS_KEPT_MAX = 50_000;
const CAPACITIES_KEPT_MAX = 1_000;
/** So many spans are passed over at once, where all of them had ended before what is asked about. */
const SPANS_PER_BLOCK = 500;

/** All that one job or reservation took with one grant. */
export interface HeldSpan {
  readonly holder: string;
  readonly isReservation: boolean;
  readonly type: string | null;
  readonly attempt: number;
  readonly worker: string;
  readonly grant: Position;
  readonly from: string;
  readonly demand: Readonly<Record<string, number>>;
  end: (AsOf & { readonly fact: Fact["type"] }) | null;
}

export class SpanBook {
  #spans: HeldSpan[] = [];
  /** Of each block of spans that have all ended: where the last one did. By the index of its first one. */
  readonly #latestEnds = new Map<number, number>();
  readonly #open = new Map<string, HeldSpan>();
  #completeFrom: AsOf | null = null;
  readonly #capacities: CapacityChange[] = [];
  #pools: Slots["pools"] | null = null;

  /**
   * A book that begins with what a fold holds. What was taken when other pools were configured is told as of now: what it was is in
   * the grant itself.
   */
  static from(fold: Fold): SpanBook {
    const book = new SpanBook();
    for (const span of openSpans(fold)) book.#begin(span);
    book.entryEnded(fold);
    book.#completeFrom = { position: fold.head.position, at: fold.head.at };
    return book;
  }

  /** In the order of their grants. */
  get spans(): readonly HeldSpan[] {
    return this.#spans;
  }

  /** Those that were held at any time from one position to the other, in the same order. */
  *within(from: Position, to: Position): IterableIterator<HeldSpan> {
    for (let begin = 0; begin < this.#spans.length; begin += SPANS_PER_BLOCK) {
      if (this.#latestEnd(begin) < from) continue;
      for (const span of this.#spans.slice(begin, begin + SPANS_PER_BLOCK)) {
        if (span.grant > to) return;
        if (span.end === null || span.end.position >= from) yield span;
      }
    }
  }

  /** Null: from the beginning. */
  get completeFrom(): AsOf | null {
    return this.#completeFrom;
  }
  get capacities(): readonly CapacityChange[] {
    return this.#capacities;
  }

  /** A fact of the entry at `position`, right after it was folded. */
  see({ fact, at, states }: FoldedFact, position: Position, fold: Fold): void {
    switch (fact.type) {
      case "StartGranted": {
        const type = fold.jobs.get(fact.job)?.askedType ?? null;
        const { job: holder, attempt, worker, demand } = fact;
        const span = { holder, isReservation: false, type, attempt, worker, demand };
        return this.#begin({ ...span, grant: position, from: at, end: null });
      }
      case "ReservationGranted": {
        const { reservation: holder, demand } = fact;
        const worker = fold.slots.reservations[holder]?.holder ?? "";
        const span = { holder, isReservation: true, type: null, attempt: 1, worker, demand };
        return this.#begin({ ...span, grant: position, from: at, end: null });
      }
      case "ReservationReleased":
      case "ReservationExpired":
        return this.#end(keyOf(fact.reservation, true), { position, at, fact: fact.type });
      default:
        if (states === null || !("job" in fact) || states.from === null) return;
        if (isSlotHolding(states.from) && !isSlotHolding(states.to))
          this.#end(keyOf(fact.job, false), { position, at, fact: fact.type });
    }
  }

  /** The entry is folded. Notes the pools' capacities, if they are others now. */
  entryEnded({ head: { position, at }, slots: { pools } }: Fold): void {
    const before = this.#pools;
    this.#pools = pools;
    if (pools === before || (before !== null && !haveChanged(before, pools))) return;
    const now = Object.values<Pool>(pools).map(({ name, capacity, paused }) => ({ name, capacity, paused }));
    this.#capacities.push({ position, at, pools: now });
    if (this.#capacities.length > CAPACITIES_KEPT_MAX) this.#capacities.shift();
  }

  #begin(span: HeldSpan): void {
    this.#spans.push(span);
    this.#open.set(keyOf(span.holder, span.isReservation), span);
    if (this.#spans.length > 2 * SPANS_KEPT_MAX) this.#forgetOldest();
  }

  /** Of the block that begins at this index; infinite while one of it is held. */
  #latestEnd(begin: number): number {
    const known = this.#latestEnds.get(begin);
    if (known !== undefined) return known;
    const block = this.#spans.slice(begin, begin + SPANS_PER_BLOCK);
    const latest = Math.max(...block.map(({ end }) => end?.position ?? Number.POSITIVE_INFINITY));
    // A block that is full and has ended stays as it is.
    if (block.length === SPANS_PER_BLOCK && latest < Number.POSITIVE_INFINITY) this.#latestEnds.set(begin, latest);
    return latest;
  }

  #end(key: string, end: HeldSpan["end"]): void {
    const span = this.#open.get(key);
    if (span === undefined) return;
    span.end = end;
    this.#open.delete(key);
  }

  /** Spans that have not ended stay, however old they are. */
  #forgetOldest(): void {
    const old = this.#spans.slice(0, -SPANS_KEPT_MAX);
    for (const { end } of old) {
      if (end !== null && end.position > (this.#completeFrom?.position ?? 0))
        this.#completeFrom = { position: end.position, at: end.at };
    }
    this.#latestEnds.clear();
    this.#spans = [...old.filter(({ end }) => end === null), ...this.#spans.slice(-SPANS_KEPT_MAX)];
  }
}

/** All that is held, in the order of the grants; those of one entry as the grant rule gives them, reservations first. */
function openSpans({ slots, jobs }: Fold): HeldSpan[] {
  return holdersIn(slots)
    .sort((a, b) => a.grant - b.grant || Number(b.isReservation) - Number(a.isReservation))
    .map((one): HeldSpan => {
      const { id: holder, by: worker, grant, since: from, isReservation } = one;
      const row = isReservation ? undefined : jobs.get(holder as JobId);
      const demand = Object.fromEntries(demandOf(one, slots.limits));
      const [type, attempt] = [row?.askedType ?? null, row?.attempts.length ?? 1];
      return { holder, isReservation, type, attempt, worker, grant, from, demand, end: null };
    });
}

const keyOf = (holder: string, isReservation: boolean): string => `${isReservation ? "direct:" : ""}${holder}`;

function haveChanged(before: Slots["pools"], pools: Slots["pools"]): boolean {
  const all = Object.values<Pool>(pools);
  if (Object.keys(before).length !== all.length) return true;
  return all.some(({ name, capacity, paused }) => {
    const was = before[name];
    return was === undefined || was.capacity !== capacity || was.paused !== paused;
  });
}
