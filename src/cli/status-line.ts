/** One line on standard error that is written over as things change; nothing where no person watches. */
import type { Terminal } from "./terminal.js";
import { cutToWidth } from "./text-width.js";

const COLUMNS_DEFAULT = 80;
/** To the line's beginning, and away with what is there. */
const CLEARED = "\r\x1b[K";

export class StatusLine {
  readonly #terminal: Terminal;
  #shown = "";

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  show(text: string): void {
    const { isErrInteractive, width } = this.#terminal;
    if (!isErrInteractive || text === this.#shown) return;
    const columns = Number.isFinite(width) ? width : COLUMNS_DEFAULT;
    this.#terminal.writeErr(`${CLEARED}${cutToWidth(text, columns - 1)}`);
    this.#shown = text;
  }

  /** Clears the line for what comes after it. */
  end(): void {
    if (this.#shown !== "") this.#terminal.writeErr(CLEARED);
    this.#shown = "";
  }
}
