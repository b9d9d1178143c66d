/**
 * A session of a program outside the scheduler: the connection, the questions and the commands of one namespace. When no
 * scheduler answers a question, the ledger is read instead; a command needs one that leads.
 */
import type { QueryName } from "../api/queries.js";
import {
  type Configuration,
  type ConnectionSettings,
  chooseConnection,
  describeProblems,
  type Environment,
  type LoadedConfiguration,
} from "../config/index.js";
import type { COMMAND_VERBS } from "../dispatcher/orders.js";
import { findRunningServer } from "../embedded/index.js";
import { JetStreamLog } from "../log/jetstream.js";
import type { Append, AppendOutcome, Log } from "../log/log.js";
import { Publisher } from "../log/publisher.js";
import { openConnection } from "../nats/connection.js";
import type { Msg, NatsConnection } from "../nats/door.js";
import { type Subjects, subjectsOf } from "../nats/subjects.js";
import { Denials } from "./denials.js";
import { ClientFailure } from "./failure.js";
import type { Answers, Questions } from "./questions.js";
import { answeredValue, answerFrom, foldLedger } from "./reader.js";

export type CommandVerb = (typeof COMMAND_VERBS)[number];

export interface SessionOptions {
  readonly loaded: LoadedConfiguration;
  readonly nats?: string | undefined;
  readonly context?: string | undefined;
  readonly creds?: string | undefined;
  readonly env: Environment;
  readonly cwd: string;
  /** What a person should know meanwhile, in a line. */
  readonly onNotice: (text: string) => void;
}

export interface Session extends Questions {
  readonly nc: NatsConnection;
  readonly subjects: Subjects;
  readonly configuration: Configuration;
  /** Publishes to JetStream. Throws `ClientFailure` with `refused` if these credentials may not. */
  publish(append: Append): Promise<AppendOutcome>;
  /** Like `query`, but of the scheduler only: throws `ClientFailure` with `no-scheduler` when none answers. */
  ask<Name extends QueryName>(name: Name, args?: object): Promise<Answers[Name]>;
  /**
   * Carries out a command; its facts are stored when this resolves. Throws `ClientFailure`: `no-scheduler`, `not-found`, `refused`, or `unanswered` if the outcome is not known.
   */
  command(verb: CommandVerb, args: object): Promise<CommandAnswer>;
}

export interface CommandAnswer {
  readonly ok: true;
  /** The address of the first fact; null if everything was so already, and nothing was recorded. */
  readonly position: string | null;
}

/** A scheduler answers within milliseconds; a command also waits for its entry to be stored. */
const QUERY_ANSWER_MS = 5_000;
const COMMAND_ANSWER_MS = 10_000;
const STREAM_NOT_FOUND = 10059;
const START_ONE = "Start one with `signalbox up`, or name a server with --nats.";

/** Opens a session. Throws `ClientFailure` if there is no server to connect to, `ConnectionFailed` if it does not let us in. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { loaded, onNotice } = options;
  const subjects = subjectsOf(loaded.configuration.namespace);
  const nc = await openConnection(await findServer(options), `signalbox client ${process.pid}`);
  const denials = new Denials(nc);
  let publisher: Publisher | null = null;
  let opened: Promise<Log> | null = null;
  const usePublisher = () => {
    publisher ??= new Publisher(nc);
    return publisher;
  };
  const ledger = () => {
    opened ??= openLedger(nc, subjects, usePublisher);
    return opened;
  };

  async function ask<Name extends QueryName>(name: Name, args: object = {}): Promise<Answers[Name]> {
    // The scheduler computed this from the same views, at its end of the wire.
    return (await request(nc, `${subjects.query}.${name}`, args, QUERY_ANSWER_MS)) as Answers[Name];
  }

  async function query<Name extends QueryName>(name: Name, args: object = {}): Promise<Answers[Name]> {
    try {
      return await ask(name, args);
    } catch (error) {
      if (!(error instanceof ClientFailure) || !isSilence(error)) throw error;
      const log = await ledger();
      onNotice(`${error.message}; read from the ledger`);
      // Computed by the same views, here.
      return answeredValue(await answerFrom(await foldLedger(log), log, name, args)) as Answers[Name];
    }
  }

  return {
    nc,
    subjects,
    namespace: subjects.namespace,
    configuration: loaded.configuration,
    publish: async (append) => {
      const answered = new AbortController();
      const denied = denials.of(append.subject, answered.signal).then(() => {
        throw notAllowed(append.subject);
      });
      try {
        return await Promise.race([usePublisher().publish(append), denied]);
      } finally {
        answered.abort();
      }
    },
    ask,
    query,
    command: async (verb, args) => {
      // What src/api/service.ts answers to every command.
      return (await request(nc, `${subjects.api}.${verb}`, args, COMMAND_ANSWER_MS)) as CommandAnswer;
    },
    ledger,
    close: () => nc.close(),
  };
}

const isSilence = ({ code }: ClientFailure): boolean => code === "no-scheduler" || code === "unanswered";

async function findServer(options: SessionOptions): Promise<ConnectionSettings> {
  const { loaded, nats, context, creds, env, cwd } = options;
  const choice = chooseConnection({ nats, context, creds, env, cwd, loaded });
  if (choice.kind === "refused") throw new ClientFailure("invalid", describeProblems(choice.problems));
  if (choice.kind === "server") return choice.settings;
  const running = await findRunningServer(loaded.configuration.stateDir);
  if (running !== null) return { servers: [running.url] };
  throw new ClientFailure("no-scheduler", `no scheduler is running here (looked in ${loaded.configuration.stateDir})`, {
    hint: START_ONE,
  });
}

async function openLedger(
  nc: NatsConnection,
  { ledgerStream, namespace }: Subjects,
  publisher: () => Publisher,
): Promise<Log> {
  const jsm = await nc.jetstreamManager().catch((error: unknown) => {
    throw new ClientFailure("no-scheduler", "the server has no JetStream, or these credentials may not use it", {
      cause: error,
    });
  });
  const log = new JetStreamLog({ nc, jsm, stream: ledgerStream, publisher: publisher() });
  await log.state().catch((error: unknown) => {
    if ((error as { api_error?: { err_code?: number } }).api_error?.err_code !== STREAM_NOT_FOUND) throw error;
    throw new ClientFailure(
      "no-scheduler",
      `this server has no ledger of namespace ${namespace}: no scheduler has run on it`,
      {
        hint: START_ONE,
        cause: error,
      },
    );
  });
  return log;
}

/** One request to the service. Errors come in its headers (ADR-32). */
async function request(nc: NatsConnection, subject: string, args: object, timeout: number): Promise<unknown> {
  const message = await nc.request(subject, JSON.stringify(args), { timeout }).catch((error: unknown) => {
    throw requestFailure(error, subject, timeout);
  });
  const failure = serviceError(message);
  if (failure !== null) throw failure;
  return message.json();
}

function requestFailure(error: unknown, subject: string, timeoutMs: number): ClientFailure {
  const code = (error as { code?: unknown }).code;
  const cause = { cause: error };
  if (code === "503") return new ClientFailure("no-scheduler", "no scheduler answers", { ...cause, hint: START_ONE });
  if (code === "TIMEOUT")
    return new ClientFailure("unanswered", `the scheduler did not answer within ${timeoutMs / 1_000} s`, cause);
  if (code === "PERMISSIONS_VIOLATION") return notAllowed(subject, error);
  const reason = error instanceof Error ? error.message : String(error);
  return new ClientFailure("unanswered", `the request to ${subject} failed: ${reason}`, cause);
}

const notAllowed = (subject: string, cause?: unknown): ClientFailure =>
  new ClientFailure("refused", `these credentials may not publish to ${subject}`, { cause });

const NOT_FOUND = 404;

function serviceError({ headers }: Msg): ClientFailure | null {
  const code = Number(headers?.get("Nats-Service-Error-Code") ?? "");
  if (code === 0) return null;
  const reason = headers?.get("Nats-Service-Error") ?? "";
  return new ClientFailure(code === NOT_FOUND ? "not-found" : "refused", reason || `the scheduler answered ${code}`);
}
