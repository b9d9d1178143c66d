/**
 * Webhooks: endpoints that are told, over HTTP, when jobs have ended (DEC-009). A consumer of the ledger like any other, with a
 * position of its own: the dispatcher does not know of it and waits for none of it. It runs beside the dispatcher that leads.
 *
 * At least once: the position moves only past what is settled, that is delivered, or recorded as failed after all attempts.
 */
import type { Fact } from "../../events/facts.js";
import type { Position } from "../../events/names.js";
import type { Clock } from "../clock.js";
import type { Log } from "../log/log.js";
import type { Logger } from "../logger.js";
import type { KeyValue } from "../nats/key-value.js";
import { Consumer, type Leader } from "./consumer.js";
import { RETRY_WAITS_MS } from "./delivery.js";
import type { Endpoint } from "./endpoint.js";
import { Entries } from "./entries.js";
import { pause, untilDone } from "./patience.js";
import { Positions } from "./positions.js";

export { type Endpoint, endpointOf, endpointsOf } from "./endpoint.js";

/** When it is over, attempts under way have this long to be answered: aborted, they would be made again by whoever leads next. */
const STOP_GRACE_MS = 3_000;

export interface WebhooksOptions {
  readonly endpoints: readonly Endpoint[];
  readonly ledger: Log;
  /** Where positions are kept. */
  readonly state: KeyValue;
  readonly leader: Leader;
  readonly clock: Clock;
  readonly log: Logger;
  readonly waitsMs?: readonly number[];
}

/** An entry that the dispatcher has stored. */
export interface StoredEntry {
  readonly position: Position;
  readonly at: string;
  readonly data: Uint8Array;
  readonly facts: readonly { readonly fact: Fact }[];
}

export interface Webhooks {
  /** Saves reading and decoding an entry that is known here; nothing rests on its being called. */
  stored(entry: StoredEntry): void;
  /** Begins no further attempt; settles when nothing is under way and the positions are stored. */
  stop(): Promise<void>;
}

/** Starts telling, at the moment when leading begins: an endpoint that is new is told of what ends from then on. */
export function startWebhooks(options: WebhooksOptions): Webhooks {
  const { endpoints, ledger, leader, clock, log } = options;
  if (endpoints.length === 0) return { stored: () => {}, stop: async () => {} };
  const stopping = new AbortController();
  const abort = new AbortController();
  const entries = new Entries(ledger);
  const begin = leader.query(({ head }) => head.position);
  const signals = { stopping: stopping.signal, abort: abort.signal };
  const running = run(options, begin, entries, signals).catch((error: unknown) => {
    if (!stopping.signal.aborted) log.error({ err: error }, "webhooks are not delivered");
  });
  return {
    stored: ({ position, at, data, facts }) =>
      entries.keep(position, { at, facts: facts.map(({ fact }) => fact) }, data.length),
    stop: async () => {
      stopping.abort();
      await Promise.race([running, pause(STOP_GRACE_MS, clock, abort.signal)]);
      abort.abort();
      await running;
    },
  };
}

async function run(
  { endpoints, ledger, state, leader, clock, log, waitsMs = RETRY_WAITS_MS }: WebhooksOptions,
  begin: Promise<Position>,
  entries: Entries,
  { stopping, abort }: { readonly stopping: AbortSignal; readonly abort: AbortSignal },
): Promise<void> {
  const names = endpoints.map(({ name }) => name);
  const positions = await untilDone(
    "where webhooks go on cannot be read",
    async () => {
      const { identity } = await ledger.state();
      return Positions.open({ state, ledger: identity, clock, log }, names, await begin);
    },
    { clock, log, signal: stopping },
  );
  const consumers = endpoints.map((endpoint) => {
    const { name } = endpoint;
    const settled = positions.of(name);
    if (settled === undefined) throw new Error(`webhook ${name} has no position`);
    const onSettled = (position: Position) => positions.settle(name, position);
    const settings = { endpoint, settled, onSettled, ledger, entries, leader, waitsMs, clock, log };
    return new Consumer({ ...settings, stopping, abort });
  });
  const runConsumer = (consumer: Consumer, webhook: string | undefined) =>
    consumer.run().catch((error: unknown) => {
      if (!stopping.aborted) log.error({ err: error, webhook }, "a webhook is not delivered any more");
    });
  await Promise.all(consumers.map((consumer, index) => runConsumer(consumer, names[index])));
  await positions.close();
}
