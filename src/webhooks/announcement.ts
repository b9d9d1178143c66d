/** What an endpoint is told: that a job has ended, with the job exactly as the API shows it (DEC-006, DEC-009). */
import type { FactAddress } from "../../events/names.js";
import type { JobView } from "../../projections/views/views.js";
import type { Ending } from "./endings.js";

export interface Announcement {
  /** The same for every attempt, and after a restart too: by it an endpoint recognises what it has had before. */
  readonly id: string;
  readonly event: string;
  /** The body, in JSON. It is signed as it is sent. */
  readonly body: string;
}

/** The body's shape. */
interface Payload {
  readonly event: `job.${JobView["state"]}`;
  readonly delivery: string;
  /** The fact by which the job ended, and when. */
  readonly address: FactAddress;
  readonly at: string;
  readonly job: JobView;
}

export function announcementOf(webhook: string, { address, at }: Ending, job: JobView): Announcement {
  const id = `${address}-${webhook}`;
  const payload: Payload = { event: `job.${job.state}`, delivery: id, address, at, job };
  return { id, event: payload.event, body: JSON.stringify(payload) };
}
