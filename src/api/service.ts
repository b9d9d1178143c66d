/**
 * The NATS service (ADR-32) of the scheduler that leads: commands as request–reply under `<ns>.api`, questions about the
 * projection under `<ns>.query` (contract, section 1). Errors come back in the service error headers.
 */
import type { Dispatcher } from "../dispatcher/dispatcher.js";
import { NOT_LEADING } from "../dispatcher/messages.js";
import type { Log } from "../log/log.js";
import type { Logger } from "../logger.js";
import { isAnswerable } from "../nats/answerable.js";
import type { NatsConnection, Service, ServiceMsg } from "../nats/door.js";
import type { Link } from "../nats/link.js";
import type { Subjects } from "../nats/subjects.js";
import { VERSION } from "../version.js";
import { API_VERBS } from "./api-verbs.js";
import { leasesReply } from "./leases.js";
import { answerQuery, QUERIES, type QueryName } from "./queries.js";
import { WORKER_VERBS } from "./worker-verbs.js";

export interface ServiceOptions {
  readonly nc: NatsConnection;
  readonly link: Link;
  readonly subjects: Subjects;
  readonly dispatcher: Dispatcher;
  readonly ledger: Log;
  readonly log: Logger;
  /** What an answer tells of was announced before it: whoever watches and asks hears things in their order. */
  readonly announced: () => void;
}

/** HTTP's numbers, because everyone knows them. */
const ERROR_CODES = { "not-found": 404, conflict: 409, invalid: 400, unavailable: 503 } as const;
const INTERNAL_ERROR = 500;

/** Serves from now on; the returned function ends it. */
export function startService(options: ServiceOptions): () => void {
  let connections = 1;
  let serving = serve(options, connections);
  // A connection that was lost may live on in the server, which has not heard of it, for minutes: in one queue group with its ghost
  // the new one would get only a share of the requests. So it begins anew under another name.
  const stopListening = options.link.onUp(() => {
    connections += 1;
    const next = connections;
    serving = serving.then(stop).then(() => serve(options, next));
  });
  async function stop(service: Service | null): Promise<void> {
    await service
      ?.stop()
      .catch((error: unknown) => options.log.debug({ err: error }, "the NATS service was gone already"));
  }
  return () => {
    stopListening();
    void serving.then(stop);
  };
}

/** Null if it could not be started. */
async function serve(options: ServiceOptions, connection: number): Promise<Service | null> {
  const { nc, subjects, log, dispatcher } = options;
  try {
    const service = await nc.services.add({
      name: "signalbox",
      version: VERSION,
      description: `signalbox scheduler of namespace ${subjects.namespace}`,
      // A group of its own, too, because a leader that is paused would swallow its share of what its successor is asked.
      queue: `${dispatcher.id}-${connection}`,
    });
    const api = service.addGroup(subjects.api);
    for (const [verb, act] of Object.entries(API_VERBS))
      api.addEndpoint(verb, (_error, message) => void answer(message, options, (args) => act(dispatcher, args)));
    const worker = service.addGroup(subjects.worker);
    for (const [verb, act] of Object.entries(WORKER_VERBS))
      worker.addEndpoint(verb, (_error, message) => void answer(message, options, (args) => act(dispatcher, args)));
    const query = service.addGroup(subjects.query);
    for (const name of QUERIES)
      query.addEndpoint(name, (_error, message) => void answer(message, options, (args) => ask(options, name, args)));
    // What is not in the projection is known to the leader alone.
    query.addEndpoint("running", (_error, message) => void answer(message, options, () => running(options)));
    query.addEndpoint("leases", (_error, message) => void answer(message, options, (args) => leases(options, args)));
    return service;
  } catch (error) {
    log.error({ err: error }, "the NATS service could not be started");
    return null;
  }
}

export type Reply =
  | { readonly value: unknown }
  | { readonly refused: keyof typeof ERROR_CODES; readonly reason: string };

async function answer(
  message: ServiceMsg,
  { log, subjects, announced }: ServiceOptions,
  act: (args: unknown) => Promise<Reply>,
): Promise<void> {
  try {
    if (!isAnswerable(message.reply, subjects.namespace)) return;
    const args = readArguments(message.data);
    const reply =
      "unreadable" in args ? ({ refused: "invalid", reason: args.unreadable } as const) : await act(args.value);
    announced();
    if ("refused" in reply) message.respondError(ERROR_CODES[reply.refused], reply.reason);
    else message.respond(JSON.stringify(reply.value));
  } catch (error) {
    log.error({ err: error, subject: message.subject }, "a request could not be answered");
    message.respondError(INTERNAL_ERROR, error instanceof Error ? error.message : String(error));
  }
}

/** What the worker inside runs, by its own account: the projection is not asked (`signalbox audit`). */
async function running({ dispatcher }: ServiceOptions): Promise<Reply> {
  const answered = await dispatcher.inReign(({ inside }) => inside);
  return answered === null ? NOT_LEADING : { value: answered };
}

const leases = ({ dispatcher }: ServiceOptions, args: unknown): Promise<Reply> =>
  leasesReply(dispatcher, args, new Date().toISOString());

async function ask({ dispatcher, ledger }: ServiceOptions, name: QueryName, args: unknown): Promise<Reply> {
  const status = {
    role: dispatcher.leads ? "leader" : "standby",
    state: dispatcher.state,
    dispatcher: dispatcher.id,
  } as const;
  const now = new Date().toISOString();
  return answerQuery({ name, args, ledger, now, status, query: (question) => dispatcher.query(question) });
}

function readArguments(data: Uint8Array): { readonly value: unknown } | { readonly unreadable: string } {
  if (data.length === 0) return { value: {} };
  try {
    return { value: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data)) };
  } catch (error) {
    return {
      unreadable: `the arguments are not JSON in UTF-8: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}
