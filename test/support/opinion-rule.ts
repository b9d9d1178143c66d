/** The grant rule once more, in the plainest words: go down the order, take what fits, and set aside what does not. */
import type { OpinionWorld, SeenJob, SeenReservation, SeenWorker } from "./opinion-world.js";

export interface OpinionBlock {
  readonly pool: string;
  readonly cause: string;
  readonly capacity: number;
  readonly used: number;
  readonly needs: number;
  readonly holders: readonly string[];
  readonly ahead: readonly string[];
}

export interface Opinion {
  readonly verdict: string;
  readonly blockedBy: readonly OpinionBlock[];
}

type Taker = Pick<SeenJob, "resources"> & { readonly id: string; readonly type: string | null };

export function opinionOf(world: OpinionWorld, job: SeenJob): Opinion {
  const lacks = stuckBy(world, job);
  const reasons = lacks.length > 0 ? lacks : fullFor(world, job);
  const blockedBy = reasons.map((reason) => blockOf(world, job, reason));
  const causes = blockedBy.map(({ cause }) => cause);
  const verdict = causes.includes("over-capacity") ? "never" : causes.includes("paused") ? "paused" : "waiting";
  return { verdict: causes.length === 0 ? "startable" : verdict, blockedBy };
}

interface Lack {
  readonly pool: string;
  readonly cause: string;
}

function demandOf({ pools }: OpinionWorld, { type, resources }: Taker): Map<string, number> {
  const wanted: [string, number][] = [["global", 1]];
  if (type !== null) wanted.push([`type:${type}`, 1]);
  for (const [tag, units] of Object.entries(resources)) wanted.push([`resource:${tag}`, units]);
  return new Map(wanted.filter(([pool]) => pools.has(pool)));
}

function poolLacks(world: OpinionWorld, taker: Taker): Lack[] {
  return [...demandOf(world, taker)].flatMap(([pool, units]) => {
    if (world.paused.has(pool)) return [{ pool, cause: "paused" }];
    return units > (world.pools.get(pool) ?? 0) ? [{ pool, cause: "over-capacity" }] : [];
  });
}

const runs = ({ types }: SeenWorker, type: string | null): boolean => types === null || types.includes(type ?? "");

const takingWorkers = (world: OpinionWorld, job: SeenJob): SeenWorker[] =>
  [...world.workers.values()].filter((worker) => !worker.isLeaving && runs(worker, job.type));

function stuckBy(world: OpinionWorld, job: SeenJob): Lack[] {
  const lacks = poolLacks(world, job);
  if (takingWorkers(world, job).length === 0) lacks.push({ pool: "workers", cause: "no-worker" });
  return lacks;
}

const holding = (world: OpinionWorld): (SeenJob | SeenReservation)[] => [
  ...[...world.jobs.values()].filter(({ state }) => state === "holding"),
  ...[...world.reservations.values()].filter(({ grant }) => grant !== null),
];

function usedOf(world: OpinionWorld, pool: string): number {
  return holding(world).reduce((sum, taker) => sum + (demandOf(world, taker).get(pool) ?? 0), 0);
}

function goesFirst(a: SeenJob, b: SeenJob): boolean {
  if (a.priority !== b.priority) return a.priority > b.priority;
  if (a.place !== b.place) return a.place < b.place;
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt;
  return a.id < b.id;
}

function queuedBefore(world: OpinionWorld, job: SeenJob): SeenJob[] {
  const before = [...world.jobs.values()].filter((other) => other.state === "queued" && goesFirst(other, job));
  return before.sort((a, b) => (goesFirst(a, b) ? -1 : 1));
}

/** What a job that is not stuck lacks when its turn comes in the pass. */
function fullFor(world: OpinionWorld, job: SeenJob): Lack[] {
  const room = new Map([...world.pools].map(([pool, capacity]) => [pool, capacity - usedOf(world, pool)]));
  const seats = new Map([...world.workers.values()].map(({ id, capacity }) => [id, capacity - world.seated(id)]));
  const lacking = (taker: Taker) =>
    [...demandOf(world, taker)].filter(([pool, units]) => (room.get(pool) ?? 0) < units).map(([pool]) => pool);
  const take = (taker: Taker) => {
    for (const [pool, units] of demandOf(world, taker)) room.set(pool, (room.get(pool) ?? 0) - units);
  };
  const seatFor = (one: SeenJob): string | null => {
    const free = takingWorkers(world, one).filter(({ id }) => (seats.get(id) ?? 0) > 0);
    free.sort((a, b) => (seats.get(b.id) ?? 0) - (seats.get(a.id) ?? 0) || (a.id < b.id ? -1 : 1));
    return free[0]?.id ?? null;
  };
  const sets = new Set<string>();
  const setOf = (one: SeenReservation) => [...demandOf(world, one).keys()].sort().join(" ");
  const all = [...world.reservations.values()];
  for (const one of all) if (one.grant !== null) sets.add(setOf(one));
  for (const one of all) {
    if (one.grant !== null || poolLacks(world, one).length > 0) continue;
    const set = setOf(one);
    if (set !== "" && sets.has(set)) continue;
    sets.add(set);
    take(one);
  }
  for (const other of queuedBefore(world, job)) {
    if (stuckBy(world, other).length > 0) continue;
    const seat = seatFor(other);
    if (seat !== null && lacking(other).length === 0) seats.set(seat, (seats.get(seat) ?? 0) - 1);
    take(other);
  }
  const lacks = lacking(job).map((pool) => ({ pool, cause: "full" }));
  return seatFor(job) === null ? [...lacks, { pool: "workers", cause: "full" }] : lacks;
}

function blockOf(world: OpinionWorld, job: SeenJob, { pool, cause }: Lack): OpinionBlock {
  const takers = takingWorkers(world, job);
  const isSeats = pool === "workers";
  const seatSum = (of: (worker: SeenWorker) => number) => takers.reduce((sum, worker) => sum + of(worker), 0);
  const holds = (taker: SeenJob | SeenReservation): boolean => {
    if (!isSeats) return demandOf(world, taker).has(pool);
    const worker = "worker" in taker ? world.workers.get(taker.worker) : undefined;
    return worker !== undefined && runs(worker, job.type);
  };
  const shares = (other: SeenJob): boolean => {
    if (!isSeats) return demandOf(world, other).has(pool);
    const both = [...world.workers.values()].some((worker) => runs(worker, other.type) && runs(worker, job.type));
    return other.type === job.type || both;
  };
  const isRival = (other: SeenJob) =>
    shares(other) && stuckBy(world, other).every((lack) => lack.cause === cause && lack.pool === pool);
  const waitingReservations = [...world.reservations.values()].filter(
    (one) => cause === "full" && one.grant === null && demandOf(world, one).has(pool),
  );
  return {
    ...{ pool, cause },
    capacity: isSeats ? seatSum(({ capacity }) => capacity) : (world.pools.get(pool) ?? 0),
    used: isSeats ? seatSum(({ id }) => world.seated(id)) : usedOf(world, pool),
    needs: demandOf(world, job).get(pool) ?? 1,
    holders: holding(world)
      .filter(holds)
      .map(({ id }) => id),
    ahead: [...waitingReservations, ...queuedBefore(world, job).filter(isRival)].map(({ id }) => id),
  };
}
