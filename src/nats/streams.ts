/** The two streams: made if they are missing, checked if they are there. Nothing that could lose a fact is accepted. */
import { isAtLeast } from "../embedded/version.js";
import {
  DiscardPolicy,
  type JetStreamManager,
  type NatsConnection,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from "./door.js";
import type { Subjects } from "./subjects.js";

/** A stream is set up in a way that could lose facts, or the server cannot keep streams at all. */
export class StreamUnfit extends Error {
  readonly code = "stream-unfit";
}

const STREAM_NOT_FOUND = 10059;
/** An entry must fit into one message. */
const PAYLOAD_BYTES_MIN = 1024 * 1024;

const REPLICATED_SINCE = "2.9.21";
/**
 * So long the intake knows a message id again, and so long whoever publishes with one may repeat what was not acknowledged.
 * It is the servers' default, said here because others rely on it.
 */
export const DUPLICATES_KNOWN_MS = 120_000;
const NS_PER_MS = 1_000_000;

const durable = {
  storage: StorageType.File,
  retention: RetentionPolicy.Limits,
  discard: DiscardPolicy.New,
  max_age: 0,
  max_bytes: -1,
  max_msgs: -1,
} as const;

/** Opens both streams. `replicas` is used when they are made; see docs for what one replica and `sync_interval` guarantee. */
export async function openStreams(nc: NatsConnection, subjects: Subjects, replicas = 1): Promise<JetStreamManager> {
  // Before that, two appends in a cluster that expected the same could both be stored (nats-server #4320).
  const version = nc.info?.version ?? "";
  if (replicas > 1 && !isAtLeast(version, REPLICATED_SINCE))
    throw new StreamUnfit(`replicas: ${replicas} need nats-server ${REPLICATED_SINCE} or later; this is ${version}`);
  const jsm = await openManager(nc);
  await whileElecting(nc, () => openStream(jsm, intakeConfig(subjects, replicas)));
  await whileElecting(nc, () => openLedger(jsm, subjects, replicas));
  return jsm;
}

/** Throws `StreamUnfit` if the server cannot keep streams that a scheduler could work with. */
export async function openManager(nc: NatsConnection): Promise<JetStreamManager> {
  if ((nc.info?.max_payload ?? 0) < PAYLOAD_BYTES_MIN) {
    throw new StreamUnfit(
      `the server's max_payload is ${nc.info?.max_payload} bytes; signalbox needs ${PAYLOAD_BYTES_MIN} or more`,
    );
  }
  return whileElecting(nc, () => nc.jetstreamManager()).catch((error: unknown) => {
    throw new StreamUnfit("the server has no JetStream, or these credentials may not use it: start it with -js", {
      cause: error,
    });
  });
}

export async function openLedger(jsm: JetStreamManager, subjects: Subjects, replicas = 1): Promise<void> {
  const { ledgerStream, ledger } = subjects;
  const wanted = { name: ledgerStream, subjects: [ledger], ...durable, num_replicas: replicas };
  const found = await openStream(jsm, { ...wanted, deny_delete: true, deny_purge: true });
  if (!found.deny_delete || !found.deny_purge)
    throw new StreamUnfit(`stream ${ledgerStream} allows deletes; the ledger must be append-only`);
}

export function intakeConfig({ intakeStream, submit, submitAny, commandAny }: Subjects, replicas = 1) {
  const window = { duplicate_window: DUPLICATES_KNOWN_MS * NS_PER_MS };
  return {
    name: intakeStream,
    subjects: [submit, submitAny, commandAny],
    ...durable,
    ...window,
    num_replicas: replicas,
  };
}

/** A cluster that has just been started, or has lost a node, is without JetStream until it has agreed on a leader. */
const ELECTION_MS_MAX = 20_000;
const ELECTION_ASKED_EVERY_MS = 250;

async function whileElecting<T>(nc: NatsConnection, act: () => Promise<T>): Promise<T> {
  const until = performance.now() + ELECTION_MS_MAX;
  for (;;) {
    try {
      return await act();
    } catch (error) {
      const isFinal = error instanceof StreamUnfit || nc.info?.cluster === undefined || performance.now() > until;
      if (isFinal) throw error;
      await new Promise((resolve) => setTimeout(resolve, ELECTION_ASKED_EVERY_MS));
    }
  }
}

async function openStream(
  jsm: JetStreamManager,
  wanted: Partial<StreamConfig> & { name: string },
): Promise<StreamConfig> {
  const config = await findStream(jsm, wanted.name).then((found) => found ?? makeStream(jsm, wanted));
  const unfit = (what: string) =>
    new StreamUnfit(`stream ${wanted.name} ${what}; remove the setting, or use another namespace`);
  if (config.storage !== StorageType.File) throw unfit("is kept in memory and would not survive a restart");
  if (config.retention !== RetentionPolicy.Limits) throw unfit("deletes messages when they are consumed");
  if (config.max_age > 0 || config.max_bytes > 0 || config.max_msgs > 0)
    throw unfit("drops messages by age, size or number");
  if (config.max_msgs_per_subject > 0) throw unfit("keeps only the last messages of a subject");
  if (config.duplicate_window < (wanted.duplicate_window ?? 0))
    throw unfit(`knows repeated messages for less than ${DUPLICATES_KNOWN_MS / 1_000} s (duplicate_window)`);
  if (config.no_ack) throw unfit("does not acknowledge");
  const missing = (wanted.subjects ?? []).filter((subject) => !config.subjects?.includes(subject));
  if (missing.length > 0) throw unfit(`does not take ${missing.join(", ")}`);
  if ((config as { persist_mode?: string }).persist_mode === "async")
    throw unfit("acknowledges before it writes (persist_mode: async)");
  return config;
}

export async function findStream(jsm: JetStreamManager, name: string): Promise<StreamConfig | null> {
  try {
    return (await jsm.streams.info(name)).config;
  } catch (error) {
    if ((error as { api_error?: { err_code?: number } }).api_error?.err_code === STREAM_NOT_FOUND) return null;
    throw error;
  }
}

/** Two schedulers may make it at the same time with the same settings: the server takes that as one. */
async function makeStream(
  jsm: JetStreamManager,
  wanted: Partial<StreamConfig> & { name: string },
): Promise<StreamConfig> {
  return (await jsm.streams.add(wanted)).config;
}
