/** A granted attempt, as it is handed to the worker that the grant names. */
import type { JsonObject } from "../../events/json.js";
import type { JobId, Position, WorkerId } from "../../events/names.js";
import { type JobRow, liveAttempt } from "../../projections/jobs.js";

export interface Assignment {
  readonly job: JobId;
  readonly worker: WorkerId;
  readonly grant: Position;
  readonly attempt: number;
  readonly type: string;
  readonly params: JsonObject;
  readonly timeoutMs: number | null;
  readonly leaseMs: number;
}

/** The assignment of a job that was granted a start. */
export function assignmentOf(row: JobRow): Assignment {
  const live = liveAttempt(row);
  if (row.spec === null || live === null) throw new Error(`${row.id} holds no grant`);
  const { type, params, timeoutMs } = row.spec;
  const { worker, grant, number: attempt, leaseMs } = live;
  return { job: row.id, worker, grant, attempt, type, params, timeoutMs, leaseMs };
}
