/**
 * What a reign records before anything else, in this order: the election, what became of the reigns before, its own worker,
 * and what the configuration has to tell (DEC-008, D7). Each is asked of the fold after the ones before it.
 */
import type { Fact, ProcessIdentity } from "../../events/facts.js";
import { type DispatcherId, epoch, type WorkerId } from "../../events/names.js";
import type { Fold } from "../../projections/fold.js";
import { dismissWorkers, expireLeases, retireWorkers } from "../../projections/recovery.js";
import type { DrawRetryTime } from "../../projections/reports.js";
import type { Worker } from "../../projections/slots.js";

export interface Accession {
  readonly dispatcher: DispatcherId;
  readonly process: ProcessIdentity;
  readonly version: string;
  /** The worker of the new reign. */
  readonly worker: WorkerId;
  readonly workerCapacity: number;
  readonly workerTypes: string[] | null;
  /** The intake's identity, as the ledger knows it, or as it is to know it. */
  readonly intakeStream: string;
  /** A worker of another process that is gone for sure, with all that it has left running here. */
  readonly isGone: (worker: Worker) => boolean;
  readonly settingsFacts: (fold: Fold) => readonly Fact[];
  readonly drawRetryTime: DrawRetryTime;
}

export type FactsOf = (fold: Fold) => readonly Fact[];

const GONE = "its worker is gone: the process ended while nobody led";
const LOST = "its worker is gone: the scheduler that ran it ended or does not answer";

/** A worker for each reign: one that takes over again does not take its former runs for its own. */
export const workerOf = (dispatcher: DispatcherId, fold: Fold): WorkerId =>
  `${dispatcher}-${epoch(fold.head.epoch + 1)}` as WorkerId;

export function firstFacts(fold: Fold, of: Accession): readonly FactsOf[] {
  const { dispatcher, process, version, worker, workerCapacity, workerTypes, intakeStream, drawRetryTime } = of;
  const reign = epoch(fold.head.epoch + 1);
  const isGone = (other: Worker) => other.id !== worker && of.isGone(other);
  return [
    () => [{ type: "DispatcherElected", epoch: reign, dispatcher, process, version }],
    (now) => retireWorkers(now, worker),
    // Gone for good, not only their attempts: else this very turn would grant them new ones.
    (now) => dismissWorkers(now, isGone, GONE, drawRetryTime),
    (now) => expireLeases(now, isGone, LOST, drawRetryTime),
    () => [{ type: "WorkerJoined", worker, process, capacity: workerCapacity, types: workerTypes }],
    (now) => (now.settings.intakeStream === null ? [{ type: "IntakeOpened", stream: intakeStream }] : []),
    (now) => of.settingsFacts(now),
  ];
}

/** Workers inside other schedulers, which may still live. Their runs have a fresh grace of one lease; then they are lost (D8). */
export const isOther =
  (own: WorkerId) =>
  ({ id, remote }: Worker): boolean =>
    id !== own && !remote;

/** What is recorded when that grace is over. */
export const graceIsOver =
  ({ worker, drawRetryTime }: Pick<Accession, "worker" | "drawRetryTime">): FactsOf =>
  (now) =>
    expireLeases(now, isOther(worker), LOST, drawRetryTime);
