/**
 * What the worlds run, in one place, so that a test can put something faulty in for each of it: the shipped functions, and the
 * points where the shell and the server decide something by themselves.
 */
import type { DispatcherEvent } from "../../machines/dispatcher.js";
import type { Fold } from "../../projections/fold.js";
import { firstFacts } from "../../src/dispatcher/first-facts.js";
import { takeTurn } from "../../src/dispatcher/turn.js";
import { OPEN, STORED } from "./state.js";

export interface Code {
  readonly takeTurn: typeof takeTurn;
  readonly firstFacts: typeof firstFacts;
  /** The fold that a turn is decided on: a copy, so that what is believed stays as it is. */
  readonly foldOf: (believed: Fold) => Fold;
  /** The ledger's compare-and-set (D1): `isCurrent` says whether it ends where the entry was decided from. */
  readonly accepts: (isCurrent: boolean) => boolean;
  /** What reading the ledger says of an entry in flight (D9), from its standing: one that others came after is not ours to act on. */
  readonly settles: (standing: number) => DispatcherEvent["type"];
  /** Does a dispatcher answer, when the leader on record is asked for? */
  readonly answersForLeader: (isOnRecord: boolean) => boolean;
}

export const SHIPPED: Code = {
  takeTurn,
  firstFacts,
  foldOf: (believed) => believed.clone(),
  accepts: (isCurrent) => isCurrent,
  settles: (standing) => (standing === OPEN ? "ABSENT" : standing === STORED ? "STORED" : "REFUSED"),
  answersForLeader: (isOnRecord) => isOnRecord,
};
