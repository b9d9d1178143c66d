/**
 * Waits for jobs to end, any number of them, on one subscription: what the scheduler announces says when to ask, and the
 * answer says how the job ended.
 */
import { isTerminal } from "../../events/states.js";
import type { JobView } from "../../projections/views/views.js";
import { ClientFailure, foldLedger, type Session } from "../client/index.js";
import { answerFrom } from "../client/reader.js";

/** The waiting was given up because the signalbox was closed; the job itself goes on being recorded. */
export class SignalboxClosed extends Error {
  override readonly name = "SignalboxClosed";
  readonly code = "signalbox-closed";
}

/** An announcement can be lost with a connection or a scheduler; asking again this often makes up for it. */
const ASK_AGAIN_MS = 2_000;
/** Jobs asked about again at a time, the longest awaited first: a round must not be a flood. */
const ASK_AGAIN_JOBS_MAX = 50;

/** After these the job may have ended. A duplicate's job may have ended long ago. */
const MAY_BE_LAST: ReadonlySet<string> = new Set([
  "RunCompleted",
  "RunSkipped",
  "RunFailed",
  "RunTimedOut",
  "LeaseExpired",
  "JobCancelled",
  "JobRejected",
  "SubmissionDuplicated",
]);

interface Awaited {
  readonly ended: Promise<JobView>;
  readonly resolve: (job: JobView) => void;
  readonly reject: (error: unknown) => void;
}

export class Endings {
  readonly #session: Session;
  readonly #awaited = new Map<string, Awaited>();
  readonly #unsubscribe: () => void;
  readonly #timer: NodeJS.Timeout;

  constructor(session: Session) {
    this.#session = session;
    const { nc, subjects } = session;
    const subscription = nc.subscribe(subjects.event("*", "*"), {
      callback: (_error, { subject }) => {
        const [job = "", fact = ""] = subject.split(".").slice(-2);
        if (MAY_BE_LAST.has(fact) && this.#awaited.has(job)) void this.#ask(job);
      },
    });
    this.#unsubscribe = () => {
      if (!nc.isClosed() && !subscription.isClosed()) subscription.unsubscribe();
    };
    // It keeps no program alive: a program that waits for a job has the connection for that.
    this.#timer = setInterval(() => this.#askAgain(), ASK_AGAIN_MS).unref();
  }

  /** Resolves with the job when it has ended. Call it before the job is submitted, so that nothing can be missed. */
  of(job: string): Promise<JobView> {
    const known = this.#awaited.get(job);
    if (known !== undefined) return known.ended;
    let resolve: Awaited["resolve"] = () => {};
    let reject: Awaited["reject"] = () => {};
    const ended = new Promise<JobView>((yes, no) => {
      resolve = yes;
      reject = no;
    });
    // Whoever does not look at the promise is not to be ended by its failure.
    ended.catch(() => {});
    this.#awaited.set(job, { ended, resolve, reject });
    return ended;
  }

  /** Nobody waits for this job any more: it was not submitted. */
  forget(job: string, reason: unknown): void {
    this.#awaited.get(job)?.reject(reason);
    this.#awaited.delete(job);
  }

  /** The scheduler is about to end, and must not be asked while its connection goes; `close` reads the ledger instead. */
  stopAsking(): void {
    clearInterval(this.#timer);
    this.#unsubscribe();
  }

  /** Says of each job how it has ended, if it has by now; of the others that nobody waits any longer. */
  async close(): Promise<void> {
    this.stopAsking();
    // The scheduler may have ended before it could answer for the last jobs: the ledger has their ends.
    if (this.#awaited.size > 0) await this.#readEnds().catch(() => {});
    for (const job of [...this.#awaited.keys()])
      this.forget(job, new SignalboxClosed(`closed before job ${job} had ended`));
  }

  async #readEnds(): Promise<void> {
    const readable = await this.#session.readable();
    const { ledger } = readable;
    const fold = await foldLedger(readable);
    for (const job of [...this.#awaited.keys()]) {
      const answer = await answerFrom(fold, ledger, "job", { id: job });
      // The same view that a scheduler answers with.
      if ("value" in answer) this.#settle(job, answer.value as JobView);
    }
  }

  #settle(job: string, view: JobView): void {
    if (!isTerminal(view.state)) return;
    this.#awaited.get(job)?.resolve(view);
    this.#awaited.delete(job);
  }

  async #ask(job: string): Promise<void> {
    try {
      this.#settle(job, await this.#session.ask("job", { id: job }));
    } catch (error) {
      // Not known yet, or nobody to ask just now: it is asked again.
      if (!(error instanceof ClientFailure)) this.forget(job, error);
    }
  }

  #askAgain(): void {
    for (const job of [...this.#awaited.keys()].slice(0, ASK_AGAIN_JOBS_MAX)) {
      const awaited = this.#awaited.get(job);
      if (awaited === undefined) continue;
      // To the end of the line, so that everybody has their turn.
      this.#awaited.delete(job);
      this.#awaited.set(job, awaited);
      void this.#ask(job);
    }
  }
}
