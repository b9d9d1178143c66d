/**
 * The beginning of a reign: what a new leader records before anything else (DEC-008). Run twice, it does what it does once:
 * after the first time nothing is left that it would say.
 */
import type { Fact, FactOf } from "../events/facts.js";
import type { WorkerId } from "../events/names.js";
import type { Fold } from "./fold.js";
import { type DrawRetryTime, decideReport } from "./reports.js";
import type { Holding, Worker } from "./slots.js";

/** Workers of earlier reigns take no more jobs. */
export function retireWorkers(fold: Fold, own: WorkerId): Fact[] {
  return Object.values<Worker>(fold.slots.workers)
    .filter((worker) => worker.id !== own && !worker.leaving)
    .map(
      (worker): FactOf<"WorkerLeft"> => ({
        type: "WorkerLeft",
        worker: worker.id,
        reason: "the scheduler that it belonged to does not lead any more",
      }),
    );
}

/** Attempts whose worker is as `isLost` says: their leases have expired, and they are tried again by the rules. */
export function expireLeases(
  fold: Fold,
  isLost: (worker: Worker) => boolean,
  message: string,
  drawRetryTime: DrawRetryTime,
): Fact[] {
  const { holdings, workers } = fold.slots;
  const facts: Fact[] = [];
  for (const { job, grant, worker: id } of Object.values<Holding>(holdings)) {
    const worker = workers[id];
    if (worker === undefined || !isLost(worker)) continue;
    const said = { ended: { outcome: "lost", error: { code: "worker-lost", message } } } as const;
    const fact = decideReport(fold, { job, grant, said }, drawRetryTime);
    if (fact !== null) facts.push(fact);
  }
  return facts;
}
