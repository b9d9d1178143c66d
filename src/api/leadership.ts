/**
 * How schedulers of one namespace find out over core NATS whether the leader on record still leads. A convenience: safety is the
 * append's. It is asked for by its id: a scheduler that was deposed and does not know it yet must not answer for who came after.
 */
import type { NatsConnection } from "../nats/door.js";
import { nobodyListens } from "../nats/nobody-listens.js";
import type { Subjects } from "../nats/subjects.js";

const LEADER_ANSWER_MS = 1_500;

/** `nobody`: nobody even listens; `silent`: somebody listens and does not answer, as a paused process does, or somebody else. */
export async function askLeader(
  nc: NatsConnection,
  subjects: Subjects,
  leader: string,
): Promise<"leads" | "nobody" | "silent"> {
  try {
    await nc.request(subjects.leader, leader, { timeout: LEADER_ANSWER_MS });
    return "leads";
  } catch (error) {
    return nobodyListens(error) ? "nobody" : "silent";
  }
}

/** Answers for the leader from now on; the returned function ends it. */
export function answerAsLeader(nc: NatsConnection, subjects: Subjects, id: string): () => void {
  const subscription = nc.subscribe(subjects.leader, {
    callback: (_error, message) => {
      if (message.string() === id) message.respond(id);
    },
  });
  return () => {
    if (!nc.isClosed()) subscription.unsubscribe();
  };
}
