/** What the visualizer looks at: a ledger that goes on, or an exported one. */

import type { Fold } from "../../projections/fold.js";
import type { LeasesAnswer } from "../api/leases.js";
import { readExportedLog } from "../client/exported-log.js";
import { askLeases } from "../client/leases.js";
import type { CommandAnswer, Session } from "../client/session.js";
import type { CommandVerb } from "../dispatcher/orders.js";
import type { Log } from "../log/log.js";
import { type Folding, recordOn } from "./beginning.js";
import type { Following } from "./following.js";
import { Moments } from "./moments.js";
import type { OlderPastTold } from "./protocol.js";
import { Recording } from "./recording.js";

export interface Shown {
  readonly namespace: string;
  readonly source: "live" | "capsule";
  /** Another one when another ledger has taken the place of the first. */
  readonly recording: Recording;
  readonly moments: Moments;
  /** How far the past is read that the recording does not have yet; null: it has it all. */
  readonly olderPast: OlderPastTold | null;
  readonly ledger: Log;
  /** What a part of a log begins with, not to be changed; null: the ledger is there from its first entry on. */
  readonly begin: Fold | null;
  /** Carries out a command; null where there is no scheduler to carry it out. */
  readonly command: ((verb: CommandVerb, args: object) => Promise<CommandAnswer>) | null;
  /** What is left of leases, by whoever leads; null where there is no scheduler that could, and where none answers. */
  readonly leases: (() => Promise<LeasesAnswer | null>) | null;
}

export function liveLedger(following: Following): Shown {
  const session = (): Session => following.session;
  return {
    namespace: session().namespace,
    source: "live",
    get recording() {
      return following.recording;
    },
    get moments() {
      return following.moments;
    },
    get olderPast() {
      return following.olderPast;
    },
    get ledger() {
      return following.ledger;
    },
    begin: null,
    command: (verb, args) => session().command(verb, args),
    leases: () => askLeases(session()),
  };
}

/**
 * Reads an exported log, or a part of one, all of it. Throws `ClientFailure` if it is none, `LedgerCorrupt`, and the signal's reason when
 * it aborts.
 */
export async function openCapsule(path: string, folding: Folding): Promise<Shown & AsyncDisposable> {
  const { header, begin, ledger } = await readExportedLog(path);
  folding.signal.throwIfAborted();
  const recording = await recordOn(recordingFrom(begin), ledger, header.last, folding);
  const moments = new Moments({
    ledger: async () => ledger,
    now: () => recording.fold,
    shelf: async () => null,
    begin,
  });
  const nothingOpen = async () => {};
  return {
    ...{ namespace: header.namespace, source: "capsule", recording, moments, olderPast: null, ledger, begin },
    ...{ command: null, leases: null },
    [Symbol.asyncDispose]: nothingOpen,
  };
}

/** A recording of nothing yet, or of what a part of a log begins with. */
export const recordingFrom = (begin: Fold | null): Recording =>
  begin === null ? new Recording() : Recording.from(begin.clone(), null);
