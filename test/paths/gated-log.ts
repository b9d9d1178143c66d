/** A log whose questions wait until a test says what becomes of each. What is followed comes as it comes. */
import type { Append, AppendOutcome, Log, LogState, StoredMessage } from "../../src/log/log.js";

const waitMsMax = 20_000;

export type Question = "state" | "append";

interface Waiting {
  readonly question: Question;
  readonly resolve: (fate: Fate) => void;
}

/**
 * What becomes of a question: it goes its way; nobody answers, though it was heard or not; the network brings it twice, and the second
 * answer is the one that arrives; or something is wrong with the ledger.
 */
export type Fate =
  | "goes through"
  | "is lost"
  | "is stored without an answer"
  | "comes twice"
  | { readonly error: Error };

export class GatedLog implements Log {
  readonly #log: Log;
  readonly #waiting: Waiting[] = [];
  #isOpen = false;
  #onAsked = () => {};
  #break: (error: Error) => void = () => {};

  constructor(log: Log) {
    this.#log = log;
  }

  async state(): Promise<LogState> {
    const fate = await this.#fateOf("state");
    if (typeof fate === "object") throw fate.error;
    return this.#log.state();
  }

  async append(append: Append): Promise<AppendOutcome> {
    const sent = { ...append, data: append.data.slice() };
    const fate = await this.#fateOf("append");
    if (typeof fate === "object") throw fate.error;
    if (fate === "comes twice") await this.#log.append(sent);
    if (fate === "goes through" || fate === "comes twice") return this.#log.append(sent);
    if (fate === "is stored without an answer") await this.#log.append(sent);
    return { outcome: "unknown", reason: "nobody has answered" };
  }

  read(sequence: number): Promise<StoredMessage | null> {
    return this.#log.read(sequence);
  }

  async *follow(after: number, signal: AbortSignal): AsyncIterable<readonly StoredMessage[]> {
    const broken = new Promise<never>((_, reject) => {
      this.#break = reject;
    });
    broken.catch(() => {});
    const batches = this.#log.follow(after, signal)[Symbol.asyncIterator]();
    for (;;) {
      const next = await Promise.race([batches.next(), broken]);
      if (next.done === true) return;
      yield next.value;
    }
  }

  /** What is followed comes to an end that it must not have. */
  breakFollowing(error: Error): void {
    this.#break(error);
  }

  trim(sequence: number): Promise<void> {
    return this.#log.trim(sequence);
  }

  /** Decides about the next question, which must be this one; waits until it is asked. */
  async let(question: Question, fate: Fate): Promise<void> {
    if (this.#waiting.length === 0)
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`nobody asks: ${question}`)), waitMsMax);
        this.#onAsked = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    const next = this.#waiting.shift();
    if (next?.question !== question) throw new Error(`${next?.question} is asked, not ${question}`);
    next.resolve(fate);
  }

  /** From now on everything goes through. */
  open(): void {
    this.#isOpen = true;
    for (const { resolve } of this.#waiting.splice(0)) resolve("goes through");
  }

  #fateOf(question: Question): Promise<Fate> {
    if (this.#isOpen) return Promise.resolve("goes through");
    return new Promise((resolve) => {
      this.#waiting.push({ question, resolve });
      this.#onAsked();
    });
  }
}
