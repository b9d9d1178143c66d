/**
 * The log port: one stream of numbered messages. The ledger and the intake are each one; JetStream is the real one, and
 * the one in memory serves unit tests and simulation. Both pass the same contract suite.
 */

export interface StoredMessage {
  /** Stream sequence: 1, 2, 3 … without a gap. */
  readonly sequence: number;
  readonly subject: string;
  readonly data: Uint8Array;
  /** When the server stored it, ISO 8601. */
  readonly storedAt: string;
}

export interface LogState {
  /** Names this very stream: one that was deleted and made again is another. */
  readonly identity: string;
  /** The first sequence still kept; greater than `last` if the stream is empty. */
  readonly first: number;
  /** The last sequence ever given; 0 if there was none. */
  readonly last: number;
}

export interface Append {
  readonly subject: string;
  readonly data: Uint8Array;
  /** Store only if the stream's last sequence is this one (D1); absent: store in any case. */
  readonly expectedLast?: number;
}

/**
 * What became of an append (D9). `refused` is the server's word that the last sequence was another; `unknown` is everything
 * else, and such an append may still be stored later. Only reading the log tells.
 */
export type AppendOutcome =
  | { readonly outcome: "stored"; readonly sequence: number }
  | { readonly outcome: "refused"; readonly reason: string }
  | { readonly outcome: "unknown"; readonly reason: string };

export interface Log {
  state(): Promise<LogState>;
  append(append: Append): Promise<AppendOutcome>;
  /** The message at `sequence`, or null if there is none (yet, or no more). */
  read(sequence: number): Promise<StoredMessage | null>;
  /**
   * Everything after `after`, then whatever comes, in batches without a gap, until `signal` aborts. Reconnects for ever;
   * asks for more only when the batch before was taken. Throws `LogGap` if what comes next is no longer kept.
   */
  follow(after: number, signal: AbortSignal): AsyncIterable<readonly StoredMessage[]>;
  /** Forgets messages up to and including `sequence`. Refused by an append-only log. */
  trim(sequence: number): Promise<void>;
}

/** Messages that should be there are not: the stream was purged, restored from a backup, or made anew. */
export class LogGap extends Error {
  readonly code = "log-gap";
}

/** A batch from `follow` holds no more than this. */
export const BATCH_MESSAGES_MAX = 500;
