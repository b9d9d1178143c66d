/** The numbers of inputs become the shipped inputs in a shipped mailbox. */
import type { Result } from "../../events/facts.js";
import { type JobId, type Position, position, type WorkerId } from "../../events/names.js";
import type { Fold } from "../../projections/fold.js";
import type { Ending } from "../../projections/reports.js";
import type { Worker } from "../../projections/slots.js";
import { readMessage } from "../../src/dispatcher/arrivals.js";
import { type FactsOf, type firstFacts, graceIsOver, workerOf } from "../../src/dispatcher/first-facts.js";
import { Mailbox } from "../../src/dispatcher/mailbox.js";
import type { Input } from "../../src/dispatcher/messages.js";
import { aborted } from "../../src/worker/ending.js";
import {
  ACCESSION,
  attemptOf,
  ENDINGS,
  endingOf,
  GRACE,
  ITEM,
  isEnded,
  isItem,
  isRequest,
  isStarted,
  jobOf,
  LEAVE,
} from "./codes.js";
import { jobName, subjects } from "./messages.js";
import { DISPATCHER, type Setting } from "./setting.js";

const inline: Result = { inline: null };
const error = { code: "failed", message: "it broke" };
const about = {
  ...{ job: "" as JobId, worker: "" as WorkerId, grant: 0 as Position, attempt: 0 },
  ...{ type: "", params: {}, timeoutMs: 1, leaseMs: 1 },
};
const reported: readonly Ending[] = [
  { outcome: "completed", result: inline, exitCode: null },
  { outcome: "completed", result: inline, exitCode: null },
  { outcome: "failed", error, retryable: true, exitCode: null, retryAfterMs: null },
  { outcome: "failed", error, retryable: false, exitCode: null, retryAfterMs: null },
  { outcome: "skipped", reason: "nothing to do" },
  aborted("timeout", about),
  aborted("cancel", about),
  aborted("shutdown", about),
];

export function describeInput(input: number, setting: Setting): string {
  if (input < GRACE) return "takes over";
  if (input === GRACE) return "the lease of former workers is over";
  if (input === LEAVE) return "its worker leaves";
  if (isItem(input)) {
    const { message, index } = setting.itemOf(input);
    return message.items.length === 1 ? message.text : `${message.text}, number ${index + 1} of it`;
  }
  if (isRequest(input)) return `asked to ${setting.requestOf(input).text}`;
  const run = `${jobName(jobOf(input))}#${attemptOf(input)}`;
  return isStarted(input) ? `${run} has started` : `${run} ended: ${ENDINGS[endingOf(input)]}`;
}

/** Puts inputs into a mailbox, as the shell does it. */
export class MailboxFiller {
  readonly #setting: Setting;
  readonly #firstFacts: typeof firstFacts;

  constructor(setting: Setting, first: typeof firstFacts) {
    this.#setting = setting;
    this.#firstFacts = first;
  }

  fill(fold: Fold, inputs: readonly number[], at: string): Mailbox<Input> {
    const mailbox = new Mailbox<Input>(Number.POSITIVE_INFINITY);
    const items = this.#items(fold, at);
    for (const input of inputs) {
      if (isItem(input)) mailbox.push(items(input - ITEM));
      else if (isRequest(input)) mailbox.push(this.#request(input));
      else if (isStarted(input)) mailbox.push(this.#report(fold, input, at), { patient: true });
      else if (isEnded(input)) mailbox.push(this.#report(fold, input, at));
      else for (const facts of this.#own(fold, input, at)) mailbox.push({ kind: "own", facts });
    }
    // Whatever waits alone for company has waited long enough: that it may wait longer is another story.
    if (!mailbox.isUrgent) mailbox.endPatience();
    return mailbox;
  }

  /** Reads messages on from the progress of the fold, as a reign does that begins there. */
  #items(fold: Fold, at: string): (item: number) => Input {
    let { sequence, taken }: { sequence: number; taken: number } = fold.head.intake;
    let read: Input[] = [];
    return (item) => {
      const { message, index } = this.#setting.itemAt(item);
      if (read.length === 0) {
        if (index !== taken) throw new Error(`item ${index} of ${message.text} comes after ${taken}`);
        sequence += 1;
        const { subject, data } = message;
        read = readMessage({ sequence, subject, data, storedAt: at }, subjects, taken);
        taken = 0;
      }
      const next = read.shift();
      if (next === undefined) throw new Error(`${message.text} holds no item`);
      return next;
    };
  }

  #report(fold: Fold, input: number, at: string): Input {
    const job = jobName(jobOf(input)) as JobId;
    // Finished jobs are all alike, so this one may have had fewer attempts than the one meant: any grant is late for it.
    const grant = fold.jobs.get(job)?.attempts[attemptOf(input) - 1]?.grant ?? position(0);
    if (isStarted(input)) return { kind: "report", report: { job, grant, said: { started: at } } };
    const ended = reported[endingOf(input)];
    if (ended === undefined) throw new Error(`a run does not end like ${endingOf(input)}`);
    return { kind: "report", report: { job, grant, said: { ended } } };
  }

  #request(input: number): Input {
    const { verb, content: value } = this.#setting.requestOf(input);
    // The answer is given after the entry is stored, which the moves of the world see to; here nobody listens.
    return { kind: "request", order: { verb, content: { value } }, reply: () => {} };
  }

  #own(fold: Fold, input: number, at: string): readonly FactsOf[] {
    const drawRetryTime = this.#setting.drawRetryTime(at);
    const worker = ownWorker(fold.head.epoch);
    if (input === GRACE) return [graceIsOver({ worker, drawRetryTime })];
    if (input === LEAVE) return [() => [{ type: "WorkerLeft", worker, reason: "shutdown" }]];
    const gone = input - ACCESSION;
    const epochs = workerEpochs(fold);
    const accession = {
      ...this.#setting.accession(fold.head.epoch + 1, at),
      process: processOf(fold.head.epoch + 1),
      worker: workerOf(DISPATCHER, fold),
      isGone: ({ process: { pid } }: Worker) =>
        epochs.some((reign, rank) => reign === pid && ((gone >> rank) & 1) === 1),
      drawRetryTime,
    };
    return this.#firstFacts(fold, accession);
  }
}

/** A process for each reign; its number is the reign's, by which its worker is found. */
const processOf = (reign: number) => ({ host: "somewhere", pid: reign, startedAt: "" });

/** The reigns whose workers the fold still knows, oldest first. */
export const workerEpochs = ({ slots }: Fold): number[] =>
  Object.values<{ process: { pid: number } }>(slots.workers)
    .map(({ process }) => process.pid)
    .sort((a, b) => a - b);

/** The worker of a reign, which its dispatcher remembers by itself. */
export const ownWorker = (reign: number): WorkerId => `${DISPATCHER}-${reign}` as WorkerId;
