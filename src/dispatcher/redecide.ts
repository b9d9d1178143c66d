/**
 * What this program decides where a ledger has a decision already: the steps of a turn again (turn.ts), each on the state that the
 * ledger had there and with what had come from outside. The recorded facts are what the next step is decided on, never our own: so a
 * difference shows where it arises, and once.
 *
 * Decided again is all that follows from the ledger alone: what becomes of a worker's word (is the attempt the last one, is the word
 * late), the ends in groups, whose time has come, grants and denials. What a submission or a command becomes follows from the
 * configuration too, which is not in the ledger: that is taken as it is recorded.
 */
import { encodeFact } from "../../events/codec.js";
import type { Entry } from "../../events/entry.js";
import type { AttemptFact, Fact, FactOf, FactType } from "../../events/facts.js";
import { canonicalJson } from "../../events/json.js";
import type { Position } from "../../events/names.js";
import { Fold } from "../../projections/fold.js";
import { groupFacts } from "../../projections/group-facts.js";
import { stateOf } from "../../projections/jobs.js";
import { decideReport, type Ending } from "../../projections/reports.js";
import { changeSlots } from "../../projections/slot-changes.js";
import { type SlotChange, SlotViolation } from "../../projections/slots.js";
import { reservationGranted, startGranted, startsDenied } from "../../projections/start-facts.js";
import { type Decision, decideStarts } from "../../projections/starts.js";
import { ENTRY_BYTES_MAX, INPUT_BYTES_MAX, INPUT_FACTS_MAX } from "./turn.js";

/** One entry, decided again. */
export interface Redecision {
  readonly position: Position;
  readonly at: string;
  /** The entry's facts that are decisions, in their order. */
  readonly recorded: readonly Fact[];
  /** What this program decides in their place. */
  readonly decided: readonly Fact[];
  /** Why the slots refuse what the grant rule gives; null: they do not. */
  readonly refused: string | null;
}

/** The lease of a grant is a matter of the configuration; of a ledger without any grant so far nobody knows it. */
const LEASE_MS_UNKNOWN = 1;

const GRANT_STEP: ReadonlySet<FactType> = new Set(["ReservationGranted", "StartGranted", "StartDenied"]);
const DUE_STEP: ReadonlySet<FactType> = new Set(["JobDue"]);
/** Of these a command may have been the reason too: then they stand before those of the groups. */
const GROUP_STEP: ReadonlySet<FactType> = new Set(["GroupEnded", "JobCancelled", "CancelRequested"]);

export class Redecider {
  readonly fold = new Fold();
  #leaseMs = LEASE_MS_UNKNOWN;
  #recorded: Fact[] = [];
  #decided: Fact[] = [];
  #bytes = 0;
  #facts = 0;

  /** The next entry. Throws `LedgerCorrupt` if it cannot be. */
  apply(at: Position, entry: Entry): Redecision {
    const { facts } = entry;
    const grants = runBefore(facts, facts.length, GRANT_STEP);
    const dues = runBefore(facts, grants, DUE_STEP);
    const groups = runBefore(facts, dues, GROUP_STEP);
    this.#recorded = [];
    this.#decided = [];
    this.#bytes = 0;
    this.#facts = 0;
    this.fold.open(at, entry);
    // The numbers are those of `takeTurn`.
    // 1. What came in.
    for (const fact of facts.slice(0, groups)) this.#input(fact, entry.at);
    // 2. What ends in groups, and whose time has come.
    this.#groups(facts.slice(groups, dues));
    this.#dues(facts.slice(dues, grants), entry.at);
    // 3. Who starts now, and why the others do not.
    const refused = this.#grants(facts.slice(grants), at, entry.at);
    this.fold.close(entry.intake);
    return { position: at, at: entry.at, recorded: this.#recorded, decided: this.#decided, refused };
  }

  #input(fact: Fact, at: string): void {
    if (isWord(fact)) {
      this.#recorded.push(fact);
      const decided = this.#hearAgain(fact, at);
      if (decided !== null) this.#decided.push(decided);
    }
    this.#record(fact);
  }

  /** What becomes of a worker's word, which the fact tells. */
  #hearAgain(fact: Word, at: string): Fact | null {
    const { job, grant } = fact;
    const said = fact.type === "RunStarted" ? { started: fact.startedAt } : { ended: this.#endingOf(fact) };
    // When the next attempt is due was drawn then; where there was none, any time tells that there is one now.
    const drawn = "retryAt" in fact && fact.retryAt !== null ? fact.retryAt : at;
    return decideReport(this.fold, { job, grant, said }, () => drawn);
  }

  #endingOf(fact: Exclude<Word, FactOf<"RunStarted">>): Ending {
    switch (fact.type) {
      case "RunCompleted":
        return { outcome: "completed", result: fact.result, exitCode: fact.exitCode };
      case "RunSkipped":
        return { outcome: "skipped", reason: fact.reason };
      case "RunCancelled":
        return { outcome: "cancelled", reason: fact.reason };
      case "RunFailed": {
        const { error, exitCode } = fact;
        const retryable = fact.retryAt !== null || !this.#mightRetry(fact);
        return { outcome: "failed", error, retryable, exitCode, retryAfterMs: null };
      }
      case "RunTimedOut":
        return { outcome: "timed-out", error: fact.error };
      case "LeaseExpired":
        return { outcome: "lost", error: fact.error };
      default:
        return fact satisfies never;
    }
  }

  /** True if it was final only because the runner had said so; else nobody knows what it said, and it is not the reason. */
  #mightRetry({ job }: Word): boolean {
    const row = this.fold.jobs.get(job);
    if (row === undefined || row.spec === null || stateOf(row) === "cancelling") return false;
    return row.attempts.length < row.spec.maxAttempts;
  }

  #groups(facts: readonly Fact[]): void {
    let hasBegun = false;
    for (const fact of facts) {
      const due = this.#dueOfGroups();
      hasBegun ||= fact.type === "GroupEnded" || (due !== null && isSame(fact, due));
      if (hasBegun) {
        this.#recorded.push(fact);
        if (due !== null) this.#decided.push(due);
      }
      this.#record(fact);
    }
    // What follows from one that is missing is missing too: the first is enough.
    const left = this.#bytes > ENTRY_BYTES_MAX ? null : this.#dueOfGroups();
    if (left !== null) this.#decided.push(left);
  }

  #dueOfGroups(): Fact | null {
    const next = groupFacts(this.fold).next();
    return next.done === true ? null : next.value;
  }

  #dues(facts: readonly Fact[], at: string): void {
    for (const fact of facts) {
      this.#recorded.push(fact);
      this.#decideDue(at);
      this.#record(fact);
    }
    if (this.#bytes < INPUT_BYTES_MAX && this.#facts < INPUT_FACTS_MAX) this.#decideDue(at);
  }

  #decideDue(at: string): void {
    const row = this.fold.due.first;
    if (row?.dueAt != null && row.dueAt <= at) this.#decided.push({ type: "JobDue", job: row.id });
  }

  /** Why the slots refuse what is decided; null if they do not. */
  #grants(facts: readonly Fact[], position: Position, at: string): string | null {
    for (const fact of facts) if (fact.type === "StartGranted") this.#leaseMs = fact.leaseMs;
    this.#recorded.push(...facts);
    const { slots, freed } = this.fold.room;
    const refused = this.#decideGrants(decideStarts(this.fold.waiting, slots, freed), position, at);
    for (const fact of facts) this.#record(fact);
    return refused;
  }

  #decideGrants(decision: Decision, grant: Position, at: string): string | null {
    let bytes = this.#bytes;
    const decide = (fact: Fact): boolean => {
      if (bytes > ENTRY_BYTES_MAX) return false;
      bytes += Buffer.byteLength(encodeFact(fact));
      this.#decided.push(fact);
      return true;
    };
    const changes: SlotChange[] = [];
    for (const start of decision.reserved) {
      const fact = reservationGranted(start);
      if (decide(fact)) changes.push({ kind: "take-reserved", fact, grant, at });
    }
    for (const start of decision.starts) {
      const fact = startGranted(start, this.#leaseMs);
      const { row, worker } = start;
      if (row.spec === null) throw new Error(`${row.id} was rejected and cannot start`);
      const { type, resources } = row.spec;
      const holding = { job: row.id, type, resources, grant, since: at, worker };
      if (decide(fact)) changes.push({ kind: "take", holding, claimed: fact.demand });
    }
    try {
      const slots = changeSlots(this.fold.slots, changes);
      for (const fact of startsDenied(decision.denials, slots)) decide(fact);
      return null;
    } catch (error) {
      if (error instanceof SlotViolation) return error.message;
      throw error;
    }
  }

  #record(fact: Fact): void {
    this.fold.applyFact(fact);
    this.#bytes += Buffer.byteLength(encodeFact(fact));
    this.#facts += 1;
  }
}

/** What a worker says about an attempt, as the fact that it became. */
type Word = Exclude<AttemptFact, FactOf<"CancelRequested">>;

const isWord = (fact: Fact): fact is Word => "grant" in fact && fact.type !== "CancelRequested";
const isSame = (one: Fact, other: Fact): boolean => canonicalJson(one) === canonicalJson(other);

/** Where the run of facts of these types begins that ends before `end`; `end` if there is none. */
function runBefore(facts: readonly Fact[], end: number, types: ReadonlySet<FactType>): number {
  let start = end;
  for (let fact = facts[start - 1]; fact !== undefined && types.has(fact.type); fact = facts[start - 1]) start -= 1;
  return start;
}
