/** The order of the grants in the auditor's own words: who may take slots before whom (INV-004, DEC-004). */
import { type Demander, demandUnder } from "./auditor-demand.js";
import type { AuditedJob } from "./auditor-jobs.js";
import type { AuditedReservation } from "./auditor-reservations.js";
import type { AuditedWorld } from "./auditor-world.js";

/** Priority descending, place ascending, created-at ascending, id. */
function goesBefore(a: AuditedJob, b: AuditedJob): number {
  if (a.priority !== b.priority) return b.priority - a.priority;
  if (a.place !== b.place) return a.place - b.place;
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}

/** Cannot be met whatever ends: a paused pool, a demand above a capacity. */
function cannotFit(world: AuditedWorld, demander: Demander): boolean {
  for (const [pool, units] of demandUnder(demander, world.capacities))
    if (world.paused.has(pool) || units > (world.capacities.get(pool) ?? 0)) return true;
  return false;
}

/** Cannot start whatever ends: it cannot be met, or there is nobody who runs its type. */
export const isStuck = (world: AuditedWorld, job: AuditedJob): boolean =>
  cannotFit(world, job) || !world.workers.canRun(job);

/** The waiting reservations for which room is kept, in their order. */
const keptFor = (world: AuditedWorld): readonly AuditedReservation[] =>
  world.reservations.waiting(world.capacities, (one) => cannotFit(world, one));

/** Why a job's start may delay somebody ahead; null if it cannot. Jobs named in `overtook` may be delayed, and are counted. */
export function grantedOutOfOrder(world: AuditedWorld, job: AuditedJob, overtook: ReadonlySet<string>): string | null {
  const ahead: Demander[] = [...keptFor(world)];
  for (const other of world.jobs.waiting())
    if (goesBefore(other, job) < 0 && !overtook.has(other.id) && !isStuck(world, other)) ahead.push(other);
  return ahead.length === 0 ? null : delays(world, job, ahead);
}

/** The same for a reservation: those that were asked for before it are ahead. */
export function reservedOutOfOrder(world: AuditedWorld, reservation: AuditedReservation): string | null {
  const kept = keptFor(world);
  const place = kept.indexOf(reservation);
  return delays(world, reservation, place < 0 ? [] : kept.slice(0, place));
}

function delays(world: AuditedWorld, taker: Demander, ahead: readonly Demander[]): string | null {
  for (const [pool, units] of demandUnder(taker, world.capacities)) {
    const rivals = ahead.filter((other) => demandUnder(other, world.capacities).has(pool));
    if (rivals.length === 0) continue;
    const wanted = rivals.reduce((sum, other) => sum + (demandUnder(other, world.capacities).get(pool) ?? 0), 0);
    const capacity = world.capacities.get(pool) ?? 0;
    if (world.used(pool) + wanted + units > capacity)
      return `${taker.id} gets slots before ${rivals[0]?.id}, for whom ${pool} has no room left beside it`;
  }
  return null;
}

/** Waiting reservations and jobs that nothing keeps from starting, as the world is at the end of an entry. */
export function startableNow(world: AuditedWorld): readonly string[] {
  const room = new Map([...world.capacities].map(([pool, capacity]) => [pool, capacity - world.used(pool)]));
  const startable: string[] = [];
  /** Whether it fits; its units are gone then, or set aside. */
  const take = (demander: Demander): boolean => {
    const demand = [...demandUnder(demander, world.capacities)];
    const fits = demand.every(([pool, units]) => (room.get(pool) ?? 0) >= units);
    for (const [pool, units] of demand) room.set(pool, (room.get(pool) ?? 0) - units);
    return fits;
  };
  for (const reservation of keptFor(world)) if (take(reservation)) startable.push(reservation.id);
  if (!world.workers.hasAnySeat) return startable;
  // A full house needs no sorting: most entries end like that. Only who takes nothing of any pool could start.
  const isFull = () => room.size > 0 && [...room.values()].every((units) => units <= 0);
  const takesNothing = (job: AuditedJob) => demandUnder(job, world.capacities).size === 0;
  const waiting = [...world.jobs.waiting()];
  const candidates = isFull() ? waiting.filter(takesNothing) : waiting.sort(goesBefore);
  for (const job of candidates) {
    if ((isFull() && !takesNothing(job)) || isStuck(world, job)) continue;
    if (take(job) && world.workers.hasSeatFor(job)) startable.push(job.id);
  }
  return startable;
}
