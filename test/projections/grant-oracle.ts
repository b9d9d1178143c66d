/**
 * The grant rule a second time, as its definition says it and without any of its code: a job starts if every pool that it
 * takes has room for it beside what is in use and what *all* waiting jobs ahead would take, the stuck ones left out.
 * Every job is compared with every other, which nobody minds in a test.
 */
import { isSlotHolding } from "../../events/states.js";
import type { Fold } from "../../projections/fold.js";
import { type JobRow, stateOf } from "../../projections/jobs.js";

export interface OracleAnswer {
  /** `job@worker`, in the order of the starts. */
  readonly starts: readonly string[];
  /** For each waiting job that does not start, the pools that stop it, sorted: `global=full`. Seats are left out. */
  readonly blocked: ReadonlyMap<string, string>;
}

export function oracle(fold: Fold): OracleAnswer {
  const rows = [...fold.jobs.values()];
  const waiting = rows.filter((row) => stateOf(row) === "queued").sort(goesBefore);
  const holding = rows.filter((row) => isSlotHolding(stateOf(row)));
  const seats = freeSeats(fold, holding);
  const stuck = new Map(waiting.map((row) => [row, stuckBy(fold, row)]));
  const starts: string[] = [];
  const blocked = new Map<string, string>();
  waiting.forEach((row, place) => {
    const why = stuck.get(row) ?? [];
    if (why.length > 0) {
      blocked.set(row.id, causes(why));
      return;
    }
    const rivals = [...holding, ...waiting.slice(0, place).filter((other) => stuck.get(other)?.length === 0)];
    const full = needs(fold, row).filter(([pool, units]) => {
      const taken = rivals.reduce((sum, other) => sum + unitsOf(fold, other, pool), 0);
      return taken + units > capacity(fold, pool);
    });
    const seat = bestSeat(seats, row);
    if (full.length === 0 && seat !== null) {
      seat.free -= 1;
      starts.push(`${row.id}@${seat.worker}`);
    } else {
      blocked.set(row.id, causes(full.map(([pool]) => [pool, "full"])));
    }
  });
  return { starts, blocked };
}

type Named = readonly [pool: string, cause: string];

export const causes = (named: readonly Named[]): string =>
  named
    .map(([pool, cause]) => `${pool}=${cause}`)
    .sort()
    .join(" ");

export function needs(fold: Fold, row: JobRow): readonly (readonly [pool: string, units: number])[] {
  const { global, types, resources } = fold.slots.limits;
  const type = row.spec?.type ?? "";
  return [
    ...(global === undefined ? [] : [["global", 1] as const]),
    ...(types?.[type] === undefined ? [] : [[`type:${type}`, 1] as const]),
    ...Object.entries(row.spec?.resources ?? {}).flatMap(([tag, units]) =>
      resources?.[tag] === undefined ? [] : [[`resource:${tag}`, units] as const],
    ),
  ];
}

function goesBefore(a: JobRow, b: JobRow): number {
  const key = (row: JobRow) => [-(row.spec?.priority ?? 0), row.position, row.createdAt, row.id] as const;
  const [x, y] = [key(a), key(b)];
  for (let i = 0; i < x.length; i += 1) {
    const [left, right] = [x[i] ?? 0, y[i] ?? 0];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

const unitsOf = (fold: Fold, row: JobRow, pool: string): number =>
  needs(fold, row).find(([name]) => name === pool)?.[1] ?? 0;

function capacity(fold: Fold, pool: string): number {
  const { global, types, resources } = fold.slots.limits;
  const [kind, name = ""] = pool.split(":");
  if (kind === "global") return global ?? 0;
  return (kind === "type" ? types?.[name] : resources?.[name]) ?? 0;
}

function stuckBy(fold: Fold, row: JobRow): readonly Named[] {
  const paused = new Set<string>(Object.values(fold.slots.pools).flatMap((pool) => (pool.paused ? [pool.name] : [])));
  const found: Named[] = [];
  for (const [pool, units] of needs(fold, row)) {
    if (paused.has(pool)) found.push([pool, "paused"]);
    else if (units > capacity(fold, pool)) found.push([pool, "over-capacity"]);
  }
  if (!workers(fold).some(({ types }) => runs(types, row))) found.push(["workers", "no-worker"]);
  return found;
}

interface Seat {
  readonly worker: string;
  readonly types: readonly string[] | null;
  free: number;
}

const workers = (fold: Fold) => Object.values(fold.slots.workers).filter(({ leaving }) => !leaving);
const runs = (types: readonly string[] | null, row: JobRow): boolean =>
  types === null || types.includes(row.spec?.type ?? "");

function freeSeats(fold: Fold, holding: readonly JobRow[]): readonly Seat[] {
  return workers(fold).map(({ id, types, capacity: all }) => {
    const used = holding.filter((row) => row.attempts[row.attempts.length - 1]?.worker === id).length;
    return { worker: id, types, free: all - used };
  });
}

/** The most free seats; the first by name among equals. */
function bestSeat(seats: readonly Seat[], row: JobRow): Seat | null {
  const able = seats.filter(({ types, free }) => free > 0 && runs(types, row));
  able.sort((a, b) => b.free - a.free || (a.worker < b.worker ? -1 : 1));
  return able[0] ?? null;
}
