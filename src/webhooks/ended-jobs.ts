/** The jobs behind endings, as the API shows them: from the leader's index, or, where that has forgotten them, from a replay. */
import { isTerminal, type TerminalState } from "../../events/states.js";
import type { Fold } from "../../projections/fold.js";
import { type JobRow, stateOf } from "../../projections/jobs.js";
import { type IndexedJob, indexedJob } from "../log/job-facts.js";
import type { Log } from "../log/log.js";
import type { Ending } from "./endings.js";
import { Replay } from "./replay.js";

export interface EndedJob {
  readonly ending: Ending;
  readonly job: IndexedJob;
}

/** Whether somebody wants to be told of a job that ended so. */
export type IsWanted = (state: TerminalState, type: string | null) => boolean;

/** Asks the projection of the dispatcher that leads. */
export interface Projection {
  query<T>(ask: (fold: Fold) => T): Promise<T>;
}

/** Looked up at once: the dispatcher decides nothing meanwhile. */
const LOOKED_UP_MAX = 50;

export class EndedJobs {
  readonly #ledger: Log;
  readonly #leader: Projection;
  #replay: Replay | null = null;

  constructor(ledger: Log, leader: Projection) {
    this.#ledger = ledger;
    this.#leader = leader;
  }

  /** The wanted ones among the jobs of one entry's endings. Asked for entry by entry, in the order of the ledger. */
  async find(endings: readonly Ending[], isWanted: IsWanted, signal: AbortSignal): Promise<readonly EndedJob[]> {
    const found = new Map<Ending, IndexedJob>();
    const forgotten: Ending[] = [];
    for (let from = 0; from < endings.length; from += LOOKED_UP_MAX) {
      const some = endings.slice(from, from + LOOKED_UP_MAX);
      const rows = await this.#leader.query((fold) => some.map((ending) => lookUp(fold, ending, isWanted)));
      for (const [index, ending] of some.entries()) {
        const job = rows[index] ?? "forgotten";
        if (job === "forgotten") forgotten.push(ending);
        else if (job !== "unwanted") found.set(ending, job);
      }
    }
    if (forgotten.length > 0) {
      // Kept from then on: who is behind by so much will need it again, and it reads the ledger only once.
      this.#replay ??= new Replay(this.#ledger);
      const jobs = await this.#replay.find(forgotten, signal);
      for (const [index, ending] of forgotten.entries()) {
        const job = jobs[index];
        const { state, type } = job?.item ?? { state: null, type: null };
        if (job !== undefined && state !== null && isTerminal(state) && isWanted(state, type)) found.set(ending, job);
      }
    }
    return endings.flatMap((ending) => {
      const job = found.get(ending);
      return job === undefined ? [] : [{ ending, job }];
    });
  }
}

function lookUp(fold: Fold, ending: Ending, isWanted: IsWanted): IndexedJob | "unwanted" | "forgotten" {
  const row = fold.jobs.get(ending.job);
  // An id may be used again once its job is forgotten: this row is another job then, and may not even have ended.
  if (row === undefined || !isLastFact(row, ending)) return "forgotten";
  const state = stateOf(row);
  return isTerminal(state) && isWanted(state, row.askedType) ? indexedJob(row, fold) : "unwanted";
}

const isLastFact = ({ addresses }: JobRow, { position, index }: Ending): boolean =>
  addresses.at(-2) === position && addresses.at(-1) === index;
