/**
 * Commands on jobs and pools: pure decisions. A command that cannot be carried out is a refusal, a value with a code that
 * programs may rely on and a reason for people; it changes nothing.
 */
import type { Fact, IntakePoint } from "../events/facts.js";
import { canonicalJson, type JsonObject } from "../events/json.js";
import type { Limits } from "../events/limits.js";
import type { GroupId, JobId } from "../events/names.js";
import { isTerminal } from "../events/states.js";
import { PARAMS_BYTES_MAX, utf8Bytes } from "../events/submission.js";
import type { Catalogue } from "./admission.js";
import type { Fold } from "./fold.js";
import { statusOf } from "./groups.js";
import { liveAttempt, stateOf } from "./jobs.js";
import { type Destination, decideMove } from "./move.js";
import { poolNamed } from "./pool-name.js";
import { decideReservation, type ReservationCommand } from "./reservation-commands.js";
import { decideRetry, type Original } from "./retry.js";
import { decideScheduleAction, type NextFiring, type ScheduleAction } from "./schedule-commands.js";

export type Command =
  | { readonly verb: "cancel"; readonly id: JobId; readonly reason: string }
  | { readonly verb: "cancel-group"; readonly group: GroupId; readonly reason: string }
  | { readonly verb: "retry"; readonly id: JobId; readonly as: JobId | null; readonly original: Original | null }
  | {
      readonly verb: "amend";
      readonly id: JobId;
      readonly params?: JsonObject | undefined;
      readonly priority?: number | undefined;
    }
  | { readonly verb: "move"; readonly id: JobId; readonly destination: Destination }
  | { readonly verb: "limits"; readonly limits: Limits; readonly source: "configuration" | "command" }
  | { readonly verb: "pause" | "resume"; readonly pool: string }
  | { readonly verb: "schedule"; readonly action: ScheduleAction }
  | ReservationCommand;

export type Refusal = { readonly refused: "not-found" | "conflict" | "invalid"; readonly reason: string };
/** Facts to record; none if what was asked for is so already. `id`: what was made, or is spoken of. */
export type Decided = { readonly facts: readonly Fact[]; readonly id?: string } | Refusal;

/** What decisions need beside the projection: what is configured, the time of the turn, and when cron expressions come true. */
export interface Surroundings {
  readonly catalogue: Catalogue;
  readonly now: string;
  readonly nextFiring: NextFiring;
  /** The message that the command came in; null for a request. */
  readonly intake: IntakePoint | null;
}

export function decideCommand(fold: Fold, command: Command, around: Surroundings): Decided {
  switch (command.verb) {
    case "cancel":
      return cancel(fold, command.id, command.reason);
    case "cancel-group":
      return cancelGroup(fold, command.group, command.reason);
    case "retry":
      return decideRetry(fold, command, around);
    case "amend":
      return amend(fold, command);
    case "move":
      return decideMove(fold, command.id, command.destination);
    case "limits":
      if (fold.settings.limitsKnown && canonicalJson(fold.slots.limits) === canonicalJson(command.limits))
        return { facts: [] };
      return { facts: [{ type: "LimitsChanged", limits: command.limits, source: command.source }] };
    case "pause":
    case "resume":
      return pauseOrResume(fold, command.verb, command.pool);
    case "schedule":
      return decideScheduleAction(fold, command.action, around);
    case "reserve":
    case "release":
      return decideReservation(fold, command);
    default:
      return command satisfies never;
  }
}

/**
 * Waiting jobs are cancelled at once. A job whose worker has been told to start keeps its slots until the worker says
 * that nothing runs any more; else the next job could meet it at the resource.
 */
function cancel(fold: Fold, id: JobId, reason: string): Decided {
  const row = fold.jobs.get(id);
  if (row === undefined) return unknownJob(id);
  const state = stateOf(row);
  if (isTerminal(state)) return { refused: "conflict", reason: `${id} is ${state} already` };
  if (state === "cancelling") return { facts: [] };
  const live = liveAttempt(row);
  if (live === null) return { facts: [{ type: "JobCancelled", job: id, reason }] };
  return { facts: [{ type: "CancelRequested", job: id, grant: live.grant, reason }] };
}

/** The members are cancelled one by one, in this turn and those that follow: there may be more than one entry holds. */
function cancelGroup(fold: Fold, id: GroupId, reason: string): Decided {
  const group = fold.groups.all.get(id);
  if (group === undefined) return { refused: "not-found", reason: `there is no group ${id}` };
  const status = statusOf(group);
  if (status !== "running") return { refused: "conflict", reason: `group ${id} is ${status} already` };
  if (group.cancelRequested) return { facts: [] };
  return { facts: [{ type: "GroupCancelRequested", group: id, reason }] };
}

function amend(fold: Fold, { id, params, priority }: Extract<Command, { verb: "amend" }>): Decided {
  const row = fold.jobs.get(id);
  if (row === undefined) return unknownJob(id);
  const state = stateOf(row);
  if (row.attempts.length > 0)
    return { refused: "conflict", reason: `${id} was granted a start and is fixed since then (INV-001)` };
  if (state !== "queued" && state !== "scheduled")
    return { refused: "conflict", reason: `${id} is ${state}; only a waiting job can be amended` };
  const bytes = params === undefined ? 0 : utf8Bytes(JSON.stringify(params));
  if (bytes > PARAMS_BYTES_MAX)
    return {
      refused: "invalid",
      reason: `params: ${bytes} bytes of JSON are too many; at most ${PARAMS_BYTES_MAX} are taken`,
    };
  if (params === undefined && priority === undefined)
    return { refused: "invalid", reason: "nothing to amend: give params or priority" };
  return {
    facts: [{ type: "JobAmended", job: id, ...(params && { params }), ...(priority !== undefined && { priority }) }],
  };
}

function pauseOrResume(fold: Fold, verb: "pause" | "resume", asked: string): Decided {
  const found = poolNamed(fold, asked);
  if ("refused" in found) return found;
  const { name: pool } = found;
  if ((fold.slots.pools[pool]?.paused ?? false) === (verb === "pause")) return { facts: [] };
  return { facts: [{ type: verb === "pause" ? "PoolPaused" : "PoolResumed", pool }] };
}

const unknownJob = (id: JobId): Refusal => ({ refused: "not-found", reason: `there is no job ${id}` });
