/** A retry by hand: a new job that does what an ended one was to do, and names it (DEC-007). Always allowed, however it ended. */
import type { FactOf } from "../events/facts.js";
import type { JsonObject } from "../events/json.js";
import { defaultJobId, type JobId } from "../events/names.js";
import { isTerminal } from "../events/states.js";
import { findMisfitOf } from "./admission.js";
import type { Decided, Surroundings } from "./commands.js";
import type { Fold } from "./fold.js";
import { stateOf } from "./jobs.js";

/** What the index does not keep of an ended job, read from the ledger beforehand. */
export interface Original {
  readonly params: JsonObject;
  /** How many facts the job had when it was read; with another number it was read too early. */
  readonly facts: number;
}

export interface RetryCommand {
  readonly id: JobId;
  /** The new job's id; null: one that is given. */
  readonly as: JobId | null;
  readonly original: Original | null;
}

export function decideRetry(fold: Fold, { id, as, original }: RetryCommand, around: Surroundings): Decided {
  const row = fold.jobs.get(id);
  if (row === undefined) return { refused: "not-found", reason: `there is no job ${id}` };
  const state = stateOf(row);
  if (row.spec === null) return { refused: "conflict", reason: `${id} was rejected: submit it anew, as it should be` };
  if (!isTerminal(state))
    return { refused: "conflict", reason: `${id} is ${state}; only a job that has ended can be retried` };
  if (original === null || original.facts * 2 !== row.addresses.length)
    return { refused: "conflict", reason: `${id} has only just ended; ask again` };
  if (!around.catalogue.types.has(row.spec.type))
    return { refused: "conflict", reason: `type ${row.spec.type} of ${id} is not configured any more` };
  const misfit = findMisfitOf(row.spec.resources, `by ${id}`, fold.slots);
  if (misfit !== null) return { refused: "conflict", reason: misfit };
  const job = as ?? newId(fold, id, around);
  if (fold.jobs.has(job)) return { refused: "conflict", reason: `there is a job ${job} already` };
  // A group has ended, or goes on without it: the new job stands alone.
  const { group: _left, ...spec } = row.spec;
  const submitted: FactOf<"JobSubmitted"> = {
    type: "JobSubmitted",
    job,
    spec: { ...spec, resources: { ...spec.resources }, params: original.params },
    position: fold.nextPlace,
    createdAt: around.now,
    runAt: null,
    retryOf: id,
    intake: around.intake,
  };
  return { facts: [submitted], id: job };
}

const ID_CHARS_MAX = 128;

/** From the intake it has the default id of its message; else the old id with a number behind it. */
function newId(fold: Fold, id: JobId, { intake }: Surroundings): JobId {
  if (intake !== null) return defaultJobId(intake.sequence, intake.index);
  const stem = id.replace(/-retry-[0-9]+$/, "");
  for (let number = 1; ; number += 1) {
    const ending = `-retry-${number}`;
    const candidate = `${stem.slice(0, ID_CHARS_MAX - ending.length)}${ending}` as JobId;
    if (!fold.jobs.has(candidate)) return candidate;
  }
}
