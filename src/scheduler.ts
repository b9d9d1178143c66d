/**
 * The composition root: puts one scheduler together from its parts, on a connection to a NATS server. The command `up`, the
 * library and the tests all start here.
 */
import type { Fact } from "../events/facts.js";
import type { Fold } from "../projections/fold.js";
import { Announcer } from "./api/announcer.js";
import { answerAsLeader, askLeader } from "./api/leadership.js";
import { startService } from "./api/service.js";
import { workerLink } from "./api/worker-link.js";
import { Keeper, nearestCheckpoint, openShelf } from "./checkpoints/index.js";
import { type Clock, systemClock } from "./clock.js";
import type { ConnectionSettings } from "./config/connection.js";
import type { Backoff, Configuration } from "./config/index.js";
import { catalogueOf, settingsFacts } from "./configured.js";
import { configuredRunners } from "./configured-runners.js";
import { nextFiring } from "./cron.js";
import { Dispatcher, type Ended } from "./dispatcher/dispatcher.js";
import type { Origin } from "./dispatcher/options.js";
import { thisSystem } from "./dispatcher/system.js";
import type { Proposal } from "./dispatcher/turn.js";
import { JetStreamLog } from "./log/jetstream.js";
import { Publisher } from "./log/publisher.js";
import type { Logger } from "./logger.js";
import { openConnection } from "./nats/connection.js";
import type { NatsConnection } from "./nats/door.js";
import { keyValue } from "./nats/key-value.js";
import { Link } from "./nats/link.js";
import { makeBucket, objectStore } from "./nats/object-store.js";
import { openStreams } from "./nats/streams.js";
import { type Subjects, subjectsOf } from "./nats/subjects.js";
import { type JobFunction, killOrphanedRuns } from "./runners/index.js";
import { VERSION } from "./version.js";
import { endpointsOf, startWebhooks, type Webhooks } from "./webhooks/index.js";
import { resultStore } from "./worker/results.js";

export interface SchedulerOptions {
  readonly connection: ConnectionSettings;
  readonly configuration: Configuration;
  /** Job types that are functions of this program; they take precedence over configured ones of the same name. */
  readonly functions?: ReadonlyMap<string, JobFunction>;
  readonly log: Logger;
  readonly clock?: Clock;
  readonly random?: () => number;
  /** Called with each entry that this scheduler has stored, after the watchers were told. */
  readonly onStored?: (stored: Proposal) => void;
}

export interface Scheduler {
  readonly dispatcher: Dispatcher;
  readonly subjects: Subjects;
  /** How it came to what it believes; null before it has. */
  readonly origin: Origin | null;
  /** Settles when the scheduler has ended: stopped, or because the ledger cannot be trusted. */
  readonly ended: Promise<Ended>;
  /** Drains and ends (CON-003). */
  stop(): Promise<Ended>;
}

export async function startScheduler(options: SchedulerOptions): Promise<Scheduler> {
  const nc = await openConnection(options.connection, `signalbox scheduler ${process.pid}`);
  try {
    return await assemble(nc, options);
  } catch (error) {
    await nc.close();
    throw error;
  }
}

async function assemble(nc: NatsConnection, options: SchedulerOptions): Promise<Scheduler> {
  const { configuration, log } = options;
  const clock = options.clock ?? systemClock;
  const functions = options.functions ?? new Map<string, JobFunction>();
  const subjects = subjectsOf(configuration.namespace);
  const { resultsBucket } = subjects;
  const replicas = configuration.nats === "embedded" ? 1 : configuration.nats.replicas;
  const jsm = await openStreams(nc, subjects, replicas);
  const publisher = new Publisher(nc);
  const link = new Link(nc);
  const announcer = new Announcer(nc, subjects);
  const ledger = new JetStreamLog({ nc, jsm, stream: subjects.ledgerStream, publisher });
  const intake = new JetStreamLog({ nc, jsm, stream: subjects.intakeStream, publisher });
  const { identity } = await ledger.state();
  const context = { ledger: identity, environment: process.env };
  const runners = configuredRunners(configuration.types, context, functions);
  const endpoints = endpointsOf(configuration.webhooks, process.env);
  const state = keyValue(nc, subjects.stateBucket);
  const shelf = openShelf(nc, subjects);
  let webhooks: Webhooks | null = null;
  let keeper: Keeper | null = null;
  let origin: Origin | null = null;
  let asideStopped: Promise<unknown> = Promise.resolve();
  const dispatcher: Dispatcher = new Dispatcher({
    subjects,
    ledger,
    intake,
    catalogue: catalogueOf(configuration, [...functions.keys()]),
    runners,
    results: resultStore(resultsBucket, objectStore(nc, resultsBucket), () => makeBucket(nc, resultsBucket)),
    workerCapacity: configuration.workerCapacity,
    workerTypes: [...runners.keys()].sort(),
    leaseMs: configuration.leaseMs,
    graceMs: configuration.graceMs,
    backoffOf: (type) => backoffOf(configuration, type),
    nextFiring,
    workerLink: workerLink(nc, subjects),
    settingsFacts: (fold: Fold): readonly Fact[] =>
      settingsFacts(configuration, fold, { now: clock.nowIso(), nextFiring }),
    checkpoint: () =>
      nearestCheckpoint({ shelf, ledger, until: null, onNotice: (text) => log.warn({ ledger: identity }, text) }),
    onFolded: (folded) => {
      origin = folded;
    },
    announce: (stored) => {
      announcer.announce(stored);
      keeper?.stored(stored.facts.length);
      webhooks?.stored(stored);
      options.onStored?.(stored);
    },
    progress: (job, update) => announcer.progress(job, update),
    askLeader: (leader) => askLeader(nc, subjects, leader),
    answerAsLeader: () => {
      const stopAnswering = answerAsLeader(nc, subjects, dispatcher.id);
      const stopServing = startService({
        nc,
        link,
        subjects,
        dispatcher,
        ledger,
        log,
        announced: () => announcer.flush(),
      });
      const started = startWebhooks({ endpoints, ledger, state, leader: dispatcher, clock, log });
      const kept = keepCheckpoints(options, clock, origin);
      webhooks = started;
      keeper = kept;
      return () => {
        stopAnswering();
        stopServing();
        webhooks = null;
        keeper = null;
        asideStopped = Promise.all([started.stop(), kept?.stop()]);
      };
    },
    endOrphans: (isLost) => killOrphanedRuns((run) => run.ledger === identity && isLost(run.job, run.grant)),
    clock,
    system: thisSystem,
    random: options.random ?? Math.random,
    log,
    version: VERSION,
    onTransition: (transition) => log.trace(transition, "dispatcher"),
  });
  const ended = dispatcher.run().then(async (end) => {
    announcer.flush();
    await asideStopped;
    await nc.drain().catch((error: unknown) => log.debug({ err: error }, "the connection was gone already"));
    return end;
  });
  return {
    dispatcher,
    subjects,
    get origin() {
      return origin;
    },
    ended,
    stop: () => {
      dispatcher.stop();
      return ended;
    },
  };
}

/** What is stored before the reign has come to its first entry is in nobody's count; the next round counts itself. */
function keepCheckpoints(
  { configuration, connection, log }: SchedulerOptions,
  clock: Clock,
  origin: Origin | null,
): Keeper | null {
  const { checkpoints, namespace } = configuration;
  if (checkpoints === null) return null;
  const { facts, everyMs } = checkpoints;
  const order = { connection, namespace, facts };
  return new Keeper({ order, everyMs, factsAfter: origin?.facts ?? 0, clock, log });
}

const BACKOFF_DEFAULT: Backoff = { baseMs: 10_000, capMs: 600_000, factor: 2, jitter: false };

function backoffOf(configuration: Configuration, type: string): Backoff {
  return Object.hasOwn(configuration.types, type)
    ? (configuration.types[type]?.backoff ?? BACKOFF_DEFAULT)
    : BACKOFF_DEFAULT;
}
