/**
 * The accounting of the intake: what came in is decided in its order, each message or item of a batch at most once, and not
 * beyond the progress that the entry records (D3, INV-008).
 */
import type { IntakeProgress } from "../../events/entry.js";
import type { Fact, IntakePoint } from "../../events/facts.js";

/** All messages up to `sequence` are decided, and `taken` items of the one after it. */
type Place = { readonly sequence: number; readonly taken: number };

export class IntakeCheck {
  /** Behind the last item that was decided. */
  #reached: Place;
  #last: IntakePoint | null = null;

  constructor(reached: Place = { sequence: 0, taken: 0 }) {
    this.#reached = reached;
  }

  /** What is wrong with where a fact says that it came from; if nothing is, that is taken as decided. */
  faultOf(fact: Fact): string | null {
    if (!("intake" in fact) || fact.intake === null) return null;
    const { intake: point } = fact;
    const begin: Place = { sequence: point.sequence - 1, taken: point.index ?? 0 };
    if (isBefore(begin, this.#reached))
      return `intake ${placeOf(point)} comes after ${this.#lastPlace()}, which is decided`;
    this.#reached =
      point.index === null
        ? { sequence: point.sequence, taken: 0 }
        : { sequence: point.sequence - 1, taken: point.index + 1 };
    this.#last = point;
    return null;
  }

  /** What is wrong with the progress that an entry records, after its facts. */
  faultOfProgress(progress: IntakeProgress): string | null {
    if (isBefore(progress, this.#reached))
      return `it decides intake ${this.#lastPlace()}, and its progress is ${progress.sequence}, ${progress.taken} of the next`;
    this.#reached = progress;
    return null;
  }

  #lastPlace(): string {
    return this.#last === null ? "nothing" : placeOf(this.#last);
  }
}

const placeOf = ({ sequence, index }: IntakePoint): string => (index === null ? `${sequence}` : `${sequence}-${index}`);

const isBefore = (place: Place, other: Place): boolean =>
  place.sequence < other.sequence || (place.sequence === other.sequence && place.taken < other.taken);
