/** A ledger as it is folded, with what watchers want to know beside the fold: what is new, what ended last, who held what. */
import { type Fact, isJobFact } from "../../events/facts.js";
import { factAddress, type Position, position } from "../../events/names.js";
import { isTerminal } from "../../events/states.js";
import { Fold } from "../../projections/fold.js";
import { stateOf } from "../../projections/jobs.js";
import type { AsOf } from "../../projections/views/views.js";
import { entryOf } from "../log/entry.js";
import type { StoredMessage } from "../log/log.js";
import { boardOf } from "./board.js";
import { EndedJobs } from "./ended-jobs.js";
import { type FoldedFact, News } from "./news.js";
import type { Board } from "./protocol.js";
import { SpanBook } from "./span-book.js";

export class Recording {
  readonly news = new News();
  #fold = new Fold();
  #spans = new SpanBook();
  #ended = new EndedJobs();
  #first: AsOf | null = null;

  /**
   * One that goes on from a checkpoint. `first`: the first entry of the ledger; null: as far as is known, it is the one that comes next.
   * The fold is the recording's from then on.
   */
  static from(checkpoint: Fold, first: AsOf | null): Recording {
    const recording = new Recording();
    recording.#fold = checkpoint;
    recording.#spans = SpanBook.from(checkpoint);
    recording.#ended = EndedJobs.from(checkpoint);
    recording.#first = first;
    return recording;
  }

  get fold(): Fold {
    return this.#fold;
  }
  get spans(): SpanBook {
    return this.#spans;
  }
  /** The first entry of the ledger; null before it. */
  get first(): AsOf | null {
    return this.#first;
  }

  /** Takes over what another recording of the same ledger, up to the same entry, has; the news stay. The other one is not used again. */
  become(other: Recording): void {
    const { head } = this.#fold;
    if (other.#fold.head.position !== head.position) throw new Error("the other recording is of another moment");
    this.#fold = other.#fold;
    this.#spans = other.#spans;
    this.#ended = other.#ended;
    this.#first = other.#first;
  }

  /** The board as of the last entry. */
  board(): Board {
    return boardOf(this.#fold, this.#ended.newest(this.#fold));
  }

  /** Folds the next message of the ledger, and gives its facts as they were folded. Throws `LedgerCorrupt`. */
  apply(message: StoredMessage): readonly FoldedFact[] {
    const entry = entryOf(message);
    const at = position(message.sequence);
    this.#first ??= { position: at, at: entry.at };
    this.#fold.open(at, entry);
    const folded = entry.facts.map((fact, index): FoldedFact => {
      const states = this.#applied(fact);
      return this.#seen({ address: factAddress(at, index), at: entry.at, fact, states }, at);
    });
    this.#fold.close(entry.intake);
    this.#spans.entryEnded(this.#fold);
    return folded;
  }

  #applied(fact: Fact): FoldedFact["states"] {
    if (!isJobFact(fact)) {
      this.#fold.applyFact(fact);
      return null;
    }
    const before = this.#fold.jobs.get(fact.job);
    const from = before === undefined ? null : stateOf(before);
    this.#fold.applyFact(fact);
    const row = before ?? this.#fold.jobs.get(fact.job);
    if (row === undefined) throw new Error(`${fact.job} is not in the index after ${fact.type}`);
    const to = stateOf(row);
    if (from !== to && isTerminal(to)) this.#ended.ended(row);
    return { from, to };
  }

  #seen(folded: FoldedFact, at: Position): FoldedFact {
    this.news.add(folded);
    this.#spans.see(folded, at, this.#fold);
    return folded;
  }
}
