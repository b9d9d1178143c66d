/**
 * Jobs that have ended and left the index of the leader: it keeps the latest (`history.keep`), and an endpoint that was away for
 * long comes later than that. They are found by folding the ledger once more, beside the leader's fold, up to each of them.
 */
import { position } from "../../events/names.js";
import { Fold } from "../../projections/fold.js";
import { entryOf } from "../log/entry.js";
import { type IndexedJob, indexedJob } from "../log/job-facts.js";
import type { Log, StoredMessage } from "../log/log.js";
import type { Ending } from "./endings.js";

export class Replay {
  readonly #ledger: Log;
  readonly #fold = new Fold();

  constructor(ledger: Log) {
    this.#ledger = ledger;
  }

  /**
   * The jobs of these endings, in their order. All are of one entry, and no earlier one than those asked for before.
   * Throws what the ledger throws; then, or when the signal aborts amid it, the replay is spent.
   */
  async find(endings: readonly Ending[], signal: AbortSignal): Promise<readonly IndexedJob[]> {
    const last = endings[0]?.position ?? position(0);
    const stop = new AbortController();
    const abort = () => stop.abort();
    signal.addEventListener("abort", abort, { once: true });
    try {
      for await (const batch of this.#ledger.follow(this.#fold.head.position, stop.signal)) {
        for (const message of batch) {
          if (message.sequence === last) return this.#read(message, endings);
          if (signal.aborted) break;
          this.#fold.apply(position(message.sequence), entryOf(message));
        }
      }
    } finally {
      signal.removeEventListener("abort", abort);
      stop.abort();
    }
    throw new Error(`the ledger was not read up to ${last}`);
  }

  /** Each job as it is right after its ending: when the entry is closed, this index may forget it just as well. */
  #read(message: StoredMessage, endings: readonly Ending[]): readonly IndexedJob[] {
    const fold = this.#fold;
    const entry = entryOf(message);
    const found = new Map<number, IndexedJob>();
    fold.open(position(message.sequence), entry);
    for (const [index, fact] of entry.facts.entries()) {
      fold.applyFact(fact);
      const ending = endings.find((one) => one.index === index);
      const row = ending === undefined ? undefined : fold.jobs.get(ending.job);
      if (row !== undefined) found.set(index, indexedJob(row, fold));
    }
    fold.close(entry.intake);
    return endings.map(({ index, address }) => {
      const job = found.get(index);
      if (job === undefined) throw new Error(`${address} is not in the ledger`);
      return job;
    });
  }
}
