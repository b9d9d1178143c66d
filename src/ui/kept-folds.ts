/**
 * Folds of past moments, so that a moment is not folded from the beginning each time that somebody looks at it. A few stand at
 * positions along the ledger and stay as they are; one moves, from each moment asked about to the next behind it: so whoever goes
 * on through the ledger pays for each entry once. Bounded in their number and in the rows that they hold together.
 */
import { Fold } from "../../projections/fold.js";

const FOLDS_KEPT_MAX = 8;
/** A row of the index is about 1 kB. */
const ROWS_KEPT_MAX = 200_000;
/** A copy costs about as much as folding so many facts for each row: no sooner is the next one made. */
const FACTS_BETWEEN_MIN = 5_000;

export class KeptFolds {
  readonly #first: Fold | null;
  /** By position, the first one in front. They never change. */
  #kept: Fold[] = [];
  #moving: Fold | null = null;
  #factsSinceKept = 0;

  /** `first`: what the ledger begins with, if that is not nothing; it never changes. */
  constructor(first: Fold | null) {
    this.#first = first;
  }

  /** A fold at or before the position that may be moved on to it. */
  nearest(position: number): Fold {
    const before = this.#keptBefore(position);
    if (this.#moving !== null && this.#isMovingNearer(position)) return this.#moving;
    return this.begin((before ?? this.#first)?.clone() ?? new Fold());
  }

  /** Where that one is; 0 if it is at the beginning of the ledger. */
  reach(position: number): number {
    const nearest = this.#isMovingNearer(position) ? this.#moving : this.#keptBefore(position);
    return nearest?.head.position ?? 0;
  }

  /** This fold is the one that moves from now on, and the one before stays where it is. */
  begin(fold: Fold): Fold {
    if (this.#moving !== null) this.#keep(this.#moving);
    this.#moving = fold;
    this.#factsSinceKept = 0;
    return fold;
  }

  /** The fold that moves has come past an entry of so many facts. */
  moved(facts: number): void {
    this.#factsSinceKept += facts;
    const fold = this.#moving;
    if (fold === null || this.#factsSinceKept < Math.max(FACTS_BETWEEN_MIN, fold.jobs.size)) return;
    this.#factsSinceKept = 0;
    if (!this.#isKept(fold)) this.#keep(fold.clone());
  }

  /** Something went wrong with the fold that moves: it is not what it was. */
  drop(): void {
    this.#moving = null;
  }

  /** Any of them may be wrong. */
  forget(): void {
    this.#kept = [];
    this.drop();
  }

  #isKept(fold: Fold): boolean {
    return this.#kept.some(({ head }) => head.position === fold.head.position);
  }

  #keep(fold: Fold): void {
    if (this.#isKept(fold)) return;
    this.#kept = [...this.#kept, fold].sort((a, b) => a.head.position - b.head.position);
    while (this.#isTooMuch()) this.#thinOut();
  }

  #keptBefore(position: number): Fold | undefined {
    return this.#kept.filter(({ head }) => head.position <= position).at(-1);
  }

  #isMovingNearer(position: number): boolean {
    const { head } = this.#moving ?? {};
    const kept = this.#keptBefore(position)?.head.position ?? 0;
    return head !== undefined && head.position <= position && head.position >= kept;
  }

  #isTooMuch(): boolean {
    const rows = this.#kept.reduce((sum, { jobs }) => sum + jobs.size, 0);
    return this.#kept.length > FOLDS_KEPT_MAX || (rows > ROWS_KEPT_MAX && this.#kept.length > 1);
  }

  /** Forgets the one whose neighbours are closest together. */
  #thinOut(): void {
    const positions = this.#kept.map(({ head }) => head.position);
    const gaps = positions.map((_, i) => (positions[i + 1] ?? Number.POSITIVE_INFINITY) - (positions[i - 1] ?? 0));
    const narrowest = gaps.indexOf(Math.min(...gaps));
    this.#kept = this.#kept.filter((_, i) => i !== narrowest);
  }
}
