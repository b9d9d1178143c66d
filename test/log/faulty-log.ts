/** A log whose appends go wrong as a test has written it down: one fault per append, in order; after that all is well. */
import type { Append, AppendOutcome, Log, LogState, StoredMessage } from "../../src/log/log.js";

export type Fault =
  /** Stored, but the answer says that nobody knows. */
  | "stored-unknown"
  /** Stored, but a second try was sent by the client below and refused: the answer says refused. */
  | "stored-refused"
  /** Not stored, and nobody knows. */
  | "absent-unknown"
  /** Not stored yet: it lands just before the next append. */
  | "lands-later"
  /** Something else happens first, for example a rival writes. */
  | { readonly before: () => Promise<void> }
  /** Stored; then something happens before the answer is read, which says so, or that nobody knows. */
  | { readonly after: () => Promise<void>; readonly isKnown: boolean };

export class FaultyLog implements Log {
  /** The log underneath; a test may put another one in its place. */
  inner: Log;
  readonly faults: Fault[] = [];
  /** How many reads fail before one succeeds. */
  readsLost = 0;
  /** How often an append was asked for. */
  appends = 0;
  #late: Append | null = null;

  constructor(inner: Log) {
    this.inner = inner;
  }

  /** Takes a turn of the event loop, as a real server would: whoever asks for ever must not stop everybody else. */
  async state(): Promise<LogState> {
    await new Promise((resolve) => setImmediate(resolve));
    return this.inner.state();
  }

  async append(append: Append): Promise<AppendOutcome> {
    this.appends += 1;
    const late = this.#late;
    this.#late = null;
    if (late !== null) await this.inner.append(late);
    const fault = this.faults.shift();
    if (fault === undefined) return this.inner.append(append);
    if (typeof fault === "object" && "before" in fault) {
      await fault.before();
      return this.inner.append(append);
    }
    if (typeof fault === "object") {
      const stored = await this.inner.append(append);
      await fault.after();
      return fault.isKnown ? stored : { outcome: "unknown", reason: "a test wants it" };
    }
    if (fault === "lands-later") this.#late = append;
    else if (fault !== "absent-unknown") await this.inner.append(append);
    return fault === "stored-refused"
      ? { outcome: "refused", reason: "wrong last sequence" }
      : { outcome: "unknown", reason: `a test wants it: ${fault}` };
  }

  async read(sequence: number): Promise<StoredMessage | null> {
    if (this.readsLost > 0) {
      this.readsLost -= 1;
      throw new Error("a test wants it: the connection was lost before the answer came");
    }
    return this.inner.read(sequence);
  }

  follow(after: number, signal: AbortSignal): AsyncIterable<readonly StoredMessage[]> {
    return this.inner.follow(after, signal);
  }

  trim(sequence: number): Promise<void> {
    return this.inner.trim(sequence);
  }
}
