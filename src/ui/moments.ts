/** Any moment of the ledger, folded: what was believed at a position, however one came there. */
import { type Position, position } from "../../events/names.js";
import { type Fold, LedgerCorrupt } from "../../projections/fold.js";
import { endedLast } from "../../projections/views/views.js";
import { nearestCheckpoint } from "../checkpoints/nearest.js";
import type { ShelfReader } from "../checkpoints/shelf.js";
import { firstAfter, readMessages } from "../client/reader.js";
import type { Until } from "../client/until.js";
import { entryOf } from "../log/entry.js";
import type { Log } from "../log/log.js";
import { Slices } from "../slices.js";
import { boardOf, ENDED_SHOWN_MAX } from "./board.js";
import { KeptFolds } from "./kept-folds.js";
import type { Board } from "./protocol.js";
import { RequestRefused } from "./refusal.js";

/** Boards of moments that were looked at last. One is 30 to 300 kB. */
const BOARDS_KEPT_MAX = 100;
/** So few entries are folded, whatever checkpoints there are. */
const ENTRIES_FOLDED_MIN = 100;

export interface MomentsOptions {
  readonly ledger: () => Promise<Log>;
  /** The fold at the end of the ledger, as it is followed. */
  readonly now: () => Fold;
  /** Where its checkpoints are; null: there are none. */
  readonly shelf: () => Promise<ShelfReader | null>;
  /** What a part of a log begins with; null: it is a whole one. */
  readonly begin: Fold | null;
}

export class Moments {
  readonly #ledger: () => Promise<Log>;
  readonly #now: () => Fold;
  #shelf: () => Promise<ShelfReader | null>;
  readonly #begin: Fold | null;
  readonly #folds: KeptFolds;
  readonly #boards = new Map<Position, Board>();
  /** One at a time: they share the fold that moves. */
  #turn: Promise<unknown> = Promise.resolve();
  #asked = 0;
  /** Whether a fold may stem from a checkpoint. */
  #isCheckpointed = false;

  constructor({ ledger, now, shelf, begin }: MomentsOptions) {
    this.#ledger = ledger;
    this.#now = now;
    this.#shelf = shelf;
    this.#begin = begin;
    this.#folds = new KeptFolds(begin);
  }

  /** Whether somebody waits for a moment that is not folded yet. */
  get isFolding(): boolean {
    return this.#asked > 0;
  }

  /** The position of the last entry at a moment; null is now. Throws `RequestRefused` if the ledger does not reach so far, or so far back. */
  async positionOf(when: Until | null): Promise<Position> {
    const { head } = this.#now();
    if (when === null) return head.position;
    if ("time" in when) {
      if (when.time >= head.at) return head.position;
      return position(Math.min(head.position, (await firstAfter(await this.#ledger(), when.time)) - 1));
    }
    if (when.position > head.position)
      throw new RequestRefused(
        "not-found",
        `the ledger ends at position ${head.position}; there is no ${when.position} yet`,
      );
    const begins = this.#begin?.head.position ?? 0;
    if (when.position < begins)
      throw new RequestRefused("not-found", `this part of the log begins with the state at position ${begins}`);
    return position(when.position);
  }

  /** Asks the fold at a position, which is there. Gives up when `signal` aborts, also half way. */
  async ask<T>(at: Position, question: (fold: Fold) => T, signal: AbortSignal): Promise<T> {
    if (at === this.#now().head.position) return question(this.#now());
    this.#asked += 1;
    const asked = this.#turn.then(async () => question(await this.#foldTo(at, signal)));
    this.#turn = asked.catch(() => {});
    return asked.finally(() => {
      this.#asked -= 1;
    });
  }

  async board(at: Position, signal: AbortSignal): Promise<Board> {
    const known = this.#boards.get(at);
    const board = known ?? (await this.ask(at, (fold) => boardOf(fold, endedLast(fold, ENDED_SHOWN_MAX)), signal));
    // Put behind all others: what was not looked at for longest is in front.
    this.#boards.delete(at);
    this.#boards.set(at, board);
    for (const oldest of this.#boards.keys()) {
      if (this.#boards.size <= BOARDS_KEPT_MAX) break;
      this.#boards.delete(oldest);
    }
    return board;
  }

  async #foldTo(at: Position, signal: AbortSignal): Promise<Fold> {
    signal.throwIfAborted();
    const ledger = await this.#ledger();
    const checkpoint = await this.#checkpointBefore(at, ledger);
    if (checkpoint !== null) {
      this.#isCheckpointed = true;
      this.#folds.begin(checkpoint);
    }
    const fold = this.#folds.nearest(at);
    try {
      const slices = new Slices();
      for await (const message of readMessages(ledger, fold.head.position, at)) {
        const entry = entryOf(message);
        fold.apply(position(message.sequence), entry);
        this.#folds.moved(entry.facts.length);
        if (await slices.between()) signal.throwIfAborted();
      }
      return fold;
    } catch (error) {
      // An entry may be half folded.
      if (!signal.aborted) this.#folds.drop();
      if (!(error instanceof LedgerCorrupt) || !this.#isCheckpointed) throw error;
      // Whether the ledger is wrong, or only a checkpoint, the first entry tells.
      this.#isCheckpointed = false;
      this.#shelf = async () => null;
      this.#folds.forget();
      return this.#foldTo(at, signal);
    }
  }

  /** The fold of a checkpoint, where that is worth reading. */
  async #checkpointBefore(at: Position, ledger: Log): Promise<Fold | null> {
    const beyond = this.#folds.reach(at);
    if (at - beyond <= ENTRIES_FOLDED_MIN) return null;
    const shelf = await this.#shelf();
    // Of those that could not be used was told when the ledger was opened.
    return shelf && nearestCheckpoint({ shelf, ledger, until: { position: at }, beyond, onNotice: () => {} });
  }
}
