/** How far long work is, for whoever watches: a bar on a terminal; elsewhere, say in a log, a line now and then. */
import { type Progress, ProgressBar } from "./progress-bar.js";
import type { Terminal } from "./terminal.js";
import { counted } from "./wording.js";

export interface ProgressShown {
  /** Where to write what else is said meanwhile. */
  readonly terminal: Terminal;
  show(progress: Progress): void;
  /** Other things are counted from now on. */
  begin(): void;
  /** The work is done: what stands on a terminal is gone. */
  end(): void;
}

/** How far reading a ledger is: at this entry, of those up to the last one. */
export const entryProgress = (position: number, last: number): Progress => ({
  share: position / last,
  count: position,
  text: `${position} of ${counted(last, "entry", "entries")}`,
});

/** Work that takes less than this says nothing. */
const LINE_EVERY_MS = 5_000;

export function showProgress(terminal: Terminal): ProgressShown {
  return terminal.isErrInteractive ? new ProgressBar(terminal) : new ProgressLines(terminal);
}

export class ProgressLines implements ProgressShown {
  readonly terminal: Terminal;
  readonly #now: () => number;
  #last: { readonly atMs: number; readonly count: number };

  constructor(terminal: Terminal, now: () => number = () => performance.now()) {
    this.terminal = terminal;
    this.#now = now;
    this.#last = { atMs: now(), count: 0 };
  }

  show({ share, count, text }: Progress): void {
    const atMs = this.#now();
    const ms = atMs - this.#last.atMs;
    if (ms < LINE_EVERY_MS) return;
    const rate = Math.round(((count - this.#last.count) * 1_000) / ms);
    const done = share === null ? "" : `${Math.floor(share * 100)} %  `;
    this.terminal.err(`${done}${text}  ${rate}/s`);
    this.#last = { atMs, count };
  }

  begin(): void {
    this.#last = { atMs: this.#now(), count: 0 };
  }

  end(): void {}
}
