/** Tokens as progress, gathered so that a fast model does not become a message a token. */
import type { Json } from "../../events/json.js";

/** Smooth to a reader, and at most ten messages a second and run. */
const tokenProgressMs = 100;

/** Reports `{token: "…"}` with all the text since the last report. `end` reports the rest and must be called. */
export class TokenProgress {
  readonly #report: (update: Json) => void;
  #text = "";
  #timer: NodeJS.Timeout | undefined;

  constructor(report: (update: Json) => void) {
    this.#report = report;
  }

  add(text: string): void {
    this.#text += text;
    if (this.#text !== "") this.#timer ??= setTimeout(() => this.end(), tokenProgressMs);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const token = this.#text;
    this.#text = "";
    if (token !== "") this.#report({ token });
  }
}
