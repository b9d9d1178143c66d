/** What whoever waits for slots is shown on standard error: one line that is redrawn on a terminal, elsewhere a line at each change. */

import { formatDuration } from "../../../events/duration.js";
import type { ReservationView } from "../../../projections/views/views.js";
import type { Terminal } from "../terminal.js";
import { cutToWidth } from "../text-width.js";

const REDRAW_EVERY_MS = 1_000;
/** Of holders the first are named. */
const NAMED_MAX = 3;
/** To the beginning of the line, and away with it. */
const CLEAR_LINE = "\r\x1b[2K";

export class WaitingLine implements Disposable {
  readonly #terminal: Terminal;
  readonly #isQuiet: boolean;
  readonly #beganMs = performance.now();
  #text: (nowMs: number) => string = () => "";
  /** What was written last, without its times. */
  #said = "";
  #timer: NodeJS.Timeout | null = null;
  #isDrawn = false;

  constructor(terminal: Terminal, isQuiet: boolean) {
    this.#terminal = terminal;
    this.#isQuiet = isQuiet;
  }

  /** How it stands with the reservation. */
  show(view: ReservationView): void {
    this.#become((nowMs) => waitingText(view, nowMs));
  }

  /** Something else that keeps one waiting. */
  say(text: string): void {
    this.#become(() => text);
  }

  /** Leaves no trace of the line; where somebody had waited, says how long. */
  granted(): void {
    this[Symbol.dispose]();
    if (this.#said === "") return;
    const { errColors } = this.#terminal;
    this.#terminal.err(errColors.dim(`granted after ${formatDuration(performance.now() - this.#beganMs)}`));
  }

  [Symbol.dispose](): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    if (this.#isDrawn) this.#terminal.writeErr(CLEAR_LINE);
    this.#isDrawn = false;
  }

  #become(text: (nowMs: number | null) => string): void {
    if (this.#isQuiet) return;
    const { isErrInteractive } = this.#terminal;
    const plain = text(null);
    this.#text = text;
    if (isErrInteractive) {
      this.#draw();
      this.#timer ??= setInterval(() => this.#draw(), REDRAW_EVERY_MS);
    } else if (plain !== this.#said) this.#terminal.err(plain);
    this.#said = plain;
  }

  #draw(): void {
    const { errWidth, errColors } = this.#terminal;
    // One column less: a full line makes some terminals go to the next.
    const text = cutToWidth(this.#text(Date.now()), errWidth - 1);
    this.#terminal.writeErr(`${CLEAR_LINE}${errColors.dim(text)}`);
    this.#isDrawn = true;
  }
}

/** `position 2, resource:ollama held by j41 for 12 s`; without times where `nowMs` is null. */
export function waitingText({ place, blockedBy }: ReservationView, nowMs: number | null): string {
  return [`position ${place}`, ...blockedBy.map((block) => blockText(block, nowMs))].join(", ");
}

function blockText(block: ReservationView["blockedBy"][number], nowMs: number | null): string {
  const { pool, capacity, needs, paused, holders, ahead } = block;
  if (paused) return `${pool} is paused`;
  if (needs > capacity) return `${pool} has ${capacity} of the ${needs} that it needs, since the limits changed`;
  const [oldest] = holders;
  if (oldest === undefined) return `${pool} kept for ${named(ahead)}`;
  const held = `${pool} held by ${named(holders.map(({ id }) => id))}`;
  return nowMs === null ? held : `${held} for ${formatDuration(nowMs - Date.parse(oldest.since))}`;
}

function named(ids: readonly string[]): string {
  const more = ids.length - NAMED_MAX;
  return more > 0 ? `${ids.slice(0, NAMED_MAX).join(" ")} and ${more} more` : ids.join(" ");
}
