/** Tells watchers how a run gets on, over core NATS: from wherever it runs. */
import type { Json } from "../../events/json.js";
import type { JobId } from "../../events/names.js";
import type { NatsConnection } from "../nats/door.js";
import type { Subjects } from "../nats/subjects.js";

/** A progress update of more JSON than this is dropped: it is a glimpse, not a result. */
const PROGRESS_CHARS_MAX = 32 * 1024;

export function publishProgress(nc: NatsConnection, subjects: Subjects, job: JobId, update: Json): void {
  const text = JSON.stringify(update);
  if (text.length <= PROGRESS_CHARS_MAX && !nc.isClosed()) nc.publish(subjects.progress(job), text);
}
