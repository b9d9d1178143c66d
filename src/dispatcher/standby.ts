/**
 * A dispatcher that does not lead: checks that the ledger is the one it knows, folds it, and asks after the leader. What it
 * has folded is what it decides from when it comes to lead.
 */
import {
  type DispatcherId,
  type EntryId,
  type JobId,
  type Position,
  position,
  type WorkerId,
} from "../../events/names.js";
import { Fold, LedgerCorrupt } from "../../projections/fold.js";
import type { Worker } from "../../projections/slots.js";
import { entryOf } from "../log/entry.js";
import { LogGap } from "../log/log.js";
import type { DispatcherOptions } from "./options.js";

/** Between two questions to a leader that answers, and after a silence, how much of it is enough to take over. */
const LEADER_ASKED_EVERY_MS = 1_000;
const LEADER_SILENCE_MS = 5_000;
/** Between attempts to reach the streams. */
const RETRY_MS = 500;
/** Between attempts to store the same entry, from the third one on: doubled each time from the first to the second. */
const APPEND_AGAIN_MS_MIN = 50;
const APPEND_AGAIN_MS_MAX = 2_000;

/** What a new leader finds. */
export interface Inheritance {
  /** The intake's identity. */
  readonly intakeStream: string;
  /** Workers whose processes are gone, with all that they have left running on this machine. */
  readonly gone: ReadonlySet<WorkerId>;
}

/** What leading has to do with the intake. */
interface Leading {
  readonly intake: () => Promise<void>;
  /** The position of the last entry, when none is in flight: then it is known what is ours. */
  readonly folded: () => Promise<Position>;
  readonly deposed: () => void;
}

export class Standby {
  readonly #options: DispatcherOptions;
  /** The ledger that was folded first; if it is another one after a reconnect, we stop. */
  #identity: string | null = null;
  #fold = new Fold();
  /** The entry that was not in the ledger when it was looked for last, and how often in a row before. */
  #absent: EntryId | null = null;
  #absences = 0;

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

  /**
   * Folds the ledger from the nearest checkpoint or from the beginning, and then whatever comes. Calls `caughtUp` once, at what was
   * the end when it began.
   */
  async foldAll(signal: AbortSignal, caughtUp: () => void): Promise<void> {
    this.#fold = new Fold();
    const last = await this.reach(position(0), signal);
    const found = (await this.#options.checkpoint?.()) ?? null;
    if (signal.aborted) return;
    let isCaughtUp = false;
    const arrived = () => {
      isCaughtUp = true;
      caughtUp();
    };
    try {
      await this.#foldFrom(found ?? new Fold(), last, signal, arrived);
    } catch (error) {
      if (!(error instanceof LedgerCorrupt) || found === null || isCaughtUp || signal.aborted) throw error;
      // Whether the ledger is wrong, or only the checkpoint, the first entry tells.
      const { log } = this.#options;
      log.warn({ err: error }, "the ledger does not follow from the checkpoint: folding it from its first entry");
      await this.#foldFrom(new Fold(), last, signal, arrived);
    }
  }

  async #foldFrom(fold: Fold, last: number, signal: AbortSignal, caughtUp: () => void): Promise<void> {
    this.#fold = fold;
    const begin = fold.head.position;
    let facts = 0;
    const arrived = () => {
      const entries = Math.max(0, last - begin);
      this.#options.onFolded?.({ checkpoint: begin === 0 ? null : begin, entries, facts });
      caughtUp();
    };
    // The leader may have written a checkpoint behind what was the end when it was asked for.
    if (last <= begin) arrived();
    for await (const batch of this.#options.ledger.follow(begin, signal)) {
      for (const message of batch) {
        if (signal.aborted) return;
        const entry = entryOf(message);
        fold.apply(position(message.sequence), entry);
        facts += entry.facts.length;
        if (message.sequence === last) arrived();
      }
    }
  }

  /**
   * The intake's identity. If the ledger knows another one, the intake was deleted and made anew: what was acknowledged and
   * not yet decided is lost, and the progress that the ledger records is not about this stream. Or the ledger was imported to be
   * asked, while its own scheduler goes on elsewhere.
   */
  async #reachIntake(signal: AbortSignal): Promise<string> {
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

  /**
   * Settles when nobody leads, or the leader has been silent for too long. Safety does not rest on this: the append does.
   */
  async untilLeaderless(own: DispatcherId, signal: AbortSignal): Promise<Inheritance> {
    for (;;) {
      const heardAt = await this.#untilSilent(own, signal);
      const gone = await this.#endOrphans();
      const intakeStream = await this.#reachIntake(signal);
      // Somebody may have written meanwhile: another standby that was quicker, or the leader after all.
      if (signal.aborted || heardAt === this.#fold.head.position) return { intakeStream, gone };
    }
  }

  /** Settles with the position of the leader's last word in the ledger: who writes is not silent. */
  async #untilSilent(own: DispatcherId, signal: AbortSignal): Promise<Position> {
    let heardAt = this.#fold.head.position;
    let silentSince: number | null = null;
    while (!signal.aborted) {
      const { leader, head } = this.#fold;
      if (head.position !== heardAt) silentSince = null;
      heardAt = head.position;
      if (leader === null || leader.dispatcher === own) break;
      if (this.#options.system.isProvablyGone(leader.process)) break;
      const answer = await this.#options.askLeader(leader.dispatcher);
      if (answer === "nobody") break;
      const now = this.#options.clock.elapsedMs();
      if (answer === "leads") silentSince = null;
      else silentSince ??= now;
      if (silentSince !== null && now - silentSince >= LEADER_SILENCE_MS) break;
      await this.#pause(LEADER_ASKED_EVERY_MS);
    }
    return heardAt;
  }

  /**
   * Follows the intake while we lead. Whoever has taken over from us trims what it has decided: a hole is a loss only if nobody
   * has written after us.
   */
  async follow({ intake, folded, deposed }: Leading, signal: AbortSignal): Promise<void> {
    try {
      await intake();
    } catch (error) {
      const own = await folded();
      if (!(error instanceof LogGap) || (await this.reach(own, signal)) === own) throw error;
      deposed();
    }
  }

  /** An entry is not there: settles when it may be tried again. A server that takes nothing at the moment is not besieged. */
  async beforeAppending(entry: EntryId): Promise<void> {
    this.#absences = entry === this.#absent ? this.#absences + 1 : 0;
    this.#absent = entry;
    if (this.#absences > 0)
      await this.#pause(Math.min(APPEND_AGAIN_MS_MIN * 2 ** (this.#absences - 1), APPEND_AGAIN_MS_MAX));
  }

  /**
   * Whatever a dead scheduler's runs have left running on this machine ends before their slots are given to others. Who is dead is
   * asked once, before: of one that dies later nothing was looked for, and its leases have their time.
   */
  async #endOrphans(): Promise<ReadonlySet<WorkerId>> {
    const { holdings, workers } = this.#fold.slots;
    const { system, endOrphans, log } = this.#options;
    const dead = Object.values<Worker>(workers).filter(({ process }) => system.isProvablyGone(process));
    const gone = new Set(dead.map(({ id }) => id));
    const isLost = (job: JobId, grant: Position) => {
      const holding = holdings[job];
      return holding?.grant === grant && gone.has(holding.worker);
    };
    const ended = await endOrphans(isLost).catch((error: unknown) => {
      log.error({ err: error }, "processes of lost runs could not be ended");
      return 0;
    });
    if (ended > 0) log.warn({ ended }, "ended processes that a dead scheduler left behind");
    return gone;
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
