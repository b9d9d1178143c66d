/** Where the spans of a pool stand: each span in as many rows as it holds units, the first that are free when it begins. */
import { remember } from "../../../../events/remember.js";
import type { SlotHistory, SlotSpan } from "../../protocol.js";

export interface PlacedSpan {
  readonly span: SlotSpan;
  readonly row: number;
  readonly rows: number;
  readonly from: number;
  readonly to: number;
}

export interface PoolRows {
  readonly pool: string;
  readonly rows: number;
  /** The most units that it had in the stretch that is shown. */
  readonly capacity: number;
  readonly spans: readonly PlacedSpan[];
}

/** A pool of a hundred slots is not drawn with a hundred rows: those beyond share the last one. */
const ROWS_MAX = 12;

export function placeSpans(history: SlotHistory, until: number): readonly PoolRows[] {
  const pools = new Map<string, PlacedSpan[]>();
  const frees = new Map<string, number[]>();
  for (const { pools: known } of history.capacities)
    for (const { name } of known) if (!pools.has(name)) pools.set(name, []);
  for (const span of history.spans) {
    const [from, to] = [Date.parse(span.from), span.to === null ? until : Date.parse(span.to)];
    const free = remember(frees, span.pool, () => [] as number[]);
    const row = firstFree(free, from, span.units);
    for (let index = row; index < Math.min(row + span.units, ROWS_MAX); index += 1) free[index] = to;
    const placed = { span, row, rows: Math.max(1, Math.min(span.units, ROWS_MAX - row)), from, to };
    remember(pools, span.pool, () => [] as PlacedSpan[]).push(placed);
  }
  return [...pools].map(([pool, spans]) => ({
    pool,
    spans,
    capacity: capacityOf(history, pool),
    rows: Math.max(1, Math.min(ROWS_MAX, capacityOf(history, pool)), ...spans.map(({ row, rows }) => row + rows)),
  }));
}

/** The first row from which on so many are free. */
function firstFree(free: readonly number[], from: number, units: number): number {
  for (let row = 0; row < ROWS_MAX; row += 1) {
    let isFree = true;
    for (let index = row; index < Math.min(row + units, ROWS_MAX); index += 1)
      if ((free[index] ?? 0) > from) isFree = false;
    if (isFree) return row;
  }
  return ROWS_MAX - 1;
}

function capacityOf({ capacities }: SlotHistory, pool: string): number {
  const known = capacities.flatMap(({ pools }) => pools.filter(({ name }) => name === pool));
  return Math.max(1, ...known.map(({ capacity }) => capacity));
}
