/** Shows on standard error how a job gets on while somebody waits: its facts, and what a model says as it says it. */
import { isPlainObject, type Json } from "../../../events/json.js";
import type { AnnouncedFact } from "../../client/watch.js";
import type { Terminal } from "../terminal.js";
import { oneLine } from "../text-width.js";
import { answerText } from "./job-end.js";

const ENDED_ATTEMPT: ReadonlySet<string> = new Set(["RunFailed", "RunTimedOut", "LeaseExpired"]);

export class Follower {
  readonly #terminal: Terminal;
  /** False: only what one has to know is shown. */
  readonly #isTalkative: boolean;
  /** What the present attempt has said so far. */
  #said = "";
  #isInLine = false;

  constructor(terminal: Terminal, isTalkative: boolean) {
    this.#terminal = terminal;
    this.#isTalkative = isTalkative;
  }

  fact(fact: AnnouncedFact): void {
    // The next attempt begins its text anew.
    if (ENDED_ATTEMPT.has(fact.type)) this.#said = "";
    if (!this.#isTalkative) return;
    this.#endLine();
    this.#terminal.err(this.#terminal.errColors.dim(`${fact.at}  ${fact.type}${whyOf(fact)}`));
  }

  progress(update: Json): void {
    if (!this.#isTalkative) return;
    const token = isPlainObject(update) ? update["token"] : undefined;
    if (typeof token !== "string") {
      this.#endLine();
      return this.#terminal.err(oneLine(JSON.stringify(update)));
    }
    this.#said += token;
    this.#isInLine = !token.endsWith("\n");
    this.#terminal.writeErr(withoutControls(token));
  }

  end(): void {
    this.#endLine();
  }

  /** True if a person has just read this result on the same terminal. */
  hasShown(result: Json): boolean {
    const { isInteractive, isErrInteractive } = this.#terminal;
    return isInteractive && isErrInteractive && this.#said !== "" && answerText(result) === this.#said;
  }

  #endLine(): void {
    if (this.#isInLine) this.#terminal.writeErr("\n");
    this.#isInLine = false;
  }
}

function whyOf(fact: AnnouncedFact): string {
  const { error, reason } = fact;
  const why = typeof reason === "string" ? reason : isPlainObject(error) ? error["message"] : undefined;
  return typeof why === "string" ? `: ${oneLine(why)}` : "";
}

/** A model's words may not steer the terminal; line breaks and tabs are its right. */
const withoutControls = (text: string): string => text.replaceAll(/[^\P{Cc}\n\t]/gu, "\uFFFD");
