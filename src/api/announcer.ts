/** Tells watchers, over core NATS, what the ledger has just stored and how runs get on (contract, section 1). */
import type { Json } from "../../events/json.js";
import { factAddress, type JobId } from "../../events/names.js";
import type { Proposal } from "../dispatcher/turn.js";
import type { NatsConnection } from "../nats/door.js";
import type { Subjects } from "../nats/subjects.js";

/** A progress update of more JSON than this is dropped: it is a glimpse, not a result. */
const PROGRESS_CHARS_MAX = 32 * 1024;

/** Publishes each job fact of a stored entry as `{position, at, type, job, …}`, with the JSON that the ledger holds. */
export function announceFacts(nc: NatsConnection, subjects: Subjects, { facts, position, at }: Proposal): void {
  // While the connection is away watchers are too; what they missed they find in the ledger.
  if (nc.isClosed()) return;
  for (const [index, { fact, json }] of facts.entries()) {
    if (!("job" in fact)) continue;
    const stamp = `{"position":"${factAddress(position, index)}","at":"${at}",`;
    nc.publish(subjects.event(fact.job, fact.type), stamp + json.slice(1));
  }
}

export function announceProgress(nc: NatsConnection, subjects: Subjects, job: JobId, update: Json): void {
  if (nc.isClosed()) return;
  const text = JSON.stringify(update);
  if (text.length <= PROGRESS_CHARS_MAX) nc.publish(subjects.progress(job), text);
}
