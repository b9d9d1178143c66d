/** The log port over a simulated connection: what `JetStreamLog` is over a real one, and as stubborn. */
import { Backlog } from "../../src/log/backlog.js";
import {
  type Append,
  type AppendOutcome,
  BATCH_MESSAGES_MAX,
  type Log,
  LogGap,
  type LogState,
  type StoredMessage,
} from "../../src/log/log.js";
import type { SimConnection } from "./connection.js";
import type { Program } from "./program.js";
import type { SimServer } from "./sim-server.js";
import type { Cursor, SimStream } from "./sim-stream.js";

const RETRY_MS_MIN = 50;
const RETRY_MS_MAX = 2_000;

export interface SimLogOptions {
  readonly connection: SimConnection;
  readonly program: Program;
  readonly server: SimServer;
  readonly stream: SimStream;
}

export class SimLog implements Log {
  readonly #connection: SimConnection;
  readonly #program: Program;
  readonly #server: SimServer;
  readonly #stream: SimStream;
  #identity: string | null = null;

  constructor({ connection, program, server, stream }: SimLogOptions) {
    this.#connection = connection;
    this.#program = program;
    this.#server = server;
    this.#stream = stream;
  }

  state(): Promise<LogState> {
    return this.#connection.ask(() => this.#stream.state());
  }

  append(append: Append): Promise<AppendOutcome> {
    return this.#connection.publish(this.#stream, append);
  }

  read(sequence: number): Promise<StoredMessage | null> {
    return this.#connection.ask(() => this.#stream.read(sequence));
  }

  async trim(sequence: number): Promise<void> {
    const trimmed = await this.#connection.ask(() => this.#stream.trim(sequence));
    if (!trimmed) throw new Error("an append-only log cannot be trimmed");
  }

  async *follow(after: number, signal: AbortSignal): AsyncIterable<readonly StoredMessage[]> {
    let last = after;
    let retryMs = RETRY_MS_MIN;
    while (!signal.aborted) {
      try {
        for await (const batch of this.#followOnce(last, signal)) {
          retryMs = RETRY_MS_MIN;
          last += batch.length;
          yield batch;
        }
      } catch (error) {
        if (error instanceof LogGap) throw error;
      }
      await this.#pause(retryMs, signal);
      retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
    }
  }

  /** Follows until something goes wrong; a message that is passed over and is not there either is a gap. */
  async *#followOnce(after: number, signal: AbortSignal): AsyncIterable<readonly StoredMessage[]> {
    const { identity, first, last } = await this.state();
    this.#identity ??= identity;
    if (identity !== this.#identity || last < after)
      throw new LogGap(`${identity}: what was read before is not this stream`);
    if (first > after + 1)
      throw new LogGap(`${identity}: message ${after + 1} is not kept any more; the first one is ${first}`);
    const backlog = new Backlog<StoredMessage>(BATCH_MESSAGES_MAX);
    let expected = after + 1;
    let cursor: Cursor | null = null;
    let hasStopped = false;
    const stop = () => {
      hasStopped = true;
      cursor?.end();
      backlog.end();
    };
    const take = (batch: readonly StoredMessage[]) => {
      for (const message of batch) {
        if (hasStopped) return;
        if (message.sequence < expected) continue;
        if (message.sequence > expected) {
          hasStopped = true;
          void this.#mustBeKept(expected).then(stop, (error: unknown) => backlog.end({ error }));
          return;
        }
        expected += 1;
        const full = backlog.push(message);
        if (full === undefined) continue;
        cursor?.pause();
        void full.then(() => cursor?.resume());
      }
    };
    signal.addEventListener("abort", stop, { once: true });
    // It may have aborted while the state was asked for; then nobody calls any more.
    if (signal.aborted) stop();
    const stopListening = this.#connection.onUp(stop);
    try {
      cursor = await this.#connection.ask((session) =>
        this.#server.follow(session, this.#stream, after + 1, (batch) => this.#program.deliver(() => take(batch))),
      );
      if (hasStopped) stop();
      for (let batch = await backlog.take(); batch !== null; batch = await backlog.take()) yield batch;
    } finally {
      stop();
      stopListening();
      signal.removeEventListener("abort", stop);
    }
  }

  async #mustBeKept(sequence: number): Promise<void> {
    if ((await this.read(sequence)) === null) throw new LogGap(`message ${sequence} is missing from the stream`);
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel();
        signal.removeEventListener("abort", done);
        resolve();
      };
      const cancel = this.#program.after(ms, done);
      signal.addEventListener("abort", done, { once: true });
    });
  }
}
