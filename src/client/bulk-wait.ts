/**
 * Waits until many submitted jobs have ended, by following the ledger from where it ended before the first was submitted: it has
 * every fact once and in order, whoever leads and however often the connection is lost. Announcements could be missed.
 */
import type { JobId } from "../../events/names.js";
import type { JobState } from "../../events/states.js";
import { entryOf } from "../log/entry.js";
import type { Log } from "../log/log.js";
import { type Failing, Fates } from "./bulk-fates.js";
import type { Batch } from "./bulk-packer.js";
import { ClientFailure } from "./failure.js";
import type { Session } from "./session.js";

export interface BulkWaitHooks {
  /** Called for each job that ended and did not complete. */
  readonly onFailing: (failing: Failing) => void;
  readonly onProgress: (fates: Fates) => void;
  /** Called once if no scheduler answers: the jobs wait in the intake meanwhile. */
  readonly onNoScheduler: () => void;
}

/** Where nothing happens for so long, somebody is asked whether there is a scheduler. */
const SILENCE_MS_MAX = 5_000;
/** Questions about jobs that were there before, at once. */
const QUESTIONS_MAX = 8;

type Source = Pick<Session, "ask" | "query">;

export class BulkWait {
  readonly #session: Source;
  readonly #ledger: Log;
  readonly #after: number;
  readonly #hooks: BulkWaitHooks;
  readonly fates: Fates;
  #isNoSchedulerTold = false;

  private constructor(session: Source, ledger: Log, after: number, hooks: BulkWaitHooks) {
    this.#session = session;
    this.#ledger = ledger;
    this.#after = after;
    this.#hooks = hooks;
    this.fates = new Fates(hooks.onFailing);
  }

  /** To be called before the first submission. Throws `ClientFailure` if there is no ledger to follow. */
  static async begin(session: Session, hooks: BulkWaitHooks): Promise<BulkWait> {
    const ledger = await session.ledger();
    const { last } = await ledger.state();
    return new BulkWait(session, ledger, last, hooks);
  }

  /** These submissions are stored as message `sequence` of the intake, and are to be waited for. */
  expect({ lines }: Batch, sequence: number): void {
    this.fates.expect(sequence, lines);
  }

  /** Resolves when all have ended; false if the signal aborts before. To be called when all are submitted. */
  async ended(signal: AbortSignal): Promise<boolean> {
    const { fates } = this;
    if (fates.open === 0) return true;
    const done = new AbortController();
    const stop = AbortSignal.any([signal, done.signal]);
    const listener = setInterval(() => void this.#askForScheduler(), SILENCE_MS_MAX);
    void this.#askForScheduler();
    try {
      for await (const batch of this.#ledger.follow(this.#after, stop)) {
        listener.refresh();
        for (const message of batch) for (const fact of entryOf(message).facts) fates.take(fact);
        if (fates.unknown.size > 0) await this.#askAbout([...fates.unknown]);
        this.#hooks.onProgress(fates);
        if (fates.open === 0) return true;
        if (signal.aborted) return false;
      }
      return false;
    } finally {
      clearInterval(listener);
      done.abort();
    }
  }

  /** Jobs that were there before: how they are now. What happens to them later is in the ledger behind where we are. */
  async #askAbout(jobs: readonly JobId[]): Promise<void> {
    let next = 0;
    const askOn = async () => {
      for (let job = jobs[next]; job !== undefined; job = jobs[next]) {
        next += 1;
        const { state, reason } = await this.#ask(job);
        this.fates.answer(job, state, reason ?? "");
      }
    };
    await Promise.all(Array.from({ length: QUESTIONS_MAX }, askOn));
  }

  async #ask(id: JobId): Promise<{ readonly state: JobState | "gone"; readonly reason: string | null }> {
    try {
      return await this.#session.query("job", { id });
    } catch (error) {
      if (error instanceof ClientFailure && error.code === "not-found") return { state: "gone", reason: error.message };
      throw error;
    }
  }

  async #askForScheduler(): Promise<void> {
    if (this.#isNoSchedulerTold) return;
    try {
      await this.#session.ask("health");
    } catch (error) {
      if (!(error instanceof ClientFailure) || error.code !== "no-scheduler" || this.#isNoSchedulerTold) return;
      this.#isNoSchedulerTold = true;
      this.#hooks.onNoScheduler();
    }
  }
}
