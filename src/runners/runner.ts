/**
 * What a runner is: code that executes one attempt of a job and says how it ended.
 *
 * To add a runner: implement `Runner`, give its options a schema in `options.ts`, and add it to the table in `index.ts`.
 */
import type { RunError } from "../../events/facts.js";
import type { Json, JsonObject } from "../../events/json.js";
import type { JobId, Position } from "../../events/names.js";

/** One attempt, as its runner sees it. */
export interface Run {
  readonly job: JobId;
  readonly type: string;
  readonly params: JsonObject;
  /** The number of this attempt, from 1. */
  readonly attempt: number;
  /** The position of the grant: a fencing token, larger for every later attempt of the same job. */
  readonly grant: Position;
  /** Aborts on cancel, timeout, loss of the lease or shutdown. A runner asks for nothing that it cannot abort (D8). */
  readonly signal: AbortSignal;
  /**
   * Asked at the last moment before something is started that goes on by itself: false if the lease is nearly over, and no abort may have
   * said so yet, because this process was stopped meanwhile (D8).
   */
  readonly mayStart?: () => boolean;
  /** Tells watchers how far the run is; not a fact, and may be lost. */
  readonly progress: (update: Json) => void;
}

/**
 * How a run ended. Anything else that a runner does (throw, reject, return something else) is a failure.
 * Whether an aborted run counts as cancelled, timed out or lost is decided by whoever aborted it, not here.
 */
export type Outcome =
  | { readonly outcome: "completed"; readonly result: Json; readonly exitCode?: number }
  | { readonly outcome: "skipped"; readonly reason: string }
  /** The job is to end here: it is not tried again, and counts neither as done nor as failed. */
  | { readonly outcome: "cancelled"; readonly reason: string }
  | {
      readonly outcome: "failed";
      readonly error: RunError;
      /** False: trying again cannot help, the job fails at once (DEC-007). */
      readonly retryable: boolean;
      readonly exitCode?: number | null;
      /** Milliseconds to wait before the next attempt, where the other side said so; else the backoff decides. */
      readonly retryAfterMs?: number;
    };

export interface Runner {
  /** Executes one attempt; settles only when nothing of it is running any more. */
  run(run: Run): Promise<Outcome>;
}
