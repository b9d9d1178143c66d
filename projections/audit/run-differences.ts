/**
 * What workers say they run, compared with who holds slots. A worker's word has no position: what it says was true some time between two
 * looks at the ledger. So only what neither look explains is *suspected*; whoever asks again a little later and finds the same, knows.
 */
import type { Holding } from "../slots.js";
import type { Difference } from "./differences.js";

export interface ClaimedRun {
  readonly job: string;
  readonly grant: number;
}

/** What one worker has answered. */
export interface RunningWorker {
  readonly worker: string;
  readonly running: readonly ClaimedRun[];
}

/** Who held slots when the ledger was looked at. */
export type Holdings = Readonly<Record<string, Holding>>;

export interface Looks {
  readonly before: Holdings;
  readonly after: Holdings;
  /** The worker to whom that grant was given, whatever became of it since; null if it never was. */
  readonly granteeOf: (run: ClaimedRun) => string | null;
}

export function suspectedRuns({ worker, running }: RunningWorker, { before, after, granteeOf }: Looks): Difference[] {
  const isHeld = (holdings: Holdings, { job, grant }: ClaimedRun) =>
    holdings[job]?.grant === grant && holdings[job].worker === worker;
  const told = (run: ClaimedRun, what: string): Difference => ({
    ...{ pool: null, job: run.job, grant: run.grant, worker },
    text: `grant ${run.grant}: ${what}`,
  });
  const surplus = running
    .filter((run) => !isHeld(before, run) && !isHeld(after, run))
    .map((run) => {
      const grantee = granteeOf(run);
      if (grantee === null) return told(run, `${worker} runs ${run.job}, which was never granted there`);
      if (grantee !== worker) return told(run, `${worker} runs ${run.job}, which was granted to ${grantee}`);
      return told(run, `${worker} still runs ${run.job}, and that attempt is over`);
    });
  const claimed = new Set(running.map(({ job, grant }) => `${job} ${grant}`));
  const missing = Object.values<Holding>(before)
    .filter((run) => run.worker === worker && isHeld(after, run) && !claimed.has(`${run.job} ${run.grant}`))
    .map((run) => told(run, `${run.job} holds its slots, and ${worker} does not run it`));
  return [...surplus, ...missing];
}
