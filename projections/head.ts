/** What the fold believes of the ledger as a whole: where it ends, who leads, and what the configuration has told it. */
import type { IntakeProgress } from "../events/entry.js";
import type { FactOf } from "../events/facts.js";
import { type EntryId, type Epoch, epoch, intakeSequence, type Position, position } from "../events/names.js";

/** Where the ledger ends, as far as it is folded. */
export interface Head {
  /** The position of the last entry; 0 before the first. */
  readonly position: Position;
  readonly entryId: EntryId | null;
  readonly epoch: Epoch;
  /** The latest time in the ledger; a new entry's must not be earlier (D6). */
  readonly at: string;
  readonly intake: IntakeProgress;
}

/** Who leads, by the last election in the ledger. */
export interface Leader extends Omit<FactOf<"DispatcherElected">, "type"> {
  readonly at: string;
}

/** What the configuration has told the ledger, beside the limits, which are in the slots. */
export interface Settings {
  /** False while only the default limits hold, because the ledger has never been told any. */
  readonly limitsKnown: boolean;
  readonly finishedJobsMax: number;
  /** The identity of the intake stream that the intake progress is about; null before the first reign. */
  readonly intakeStream: string | null;
}

export const EMPTY_HEAD: Head = {
  position: position(0),
  entryId: null,
  epoch: epoch(0),
  at: "0000-01-01T00:00:00.000Z",
  intake: { sequence: intakeSequence(0), taken: 0 },
};
