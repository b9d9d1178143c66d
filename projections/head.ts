/** The head of a fold: how far the ledger is folded, and what the next entry has to follow. */
import type { IntakeProgress } from "../events/entry.js";
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

export const EMPTY_HEAD: Head = {
  position: position(0),
  entryId: null,
  epoch: epoch(0),
  at: "0000-01-01T00:00:00.000Z",
  intake: { sequence: intakeSequence(0), taken: 0 },
};

export function isBefore(progress: IntakeProgress, other: IntakeProgress): boolean {
  return progress.sequence < other.sequence || (progress.sequence === other.sequence && progress.taken < other.taken);
}
