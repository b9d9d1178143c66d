/**
 * A dispatcher that does not lead: checks that the ledger is the one it knows, folds it, and asks after the leader. What it
 * has folded is what it decides from when it comes to lead.
 */
import { type DispatcherId, type JobId, type Position, position } from "../../events/names.js";
import { Fold, LedgerCorrupt } from "../../projections/fold.js";
import { entryOf } from "../log/entry.js";
import { LogGap } from "../log/log.js";
import type { DispatcherOptions } from "./options.js";
import { isProvablyGone } from "./process-identity.js";

/** Between two questions to a leader that answers, and after a silence, how much of it is enough to take over. */
const LEADER_ASKED_EVERY_MS = 1_000;
const LEADER_SILENCE_MS = 5_000;
/** Between attempts to reach the streams. */
const RETRY_MS = 500;

export class Standby {
  readonly #options: DispatcherOptions;
  /** The ledger that was folded first; if it is another one after a reconnect, we stop. */
  #identity: string | null = null;
  #fold = new Fold();

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  get fold(): Fold {
    return this.#fold;
  }

  /** The identity of the ledger that was folded; there is none before it was reached. */
  get ledger(): string {
    return this.#identity ?? "";
  }

  /** Reaches the ledger, however long it takes. The stream must be the one that was folded, and reach to `folded` at least. */
  async reach(folded: Position, signal: AbortSignal): Promise<number> {
    const { identity, last } = await this.retrying(() => this.#options.ledger.state(), signal);
    this.#identity ??= identity;
    if (identity !== this.#identity) {
      throw new LedgerCorrupt(
        "0",
        `the stream is ${identity}, and ${this.#identity} was folded: it was deleted and made anew`,
      );
    }
    if (last < folded) {
      throw new LedgerCorrupt(
        String(last + 1),
        `the stream ends there, and ${folded} entries were folded: it was restored from an older copy`,
      );
    }
    return last;
  }

  /** Folds the ledger from the beginning, and then whatever comes. Calls `caughtUp` once, at what was the end when it began. */
  async foldAll(signal: AbortSignal, caughtUp: () => void): Promise<void> {
    const fold = new Fold();
    this.#fold = fold;
    const last = await this.reach(position(0), signal);
    if (last === 0) caughtUp();
    for await (const batch of this.#options.ledger.follow(0, signal)) {
      for (const message of batch) {
        if (signal.aborted) return;
        fold.apply(position(message.sequence), entryOf(message));
        if (message.sequence === last) caughtUp();
      }
    }
  }

  /**
   * The intake's identity. If the ledger knows another one, the intake was deleted and made anew: what was acknowledged and
   * not yet decided is lost, and the progress that the ledger records is not about this stream. Or the ledger was imported to be
   * asked, while its own scheduler goes on elsewhere.
   */
  async reachIntake(signal: AbortSignal): Promise<string> {
    const { identity } = await this.retrying(() => this.#options.intake.state(), signal);
    const { intakeStream } = this.#fold.settings;
    if (intakeStream !== null && intakeStream !== identity) {
      throw new LogGap(
        `the intake stream is ${identity}, and the ledger knows ${intakeStream}: it was deleted and made anew, or the ledger was ` +
          "imported to be asked only (`log import --continue` lets a scheduler go on with one); go on in another namespace",
      );
    }
    return identity;
  }

  /** Settles when nobody leads, or the leader has been silent for too long. Safety does not rest on this: the append does. */
  async untilLeaderless(own: DispatcherId, signal: AbortSignal): Promise<void> {
    let silentSince: number | null = null;
    while (!signal.aborted) {
      const { leader } = this.#fold;
      if (leader === null || leader.dispatcher === own || isProvablyGone(leader.process)) break;
      const answer = await this.#options.askLeader(leader.dispatcher);
      if (answer === "nobody") break;
      const now = this.#options.clock.now();
      if (answer === "leads") silentSince = null;
      else silentSince ??= now;
      if (silentSince !== null && now - silentSince >= LEADER_SILENCE_MS) break;
      await this.#pause(LEADER_ASKED_EVERY_MS);
    }
    await this.#endOrphans();
  }

  /** Whatever a dead scheduler's runs have left running on this machine ends before their slots are given to others. */
  async #endOrphans(): Promise<void> {
    const { holdings, workers } = this.#fold.slots;
    const isLost = (job: JobId, grant: Position) => {
      const holding = holdings[job];
      const worker = holding?.grant === grant ? workers[holding.worker] : undefined;
      return worker !== undefined && isProvablyGone(worker.process);
    };
    const ended = await this.#options.endOrphans(isLost).catch((error: unknown) => {
      this.#options.log.error({ err: error }, "processes of lost runs could not be ended");
      return 0;
    });
    if (ended > 0) this.#options.log.warn({ ended }, "ended processes that a dead scheduler left behind");
  }

  /** Tries again until it succeeds or the signal aborts. What cannot get better by itself is thrown at once. */
  async retrying<T>(act: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      try {
        return await act();
      } catch (error) {
        if (error instanceof LedgerCorrupt || error instanceof LogGap || signal.aborted) throw error;
        this.#options.log.warn({ err: error }, "the ledger cannot be reached; trying again");
        await this.#pause(RETRY_MS);
      }
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#options.clock.after(ms, resolve));
  }
}
