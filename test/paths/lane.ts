/**
 * A lane: a whole running system (a scheduler on a real NATS server, a worker that speaks the protocol over NATS and does as it is told),
 * in which one job after the other is driven along a path of the job machine, by what users, workers and the clock do.
 */
import type { FactType, JobFact } from "../../events/facts.js";
import { isTerminal } from "../../events/states.js";
import type { JobEvent } from "../../machines/job.js";
import type { LoadedConfiguration } from "../../src/config/index.js";
import { loadConfiguration } from "../../src/config/index.js";
import { createLogger } from "../../src/logger.js";
import { connect, type NatsConnection } from "../../src/nats/door.js";
import { nobodyListens } from "../../src/nats/nobody-listens.js";
import { type Scheduler, startScheduler } from "../../src/scheduler.js";
import { eventually } from "../embedded/folders.js";
import { LedgerWatch, type WatchedFact } from "../support/ledger-watch.js";
import { SteeredClock } from "../support/steered-clock.js";

const WORKER = "scripted";
const TYPE = "story";
const HOUR_MS = 3_600_000;
const requestMsMax = 10_000;

/** What a user, a worker or the clock got for an attempt: an answer, or a refusal's code. */
export type Response = { readonly refused: number | null };

/** A job as the service shows it. */
export interface Shown {
  readonly state: string;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly attempts: readonly { readonly grant: number }[];
}

const OK: Response = { refused: null };

export class Lane implements AsyncDisposable {
  readonly watch: LedgerWatch;
  readonly #nc: NatsConnection;
  readonly #namespace: string;
  readonly #scheduler: Scheduler;
  readonly #clock: SteeredClock;

  private constructor(parts: {
    nc: NatsConnection;
    watch: LedgerWatch;
    namespace: string;
    scheduler: Scheduler;
    clock: SteeredClock;
  }) {
    this.#nc = parts.nc;
    this.watch = parts.watch;
    this.#namespace = parts.namespace;
    this.#scheduler = parts.scheduler;
    this.#clock = parts.clock;
  }

  /** Starts a scheduler of this namespace, with one slot, whose pool is paused, and the worker. */
  static async open(natsUrl: string, namespace: string): Promise<Lane> {
    const clock = new SteeredClock();
    const connection = { servers: [natsUrl] };
    const log = createLogger("silent");
    const scheduler = await startScheduler({ connection, configuration: configurationOf(namespace), log, clock });
    const nc = await connect({ servers: natsUrl });
    const watch = await LedgerWatch.open(nc, namespace);
    const lane = new Lane({ nc, watch, namespace, scheduler, clock });
    await watch.until("somebody leads", () => watch.ofType("WorkerJoined").length > 0);
    nc.subscribe(`${namespace}.worker.${WORKER}.*`, {
      callback: (_error, message) => void message.respond('{"accepted":true}'),
    });
    await eventually("the leader listens", () =>
      lane.#request("worker.join", { worker: WORKER, types: [TYPE], capacity: 1 }).catch(untilHeard),
    );
    await lane.#request("api.pause", { pool: "global" });
    // Somebody must stand in the order for anybody to be moved in it.
    await lane.#submit("bystander", { runAt: "9000-01-01T00:00:00.000Z" });
    return lane;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The scheduler drains by its own clock.
    const ended = this.#scheduler.stop();
    this.#clock.advance(HOUR_MS);
    await ended;
    this.watch.close();
    await this.#nc.close();
  }

  /** The facts about a job, as they stand in the ledger. */
  factsOf(job: string): readonly JobFact[] {
    return (this.watch.ofJob(job) as readonly WatchedFact<JobFact>[]).map(({ fact }) => fact);
  }

  /** How the service shows a job: its state and its counts; null if it knows none. */
  async shown(job: string): Promise<Shown | null> {
    const answer = await this.#nc.request(`${this.#namespace}.query.job`, JSON.stringify({ id: job }), {
      timeout: requestMsMax,
    });
    return answer.headers?.get("Nats-Service-Error-Code") === "404" ? null : answer.json();
  }

  /** Does what brings an event about, if the system lets it; settles when it has been decided. */
  async provoke(event: JobEvent, job: string): Promise<Response> {
    switch (event.type) {
      case "JobSubmitted":
        return await this.#submit(job, {
          maxAttempts: event.maxAttempts,
          ...(event.delayed && { runAt: new Date(this.#clock.now() + HOUR_MS).toISOString() }),
        });
      case "JobRejected":
        return await this.#submit(job, { priority: "none" });
      case "JobDue":
        this.#clock.advance(2 * HOUR_MS);
        return await this.#settled();
      case "JobAmended":
        return await this.#request("api.amend", { id: job, priority: 7 });
      case "JobMoved":
        return await this.#request("api.move", { id: job, first: true });
      case "StartDenied":
        // The pool is paused, so whoever comes to wait is denied; there is nothing more to do for it.
        return await this.#settled();
      case "StartGranted":
        await this.#request("api.resume", { pool: "global" });
        return await this.#request("api.pause", { pool: "global" });
      case "CancelRequested":
      case "JobCancelled":
        return await this.#request("api.cancel", { id: job });
      default:
        return await this.#report(job, wordOf(event));
    }
  }

  /** Brings a job to its end, whatever state it is in, so that the next one has the slot. */
  async clear(job: string): Promise<void> {
    for (let shown = await this.shown(job); shown !== null && !isTerminal(shown.state); shown = await this.shown(job)) {
      await this.provoke({ type: "JobCancelled" }, job);
      await this.provoke({ type: "LeaseExpired", retry: false }, job);
    }
  }

  /** A worker's word about the job's live attempt, or about its last one, or about none. */
  async #report(job: string, word: object): Promise<Response> {
    const grant = (await this.shown(job))?.attempts.at(-1)?.grant ?? 1;
    return await this.#request("worker.report", { worker: WORKER, job, grant, ...word });
  }

  /** Published as any program would; decided when the ledger has what became of it. */
  async #submit(job: string, submission: object): Promise<Response> {
    const { seq } = await this.#nc
      .jetstream()
      .publish(`${this.#namespace}.submit.${TYPE}`, JSON.stringify({ id: job, ...submission }));
    const decides = new Set<FactType>(["JobSubmitted", "JobRejected", "SubmissionDuplicated"]);
    await this.watch.until(`submission ${seq} is decided`, ({ facts }) =>
      facts.some(({ fact }) => decides.has(fact.type) && "intake" in fact && fact.intake?.sequence === seq),
    );
    return OK;
  }

  /** All that came before is decided and stored. */
  async #settled(): Promise<Response> {
    return await this.#request("worker.renew", { worker: WORKER, running: [] });
  }

  async #request(subject: string, args: object): Promise<Response> {
    const answer = await this.#nc.request(`${this.#namespace}.${subject}`, JSON.stringify(args), {
      timeout: requestMsMax,
    });
    const code = answer.headers?.get("Nats-Service-Error-Code") ?? "";
    return { refused: code === "" ? null : Number(code) };
  }
}

/** Nothing yet where nobody listens: a leader does only when it has read its own election. */
function untilHeard(error: unknown): null {
  if (nobodyListens(error)) return null;
  throw error;
}

/** What a worker says so that this becomes a fact. */
function wordOf(event: JobEvent): object {
  const error = { code: "broken", message: "it broke" };
  switch (event.type) {
    case "RunStarted":
      return { started: "2026-01-01T00:00:00.000Z" };
    case "RunCompleted":
      return { ended: { outcome: "completed", result: null } };
    case "RunSkipped":
      return { ended: { outcome: "skipped", reason: "nothing to do" } };
    case "RunCancelled":
      return { ended: { outcome: "cancelled", reason: "not worth it" } };
    case "RunFailed":
      return { ended: { outcome: "failed", error, retryable: "retry" in event && event.retry } };
    case "RunTimedOut":
      return { ended: { outcome: "timed-out", error } };
    case "LeaseExpired":
      return { ended: { outcome: "lost", error } };
    default:
      throw new Error(`${event.type} is no worker's word`);
  }
}

function configurationOf(namespace: string): LoadedConfiguration["configuration"] {
  const loaded = loadConfiguration({ namespace, env: {}, cwd: import.meta.dirname });
  if (loaded.kind !== "loaded") throw new Error("the defaults are not a configuration");
  const checked = { ...loaded.configuration, limits: { global: 1 }, limitsGiven: true, leaseMs: 24 * HOUR_MS };
  return { ...checked, types: { [TYPE]: remoteType } };
}

const remoteType: LoadedConfiguration["configuration"]["types"][string] = {
  runner: "nats",
  options: {},
  resources: {},
  timeoutMs: null,
  maxAttempts: 3,
  backoff: { baseMs: 60_000, capMs: 60_000, factor: 1, jitter: false },
  params: {},
  labels: {},
  priority: 0,
};
