/**
 * How far off forecasts would have been, measured on a recorded ledger: whenever jobs came to wait, their starts are forecast from
 * what was known then, and compared with their grants.
 */
import type { Entry } from "../../events/entry.js";
import type { JobId, Position } from "../../events/names.js";
import type { Fold } from "../fold.js";
import { stateOf } from "../jobs.js";
import { quantile } from "../quantile.js";
import { forecastStarts } from "./forecast.js";

export interface ForecastError {
  /** How often jobs came to wait in the queue and were not granted at once. */
  readonly waits: number;
  /** Of how many of them, evenly spread over the ledger, a forecast was asked for. */
  readonly asked: number;
  /** How many forecasts were made, of those asked for. */
  readonly made: number;
  /** Of how many of these the job was granted afterwards, so that it can be said how far off it was. */
  readonly measured: number;
  /** Milliseconds between the expected and the real start; null if none was measured. */
  readonly medianErrorMs: number | null;
  readonly p90ErrorMs: number | null;
  /** Milliseconds that these jobs really waited from the forecast on, to compare with. */
  readonly medianWaitMs: number | null;
  /** Which share started between the earliest and the latest time forecast; eight of ten should. */
  readonly insideShare: number | null;
}

/** When there are twice as many, every other one is left out, and from then on as many fewer are asked for. */
const SAMPLES_MAX = 500;

interface Sample {
  readonly at: string;
  /** Null: no forecast could be made. */
  readonly forecast: { readonly expected: string; readonly earliest: string; readonly latest: string } | null;
  grantedAt: string | null;
}

/** Walks a ledger, or what follows `before` of it. Throws `LedgerCorrupt` at the first thing in it that cannot be. */
export class ForecastTrial {
  readonly #fold: Fold;
  #samples: Sample[] = [];
  /** The samples of jobs that still wait. */
  readonly #open = new Map<JobId, Sample>();
  #waits = 0;
  #stride = 1;

  constructor(before: Fold) {
    this.#fold = before;
  }

  apply(at: Position, entry: Entry): void {
    this.#fold.apply(at, entry);
    const came: JobId[] = [];
    for (const fact of entry.facts) {
      if (fact.type === "StartGranted") this.#granted(fact.job, entry.at);
      if (fact.type === "JobCancelled") this.#open.delete(fact.job);
      if (fact.type === "JobSubmitted" || fact.type === "JobDue") came.push(fact.job);
    }
    const asked = new Set(came.filter((id) => this.#isWaiting(id) && this.#isTaken()));
    if (asked.size === 0) return;
    for (const [id, { expected, earliest, latest }] of forecastStarts(this.#fold, asked, entry.at)) {
      const isMade = expected !== null && earliest !== null && latest !== null;
      const sample: Sample = {
        at: entry.at,
        forecast: isMade ? { expected, earliest, latest } : null,
        grantedAt: null,
      };
      this.#samples.push(sample);
      this.#open.set(id, sample);
    }
    if (this.#samples.length < 2 * SAMPLES_MAX) return;
    this.#samples = this.#samples.filter((_sample, index) => index % 2 === 0);
    this.#stride *= 2;
  }

  result(): ForecastError {
    const errors: number[] = [];
    const waits: number[] = [];
    let made = 0;
    let inside = 0;
    for (const { at, forecast, grantedAt } of this.#samples) {
      if (forecast === null) continue;
      made += 1;
      if (grantedAt === null) continue;
      const { expected, earliest, latest } = forecast;
      errors.push(Math.abs(Date.parse(grantedAt) - Date.parse(expected)));
      waits.push(Date.parse(grantedAt) - Date.parse(at));
      if (earliest <= grantedAt && grantedAt <= latest) inside += 1;
    }
    return {
      ...{ waits: this.#waits, asked: this.#samples.length, made, measured: errors.length },
      medianErrorMs: shareOf(errors, 0.5),
      p90ErrorMs: shareOf(errors, 0.9),
      medianWaitMs: shareOf(waits, 0.5),
      insideShare: errors.length === 0 ? null : inside / errors.length,
    };
  }

  #isWaiting(id: JobId): boolean {
    const row = this.#fold.jobs.get(id);
    return row !== undefined && stateOf(row) === "queued";
  }

  #isTaken(): boolean {
    this.#waits += 1;
    return (this.#waits - 1) % this.#stride === 0;
  }

  #granted(id: JobId, at: string): void {
    const sample = this.#open.get(id);
    if (sample !== undefined) sample.grantedAt = at;
    this.#open.delete(id);
  }
}

/** The value that this share of the values is no larger than; null if there are none. */
function shareOf(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? null : quantile(sorted, share);
}
