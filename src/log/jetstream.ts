/** A log that is a JetStream stream. */

import { setTimeout as delay } from "node:timers/promises";
import { isoTime } from "../clock.js";
import {
  AckPolicy,
  type Consumer,
  type ConsumerConfig,
  ConsumerEvents,
  type ConsumerMessages,
  DeliverPolicy,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
  type NatsConnection,
  nanos,
  nuid,
} from "../nats/door.js";
import { Link } from "../nats/link.js";
import { Backlog } from "./backlog.js";
import {
  type Append,
  type AppendOutcome,
  BATCH_MESSAGES_MAX,
  type Log,
  LogGap,
  type LogState,
  type StoredMessage,
} from "./log.js";
import type { Publisher } from "./publisher.js";

/** Between attempts to follow again: doubled each time from the first to the second. */
const RETRY_MS_MIN = 50;
const RETRY_MS_MAX = 2_000;
/**
 * How long the server keeps one pull request open, and how often it shows that it is alive meanwhile. Copied for each consumer: the
 * client writes into what it is given.
 */
const PULL = { max_messages: BATCH_MESSAGES_MAX, expires: 5_000, idle_heartbeat: 1_000 };
/** After this long without a pull the server forgets a consumer. */
const CONSUMER_IDLE_MS_MAX = 60_000;
/** The server's code for "no message found". */
const NO_MESSAGE_FOUND = 10037;

export class JetStreamLog implements Log {
  readonly #js: JetStreamClient;
  readonly #jsm: JetStreamManager;
  readonly #stream: string;
  readonly #publisher: Publisher;
  readonly #link: Link;
  /** The stream that was followed first; another one of the same name is not its continuation. */
  #identity: string | null = null;

  constructor(options: {
    nc: NatsConnection;
    jsm: JetStreamManager;
    stream: string;
    publisher: Publisher;
  }) {
    this.#js = options.nc.jetstream();
    this.#jsm = options.jsm;
    this.#stream = options.stream;
    this.#publisher = options.publisher;
    this.#link = new Link(options.nc);
  }

  async state(): Promise<LogState> {
    const { config, created, state } = await this.#link.ask(() => this.#jsm.streams.info(this.#stream));
    // A stream that never held a message says 0 for both.
    const first = state.messages === 0 ? state.last_seq + 1 : state.first_seq;
    return { identity: `${config.name}@${created}`, first, last: state.last_seq };
  }

  append(append: Append): Promise<AppendOutcome> {
    return this.#publisher.publish(append);
  }

  async read(sequence: number): Promise<StoredMessage | null> {
    try {
      const query = { seq: sequence };
      const { seq, subject, data, time } = await this.#link.ask(() =>
        this.#jsm.streams.getMessage(this.#stream, query),
      );
      return { sequence: seq, subject, data, storedAt: time.toISOString() };
    } catch (error) {
      if (isNoMessageFound(error)) return null;
      throw error;
    }
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
      // The server, the consumer or the connection went away: try again from where we are, for ever; the signal ends the pause, too.
      await delay(retryMs, undefined, { signal }).catch(() => {});
      retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
    }
  }

  async trim(sequence: number): Promise<void> {
    if (sequence > 0) await this.#jsm.streams.purge(this.#stream, { seq: sequence + 1 });
    // To servers up to 2.10 at least, a purge of what is below the first message is one of all messages.
    else if ((await this.#jsm.streams.info(this.#stream)).config.deny_purge)
      throw new Error("an append-only log cannot be trimmed");
  }

  /** Follows until something goes wrong. Contiguity is asserted here: a consumer checks only what it was sent. */
  async *#followOnce(after: number, signal: AbortSignal): AsyncIterable<readonly StoredMessage[]> {
    const { identity, first, last } = await this.state();
    this.#identity ??= identity;
    if (identity !== this.#identity || last < after) {
      throw new LogGap(
        `${this.#stream}: what was read before is not this stream: it was deleted and made anew, or restored from an older copy`,
      );
    }
    if (first > after + 1)
      throw new LogGap(`${this.#stream}: message ${after + 1} is not kept any more; the first one is ${first}`);
    const consumer = await this.#consumerFrom(after + 1);
    const messages = await consumer.consume({ ...PULL });
    const backlog = new Backlog<StoredMessage>(BATCH_MESSAGES_MAX);
    const stop = () => {
      messages.stop();
      backlog.end();
    };
    signal.addEventListener("abort", stop, { once: true });
    // It may have aborted while the consumer was being made; then nobody calls any more.
    if (signal.aborted) stop();
    // After a reconnect the server may be another one, or have lost its consumers: following begins anew.
    const stopListening = this.#link.onUp(stop);
    // In a cluster the consumer may go away with another node than ours: then only its silence tells.
    void whenSilent(messages, stop);
    const pump = (async () => {
      let expected = after + 1;
      for await (const message of messages) {
        // Delivered again: nothing is missing.
        if (message.seq < expected) continue;
        if (message.seq > expected) {
          await this.#mustBeKept(expected);
          break;
        }
        expected += 1;
        const full = backlog.push(stored(message));
        if (full !== undefined) await full;
      }
      backlog.end();
    })().catch((error: unknown) => backlog.end({ error }));
    try {
      for (let batch = await backlog.take(); batch !== null; batch = await backlog.take()) yield batch;
    } finally {
      stop();
      stopListening();
      signal.removeEventListener("abort", stop);
      await pump;
    }
  }

  /**
   * A consumer of our own name each time. A cluster may place it on a node that has just died, and then does not answer for
   * as long as that node is away, however often the same one is asked for; another one is placed anew. The client's ordered
   * consumer asks for the same one thirty times.
   */
  async #consumerFrom(sequence: number): Promise<Consumer> {
    const config: Partial<ConsumerConfig> = {
      name: nuid.next(),
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: sequence,
      ack_policy: AckPolicy.None,
      // Where it has come to is known here: nothing of it is worth a file or a second copy.
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: nanos(CONSUMER_IDLE_MS_MAX),
    };
    const info = await this.#link.ask(() => this.#jsm.consumers.add(this.#stream, config));
    return this.#js.consumers.getPullConsumerFor(info);
  }

  /** A message was passed over. If it is there, the consumer was wrong, and another one will not be. */
  async #mustBeKept(sequence: number): Promise<void> {
    if ((await this.read(sequence)) === null) {
      throw new LogGap(`${this.#stream}: message ${sequence} is missing from the middle of the stream: it was deleted`);
    }
  }
}

/** Calls `act` when the consumer has missed its heartbeats; settles when it is stopped. */
async function whenSilent(messages: ConsumerMessages, act: () => void): Promise<void> {
  for await (const { type } of await messages.status()) if (type === ConsumerEvents.HeartbeatsMissed) act();
}

function stored(message: JsMsg): StoredMessage {
  const { seq: sequence, subject, data } = message;
  return { sequence, subject, data, storedAt: isoTime(Math.floor(message.info.timestampNanos / 1e6)) };
}

function isNoMessageFound(error: unknown): boolean {
  const apiError = (error as { api_error?: { err_code?: number } }).api_error;
  return apiError?.err_code === NO_MESSAGE_FOUND;
}
