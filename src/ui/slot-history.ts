/** The spans of a stretch of the ledger, for a chart: all of them, or, where those would be too many, how much was used in each step. */
import type { PoolName } from "../../events/names.js";
import type { AsOf } from "../../projections/views/views.js";
import type { CoarseUse, SlotHistory, SlotSpan } from "./protocol.js";
import type { HeldSpan, SpanBook } from "./span-book.js";

const SPANS_SHOWN_MAX = 2_000;
const COARSE_STEPS = 240;

export interface Stretch {
  readonly from: AsOf;
  readonly to: AsOf;
  /** Only these; empty: all. */
  readonly pools: readonly string[];
}

export function slotHistory(
  book: SpanBook,
  { from, to, pools }: Stretch,
  olderPast: SlotHistory["olderPast"] = null,
): SlotHistory {
  const isAsked = (pool: string) => pools.length === 0 || pools.includes(pool);
  const spans: SlotSpan[] = [];
  for (const held of book.spans) {
    if (held.grant > to.position) break;
    if (held.end !== null && held.end.position < from.position) continue;
    for (const [pool, units] of Object.entries(held.demand)) {
      // A demand names pools of the limits in force when it was granted.
      if (isAsked(pool)) spans.push(spanOf(held, pool as PoolName, units, to));
    }
  }
  const isTooMuch = spans.length > SPANS_SHOWN_MAX;
  const before = book.capacities.filter(({ position }) => position <= from.position).at(-1);
  const within = book.capacities.filter(({ position }) => position > from.position && position <= to.position);
  return {
    ...{ from, to, completeFrom: book.completeFrom, olderPast },
    spans: isTooMuch ? [] : spans,
    coarse: isTooMuch ? coarsened(spans, Date.parse(from.at), Date.parse(to.at)) : null,
    capacities: before === undefined ? within : [before, ...within],
  };
}

/** As it was known at `to`: what ended later had not ended then. */
function spanOf({ demand: _all, end, ...span }: HeldSpan, pool: PoolName, units: number, to: AsOf): SlotSpan {
  const known = end !== null && end.position <= to.position ? end : null;
  return { pool, units, ...span, to: known?.at ?? null, end: known?.fact ?? null };
}

function coarsened(spans: readonly SlotSpan[], fromMs: number, toMs: number): SlotHistory["coarse"] {
  const stepMs = Math.max(1, Math.ceil((toMs - fromMs + 1) / COARSE_STEPS));
  const steps = Math.ceil((toMs - fromMs + 1) / stepMs);
  const pools = new Map<PoolName, { used: number[]; grants: number[] }>();
  for (const { pool, units, from, to } of spans) {
    let use = pools.get(pool);
    if (use === undefined) {
      use = { used: Array<number>(steps).fill(0), grants: Array<number>(steps).fill(0) };
      pools.set(pool, use);
    }
    const beginMs = Date.parse(from) - fromMs;
    const endMs = (to === null ? toMs : Date.parse(to)) - fromMs;
    if (beginMs >= 0) add(use.grants, Math.floor(beginMs / stepMs), 1);
    const [first, last] = [Math.max(0, beginMs), Math.min(endMs, steps * stepMs)];
    for (let step = Math.floor(first / stepMs); step * stepMs < last; step += 1) {
      const overlapMs = Math.min(last, (step + 1) * stepMs) - Math.max(first, step * stepMs);
      add(use.used, step, (units * overlapMs) / stepMs);
    }
  }
  const uses = [...pools].map(([pool, { used, grants }]): CoarseUse => ({ pool, used: used.map(rounded), grants }));
  return { spans: spans.length, stepMs, pools: uses };
}

function add(steps: number[], step: number, amount: number): void {
  const sum = steps[step];
  if (sum !== undefined) steps[step] = sum + amount;
}

const rounded = (units: number): number => Math.round(units * 1_000) / 1_000;
