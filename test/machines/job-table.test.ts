/**
 * The job machine against a plain table of the same, written by hand from the facts and the job's life in the design: the paths of
 * the other tests are drawn from the machine itself, so they would follow it into a mistake.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isJobFact, type JobFact } from "../../events/facts.js";
import { JOB_STATES, type JobState, TERMINAL_STATES } from "../../events/states.js";
import { jobContext, jobNodeAt, jobState, newJob, stepJob } from "../../machines/job.js";
import { factArbitraries } from "../events/random-facts.js";

type Place = JobState | "new";
const LATER = "2026-01-01T00:00:00.000Z";
const ATTEMPTS_MAX = 3;

/** What leads where whatever the numbers are. What is not here is refused, but for the failures, which count attempts. */
const TABLE: Partial<Record<Place, Partial<Record<JobFact["type"], Place>>>> = {
  new: { JobRejected: "rejected" },
  scheduled: { JobDue: "queued", JobAmended: "scheduled", JobMoved: "scheduled", JobCancelled: "cancelled" },
  queued: {
    ...{ StartDenied: "queued", StartGranted: "granted" },
    ...{ JobAmended: "queued", JobMoved: "queued", JobCancelled: "cancelled" },
  },
  granted: {
    ...{ RunStarted: "running", RunCompleted: "completed", RunSkipped: "skipped", RunCancelled: "cancelled" },
    CancelRequested: "cancelling",
  },
  running: {
    ...{ RunCompleted: "completed", RunSkipped: "skipped", RunCancelled: "cancelled", CancelRequested: "cancelling" },
  },
  cancelling: {
    ...{ RunStarted: "cancelling", RunCompleted: "completed", RunSkipped: "skipped", RunCancelled: "cancelled" },
  },
  retrying: { JobDue: "queued", JobMoved: "retrying", JobCancelled: "cancelled" },
};

/** One fact of each type; of those with an alternative that the machine looks at, one of each. */
const facts: readonly JobFact[] = Object.values<fc.Arbitrary<unknown>>(factArbitraries)
  .flatMap((arbitrary) => fc.sample(arbitrary as (typeof factArbitraries)["JobDue"], { numRuns: 1, seed: 7 }))
  .filter(isJobFact)
  .flatMap((fact: JobFact): JobFact[] => {
    switch (fact.type) {
      case "JobSubmitted":
        return [1, 2, ATTEMPTS_MAX].flatMap((maxAttempts) =>
          [null, LATER].map((runAt) => ({ ...fact, runAt, spec: { ...fact.spec, maxAttempts } })),
        );
      case "RunFailed":
      case "RunTimedOut":
      case "LeaseExpired":
        return [null, LATER].map((retryAt) => ({ ...fact, retryAt }));
      default:
        return [fact];
    }
  });

/** Where the fact leads from there; null: it is refused. */
function expected(state: Place, attempt: number, maxAttempts: number, fact: JobFact): Place | null {
  if (fact.type === "JobSubmitted") return state !== "new" ? null : fact.runAt === null ? "queued" : "scheduled";
  if (fact.type === "RunFailed" || fact.type === "RunTimedOut" || fact.type === "LeaseExpired") {
    const isLast = attempt >= maxAttempts;
    // Whoever is being cancelled does not try again.
    if (state === "cancelling") return fact.retryAt === null ? "cancelled" : null;
    if (state !== "granted" && state !== "running") return null;
    if (fact.retryAt !== null) return isLast ? null : "retrying";
    // A runner may say that trying again cannot help; a time-out and a lost worker say nothing of the kind (DEC-007, DEC-008).
    return isLast || fact.type === "RunFailed" ? "failed" : null;
  }
  return TABLE[state]?.[fact.type] ?? null;
}

describe("the job machine and the table of it", () => {
  test("given every state with every number of attempts, when any fact comes, then it leads where the table says, or is refused", () => {
    let [led, refused] = [0, 0];
    for (const state of JOB_STATES)
      for (let maxAttempts = 1; maxAttempts <= ATTEMPTS_MAX; maxAttempts += 1)
        for (let attempt = 0; attempt <= maxAttempts; attempt += 1)
          for (const fact of facts) {
            const to = stepJob(jobNodeAt(state, { attempt, maxAttempts }), fact);
            const told = `${fact.type} in ${state} after ${attempt} of ${maxAttempts} attempts`;
            expect(to === null ? null : jobState(to), told).toBe(expected(state, attempt, maxAttempts, fact));
            if (to === null) refused += 1;
            else {
              led += 1;
              const granted = fact.type === "StartGranted" ? 1 : 0;
              expect(jobContext(to), told).toEqual({ attempt: attempt + granted, maxAttempts });
            }
          }
    process.stdout.write(`job machine and table: ${led} steps, ${refused} refusals\n`);
  });

  test("given a job that is not there yet, when any fact comes, then it begins with its submission or its refusal", () => {
    for (const fact of facts) {
      const to = stepJob(newJob, fact);
      expect(to === null ? null : jobState(to), fact.type).toBe(expected("new", 0, 0, fact));
      if (to === null) continue;
      const maxAttempts = fact.type === "JobSubmitted" ? fact.spec.maxAttempts : 0;
      expect(jobContext(to)).toEqual({ attempt: 0, maxAttempts });
    }
  });

  test("given the table, when it is read, then the end is the end (INV-007)", () => {
    expect(TERMINAL_STATES.filter((state) => state in TABLE)).toEqual([]);
  });

  test("given a node that facts have led to, when it is asked for by its state and numbers, then it is the very same", () => {
    const fact = (type: JobFact["type"]) => {
      const found = facts.find((one) => one.type === type && (!("spec" in one) || one.spec.maxAttempts === 2));
      if (found === undefined) throw new Error(`no ${type}`);
      return found;
    };
    const queued = stepJob(newJob, fact("JobSubmitted"));
    if (queued === null) throw new Error("refused");
    expect(jobNodeAt("queued", { attempt: 0, maxAttempts: 2 })).toBe(queued);
    const granted = stepJob(queued, fact("StartGranted"));
    expect(jobNodeAt("granted", { attempt: 1, maxAttempts: 2 })).toBe(granted);
    expect(jobNodeAt("granted", { attempt: 2, maxAttempts: 2 })).not.toBe(granted);
  });
});
