/** signalbox inside a program: a scheduler whose job types are the program's own functions. */
import { randomBytes } from "node:crypto";
import type { JsonObject } from "../../events/json.js";
import type { JobView } from "../../projections/views/views.js";
import type { QueryName } from "../api/queries.js";
import {
  type CommandAnswer,
  type CommandVerb,
  type HeldSlots,
  openSession,
  type Questions,
  submitJob,
} from "../client/index.js";
import type { Ended } from "../dispatcher/dispatcher.js";
import { startHost } from "../host.js";
import { createLogger } from "../logger.js";
import { untilRole } from "../role.js";
import { Endings } from "./endings.js";
import { type Duration, type SignalboxOptions, settingsOf } from "./options.js";
import { exportLog } from "./recorded-log.js";
import { Reservations, type ReserveOptions } from "./reservations.js";

/** What a job may say about itself; see `types` for the defaults. */
export interface SubmitOptions {
  /**
   * The job's id: `[A-Za-z0-9][A-Za-z0-9_-]{0,127}`. A second submission with an id that exists changes nothing, so a
   * submission can be repeated. Default: a random one.
   */
  readonly id?: string;
  /** From -1000 to 1000, higher first. */
  readonly priority?: number;
  /** Units by resource tag, over those of the type; 0 removes a tag. */
  readonly resources?: Readonly<Record<string, number>>;
  readonly template?: string;
  /** Not before this time (ISO 8601, UTC), or not before so long from now. */
  readonly runAt?: string;
  readonly delay?: Duration;
  readonly timeout?: Duration;
  readonly maxAttempts?: number;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface JobHandle {
  readonly id: string;
  /**
   * Resolves with the job in its terminal state, whichever that is: look at `state`, `result` and `reason`. Rejects with
   * `SignalboxClosed` if the signalbox is closed before.
   */
  readonly ended: Promise<JobView>;
}

export interface Signalbox<Type extends string = string> extends AsyncDisposable {
  /** The NATS server's address: other programs can submit and ask there. */
  readonly url: string;
  readonly namespace: string;
  /**
   * Submits a job; resolves when it is stored. Throws `ClientFailure`: `invalid` if it cannot be taken, `unanswered` if it
   * is not known whether it was stored (then submit it again with the same id).
   */
  submit(type: Type | AnyType, params?: JsonObject, options?: SubmitOptions): Promise<JobHandle>;
  /**
   * Direct execution: waits until the slots are free, ahead of every queued job, and holds them until they are released. They must
   * not be used any more when `lost` aborts. Throws `ClientFailure` with `invalid` if they cannot be had, `SignalboxClosed` if the
   * signalbox is closed before, the signal's reason if that aborts.
   */
  reserve(options: ReserveOptions): Promise<HeldSlots>;
  /** Asks about slots, jobs, limits …, as the contract's `query.<name>`. Throws `ClientFailure`. */
  readonly query: Questions["query"];
  /** Cancels, amends, pauses …, as the contract's `api.<verb>`; resolves when its facts are stored. Throws `ClientFailure`. */
  command(verb: CommandVerb, args: JsonObject): Promise<CommandAnswer>;
  /**
   * Writes the log up to now into a file that is not there yet, for `openLog`, `signalbox --log` and `log import`. Throws what the file
   * system answers.
   */
  exportLog(path: string): Promise<void>;
  /** Settles when the scheduler has ended: closed, or by an error such as a corrupt ledger. */
  readonly ended: Promise<Ended>;
  /**
   * Gives back what is reserved, grants no new start, lets running jobs end within the grace, records the rest as lost, and stops
   * the server if it is embedded. Throws what kept the end from being recorded. May be called twice.
   */
  close(): Promise<void>;
}

/** Any text, while editors still propose the types of the program. */
type AnyType = string & Record<never, never>;

/**
 * Starts a scheduler in this process. Resolves when it leads, or stands by because another one does: jobs can be submitted,
 * and questions are answered.
 * Throws `SignalboxOptionsError` if an option cannot be used, `NatsBinaryError`, `EmbeddedServerError` or
 * `ConnectionFailed` if there is no server, `StreamUnfit` if its streams could lose jobs.
 */
export async function startSignalbox<Type extends string>(options: SignalboxOptions<Type>): Promise<Signalbox<Type>> {
  const { loaded, connection, functions, nats, env, cwd } = settingsOf(options);
  const log = createLogger(options.logLevel ?? "warn");
  const host = await startHost({ configuration: loaded.configuration, connection, functions, log });
  const onNotice = (text: string) => log.warn(text);
  const session = await openSession({ loaded, nats, env, cwd, onNotice }).catch(async (error: unknown) => {
    await host.stop();
    throw error;
  });
  await untilRole(host.scheduler, session.nc, host.ended);
  const endings = new Endings(session);
  const reservations = new Reservations(session);
  let closing: Promise<void> | null = null;

  async function submit(type: string, params: JsonObject = {}, options: SubmitOptions = {}): Promise<JobHandle> {
    // Chosen here, so that its end can be awaited from before it is published on.
    const id = options.id ?? `job-${randomBytes(ID_BYTES).toString("hex")}`;
    const ended = endings.of(id);
    try {
      await submitJob(session, type, { ...options, params, id });
    } catch (error) {
      endings.forget(id, error);
      throw error;
    }
    return { id, ended };
  }

  async function close(): Promise<void> {
    endings.stopAsking();
    // While there is somebody who can record it.
    await Promise.race([reservations.close(), host.ended]);
    const stopping = host.scheduler.stop();
    await Promise.race([stopping, host.ended]);
    await endings.close();
    await session.close();
    const { error } = await host.stop();
    if (error !== null) throw error;
  }

  const closeOnce = () => {
    closing ??= close();
    return closing;
  };
  return {
    url: host.url,
    namespace: loaded.configuration.namespace,
    submit,
    reserve: (options) => reservations.reserve(options),
    query: <Name extends QueryName>(name: Name, args: object = {}) => session.query(name, args),
    command: (verb, args) => session.command(verb, args),
    exportLog: (path) => exportLog(session, path),
    ended: host.ended,
    close: closeOnce,
    [Symbol.asyncDispose]: closeOnce,
  };
}

/** 64 random bits: no two jobs of a ledger share them by chance. */
const ID_BYTES = 8;
