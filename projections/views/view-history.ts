/** What the ledger remembers of one job and the index does not: its params, its result and its history. */
import { type Fact, isJobFact, type JobFact, type Result } from "../../events/facts.js";
import type { Json, JsonObject } from "../../events/json.js";
import type { FactAddress } from "../../events/names.js";
import type { JobState } from "../../events/states.js";
import { type JobNode, jobState, newJob, stepJob } from "../../machines/job.js";
import { LedgerCorrupt } from "../fold.js";

/** A fact as a reader of the ledger finds it: `at` is its entry's time. */
export interface AddressedFact {
  readonly position: FactAddress;
  readonly at: string;
  readonly fact: Fact;
}

export interface HistoryItem {
  readonly at: string;
  readonly position: FactAddress;
  readonly fact: JobFact["type"];
  /** Null before the first fact. */
  readonly from: JobState | null;
  readonly to: JobState;
}

export interface JobDetails {
  /** As submitted and amended; empty for a rejected submission. */
  readonly params: JsonObject;
  /** The value itself; or `{stored: {bucket, digest, bytes}}`, where a large one lies; null without a result. */
  readonly result: Json;
  readonly history: readonly HistoryItem[];
}

/**
 * Steps the job machine through all facts of one job, oldest first. Throws `LedgerCorrupt` at the first that is not of this
 * job or that the machine refuses.
 */
export function historyOf(facts: readonly AddressedFact[]): JobDetails {
  const history: HistoryItem[] = [];
  let node: JobNode = newJob;
  let job: string | null = null;
  let params: JsonObject = {};
  let result: Json = null;
  for (const { position, at, fact } of facts) {
    if (!isJobFact(fact) || (job !== null && fact.job !== job))
      throw new LedgerCorrupt(position, `${fact.type} does not belong to the history of ${job ?? "a job"}`);
    const next = stepJob(node, fact);
    const from = job === null ? null : jobState(node);
    if (next === null)
      throw new LedgerCorrupt(position, `${fact.type}: ${fact.job} is ${from ?? "new"}: the job machine refuses it`);
    history.push({ at, position, fact: fact.type, from, to: jobState(next) });
    if (fact.type === "JobSubmitted") params = fact.spec.params;
    else if (fact.type === "JobAmended") params = fact.params ?? params;
    else if (fact.type === "RunCompleted") result = shownResult(fact.result);
    node = next;
    job = fact.job;
  }
  return { params, result, history };
}

const shownResult = (result: Result): Json => ("inline" in result ? result.inline : { stored: result.stored });
