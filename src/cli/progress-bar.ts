/**
 * A progress bar on standard error, for a person at a terminal; nothing at all elsewhere. What else is said meanwhile stands above
 * it, and when the work is done it is gone.
 */
import { formatDuration } from "../../events/duration.js";
import type { Terminal } from "./terminal.js";
import { cutToWidth } from "./text-width.js";

export interface Progress {
  /** How much of it is done, from 0 to 1; null if nobody knows how much there is. */
  readonly share: number | null;
  /** Things done, for their rate. */
  readonly count: number;
  /** What to say of it in a few words. */
  readonly text: string;
}

/** At most ten times a second: more often nobody can read it, and drawing would slow down the work. */
const REDRAW_MS_MIN = 100;
/** The rate is that of the last few seconds: what was long ago says little of what is to come. */
const RATE_OVER_MS = 5_000;
/** Sooner than this a rate says nothing. */
const RATED_AFTER_MS = 500;
const BAR_COLUMNS_MIN = 10;
const BAR_COLUMNS_MAX = 40;
const CLEAR_LINE = "\r\x1b[2K";

interface Sample extends Pick<Progress, "share" | "count"> {
  readonly atMs: number;
}

export class ProgressBar {
  /** The terminal with what is written to it above the bar. */
  readonly terminal: Terminal;
  readonly #own: Terminal;
  readonly #now: () => number;
  readonly #isShown: boolean;
  /** Of the last few seconds, oldest first. */
  #samples: Sample[] = [];
  #drawn = "";

  constructor(terminal: Terminal, now: () => number = () => performance.now()) {
    this.#own = terminal;
    this.#now = now;
    this.#isShown = terminal.isErrInteractive && terminal.env["TERM"] !== "dumb";
    this.terminal = this.#isShown ? this.#above(terminal) : terminal;
  }

  /** Other things are counted from now on. */
  begin(): void {
    this.#samples = [];
  }

  show(progress: Progress): void {
    if (!this.#isShown) return;
    const atMs = this.#now();
    const last = this.#samples[this.#samples.length - 1];
    if (last !== undefined && atMs - last.atMs < REDRAW_MS_MIN) return;
    this.#samples.push({ ...progress, atMs });
    while ((this.#samples[0]?.atMs ?? atMs) < atMs - RATE_OVER_MS) this.#samples.shift();
    this.#drawn = barText(progress, paceOf(this.#samples), this.#own.errWidth);
    this.#own.writeErr(`${CLEAR_LINE}${this.#drawn}`);
  }

  /** Takes it away. */
  end(): void {
    if (this.#drawn !== "") this.#own.writeErr(CLEAR_LINE);
    this.#drawn = "";
  }

  #above(terminal: Terminal): Terminal {
    const aside = <Args extends unknown[], Result>(write: (...args: Args) => Result) => {
      return (...args: Args): Result => {
        if (this.#drawn !== "") terminal.writeErr(CLEAR_LINE);
        const result = write(...args);
        if (this.#drawn !== "") terminal.writeErr(this.#drawn);
        return result;
      };
    };
    const { out, err, writeAll } = terminal;
    return { ...terminal, out: aside(out), err: aside(err), writeAll: aside(writeAll) };
  }
}

export interface Pace {
  readonly perSecond: number;
  /** Null if nobody knows. */
  readonly leftMs: number | null;
}

/** How fast it goes, from the oldest sample to the latest; null if they say nothing yet. */
function paceOf(samples: readonly Sample[]): Pace | null {
  const [first, last] = [samples[0], samples[samples.length - 1]];
  if (first === undefined || last === undefined || last.atMs - first.atMs < RATED_AFTER_MS) return null;
  const ms = last.atMs - first.atMs;
  const isCounted = first.share !== null && last.share !== null && last.share > first.share;
  const leftMs = isCounted ? (ms * (1 - last.share)) / (last.share - first.share) : null;
  return { perSecond: ((last.count - first.count) * 1_000) / ms, leftMs };
}

/** `████████░░░░░░░░  45 %  45000 lines  83000/s  2 s left`, in less than `width` columns. */
export function barText({ share, text }: Progress, pace: Pace | null, width: number): string {
  const done = share === null ? null : Math.min(1, Math.max(0, share));
  const words = [
    done === null ? null : `${String(Math.floor(done * 100)).padStart(3)} %`,
    text,
    pace === null ? null : `${Math.round(pace.perSecond)}/s`,
    pace === null || pace.leftMs === null ? null : `${formatDuration(Math.ceil(pace.leftMs / 1_000) * 1_000)} left`,
  ].filter((word) => word !== null);
  const said = words.join("  ");
  // The last column stays free: a full line would begin the next one.
  const room = width - 1 - said.length - 1;
  if (done === null || room < BAR_COLUMNS_MIN) return cutToWidth(said, width - 1);
  const columns = Math.min(BAR_COLUMNS_MAX, room);
  const full = Math.round(done * columns);
  return `${"█".repeat(full)}${"░".repeat(columns - full)} ${said}`;
}
