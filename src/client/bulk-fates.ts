/**
 * What becomes of many submitted jobs, told by the facts of the ledger in their order. A submission is recognised by its place in
 * the intake, so the ids need not be known beforehand, and an id that was there already is noticed.
 */
import { type Fact, type FactOf, isJobFact, type JobFact } from "../../events/facts.js";
import type { JobId } from "../../events/names.js";
import { isTerminal, JOB_STATES, type JobState } from "../../events/states.js";

/**
 * `undecided`: the scheduler has not come to it. `unknown`: an earlier job has this id, and how that is must be asked. `gone`: it
 * has ended, and has left the index before anybody was asked.
 */
export type Fate = JobState | "undecided" | "unknown" | "gone";

/** A job that did not complete, as far as is known. */
export interface Failing {
  readonly job: string;
  readonly state: JobState | "gone";
  readonly reason: string;
  /** The line that it was submitted in, where the fact that ended it is the one that names its place in the intake. */
  readonly line: number | null;
}

interface Expected {
  readonly lines: readonly number[];
  undecided: number;
}

export class Fates {
  readonly #expected = new Map<number, Expected>();
  readonly #fates = new Map<JobId, Exclude<Fate, "undecided">>();
  readonly #unknown = new Set<JobId>();
  readonly #counts = new Map<Fate, number>();
  readonly #onFailing: (failing: Failing) => void;
  #duplicates = 0;
  #open = 0;

  constructor(onFailing: (failing: Failing) => void) {
    this.#onFailing = onFailing;
  }

  /** Message `sequence` of the intake holds the submissions of these lines. To be said before its facts come. */
  expect(sequence: number, lines: readonly number[]): void {
    this.#expected.set(sequence, { lines, undecided: lines.length });
    this.#count("undecided", lines.length);
  }

  /** How many submissions and jobs have not ended, as far as is known. */
  get open(): number {
    return this.#open;
  }

  /** How many there are of each fate; those without any are left out. */
  get counts(): ReadonlyMap<Fate, number> {
    return new Map(FATES.map((fate) => [fate, this.#counts.get(fate) ?? 0] as const).filter(([, count]) => count > 0));
  }

  /** Submissions whose id was there already: nothing new was submitted by them. */
  get duplicates(): number {
    return this.#duplicates;
  }

  /** Jobs of which somebody else has to say how they are. */
  get unknown(): ReadonlySet<JobId> {
    return this.#unknown;
  }

  /** The next fact of the ledger. */
  take(fact: Fact): void {
    if (fact.type === "SubmissionDuplicated") {
      if (this.#isDecided(fact) !== null) this.#takeDuplicate(fact.job);
      return;
    }
    if (!isJobFact(fact)) return;
    switch (fact.type) {
      case "JobSubmitted":
      case "JobRejected": {
        const line = this.#isDecided(fact);
        if (line !== null) this.#begin(fact, line);
        return;
      }
      default: {
        const before = this.#fates.get(fact.job);
        if (before !== undefined) this.#move(fact.job, stateAfter(fact, before), reasonOf(fact));
      }
    }
  }

  /** How one of the unknown jobs is. That may be ahead of the facts: those that are behind it come all the same. */
  answer(job: JobId, state: JobState | "gone", reason: string): void {
    if (this.#unknown.has(job)) this.#move(job, state, reason);
  }

  /** The line of the submission that this fact decides; null if it is none of ours. */
  #isDecided({ intake }: FactOf<"JobSubmitted" | "JobRejected" | "SubmissionDuplicated">): number | null {
    const expected = intake === null ? undefined : this.#expected.get(intake.sequence);
    if (intake === null || expected === undefined) return null;
    // Without an index the message was refused as a whole.
    const decided = intake.index === null ? expected.undecided : 1;
    expected.undecided -= decided;
    if (expected.undecided === 0) this.#expected.delete(intake.sequence);
    this.#count("undecided", -decided);
    return expected.lines[intake.index ?? 0] ?? 0;
  }

  #begin(fact: FactOf<"JobSubmitted" | "JobRejected">, line: number): void {
    const isRejected = fact.type === "JobRejected";
    const state = isRejected ? "rejected" : fact.runAt === null ? "queued" : "scheduled";
    this.#fates.set(fact.job, state);
    this.#count(state, 1);
    if (isRejected) this.#onFailing({ job: fact.job, state, reason: fact.reason, line });
  }

  #takeDuplicate(job: JobId): void {
    this.#duplicates += 1;
    if (this.#fates.has(job)) return;
    this.#fates.set(job, "unknown");
    this.#unknown.add(job);
    this.#count("unknown", 1);
  }

  #move(job: JobId, to: JobState | "gone" | null, reason: string): void {
    const from = this.#fates.get(job);
    if (from === undefined || to === null || to === from || hasEnded(from)) return;
    this.#fates.set(job, to);
    this.#unknown.delete(job);
    this.#count(from, -1);
    this.#count(to, 1);
    if (hasEnded(to) && to !== "completed") this.#onFailing({ job, state: to, reason, line: null });
  }

  #count(fate: Fate, change: number): void {
    this.#counts.set(fate, (this.#counts.get(fate) ?? 0) + change);
    if (!hasEnded(fate)) this.#open += change;
  }
}

const FATES: readonly Fate[] = ["undecided", "unknown", ...JOB_STATES, "gone"];
export const hasEnded = (fate: Fate): boolean => fate === "gone" || isTerminal(fate);

type LaterFact = Exclude<JobFact, FactOf<"JobSubmitted" | "JobRejected">>;

/** The state that a fact leads to, as the job machine has it; null if the fact does not change it. */
function stateAfter(fact: LaterFact, before: Fate): JobState | null {
  switch (fact.type) {
    case "JobDue":
      return "queued";
    case "StartGranted":
      return "granted";
    case "RunStarted":
      // A job of which it is not known whether it is cancelling stays unknown, and is asked about.
      return before === "cancelling" || before === "unknown" ? null : "running";
    case "RunCompleted":
      return "completed";
    case "RunSkipped":
      return "skipped";
    case "RunFailed":
    case "RunTimedOut":
    case "LeaseExpired":
      if (fact.retryAt !== null) return "retrying";
      if (before === "unknown") return null;
      return before === "cancelling" ? "cancelled" : "failed";
    case "CancelRequested":
      return "cancelling";
    case "JobCancelled":
    case "RunCancelled":
      return "cancelled";
    case "JobAmended":
    case "JobMoved":
    case "StartDenied":
      return null;
    default:
      return fact satisfies never;
  }
}

function reasonOf(fact: LaterFact): string {
  if ("error" in fact) return fact.error.message;
  return "reason" in fact ? fact.reason : "";
}
