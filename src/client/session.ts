/**
 * A session of a program outside the scheduler: the connection, the questions and the commands of one namespace. When no
 * scheduler answers a question, the ledger is read instead; a command needs one that leads.
 */
import type { Fold } from "../../projections/fold.js";
import type { QueryName } from "../api/queries.js";
import { type ConnectionSettings, chooseConnection } from "../config/connection.js";
import type { Environment } from "../config/environment.js";
import type { LoadedConfiguration } from "../config/load.js";
import { describeProblems } from "../config/problems.js";
import type { Configuration } from "../config/schema.js";
import type { CommandVerb } from "../dispatcher/orders.js";
import { findRunningServer } from "../embedded/record.js";
import { JetStreamLog } from "../log/jetstream.js";
import type { AppendOutcome, Log } from "../log/log.js";
import { type Publication, Publisher } from "../log/publisher.js";
import { openConnection } from "../nats/connection.js";
import type { NatsConnection } from "../nats/door.js";
import { type Subjects, subjectsOf } from "../nats/subjects.js";
import { Denials } from "./denials.js";
import { ClientFailure, START_ONE } from "./failure.js";
import type { Answers, Questions } from "./questions.js";
import type { Readable } from "./reader.js";
import { notAllowed, request } from "./request.js";

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
  publish(publication: Publication): Promise<AppendOutcome>;
  /** Like `query`, but of the scheduler only: throws `ClientFailure` with `no-scheduler` when none answers. */
  ask<Name extends QueryName>(name: Name, args?: object): Promise<Answers[Name]>;
  /**
   * Carries out a command; its facts are stored when this resolves. Throws `ClientFailure`: `no-scheduler`, `not-found`,
   * `refused`, or `unanswered` if the outcome is not known.
   */
  command(verb: CommandVerb, args: object): Promise<CommandAnswer>;
}

export interface CommandAnswer {
  readonly ok: true;
  /** The address of the first fact; null if everything was so already, and nothing was recorded. */
  readonly position: string | null;
  /** What was made, or is spoken of: the new job of a retry, say. */
  readonly id?: string;
}

/** A scheduler answers within milliseconds; a command also waits for its entry to be stored. */
const QUERY_ANSWER_MS = 5_000;
const COMMAND_ANSWER_MS = 10_000;
const STREAM_NOT_FOUND = 10059;

/** Opens a session. Throws `ClientFailure` if there is no server to connect to, `ConnectionFailed` if it does not let us in. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { loaded, onNotice } = options;
  const subjects = subjectsOf(loaded.configuration.namespace);
  const nc = await openConnection(await findServer(options), `signalbox client ${process.pid}`);
  const denials = new Denials(nc);
  let publisher: Publisher | null = null;
  let opened: Promise<Log> | null = null;
  /** What was read when no scheduler answered; good for as long as the ledger ends there. */
  let folded: Fold | null = null;
  const usePublisher = () => {
    publisher ??= new Publisher(nc);
    return publisher;
  };
  const ledger = () => {
    opened ??= openLedger(nc, subjects, usePublisher).catch((error: unknown) => {
      // Not opened: the next question tries again.
      opened = null;
      throw error;
    });
    return opened;
  };

  const readable = async (): Promise<Readable> => {
    const { openShelf } = await import("../checkpoints/index.js");
    return { ledger: await ledger(), begin: null, shelf: openShelf(nc, subjects), onNotice };
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
      // Loaded here only: most are answered by a scheduler, and then nothing is folded.
      const { answeredValue, answerFrom, foldLedger } = await import("./reader.js");
      if (folded === null || folded.head.position !== (await log.state()).last) {
        onNotice(`${error.message}; read from the ledger`);
        folded = await foldLedger(await readable());
      }
      // Computed by the same views, here.
      return answeredValue(await answerFrom(folded, log, name, args)) as Answers[Name];
    }
  }

  return {
    nc,
    subjects,
    namespace: subjects.namespace,
    configuration: loaded.configuration,
    publish: async (publication) => {
      const { subject } = publication;
      const answered = new AbortController();
      const denied = denials.of(subject, answered.signal).then(() => {
        throw notAllowed(subject);
      });
      try {
        return await Promise.race([usePublisher().publish(publication), denied]);
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
    readable,
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
