/**
 * `<ns>.query.leases`: how much is left of each lease. That one was renewed is no fact, so only the scheduler that leads can say it,
 * from its memory, and only of the moment at which it is asked (D8).
 */
import { z } from "zod";
import { readAs } from "../../events/submission.js";
import { compareText } from "../../projections/jobs.js";
import type { Reservation, Worker } from "../../projections/slots.js";
import type { Dispatcher } from "../dispatcher/dispatcher.js";
import { NOT_LEADING } from "../dispatcher/messages.js";
import type { Reign } from "../dispatcher/reign.js";
import type { Reply } from "./service.js";

/** Of more, those that end first; ids are up to 128 letters, and the answer must fit into one message of 1 MiB. */
const LEASES_ANSWERED_MAX = 1_000;

const leaseLeftSchema = z.object({
  /** A worker in a process of its own by its id, or a reservation by its own. */
  holder: z.string(),
  kind: z.enum(["worker", "reservation"]),
  leaseMs: z.number(),
  /** 0: nothing was heard of the holder for a whole lease, which is about to be recorded. */
  leftMs: z.number(),
});
export type LeaseLeft = z.output<typeof leaseLeftSchema>;

export const leasesSchema = z.object({
  /** Whose leases: the holders that the ledger knows at this position. */
  position: z.number().int().nonnegative(),
  /** When it was asked, by the leader's clock; not the time of the entry. */
  at: z.string(),
  /** How many there are, answered or not. */
  total: z.number().int().nonnegative(),
  /** What ends first is first. */
  leases: z.array(leaseLeftSchema).max(LEASES_ANSWERED_MAX),
});
export type LeasesAnswer = z.output<typeof leasesSchema>;

/** A worker inside a scheduler has no such lease: it ends with its process. `now`: ISO 8601. */
export async function leasesReply(dispatcher: Dispatcher, args: unknown, now: string): Promise<Reply> {
  const read = readAs(z.strictObject({}), args);
  if (!read.ok) return { refused: "invalid", reason: read.reason };
  const answer = await dispatcher.inReign((reign) => leasesOf(reign, now));
  return answer === null ? NOT_LEADING : { value: answer };
}

function leasesOf({ fold, workerLeases, reservationLeases, leaseMs: workerLeaseMs }: Reign, now: string): LeasesAnswer {
  const { workers, reservations } = fold.slots;
  // Whoever was not heard of in this reign has a whole lease from now on, here as where leases end.
  const ofWorkers = Object.values<Worker>(workers).flatMap(({ id, remote }): LeaseLeft[] =>
    remote ? [leaseLeft({ holder: id, kind: "worker", leaseMs: workerLeaseMs }, workerLeases.silentMs(id))] : [],
  );
  const ofReservations = Object.values<Reservation>(reservations).map(({ id, leaseMs }) =>
    leaseLeft({ holder: id, kind: "reservation", leaseMs }, reservationLeases.silentMs(id)),
  );
  const all = [...ofWorkers, ...ofReservations].sort(
    (a, b) => a.leftMs - b.leftMs || compareText(a.kind, b.kind) || compareText(a.holder, b.holder),
  );
  return { position: fold.head.position, at: now, total: all.length, leases: all.slice(0, LEASES_ANSWERED_MAX) };
}

const leaseLeft = (lease: Omit<LeaseLeft, "leftMs">, silentMs: number): LeaseLeft => ({
  ...lease,
  leftMs: Math.max(0, Math.floor(lease.leaseMs - silentMs)),
});
