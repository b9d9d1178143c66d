/** What the visualizer looks at: a ledger that goes on, or an exported one. */
import type { Fold } from "../../projections/fold.js";
import type { LeasesAnswer } from "../api/leases.js";
import { openWholeExport } from "../client/exported-log.js";
import { askLeases } from "../client/leases.js";
import type { CommandAnswer, Session } from "../client/session.js";
import type { CommandVerb } from "../dispatcher/orders.js";
import type { Log } from "../log/log.js";
import { MemoryLog } from "../log/memory.js";
import type { Following } from "./following.js";
import { Moments } from "./moments.js";
import { Recording } from "./recording.js";

export interface Shown {
  readonly namespace: string;
  readonly source: "live" | "capsule";
  /** Another one when another ledger has taken the place of the first. */
  readonly recording: Recording;
  readonly moments: Moments;
  readonly ledger: Log;
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
    get ledger() {
      return following.ledger;
    },
    command: (verb, args) => session().command(verb, args),
    leases: () => askLeases(session()),
  };
}

/** Reads an exported log, all of it. Throws `ClientFailure` if it is none, and `LedgerCorrupt`. */
export async function openCapsule(path: string): Promise<Shown & AsyncDisposable> {
  const { header, messages } = await openWholeExport(path);
  let storedAt = "";
  const ledger = new MemoryLog({ identity: header.stream, now: () => storedAt, appendOnly: true });
  const recording = new Recording();
  for await (const message of messages) {
    storedAt = message.storedAt;
    await ledger.append({ subject: message.subject, data: message.data });
    recording.apply(message);
  }
  const now = (): Fold => recording.fold;
  const moments = new Moments(async () => ledger, now);
  const { namespace } = header;
  const nothingOpen = async () => {};
  return {
    ...{ namespace, source: "capsule", recording, moments, ledger, command: null, leases: null },
    [Symbol.asyncDispose]: nothingOpen,
  };
}
