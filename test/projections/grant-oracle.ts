/**
 * The grant rule a second time, as its definition says it and without any of its code: a job starts if every pool that it
 * takes has room for it beside what is in use and what *all* waiting jobs ahead would take, the stuck ones left out; where overtaking
 * is allowed, only those that were overtaken as often as may be. Reservations are ahead of all jobs, of those with the same pools only
 * the first.
 * Every job is compared with every other, which nobody minds in a test.
 */
import { isSlotHolding } from "../../events/states.js";
import type { Fold } from "../../projections/fold.js";
import { type JobRow, stateOf } from "../../projections/jobs.js";
import type { Reservation } from "../../projections/slots.js";

export interface OracleAnswer {
  /** The reservations that get their slots, in their order. */
  readonly reserved: readonly string[];
  /** `job@worker`, in the order of the starts. */
  readonly starts: readonly string[];
  /** `job job`, the second one overtaken by the first, in the order of the starts and of the overtaken. */
  readonly overtakes: readonly string[];
  /** For each waiting job that does not start, the pools that stop it, sorted: `global=full`. Seats are left out. */
  readonly blocked: ReadonlyMap<string, string>;
}

export function oracle(fold: Fold): OracleAnswer {
  const rows = [...fold.jobs.values()];
  const waiting = rows.filter((row) => stateOf(row) === "queued").sort(goesBefore);
  const holding = rows.filter((row) => isSlotHolding(stateOf(row)));
  const seats = freeSeats(fold, holding);
  const stuck = new Map(waiting.map((row) => [row, stuckBy(fold, row)]));
  const { reserved, contending, active } = reservations(fold, holding);
  const starts: string[] = [];
  const overtakes: string[] = [];
  const blocked = new Map<string, string>();
  const overtakesMax = fold.slots.limits.maxOvertakes ?? 0;
  /** Those that hold slots by now, in this pass too; and those ahead that wait, with how often they were overtaken. */
  const taken: Claimant[] = [...active, ...contending, ...holding];
  const passable = new Map<JobRow, number>();
  for (const row of waiting) {
    const why = stuck.get(row) ?? [];
    if (why.length > 0) {
      blocked.set(row.id, causes(why));
      continue;
    }
    const fullBeside = (rivals: readonly Claimant[]) =>
      needs(fold, row).filter(([pool, units]) => sum(fold, rivals, pool) + units > capacity(fold, pool));
    const full = fullBeside([...taken, ...passable.keys()]);
    const seat = bestSeat(seats, row);
    // Those who were overtaken as often as may be are waited for like those that hold slots.
    const strict = [...passable].filter(([, times]) => times >= overtakesMax).map(([ahead]) => ahead);
    if (seat !== null && fullBeside([...taken, ...strict]).length === 0) {
      seat.free -= 1;
      starts.push(`${row.id}@${seat.worker}`);
      for (const [ahead, times] of passable) {
        if (strict.includes(ahead) || !full.some(([pool]) => unitsOf(fold, ahead, pool) > 0)) continue;
        overtakes.push(`${row.id} ${ahead.id}`);
        passable.set(ahead, times + 1);
      }
      taken.push(row);
    } else {
      blocked.set(row.id, causes(full.map(([pool]) => [pool, "full"])));
      passable.set(row, row.overtaken);
    }
  }
  return { reserved, starts, overtakes, blocked };
}

/** Who demands slots: a job, or a reservation, which has no type. */
type Claimant = JobRow | Reservation;

/** Which reservations start, and for which room is to be kept: of those with the same pools one, and none beside an active one. */
function reservations(fold: Fold, holding: readonly JobRow[]) {
  const all = Object.values(fold.slots.reservations).sort((a, b) => a.place - b.place);
  const active = all.filter(({ grant }) => grant !== null);
  const contending: Reservation[] = [];
  const reserved: string[] = [];
  const poolsOf = (one: Reservation) => causes(needs(fold, one).map(([pool]) => [pool, ""]));
  for (const one of all) {
    const hasLike = [...active, ...contending].some((other) => poolsOf(one) !== "" && poolsOf(other) === poolsOf(one));
    if (one.grant !== null || hasLike || stuckPoolsOf(fold, one).length > 0) continue;
    const rivals = [...holding, ...active, ...contending];
    if (needs(fold, one).every(([pool, units]) => sum(fold, rivals, pool) + units <= capacity(fold, pool)))
      reserved.push(one.id);
    contending.push(one);
  }
  return { reserved, contending, active };
}

type Named = readonly [pool: string, cause: string];

export const causes = (named: readonly Named[]): string =>
  named
    .map(([pool, cause]) => `${pool}=${cause}`)
    .sort()
    .join(" ");

export function needs(fold: Fold, row: Claimant): readonly (readonly [pool: string, units: number])[] {
  const { global, types, resources } = fold.slots.limits;
  const { type = "", resources: tags = {} } = "spec" in row ? (row.spec ?? {}) : row;
  return [
    ...(global === undefined ? [] : [["global", 1] as const]),
    ...(types?.[type] === undefined ? [] : [[`type:${type}`, 1] as const]),
    ...Object.entries(tags).flatMap(([tag, units]) =>
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

const unitsOf = (fold: Fold, row: Claimant, pool: string): number =>
  needs(fold, row).find(([name]) => name === pool)?.[1] ?? 0;

const sum = (fold: Fold, rows: readonly Claimant[], pool: string): number =>
  rows.reduce((units, row) => units + unitsOf(fold, row, pool), 0);

function capacity(fold: Fold, pool: string): number {
  const { global, types, resources } = fold.slots.limits;
  const [kind, name = ""] = pool.split(":");
  if (kind === "global") return global ?? 0;
  return (kind === "type" ? types?.[name] : resources?.[name]) ?? 0;
}

function stuckBy(fold: Fold, row: JobRow): readonly Named[] {
  const found = stuckPoolsOf(fold, row);
  return workers(fold).some(({ types }) => runs(types, row)) ? found : [...found, ["workers", "no-worker"]];
}

function stuckPoolsOf(fold: Fold, row: Claimant): readonly Named[] {
  const paused = new Set<string>(Object.values(fold.slots.pools).flatMap((pool) => (pool.paused ? [pool.name] : [])));
  const found: Named[] = [];
  for (const [pool, units] of needs(fold, row)) {
    if (paused.has(pool)) found.push([pool, "paused"]);
    else if (units > capacity(fold, pool)) found.push([pool, "over-capacity"]);
  }
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
