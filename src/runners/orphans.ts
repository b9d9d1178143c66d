/**
 * Ends the processes of runs whose worker is gone: every process that a command runner starts carries its run in its environment,
 * and so does everything that it starts in turn.
 */
import { type JobId, jobIdSchema, type Position, positionSchema } from "../../events/names.js";
import { environVariable, killMarked } from "./marked-processes.js";

export { OrphansRemainError } from "./marked-processes.js";

/** A run, as a process of it can be recognised from outside. */
export interface MarkedRun {
  readonly ledger: string;
  readonly job: JobId;
  readonly grant: Position;
}

/** The environment variables by which a process can be recognised as part of a run. */
export function runMarks(run: MarkedRun): Record<string, string> {
  return { SIGNALBOX_LEDGER: run.ledger, SIGNALBOX_RUN: `${run.job}:${run.grant}` };
}

/**
 * Kills (SIGKILL) every process of ours on this machine that belongs to a run for which `match` says true, and waits
 * until they are gone. Only on Linux; elsewhere nothing can be found and the answer is 0.
 * @returns how many processes were killed
 * @throws OrphansRemainError if one is still there after five seconds
 */
export function killOrphanedRuns(match: (run: MarkedRun) => boolean): Promise<number> {
  return killMarked((environ) => {
    const run = markedRun(environ);
    return run !== null && match(run);
  });
}

function markedRun(environ: string): MarkedRun | null {
  const ledger = environVariable(environ, "SIGNALBOX_LEDGER");
  const [job, grant] = environVariable(environ, "SIGNALBOX_RUN")?.split(":") ?? [];
  const parsedJob = jobIdSchema.safeParse(job);
  const parsedGrant = positionSchema.safeParse(Number(grant));
  if (ledger === null || !parsedJob.success || !parsedGrant.success) return null;
  return { ledger, job: parsedJob.data, grant: parsedGrant.data };
}
