/**
 * Follows a ledger as one more reader of it, for ever: through lost connections, to another port where the server has come back
 * there, and to another ledger where somebody has put one in its place. The scheduler knows nothing of it.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { JobId } from "../../events/names.js";
import { LedgerCorrupt } from "../../projections/fold.js";
import type { Session } from "../client/session.js";
import { type Log, LogGap } from "../log/log.js";
import { Link } from "../nats/link.js";
import { Slices } from "../slices.js";
import { untilAborted } from "../until-aborted.js";
import { type Begun, beginRecording, beginWhole, type Folding } from "./beginning.js";
import type { Broadcast } from "./broadcast.js";
import { Moments } from "./moments.js";
import { OlderPast } from "./older-past.js";
import type { OlderPastTold } from "./protocol.js";
import { ReachableLog } from "./reachable-log.js";
import type { Recording } from "./recording.js";
import { RequestRefused } from "./refusal.js";

/** A server that does not come back where it was is looked for again this often. */
const LOOK_AGAIN_MS = 2_000;

export interface FollowingOptions extends Folding {
  /** Opens a session, wherever the server is now. Throws while there is none. */
  readonly open: () => Promise<Session>;
}

export class Following {
  readonly #options: FollowingOptions;
  #session: Session;
  #ledger: Log;
  #identity: string;
  #recording: Recording;
  /** Null: the recording knows the ledger from its first entry on. */
  #older: OlderPast | null;
  #moments: Moments;
  #broadcast: Broadcast | null = null;
  #reach = new AbortController();

  private constructor(options: FollowingOptions, session: Session, ledger: Log, identity: string, begun: Begun) {
    this.#options = options;
    this.#session = session;
    this.#ledger = ledger;
    this.#identity = identity;
    this.#recording = begun.recording;
    this.#older = this.#olderOf(begun);
    this.#moments = this.#momentsOf();
  }

  /**
   * Opens the ledger and folds what is there, from a checkpoint if there is one. Throws what `open` throws, `LedgerCorrupt`, and the
   * signal's reason when it aborts.
   */
  static async begin(options: FollowingOptions): Promise<Following> {
    const session = await options.open();
    try {
      const from = await session.readable();
      const { identity, last } = await from.ledger.state();
      const begun = await beginRecording(from, last, options);
      return new Following(options, session, from.ledger, identity, begun);
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  get session(): Session {
    return this.#session;
  }
  /** For questions: it does not wait for a server that is away. */
  get ledger(): Log {
    return new ReachableLog(this.#ledger, () => this.#reach.signal);
  }
  get recording(): Recording {
    return this.#recording;
  }
  get moments(): Moments {
    return this.#moments;
  }
  /** How far what is before the recording's begin is read; null: the recording has it all. */
  get olderPast(): OlderPastTold | null {
    return this.#older?.told ?? null;
  }

  /**
   * Follows until the signal aborts, or the ledger turns out to be corrupt; tells the broadcast what comes. The session stays
   * open, for questions.
   */
  async follow(broadcast: Broadcast): Promise<void> {
    this.#broadcast = broadcast;
    const { signal } = this.#options;
    while (!signal.aborted) {
      const lost = await this.#followHere()
        .catch((error: unknown) => this.#failed(error))
        .catch((error: unknown) => {
          if (signal.aborted) return "lost" as const;
          throw error;
        });
      if (lost === "broken") return;
      if (!signal.aborted && lost !== "begun again") await this.#connectAgain(lost === "another");
    }
  }

  /** Follows on this connection, until it stays away: `lost`; or until what it leads to is another ledger. */
  async #followHere(): Promise<"lost" | "another"> {
    const session = this.#session;
    const link = new Link(session.nc);
    const stop = new AbortController();
    const signal = AbortSignal.any([this.#options.signal, stop.signal]);
    let isUp = true;
    const stopListening = [
      link.onDown(() => {
        isUp = false;
        this.#gone();
      }),
      link.onUp(() => {
        isUp = true;
        this.#back();
      }),
    ];
    const watchProgress = session.nc.subscribe(session.subjects.progressAny, {
      callback: (error, message) => {
        if (error === null) this.#progressed(message.subject, message.data);
      },
    });
    const lookElsewhere = async () => {
      while (!signal.aborted) {
        await delay(LOOK_AGAIN_MS, undefined, { signal, ref: false }).catch(() => {});
        if (!isUp && !signal.aborted && (await this.#isElsewhere(signal))) stop.abort();
      }
    };
    void lookElsewhere();
    this.#readOlder(signal);
    try {
      // A connection that is closed for good may never answer, and not even say so.
      await Promise.race([this.#apply(signal), untilAborted(signal)]);
      return "lost";
    } catch (error) {
      if (error instanceof LogGap) return "another";
      throw error;
    } finally {
      stop.abort();
      // The end of a connection that was left says nothing about the next one.
      for (const end of stopListening) end();
      if (!session.nc.isClosed()) watchProgress.unsubscribe();
    }
  }

  async #apply(signal: AbortSignal): Promise<void> {
    const slices = new Slices();
    for await (const batch of this.#ledger.follow(this.#recording.fold.head.position, signal)) {
      for (const message of batch) {
        // Somebody else may be reading on from here by now.
        if (signal.aborted) return;
        this.#recording.apply(message);
        this.#broadcast?.changed();
        await slices.between();
      }
    }
  }

  /** Whether a server answers that the lost connection does not lead to. If so, its session is taken from now on. */
  async #isElsewhere(signal: AbortSignal): Promise<boolean> {
    const session = await this.#options.open().catch(() => null);
    if (session === null) return false;
    // The lost connection may have come back meanwhile, or we are told to end.
    if (signal.aborted) await session.close();
    else await this.#take(session);
    return !signal.aborted;
  }

  async #take(session: Session): Promise<void> {
    const before = this.#session;
    this.#session = session;
    await before.close().catch(() => {});
  }

  /** Opens the ledger of the session that we have, or of a new one; goes on in it, or begins if it is another one. */
  async #connectAgain(isAnother: boolean): Promise<void> {
    const { signal } = this.#options;
    // A session holds on to the ledger that it has opened.
    if (isAnother) await this.#session.close();
    while (!signal.aborted) {
      try {
        if (this.#session.nc.isClosed()) await this.#take(await this.#options.open());
        const ledger = await this.#session.ledger();
        const { identity, last } = await ledger.state();
        this.#ledger = ledger;
        if (isAnother || identity !== this.#identity || last < this.#recording.fold.head.position) {
          this.#identity = identity;
          await this.#beginAgain(last);
        }
        this.#back();
        return;
      } catch (error) {
        if (error instanceof LedgerCorrupt) throw error;
        await this.#session.close().catch(() => {});
        await delay(LOOK_AGAIN_MS, undefined, { signal, ref: false }).catch(() => {});
      }
    }
  }

  /** Folds the ledger up to `last`, and shows that from then on. */
  async #beginAgain(last: number): Promise<void> {
    this.#show(await beginRecording(await this.#session.readable(), last, this.#quietly));
  }

  #show(begun: Begun): void {
    this.#recording = begun.recording;
    this.#older = this.#olderOf(begun);
    this.#moments = this.#momentsOf();
    this.#broadcast?.begin(begun.recording);
  }

  #readOlder(signal: AbortSignal): void {
    // Whatever keeps it from going on, whoever follows the same ledger meets it, too.
    void this.#older?.readOn(this.#ledger, signal).catch(() => {});
  }

  /**
   * Shows what was right: the fold that met the wrong entry may have taken in half of it. Where it began at a checkpoint, the ledger
   * may be right all the same: then it is followed from its first entry on, and the wrong one, if there is one, is met again.
   */
  async #failed(error: unknown): Promise<"broken" | "begun again"> {
    if (!(error instanceof LedgerCorrupt)) throw error;
    const { position } = this.#recording.fold.head;
    const older = this.olderPast;
    if (older?.kind === "unreadable") await this.#beginAgain(position);
    else {
      try {
        this.#show(await beginWhole(this.#ledger, position, this.#quietly));
        if (older !== null) return "begun again";
      } catch (earlier) {
        if (!(earlier instanceof LedgerCorrupt)) throw earlier;
        await this.#beginAgain(position);
      }
    }
    this.#readOlder(this.#options.signal);
    this.#broadcast?.broken(error.message);
    return "broken";
  }

  get #quietly(): Folding {
    return { signal: this.#options.signal, onEntry: () => {} };
  }

  #gone(): void {
    const reason = "the NATS server cannot be reached";
    this.#reach.abort(new RequestRefused("unavailable", reason));
    this.#broadcast?.gone(reason);
  }

  #back(): void {
    if (this.#reach.signal.aborted) this.#reach = new AbortController();
    this.#broadcast?.back();
  }

  #olderOf({ recording, isWhole }: Begun): OlderPast | null {
    return isWhole ? null : new OlderPast(recording, () => this.#moments.isFolding);
  }

  #momentsOf(): Moments {
    const recording = this.#recording;
    return new Moments({
      ledger: async () => this.ledger,
      now: () => recording.fold,
      // Without them it only takes longer.
      shelf: () =>
        this.#session.readable().then(
          ({ shelf }) => shelf,
          () => null,
        ),
      begin: null,
    });
  }

  #progressed(subject: string, data: Uint8Array): void {
    const job = subject.slice(subject.lastIndexOf(".") + 1) as JobId;
    try {
      this.#broadcast?.progress(job, JSON.parse(new TextDecoder().decode(data)));
    } catch {
      // Whoever publishes there says what it likes; what is not JSON is not progress.
    }
  }
}
