/** Reads what the intake of a namespace has acknowledged: what the schedulers owe an answer to. */
import type { NatsConnection } from "../../src/nats/door.js";
import { subjectsOf } from "../../src/nats/subjects.js";
import type { IntakeMessage } from "./auditor.js";

const WINDOW = 50;

/** Every message that is kept; the intake is trimmed only far behind what is decided. */
export async function readIntake(nc: NatsConnection, namespace: string): Promise<readonly IntakeMessage[]> {
  const jsm = await nc.jetstreamManager();
  const stream = subjectsOf(namespace).intakeStream;
  const { first_seq, last_seq } = (await jsm.streams.info(stream)).state;
  const messages: IntakeMessage[] = [];
  for (let from = Math.max(1, first_seq); from <= last_seq; from += WINDOW) {
    const count = Math.min(WINDOW, last_seq - from + 1);
    const batch = Array.from({ length: count }, (_, offset) => jsm.streams.getMessage(stream, { seq: from + offset }));
    for (const { seq, subject, data } of await Promise.all(batch))
      messages.push({ sequence: seq, subject, text: Buffer.from(data).toString("utf8") });
  }
  return messages;
}
