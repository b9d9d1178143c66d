/** Whether the two streams, as they are on the server, could lose anything. Looks only; `up` makes what is missing. */
import { type JetStreamManager, RetentionPolicy, StorageType, type StreamConfig } from "../nats/door.js";
import type { Subjects } from "../nats/subjects.js";
import { type Finding, ok, problem, warning } from "./finding.js";

const STREAM_NOT_FOUND = 10059;
/** The client's code for "the server does not let us". */
const PERMISSIONS_VIOLATION = "PERMISSIONS_VIOLATION";
/** Above this, "30 s ago" and due times are noticeably wrong; nothing is lost by it. */
const CLOCK_OFFSET_MS_MAX = 2_000;

export interface StreamsFound {
  readonly findings: readonly Finding[];
  /** Copies of the ledger; null if there is none yet. */
  readonly replicas: number | null;
}

export async function checkStreams(jsm: JetStreamManager, subjects: Subjects): Promise<StreamsFound> {
  const ledger = await configOf(jsm, subjects.ledgerStream);
  // Those who only watch or command may not look at the intake, and need not.
  const intake = await configOf(jsm, subjects.intakeStream).catch((error: unknown) => {
    if ((error as { code?: unknown }).code === PERMISSIONS_VIOLATION) return "hidden" as const;
    throw error;
  });
  if (intake === null || ledger === null)
    return { findings: [warning("streams", "not made yet", "`signalbox up` makes them.")], replicas: null };
  const faults = [...(intake === "hidden" ? [] : faultsOf(intake)), ...faultsOf(ledger)];
  if (!ledger.deny_delete || !ledger.deny_purge) faults.push(`${ledger.name} allows deletes; it must be append-only`);
  const intakeText =
    intake === "hidden"
      ? "the intake is not shown to these credentials"
      : `${intake.name} keeps what is not decided yet`;
  const findings =
    faults.length === 0
      ? [ok("streams", `${ledger.name} is append-only; ${intakeText}`)]
      : faults.map((fault) => problem("streams", fault, "Remove the setting, or use another --namespace."));
  return { findings, replicas: ledger.num_replicas };
}

/** The server's clock against ours, by the time in an answer; null if this server puts none into it. */
export async function checkClock(jsm: JetStreamManager, subjects: Subjects): Promise<Finding | null> {
  const before = Date.now();
  const info: object | null = await jsm.streams.info(subjects.ledgerStream).catch(() => null);
  const after = Date.now();
  const stamp = info !== null && "ts" in info && typeof info.ts === "string" ? Date.parse(info.ts) : Number.NaN;
  if (Number.isNaN(stamp)) return null;
  const offsetMs = Math.round(stamp - (before + after) / 2);
  const text = `the server's clock is ${Math.abs(offsetMs)} ms ${offsetMs < 0 ? "behind" : "ahead of"} ours`;
  if (Math.abs(offsetMs) <= CLOCK_OFFSET_MS_MAX) return ok("clock", text);
  return warning("clock", text, "Let both machines take their time from NTP: leases and due times rest on it.");
}

async function configOf(jsm: JetStreamManager, name: string): Promise<StreamConfig | null> {
  try {
    return (await jsm.streams.info(name)).config;
  } catch (error) {
    if ((error as { api_error?: { err_code?: number } }).api_error?.err_code === STREAM_NOT_FOUND) return null;
    throw error;
  }
}

function faultsOf(config: StreamConfig): string[] {
  const faults: string[] = [];
  if (config.storage !== StorageType.File) faults.push("is kept in memory and would not survive a restart");
  if (config.retention !== RetentionPolicy.Limits) faults.push("deletes messages when they are consumed");
  if (config.max_age > 0 || config.max_bytes > 0 || config.max_msgs > 0)
    faults.push("drops messages by age, size or number");
  if ("persist_mode" in config && config.persist_mode === "async")
    faults.push("acknowledges before it writes (persist_mode: async)");
  return faults.map((fault) => `${config.name} ${fault}`);
}
