/**
 * The consumer of one endpoint: follows the ledger from where it was settled, and delivers each job's end that the endpoint wants
 * to be told of. It has few seats: while all are taken it reads no further, so what it keeps in memory is bounded, and it waits
 * for nobody but its own endpoint.
 */
import type { Fact } from "../../events/facts.js";
import { type Position, position } from "../../events/names.js";
import type { Clock } from "../clock.js";
import { type EntryFacts, readJob } from "../log/job-facts.js";
import type { Log } from "../log/log.js";
import type { Logger } from "../logger.js";
import { announcementOf } from "./announcement.js";
import { deliver } from "./delivery.js";
import { type EndedJob, EndedJobs, type IsWanted, type Projection } from "./ended-jobs.js";
import { endingsIn } from "./endings.js";
import { type Endpoint, wants } from "./endpoint.js";
import type { Entries } from "./entries.js";
import { untilDone } from "./patience.js";
import { post } from "./post.js";
import { Progress } from "./progress.js";
import { Seats } from "./seats.js";

/** Deliveries to one endpoint at a time. */
export const DELIVERIES_MAX = 4;

/** The dispatcher that leads, as far as it is needed here. */
export interface Leader extends Projection {
  /** Records facts; true when they are stored. */
  record(facts: readonly Fact[]): Promise<boolean>;
}

export interface ConsumerOptions {
  readonly endpoint: Endpoint;
  /** Where it goes on: everything up to here is settled. */
  readonly settled: Position;
  /** Told when more is settled. */
  readonly onSettled: (settled: Position) => void;
  readonly ledger: Log;
  readonly entries: Entries;
  readonly leader: Leader;
  readonly waitsMs: readonly number[];
  readonly clock: Clock;
  readonly log: Logger;
  /** Nothing new is begun once this aborts. */
  readonly stopping: AbortSignal;
  /** What is under way is given up once this aborts. */
  readonly abort: AbortSignal;
}

export class Consumer {
  readonly #of: ConsumerOptions;
  readonly #seats = new Seats(DELIVERIES_MAX);
  readonly #progress: Progress;
  readonly #jobs: EndedJobs;
  /** Aborts with `stopping`, or when a delivery shows that the ledger cannot be trusted. */
  readonly #ending = new AbortController();
  #failure: { readonly error: unknown } | null = null;

  constructor(of: ConsumerOptions) {
    this.#of = of;
    this.#progress = new Progress(of.settled);
    this.#jobs = new EndedJobs(of.ledger, of.leader);
  }

  /** Settles when it is stopped and nothing is under way; throws if the ledger cannot be read on. */
  async run(): Promise<void> {
    const { stopping } = this.#of;
    const end = () => this.#ending.abort();
    stopping.addEventListener("abort", end, { once: true });
    if (stopping.aborted) end();
    await this.#follow(this.#ending.signal).catch((error: unknown) => {
      this.#failure ??= { error };
    });
    await this.#seats.empty();
    stopping.removeEventListener("abort", end);
    if (this.#failure !== null) throw this.#failure.error;
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { settled, ledger, entries } = this.#of;
    for await (const batch of ledger.follow(settled, signal)) {
      for (const message of batch) {
        if (signal.aborted) return;
        await this.#take(position(message.sequence), entries.of(message), signal);
      }
    }
  }

  /** Begins the deliveries of one entry, each as soon as there is a seat for it. */
  async #take(at: Position, entry: EntryFacts, signal: AbortSignal): Promise<void> {
    const { endpoint } = this.#of;
    this.#progress.begin(at);
    const endings = endingsIn(at, entry).filter(({ mayBe }) => mayBe.some((state) => endpoint.states.has(state)));
    const isWanted: IsWanted = (state, type) => wants(endpoint, state, type);
    const ended = endings.length === 0 ? [] : await this.#jobs.find(endings, isWanted, signal);
    // Whoever does not lead any more may be shown a projection that was never stored: nothing of it counts.
    if (signal.aborted) return;
    for (const job of ended) {
      await this.#seats.take();
      if (signal.aborted) return this.#seats.leave();
      this.#progress.begin(at);
      void this.#occupySeat(at, job);
    }
    this.#settle(at);
  }

  async #occupySeat(at: Position, job: EndedJob): Promise<void> {
    try {
      if (await this.#deliver(job)) this.#settle(at);
    } catch (error) {
      if (!this.#ending.signal.aborted) this.#failure = { error };
      this.#ending.abort();
    } finally {
      this.#seats.leave();
    }
  }

  /** True if nothing of it is left to be done: it is delivered, or it is on record that it could not be. */
  async #deliver({ ending, job: indexed }: EndedJob): Promise<boolean> {
    const { endpoint, entries, waitsMs, clock, log, leader, stopping, abort } = this.#of;
    const { name: webhook, shown: url } = endpoint;
    const patience = { clock, log, signal: this.#ending.signal };
    const read = () => readJob(indexed, (at) => entries.at(at));
    const job = await untilDone("a job cannot be read from the ledger", read, patience);
    const announcement = announcementOf(webhook, ending, job);
    const about = { webhook, delivery: announcement.id, job: ending.job };
    const delivered = await deliver({
      attempt: async () => {
        const posted = await post(endpoint, announcement, { clock, signal: abort });
        if (posted.kind === "failed") log.warn({ ...about, error: posted.error }, "a webhook was not delivered");
        return posted;
      },
      waitsMs,
      clock,
      stopping,
    });
    log.debug({ ...about, came: delivered.kind }, "webhook");
    if (delivered.kind !== "failed") return delivered.kind === "delivered";
    const { attempts, error } = delivered;
    const { address } = ending;
    return leader.record([{ type: "WebhookFailed", job: ending.job, webhook, url, address, attempts, error }]);
  }

  #settle(at: Position): void {
    this.#progress.end(at);
    this.#of.onSettled(this.#progress.settled);
  }
}
