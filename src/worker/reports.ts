/**
 * What a worker in a process of its own has to say about its attempts. A word may be lost on its way, and so may the answer: each is
 * repeated until the leader has answered that it is on record, or that the attempt is over anyway.
 */
import type { JobId, Position, WorkerId } from "../../events/names.js";
import type { Ending, Report } from "../../projections/reports.js";
import type { Clock } from "../clock.js";
import type { Logger } from "../logger.js";
import type { LeaderAnswer } from "./leader-link.js";
import type { EndedWord, Heard, Word } from "./protocol.js";

/** Between two tries: doubled each time from the first to the second. */
const AGAIN_MS_MIN = 200;
const AGAIN_MS_MAX = 5_000;

export interface ReportsOptions {
  readonly worker: WorkerId;
  readonly say: (word: Word) => Promise<LeaderAnswer<unknown>>;
  readonly heard: () => Heard;
  readonly clock: Clock;
  readonly log: Logger;
  /** The attempt is over for everybody: nothing more is to be said about it. */
  readonly settled: (job: JobId, grant: Position) => void;
}

/** What is not acknowledged yet of an attempt. */
interface Pending {
  readonly job: JobId;
  readonly grant: Position;
  started: string | null;
  ended: EndedWord | null;
  /** Its end was refused as it was, and is told otherwise. */
  isRephrased: boolean;
}

export class Reports {
  readonly #of: ReportsOptions;
  readonly #pending = new Map<JobId, Pending>();
  #isOver = false;

  constructor(of: ReportsOptions) {
    this.#of = of;
  }

  say({ job, grant, said }: Pick<Report, "job" | "grant" | "said">): void {
    const before = this.#pending.get(job);
    const pending = before?.grant === grant ? before : { job, grant, started: null, ended: null, isRephrased: false };
    this.#pending.set(job, pending);
    if ("started" in said) pending.started = said.started;
    else pending.ended = endedWord(said.ended);
    void this.#repeat(pending, "ended" in said);
  }

  /** Nothing is said any more. */
  stop(): void {
    this.#isOver = true;
  }

  /** The word of the end carries that of the start, as long as that is not acknowledged: from then on, only it is repeated. */
  async #repeat(pending: Pending, isEnd: boolean): Promise<void> {
    const { clock, say, worker, heard } = this.#of;
    const isDue = () =>
      !this.#isOver && this.#pending.get(pending.job) === pending && (pending.ended !== null) === isEnd;
    for (let againMs = AGAIN_MS_MIN; isDue(); againMs = Math.min(againMs * 2, AGAIN_MS_MAX)) {
      const { job, grant, started, ended } = pending;
      const word = { worker, job, grant, ...(started !== null && { started }), ...(ended !== null && { ended }) };
      const answer = await say({ ...word, ...heard() });
      if (this.#isSettled(pending, answer)) return this.#acknowledge(pending, isEnd);
      await new Promise<void>((resolve) => clock.after(againMs, resolve));
    }
  }

  #acknowledge(pending: Pending, isEnd: boolean): void {
    pending.started = null;
    if (!isEnd && pending.ended !== null) return;
    if (this.#pending.get(pending.job) === pending) this.#pending.delete(pending.job);
    if (isEnd) this.#of.settled(pending.job, pending.grant);
  }

  #isSettled(pending: Pending, answer: LeaderAnswer<unknown>): boolean {
    if (answer === null) return false;
    // Of an attempt that nobody knows here any more nothing can be said.
    if ("value" in answer || answer.refused === "unknown") return true;
    const { job, grant } = pending;
    this.#of.log.error({ job, grant, reason: answer.reason }, "a report was refused");
    if (answer.refused !== "invalid") return false;
    // It would be refused for ever. That it ended, at least, must be heard: else the job would hold its slots for good.
    if (pending.isRephrased || pending.ended === null) return true;
    pending.isRephrased = true;
    const message = `its worker's report was refused: ${answer.reason}`;
    pending.ended = { outcome: "lost", error: { code: "report-refused", message } };
    return false;
  }
}

function endedWord(ending: Ending): EndedWord {
  if (ending.outcome !== "completed") return ending;
  const { outcome, exitCode, result } = ending;
  return "inline" in result
    ? { outcome, exitCode, result: result.inline }
    : { outcome, exitCode, result: null, stored: result.stored };
}
