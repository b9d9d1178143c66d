/** A stream as the server keeps it: numbered messages, a trimmed front, and those who follow it. */
import type { Append, LogState, StoredMessage } from "../../src/log/log.js";
import { BATCH_MESSAGES_MAX } from "../../src/log/log.js";

/** The server's answer to an append. `error` is everything but a wrong sequence, for example a full disk. */
export type Answer =
  | { readonly kind: "stored"; readonly sequence: number }
  | { readonly kind: "wrong-sequence"; readonly reason: string }
  | { readonly kind: "error"; readonly reason: string };

export interface StreamOptions {
  readonly identity: string;
  readonly appendOnly: boolean;
  /** Milliseconds since 1970, by the server's clock. */
  readonly now: () => number;
  /** Planted bugs. */
  readonly ignoresExpectations?: boolean;
  readonly losesEvery?: number;
}

export class SimStream {
  readonly identity: string;
  readonly appendOnly: boolean;
  /** All that was ever stored, trimmed or not: for the auditor. */
  readonly messages: StoredMessage[] = [];
  readonly cursors = new Set<Cursor>();
  /** Called after each store. */
  onStored: (message: StoredMessage) => void = () => {};
  #trimmed = 0;
  readonly #now: () => number;
  readonly #ignoresExpectations: boolean;
  readonly #losesEvery: number;
  #appends = 0;

  constructor({ identity, appendOnly, now, ignoresExpectations = false, losesEvery = 0 }: StreamOptions) {
    this.identity = identity;
    this.appendOnly = appendOnly;
    this.#now = now;
    this.#ignoresExpectations = ignoresExpectations;
    this.#losesEvery = losesEvery;
  }

  get last(): number {
    return this.messages.length;
  }

  state(): LogState {
    return { identity: this.identity, first: this.#trimmed + 1, last: this.last };
  }

  read(sequence: number): StoredMessage | null {
    return sequence > this.#trimmed ? (this.messages[sequence - 1] ?? null) : null;
  }

  /** Serial, as under the server's lock: the check and the store are one step. */
  append({ subject, data, expectedLast }: Append): Answer {
    const last = this.last;
    if (expectedLast !== undefined && expectedLast !== last && !this.#ignoresExpectations)
      return { kind: "wrong-sequence", reason: `wrong last sequence: ${last}` };
    this.#appends += 1;
    if (this.#losesEvery > 0 && this.#appends % this.#losesEvery === 0) return { kind: "stored", sequence: last + 1 };
    const message = { sequence: last + 1, subject, data, storedAt: new Date(this.#now()).toISOString() };
    this.messages.push(message);
    this.onStored(message);
    for (const cursor of this.cursors) cursor.push();
    return { kind: "stored", sequence: message.sequence };
  }

  /** False if that is denied. */
  trim(sequence: number): boolean {
    if (this.appendOnly) return false;
    this.#trimmed = Math.max(this.#trimmed, Math.min(sequence, this.last));
    return true;
  }

  /** What a consumer that stands at `next` is given: a purged message is passed over in silence, as the server does. */
  batch(next: number): readonly StoredMessage[] {
    const from = Math.max(next, this.#trimmed + 1);
    return this.messages.slice(from - 1, from - 1 + BATCH_MESSAGES_MAX);
  }
}

/** A consumer of a stream. One batch is on its way at a time; it is what there is when it arrives. */
export class Cursor {
  readonly #stream: SimStream;
  readonly #send: (arrive: () => void) => void;
  readonly #receive: (batch: readonly StoredMessage[]) => void;
  #next: number;
  #isPushing = false;
  #isPaused = false;

  constructor(
    stream: SimStream,
    next: number,
    send: (arrive: () => void) => void,
    receive: (batch: readonly StoredMessage[]) => void,
  ) {
    this.#stream = stream;
    this.#next = next;
    this.#send = send;
    this.#receive = receive;
    stream.cursors.add(this);
    this.push();
  }

  /** Sends what is new, if something is and nobody has asked to wait. */
  push(): void {
    if (this.#isPushing || this.#isPaused || this.#next > this.#stream.last || !this.#stream.cursors.has(this)) return;
    this.#isPushing = true;
    this.#send(() => {
      this.#isPushing = false;
      if (!this.#stream.cursors.has(this)) return;
      const batch = this.#stream.batch(this.#next);
      const last = batch.at(-1);
      if (last === undefined) return;
      this.#next = last.sequence + 1;
      this.#receive(batch);
      this.push();
    });
  }

  /** The reader has no room. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.push();
  }

  end(): void {
    this.#stream.cursors.delete(this);
  }
}
