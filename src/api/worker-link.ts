/** How the leader reaches workers in processes of their own: a request over NATS, and their answer. */

import type { WorkerLink } from "../dispatcher/remote-workers.js";
import type { NatsConnection } from "../nats/door.js";
import type { Subjects } from "../nats/subjects.js";
import type { AbortOrder, Obeyed, StartOrder } from "../worker/protocol.js";
import { obeyedSchema } from "../worker/protocol.js";

const ORDER_ANSWER_MS = 2_000;

export function workerLink(nc: NatsConnection, subjects: Subjects): WorkerLink {
  async function order(subject: string, body: StartOrder | AbortOrder): Promise<Obeyed | null> {
    try {
      const answer = await nc.request(subject, JSON.stringify(body), { timeout: ORDER_ANSWER_MS });
      return obeyedSchema.parse(answer.json());
    } catch {
      // Nobody there, too slow, or not an answer: it is asked again as long as the grant lives.
      return null;
    }
  }
  return {
    start: (worker, body) => order(subjects.start(worker), body),
    abort: (worker, body) => order(subjects.abort(worker), body),
  };
}
