/** Where two versions of this program decide differently about the same entry of a ledger. Pure. */
import { canonicalJson } from "../../events/json.js";
import type { Decided } from "./decisions.js";

export interface Difference {
  readonly position: number;
  readonly at: string;
  /** The job, reservation or group that is decided about; null: the order of all decisions, or what slots or fold say of them. */
  readonly about: string | null;
  /** What the ledger has. */
  readonly recorded: readonly Decided[];
  /** What this build decides, and what the other one does. */
  readonly here: readonly Decided[];
  readonly there: readonly Decided[];
}

export interface Decisions {
  readonly recorded: readonly Decided[];
  readonly here: readonly Decided[];
  readonly there: readonly Decided[];
}

/** One difference for each thing about which they decide differently, in the order in which this build comes to it. */
export function differencesAt(entry: Pick<Difference, "position" | "at">, decisions: Decisions): Difference[] {
  const { recorded, here, there } = decisions;
  if (isSame(here, there)) return [];
  const { position, at } = entry;
  const things = new Set([...here, ...there].map(thingOf));
  const differences = [...things].flatMap((about): Difference[] => {
    const of = (decided: readonly Decided[]) => decided.filter((fact) => thingOf(fact) === about);
    return isSame(of(here), of(there))
      ? []
      : [{ position, at, about, recorded: of(recorded), here: of(here), there: of(there) }];
  });
  // The same decisions in another order: who goes first is decided too.
  return differences.length > 0 ? differences : [{ position, at, about: null, recorded, here, there }];
}

export const isSame = (one: readonly Decided[], other: readonly Decided[]): boolean =>
  canonicalJson(one) === canonicalJson(other);

function thingOf({ job, reservation, group }: Decided): string | null {
  const thing = job ?? reservation ?? group;
  return typeof thing === "string" ? thing : null;
}
