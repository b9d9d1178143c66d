/**
 * The order of the grants, recomputed (INV-004): whoever is granted a start must be one whom the grant rule would start there, given
 * all facts before, and must say whom it overtakes. The rule is asked once for all grants that follow each other, as the dispatcher
 * did; after any other fact it is asked anew.
 */
import type { Fact, FactOf } from "../../events/facts.js";
import type { PoolName } from "../../events/names.js";
import { explain } from "../explain/explain.js";
import type { Fold } from "../fold.js";
import { decideStarts, type Start } from "../starts.js";

export class OrderCheck {
  readonly #fold: Fold;
  /** Whom the rule would start, in its order, from `#next` on; as long as nothing else happens. */
  #starts: readonly Start[] = [];
  #next = 0;
  /** What the rule decides for the grant that was asked about last. */
  #decided: Start | undefined;

  constructor(fold: Fold) {
    this.#fold = fold;
  }

  beginEntry(): void {
    this.#starts = [];
    this.#next = 0;
  }

  /** What is wrong with a fact, asked before it is folded. */
  faultOf(fact: Fact): string | null {
    if (fact.type === "StartGranted") return this.#faultOfGrant(fact);
    this.beginEntry();
    return fact.type === "ReservationGranted" ? this.#faultOfReservation(fact) : null;
  }

  /** True if the grant that was asked about last is in every respect what the rule decides there. */
  isAsDecided({ job, worker, demand }: FactOf<"StartGranted">): boolean {
    const decided = this.#decided;
    if (decided?.row.id !== job || decided.worker !== worker) return false;
    const claimed = Object.entries<number>(demand);
    return (
      claimed.length === decided.demand.size &&
      claimed.every(([pool, units]) => decided.demand.get(pool as PoolName) === units)
    );
  }

  #faultOfGrant(fact: FactOf<"StartGranted">): string | null {
    const start = this.#startOf(fact);
    this.#decided = start;
    if (start === undefined) {
      const why = explain(this.#fold, fact.job)?.text ?? `${fact.job} is unknown`;
      return `the grant rule does not start ${fact.job} here (INV-004): ${why}`;
    }
    const [said, real] = [fact.overtook ?? [], start.overtook].map((jobs) => jobs.join(", ") || "nobody");
    return said === real ? null : `${fact.job} overtakes ${real}, and it says ${said} (INV-004)`;
  }

  #faultOfReservation({ reservation }: FactOf<"ReservationGranted">): string | null {
    const { slots, freed } = this.#fold.room;
    const { reserved } = decideStarts(this.#fold.waiting, slots, freed);
    const isDecided = reserved.some((start) => start.reservation === reservation);
    return isDecided ? null : `the grant rule does not give ${reservation} its slots here (DEC-004)`;
  }

  #startOf({ job }: FactOf<"StartGranted">): Start | undefined {
    const expected = this.#starts[this.#next];
    this.#next += 1;
    if (expected?.row.id === job) return expected;
    const { slots, freed } = this.#fold.room;
    const { starts } = decideStarts(this.#fold.waiting, slots, freed);
    const found = starts.findIndex(({ row }) => row.id === job);
    // Behind one that was left out the rule is asked anew each time: what it would have taken is free.
    this.#starts = found === 0 ? starts : [];
    this.#next = 1;
    return starts[found];
  }
}
