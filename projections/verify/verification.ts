/**
 * Verifies a ledger from zero. The fold refuses most of what cannot be: a gap, a broken chain, a reign that was never elected, time or
 * intake going back, a fact that the job machine refuses, a pool over capacity. What it takes on trust from whoever decided is checked
 * here beside it: the order of the grants, fences by other code, the accounting of the intake, and times that had not come.
 */
import type { Entry } from "../../events/entry.js";
import type { Fact, FactType } from "../../events/facts.js";
import { type EntryId, factAddress, type JobId, type Position } from "../../events/names.js";
import { Fold, LedgerCorrupt } from "../fold.js";
import { FenceCheck } from "./verify-fences.js";
import { IntakeCheck } from "./verify-intake.js";
import { OrderCheck } from "./verify-order.js";

/** What was looked at, when all of it is right. */
export interface Verified {
  readonly entries: number;
  readonly facts: number;
  readonly jobs: number;
  readonly grants: number;
  /** How many reigns there were. */
  readonly epochs: number;
  /** The time of the last entry; null if there is none. */
  readonly at: string | null;
}

/** They change the slots beside grants and ends; what they do wrong shows when the slots are looked at. */
const SLOT_FACTS: ReadonlySet<FactType> = new Set([
  "WorkerJoined",
  "WorkerLeft",
  "LimitsChanged",
  "PoolPaused",
  "PoolResumed",
  "ReservationRequested",
  "ReservationGranted",
  "ReservationReleased",
  "ReservationExpired",
]);

export class Verification {
  readonly fold: Fold;
  readonly #before: Position;
  readonly #order: OrderCheck;
  readonly #fences: FenceCheck;
  readonly #intake: IntakeCheck;
  readonly #entryIds = new Set<EntryId>();
  readonly #counts = { facts: 0, jobs: 0, grants: 0 };

  /** From the first entry, or from what `begin` has folded and is believed; it goes on in that very fold. */
  constructor(begin = new Fold()) {
    this.fold = begin;
    this.#before = begin.head.position;
    this.#order = new OrderCheck(begin);
    this.#fences = new FenceCheck(begin.jobs.values());
    this.#intake = new IntakeCheck(begin.head.intake);
  }

  /** The next entry. Throws `LedgerCorrupt` with the address of the first thing in it that is wrong. */
  apply(at: Position, entry: Entry): void {
    this.fold.open(at, entry);
    if (this.#entryIds.has(entry.id)) throw new LedgerCorrupt(String(at), `its id ${entry.id} is an earlier entry's`);
    this.#entryIds.add(entry.id);
    this.#order.beginEntry();
    for (const [index, fact] of entry.facts.entries()) this.#applyFact(fact, at, index, entry.at);
    const fault = this.#intake.faultOfProgress(entry.intake);
    this.fold.close(entry.intake);
    if (fault !== null) throw new LedgerCorrupt(String(at), fault);
  }

  get verified(): Verified {
    const { position, epoch: epochs, at } = this.fold.head;
    return { entries: position - this.#before, ...this.#counts, epochs, at: position === 0 ? null : at };
  }

  /** What the fold has to say of a fact goes before what is said here: it is the graver. */
  #applyFact(fact: Fact, at: Position, index: number, time: string): void {
    const fault = this.#faultOf(fact, at, time);
    this.fold.applyFact(fact);
    const wrong = (message: string) => new LedgerCorrupt(factAddress(at, index), `${fact.type}: ${message}`);
    // A grant that is the rule's own cannot be too much; others are put into the slots at once, so that the address is exact.
    const isOther = fact.type === "StartGranted" && !this.#order.isAsDecided(fact);
    if (isOther || SLOT_FACTS.has(fact.type)) {
      const violation = this.#slotViolation();
      if (violation !== null) throw wrong(violation);
    }
    if (fault !== null) throw wrong(fault);
    this.#counts.facts += 1;
    if (fact.type === "JobSubmitted") this.#counts.jobs += 1;
    if (fact.type === "StartGranted") this.#counts.grants += 1;
  }

  #faultOf(fact: Fact, at: Position, time: string): string | null {
    return (
      this.#order.faultOf(fact) ??
      this.#fences.faultOf(fact, at) ??
      this.#intake.faultOf(fact) ??
      (fact.type === "JobDue" ? this.#earlyFault(fact.job, time) : null)
    );
  }

  #earlyFault(job: JobId, time: string): string | null {
    const dueAt = this.fold.jobs.get(job)?.dueAt;
    return dueAt != null && dueAt > time ? `${job} is due at ${dueAt}, and this is ${time}` : null;
  }

  /** What the slots say of all that has happened to them. */
  #slotViolation(): string | null {
    try {
      void this.fold.slots;
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}
