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
  const held: PoolSpan[] = [];
  for (const span of book.within(from.position, to.position)) {
    for (const [pool, units] of Object.entries(span.demand)) {
      // A demand names pools of the limits in force when it was granted.
      if (pools.length === 0 || pools.includes(pool)) held.push({ span, pool: pool as PoolName, units });
    }
  }
  const isTooMuch = held.length > SPANS_SHOWN_MAX;
  const before = book.capacities.filter(({ position }) => position <= from.position).at(-1);
  const within = book.capacities.filter(({ position }) => position > from.position && position <= to.position);
  return {
    ...{ from, to, completeFrom: book.completeFrom, olderPast },
    spans: isTooMuch ? [] : held.map((one) => spanOf(one, to)),
    coarse: isTooMuch ? coarsened(held, from, to) : null,
    capacities: before === undefined ? within : [before, ...within],
  };
}

/** What a span took of one pool. */
interface PoolSpan {
  readonly span: HeldSpan;
  readonly pool: PoolName;
  readonly units: number;
}

function spanOf({ span: held, pool, units }: PoolSpan, to: AsOf): SlotSpan {
  const { demand: _all, end: _later, ...span } = held;
  const known = endOf(held, to);
  return { pool, units, ...span, to: known?.at ?? null, end: known?.fact ?? null };
}

/** As it was known at `to`: what ended later had not ended then. */
const endOf = ({ end }: HeldSpan, to: AsOf): HeldSpan["end"] =>
  end !== null && end.position <= to.position ? end : null;

function coarsened(held: readonly PoolSpan[], begin: AsOf, to: AsOf): SlotHistory["coarse"] {
  const [fromMs, toMs] = [Date.parse(begin.at), Date.parse(to.at)];
  const stepMs = Math.max(1, Math.ceil((toMs - fromMs + 1) / COARSE_STEPS));
  const steps = Math.ceil((toMs - fromMs + 1) / stepMs);
  const pools = new Map<PoolName, { used: number[]; grants: number[] }>();
  for (const { span, pool, units } of held) {
    let use = pools.get(pool);
    if (use === undefined) {
      use = { used: Array<number>(steps).fill(0), grants: Array<number>(steps).fill(0) };
      pools.set(pool, use);
    }
    const beginMs = Date.parse(span.from) - fromMs;
    const end = endOf(span, to);
    const endMs = (end === null ? toMs : Date.parse(end.at)) - fromMs;
    if (beginMs >= 0) add(use.grants, Math.floor(beginMs / stepMs), 1);
    const [first, last] = [Math.max(0, beginMs), Math.min(endMs, steps * stepMs)];
    for (let step = Math.floor(first / stepMs); step * stepMs < last; step += 1) {
      const overlapMs = Math.min(last, (step + 1) * stepMs) - Math.max(first, step * stepMs);
      add(use.used, step, (units * overlapMs) / stepMs);
    }
  }
  const uses = [...pools].map(([pool, { used, grants }]): CoarseUse => ({ pool, used: used.map(rounded), grants }));
  return { spans: held.length, stepMs, pools: uses };
}

function add(steps: number[], step: number, amount: number): void {
  const sum = steps[step];
  if (sum !== undefined) steps[step] = sum + amount;
}

const rounded = (units: number): number => Math.round(units * 1_000) / 1_000;
