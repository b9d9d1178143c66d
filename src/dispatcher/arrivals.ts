/**
 * Reads intake messages: what they submit or command, still undecided. Whatever the bytes are, each message becomes at least one
 * item, so each ends as a fact; nothing that a publisher sends can stop the dispatcher.
 */
import type { IntakeProgress } from "../../events/entry.js";
import { type IntakeSequence, intakeSequence } from "../../events/names.js";
import { BATCH_SUBMISSIONS_MAX } from "../../events/submission.js";
import type { Arrival } from "../../projections/admission.js";
import type { Original } from "../../projections/retry.js";
import type { StoredMessage } from "../log/log.js";
import type { Subjects } from "../nats/subjects.js";

/** A command from the intake, still unread. */
export interface Order {
  readonly verb: string;
  readonly content: Arrival["content"];
  /** What a retry needs to know of the job that it repeats, read from the ledger beforehand. */
  readonly original?: Original;
}

/** One thing to decide; `progress` is how far the intake is decided once it is. */
export type IntakeItem =
  | { readonly kind: "submission"; readonly arrival: Arrival; readonly progress: IntakeProgress }
  | {
      readonly kind: "order";
      readonly order: Order;
      readonly sequence: IntakeSequence;
      readonly progress: IntakeProgress;
    };

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The items of one message, without the first `taken`, which are decided already. */
export function readMessage(message: StoredMessage, subjects: Subjects, taken: number): IntakeItem[] {
  const sequence = intakeSequence(message.sequence);
  const done: IntakeProgress = { sequence, taken: 0 };
  const content = readContent(message.data);
  const { subject, storedAt } = message;
  const submission = (
    index: number | null,
    subjectType: string | null,
    item: Arrival["content"],
    progress: IntakeProgress,
  ): IntakeItem => ({
    kind: "submission",
    arrival: { point: { sequence, index }, subjectType, content: item, bytes: message.data.length, storedAt },
    progress,
  });
  if (subject.startsWith(`${subjects.namespace}.command.`)) {
    const verb = subject.slice(subjects.namespace.length + ".command.".length);
    return [{ kind: "order", order: { verb, content }, sequence, progress: done }];
  }
  if (subject !== subjects.submit) return [submission(null, subject.slice(subjects.submit.length + 1), content, done)];
  const batch = readBatch(content);
  if ("unreadable" in batch) return [submission(null, null, batch, done)];
  const before = intakeSequence(message.sequence - 1);
  return batch.items
    .map((value, index) => {
      const progress = index === batch.items.length - 1 ? done : { sequence: before, taken: index + 1 };
      return submission(index, null, { value }, progress);
    })
    .slice(taken);
}

function readContent(data: Uint8Array): Arrival["content"] {
  let text: string;
  try {
    text = utf8.decode(data);
  } catch {
    return { unreadable: "the message is not UTF-8; submissions are JSON in UTF-8" };
  }
  // Empty means {}: a job of this type with nothing but defaults.
  if (text.trim() === "") return { value: {} };
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return {
      unreadable: `the message is not JSON: ${error instanceof Error ? error.message : String(error)}`.slice(0, 300),
    };
  }
}

function readBatch(
  content: Arrival["content"],
): { readonly items: readonly unknown[] } | { readonly unreadable: string } {
  if ("unreadable" in content) return content;
  const { value } = content;
  if (!Array.isArray(value))
    return {
      unreadable: "a batch is a JSON array of submissions, each with its type; a single one goes to submit.<type>",
    };
  if (value.length === 0) return { unreadable: "the batch is empty" };
  if (value.length > BATCH_SUBMISSIONS_MAX) {
    return {
      unreadable: `the batch holds ${value.length} submissions; at most ${BATCH_SUBMISSIONS_MAX} are taken at once`,
    };
  }
  return { items: value };
}
