/**
 * How long runs of each type take, from the grant to the completion: what a forecast is made from. Kept per type, and per type and
 * model where the params name one. Bounded, and no part of the canonical state, because no decision looks at it.
 */

import type { KeptTimes } from "./checkpoint/kept.js";
import { type JobRow, liveAttempt } from "./jobs.js";

/** The latest runs of a kind; older ones say little about the next. */
const RUNS_KEPT_MAX = 200;
/** Models are named by whoever submits, so there may be any number: the kinds of which none has run for longest are forgotten. */
const KINDS_MAX = 1_000;
/** A longer name is no model's. */
const MODEL_CHARS_MAX = 200;

/** What is known of the runs of a kind. */
export interface RunTimes {
  readonly type: string;
  /** Null: runs of the type, whatever the model. */
  readonly model: string | null;
  /** How many runs the times are from; at most the 200 latest. */
  readonly runs: number;
  /** Milliseconds, ascending. */
  readonly sortedMs: readonly number[];
}

/** Its array is never changed, so that copies may share it. */
interface Kind extends KeptTimes {
  times: RunTimes | null;
}

export class Durations {
  readonly #kinds: Map<string, Kind>;

  /** Without any run, or a copy of `from`. */
  constructor(from?: Durations) {
    this.#kinds = new Map(from === undefined ? [] : from.#kinds);
  }

  /** An attempt of the row has completed; its params are still there. */
  completed(row: JobRow, at: string): void {
    const live = liveAttempt(row);
    if (live === null || row.spec === null) return;
    const ms = Math.max(0, Date.parse(at) - Date.parse(live.grantedAt));
    const { type } = row.spec;
    const model = modelOf(row);
    this.#add(type, null, ms);
    if (model !== null) this.#add(type, model, ms);
  }

  /** The times of runs like this job's: of its model if one has run, else of its type; null if none has. */
  of(row: JobRow): RunTimes | null {
    const type = row.spec?.type ?? "";
    const model = modelOf(row);
    return (model === null ? null : this.#timesOf(type, model)) ?? this.#timesOf(type, null);
  }

  /** All of it, to be restored elsewhere. */
  keep(): readonly KeptTimes[] {
    return [...this.#kinds.values()].map(({ type, model, latestMs }) => ({ type, model, latestMs }));
  }

  /** Takes over what another one kept. */
  restore(kept: readonly KeptTimes[]): void {
    for (const times of kept) this.#kinds.set(keyOf(times.type, times.model), { ...times, times: null });
  }

  #add(type: string, model: string | null, ms: number): void {
    const key = keyOf(type, model);
    const latestMs = [...(this.#kinds.get(key)?.latestMs ?? []).slice(1 - RUNS_KEPT_MAX), ms];
    this.#kinds.delete(key);
    this.#kinds.set(key, { type, model, latestMs, times: null });
    if (this.#kinds.size <= KINDS_MAX) return;
    for (const oldest of this.#kinds.keys()) {
      this.#kinds.delete(oldest);
      return;
    }
  }

  #timesOf(type: string, model: string | null): RunTimes | null {
    const kind = this.#kinds.get(keyOf(type, model));
    if (kind === undefined) return null;
    const sortedMs = () => [...kind.latestMs].sort((a, b) => a - b);
    kind.times ??= { type, model, runs: kind.latestMs.length, sortedMs: sortedMs() };
    return kind.times;
  }
}

/** A type's name has no blank, so no two kinds share a key. */
const keyOf = (type: string, model: string | null): string => (model === null ? type : `${type} ${model}`);

function modelOf({ spec }: JobRow): string | null {
  const model = spec?.params["model"];
  return typeof model === "string" && model !== "" && model.length <= MODEL_CHARS_MAX ? model : null;
}
