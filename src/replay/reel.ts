/**
 * A ledger up to one position, as a replay needs it: the fold, and beside it what a fold does not keep: all jobs that ever were by
 * their state, who has ended last, and the last facts. Entries move it forward, and a copy of it goes its own way.
 */
import type { Entry } from "../../events/entry.js";
import { type Fact, isJobFact } from "../../events/facts.js";
import { type FactAddress, factAddress, type JobId, type Position } from "../../events/names.js";
import { isSlotHolding, type JobState } from "../../events/states.js";
import { type Demanding, demandOf } from "../../projections/demand.js";
import { Fold } from "../../projections/fold.js";
import { type JobRow, stateOf } from "../../projections/jobs.js";
import type { Condition, ConditionField } from "./condition.js";

/** A fact with its place. */
export interface ToldFact {
  readonly address: FactAddress;
  readonly at: string;
  readonly fact: Fact;
}

/** A job whose attempt has given its slots back, and what it was then. */
export interface Left extends Demanding {
  readonly job: JobId;
  readonly state: JobState;
}

/** More facts, and more jobs that have left, are on no screen. */
const FACTS_KEPT_MAX = 200;
const LEFT_KEPT_MAX = 200;

const NO_JOBS = { scheduled: 0, queued: 0, granted: 0, running: 0, cancelling: 0, retrying: 0 };
const NONE_ENDED = { completed: 0, skipped: 0, failed: 0, cancelled: 0, rejected: 0 };

export class Reel {
  readonly fold: Fold;
  readonly counts: Record<JobState, number>;
  /** Oldest first. */
  readonly facts: ToldFact[];
  readonly left: Left[];
  /** The facts of the last entry, of which `facts` may have forgotten some. */
  entry: readonly Fact[] = [];
  /** The first fact of the last entry that met the condition. */
  met: FactAddress | null = null;
  readonly #condition: Condition | null;

  /** Before the first entry, or a copy of `from`. */
  constructor(condition: Condition | null, from?: Reel) {
    this.#condition = condition;
    this.fold = from?.fold.clone() ?? new Fold();
    this.counts = { ...(from?.counts ?? { ...NO_JOBS, ...NONE_ENDED }) };
    this.facts = [...(from?.facts ?? [])];
    this.left = [...(from?.left ?? [])];
    this.entry = from?.entry ?? [];
    this.met = from?.met ?? null;
  }

  get position(): Position {
    return this.fold.head.position;
  }

  copy(): Reel {
    return new Reel(this.#condition, this);
  }

  /** The next entry; `onFact` is called after each of its facts is folded. Throws `LedgerCorrupt` if it cannot be. */
  apply(at: Position, entry: Entry, onFact: (told: ToldFact) => void = () => {}): void {
    const { fold } = this;
    this.entry = entry.facts;
    this.met = null;
    fold.open(at, entry);
    for (const [index, fact] of entry.facts.entries()) {
      const told = { address: factAddress(at, index), at: entry.at, fact };
      this.#fold(fact);
      this.facts.push(told);
      if (this.met === null && this.#condition?.((field) => valuesOf(fold, fact, field)) === true)
        this.met = told.address;
      onFact(told);
    }
    fold.close(entry.intake);
    trim(this.facts, FACTS_KEPT_MAX);
    trim(this.left, LEFT_KEPT_MAX);
  }

  #fold(fact: Fact): void {
    const { fold, counts } = this;
    if (!isJobFact(fact)) return fold.applyFact(fact);
    const known = fold.jobs.get(fact.job);
    const before = known === undefined ? null : stateOf(known);
    fold.applyFact(fact);
    const row = known ?? fold.jobs.get(fact.job);
    if (row === undefined) throw new Error(`${fact.job} was folded and is not there`);
    const state = stateOf(row);
    if (before !== null) counts[before] -= 1;
    counts[state] += 1;
    if (before !== null && isSlotHolding(before) && !isSlotHolding(state)) this.left.push(leaving(row, state));
  }
}

function leaving({ id: job, spec }: JobRow, state: JobState): Left {
  if (spec === null) throw new Error(`${job} was rejected and held nothing`);
  return { job, state, type: spec.type, resources: spec.resources };
}

/** Forgets the oldest; now and then, because each time costs what is left. */
function trim(list: unknown[], most: number): void {
  if (list.length > 2 * most) list.splice(0, list.length - most);
}

/** The values that a fact has of a field, once it is folded. */
function valuesOf(fold: Fold, fact: Fact, field: ConditionField): readonly string[] {
  const row = "job" in fact ? fold.jobs.get(fact.job) : undefined;
  switch (field) {
    case "fact":
      return [fact.type];
    case "job":
      return "job" in fact ? [fact.job] : [];
    case "type":
      return row?.askedType == null ? [] : [row.askedType];
    case "state":
      return row === undefined ? [] : [stateOf(row)];
    case "pool":
      return poolsOf(fold, fact, row);
    default:
      return field satisfies never;
  }
}

/** The pools that a fact is about: those that it names, else those that its job demands. */
function poolsOf(fold: Fold, fact: Fact, row: JobRow | undefined): readonly string[] {
  if ("demand" in fact) return Object.keys(fact.demand);
  if ("blockedBy" in fact) return fact.blockedBy.map(({ pool }) => pool);
  if ("pool" in fact) return [fact.pool];
  return row === undefined || row.spec === null ? [] : [...demandOf(row.spec, fold.slots.limits).keys()];
}
