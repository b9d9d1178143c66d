/** How long attempts hold their slots in an alternative: as long as they did, and where that is not known, what is usual for the type. */
import { remember } from "../../events/remember.js";
import { quantile } from "../quantile.js";
import type { AttemptLife, JobLife, Workload } from "./recorded.js";

export class RunTimes {
  readonly #endMs: number;
  readonly #usual = new Map<string, number>();
  /** Of all types; null if no attempt has ended by itself. */
  readonly #usualOfAll: number | null;

  constructor({ lives, end }: Pick<Workload, "lives" | "end">) {
    this.#endMs = end === null ? 0 : Date.parse(end.at);
    const known = new Map<string, number[]>();
    for (const { type, attempts } of lives) {
      for (const attempt of attempts) {
        const ms = ownTimeMs(attempt);
        if (ms !== null && attempt.ended?.fact.type !== "LeaseExpired")
          remember(known, type, () => [] as number[]).push(ms);
      }
    }
    for (const [type, times] of known) this.#usual.set(type, medianOf(times));
    const all = [...known.values()].flat();
    this.#usualOfAll = all.length === 0 ? null : medianOf(all);
  }

  /** Milliseconds from the grant to the end; null if nothing at all is known of how long jobs take. */
  of({ type, attempts }: JobLife, attempt: number): number | null {
    const recorded = attempts[attempt - 1];
    const own = recorded === undefined ? null : ownTimeMs(recorded);
    if (own !== null) return own;
    const usual = this.#usual.get(type) ?? this.#usualOfAll;
    if (usual === null || recorded === undefined) return usual;
    // It was cut short, or ran still: it takes no less than what was seen of it.
    return Math.max(usual, this.#seenUntilMs(recorded) - recorded.grantedMs);
  }

  /** Milliseconds from being asked to abort to the end; none if it never was asked. */
  ofAbort({ attempts }: JobLife, attempt: number): number {
    const recorded = attempts[attempt - 1];
    return recorded?.cancelledMs == null ? 0 : this.#seenUntilMs(recorded) - recorded.cancelledMs;
  }

  /** What had not ended when the ledger did ends after it. */
  #seenUntilMs({ ended }: AttemptLife): number {
    return ended?.atMs ?? this.#endMs + 1;
  }
}

/** Null if it was cut short by a cancel, or had not ended. */
function ownTimeMs({ grantedMs, cancelledMs, ended }: AttemptLife): number | null {
  return ended === null || cancelledMs !== null ? null : ended.atMs - grantedMs;
}

function medianOf(times: readonly number[]): number {
  return quantile(
    [...times].sort((a, b) => a - b),
    0.5,
  );
}
