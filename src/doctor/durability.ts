/** What an acknowledgement is worth on a NATS server, said honestly: for `up` as warnings, for `doctor` as findings. */
import { isAtLeast, VERSION_MIN } from "../embedded/version.js";

export interface ServerTraits {
  /** `x.y.z`, as the server says. */
  readonly version: string;
  /**
   * The `sync_interval` of an embedded server, null if that is too old to have one. A server that somebody else runs
   * does not tell: then `unknown`.
   */
  readonly syncInterval: string | null | "unknown";
  /** Copies of the ledger that the server's cluster keeps; null if that is not known. */
  readonly replicas: number | null;
}

export interface DurabilityNote {
  readonly level: "ok" | "warning";
  readonly text: string;
}

/** Every note is about one fault that acknowledged jobs do, or do not, survive. */
export function durabilityNotes({ version, syncInterval, replicas }: ServerTraits): readonly DurabilityNote[] {
  const notes: DurabilityNote[] = [];
  if (syncInterval === "always")
    notes.push({
      level: "ok",
      text: "sync_interval is always: what is acknowledged is on disk and survives a power failure",
    });
  else if (syncInterval === null)
    notes.push({
      level: "warning",
      text: `nats-server ${version} has no sync_interval: a power failure can lose what it acknowledged in the last minute`,
    });
  else if (syncInterval === "unknown")
    notes.push({
      level: "warning",
      text:
        "the server's sync_interval cannot be read from outside; by default a power failure can lose what was acknowledged " +
        "in the last two minutes. Set jetstream { sync_interval: always } in its configuration",
    });
  else
    notes.push({
      level: "warning",
      text: `sync_interval is ${syncInterval}: a power failure can lose what was acknowledged in that time`,
    });
  if (replicas !== null && syncInterval !== "always" && replicas < 3)
    notes.push({
      level: "warning",
      text: `the ledger has ${replicas === 1 ? "one replica" : `${replicas} replicas`}: the loss of a server's disk is the loss of the ledger`,
    });
  if (!isAtLeast(version, VERSION_MIN))
    notes.push({
      level: "warning",
      text: `nats-server ${version} is older than ${VERSION_MIN}: known faults that lose data are not repaired in it`,
    });
  return notes;
}
