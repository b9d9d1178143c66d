/** A scheduler: the dispatcher that ships, on simulated logs. */
import type { Fact, ProcessIdentity } from "../../events/facts.js";
import type { Json } from "../../events/json.js";
import type { WorkerId } from "../../events/names.js";
import type { Catalogue } from "../../projections/admission.js";
import type { Fold } from "../../projections/fold.js";
import { API_VERBS } from "../../src/api/api-verbs.js";
import { WORKER_VERBS } from "../../src/api/worker-verbs.js";
import type { Configuration } from "../../src/config/index.js";
import { settingsFacts } from "../../src/configured.js";
import { nextFiring } from "../../src/cron.js";
import { Dispatcher } from "../../src/dispatcher/dispatcher.js";
import type { System } from "../../src/dispatcher/system.js";
import { createLogger } from "../../src/logger.js";
import type { Subjects } from "../../src/nats/subjects.js";
import { functionRunner } from "../../src/runners/index.js";
import { type AbortOrder, type Obeyed, obeyedSchema, type StartOrder } from "../../src/worker/protocol.js";
import { Chance } from "./chance.js";
import type { SimConnection } from "./connection.js";
import { type Life, Member, type MemberOptions } from "./member.js";
import type { Planted } from "./planted.js";
import type { Program } from "./program.js";
import { SimLog } from "./sim-log.js";
import type { SimStream } from "./sim-stream.js";

const log = createLogger("silent");
/** Looking for orphans takes a moment, and is done twice. */
const ORPHANS_ROUND_MS = 20;
/** As the shipped link to workers has it. */
const ORDER_ANSWER_MS = 2_000;

export interface NodeOptions extends MemberOptions {
  readonly subjects: Subjects;
  readonly configuration: Configuration;
  readonly catalogue: Catalogue;
  readonly planted: Planted;
  /** The job types that the worker inside runs. */
  readonly types: readonly string[];
  /** There is somebody outside who asks over core NATS: workers, or holders of reservations. */
  readonly isAsked: boolean;
}

export class Node extends Member<Dispatcher> {
  readonly #of: NodeOptions;

  constructor(options: NodeOptions) {
    super(options);
    this.#of = options;
  }

  get dispatcher(): Dispatcher | null {
    return this.inside;
  }

  protected make({ number, identity, place, program, connection, clock }: Life): Dispatcher {
    const { seed, name, runs, server, trace, configuration, catalogue, subjects, types } = this.#of;
    const chance = new Chance(seed, `${name} start ${number}`);
    const logOf = (stream: SimStream) => new SimLog({ connection, program, server, stream });
    const dispatcher: Dispatcher = new Dispatcher({
      subjects,
      ledger: logOf(server.ledger),
      intake: logOf(server.intake),
      catalogue,
      runners: new Map(types.map((type) => [type, functionRunner(runs.functionAt(place))])),
      results: { keep: (result, { job, grant }) => runs.keep(place, result, { job, grant }) },
      workerCapacity: configuration.workerCapacity,
      workerTypes: [...types],
      leaseMs: configuration.leaseMs,
      graceMs: configuration.graceMs,
      backoffOf: (type) => mustBe(configuration.types[type]).backoff,
      nextFiring,
      settingsFacts: (fold: Fold): readonly Fact[] =>
        settingsFacts(configuration, fold, { now: clock.nowIso(), nextFiring }),
      announce: () => {},
      progress: () => {},
      workerLink: {
        start: (worker, order) => askWorker(connection, worker, "start", order),
        abort: (worker, order) => askWorker(connection, worker, "abort", order),
      },
      askLeader: () => connection.askLeader(),
      answerAsLeader: () => this.#answerAsLeader(connection, () => dispatcher),
      endOrphans: (isLost) => this.#endOrphans(program, isLost),
      clock,
      system: this.#system(identity, chance),
      random: () => chance.fraction(),
      log,
      version: "simulation",
      onTransition: ({ from, event, to }) => trace.note(name, "step", () => `${event} ${from} → ${to}`),
    });
    return dispatcher;
  }

  #answerAsLeader(connection: SimConnection, dispatcher: () => Dispatcher): () => void {
    const stopAnswering = connection.answerAsLeader();
    if (!this.#of.isAsked) return stopAnswering;
    const serve = (subject: string, verbs: Verbs) =>
      connection.requests.serve(subject, (asked, reply) => {
        const { verb, args } = asked as { readonly verb: string; readonly args: Json };
        // As the shipped service answers what goes wrong in it.
        const failed = (error: Error) => reply({ refused: "internal", reason: error.message });
        void verbs[verb]?.(dispatcher(), args).then((answer) => reply(answer as Json), failed);
      });
    const stops = [stopAnswering, serve(API, API_VERBS), serve(WORKERS, WORKER_VERBS)];
    return () => {
      for (const stop of stops) stop();
    };
  }

  #system(identity: ProcessIdentity, chance: Chance): System {
    const { machine, loop, planted } = this.#of;
    const isTakenForDead = (other: ProcessIdentity) => planted.takesAllForDead === true && other.pid !== identity.pid;
    return {
      ownProcess: () => identity,
      isProvablyGone: (other) => isTakenForDead(other) || machine.isProvablyGone(other),
      randomWord: () => chance.word(),
      soon: (act) => loop.soon(act),
    };
  }

  #endOrphans(program: Program, isLost: Parameters<NodeOptions["runs"]["endOrphans"]>[1]): Promise<number> {
    const { runs, machine, tally } = this.#of;
    const look = () => runs.endOrphans(machine.host, isLost);
    this.#of.onMoment(this, "takes over");
    return new Promise((resolve) => {
      const first = look();
      program.after(ORPHANS_ROUND_MS, () => {
        const ended = first + look();
        tally.count("orphan ended", ended);
        program.after(ORPHANS_ROUND_MS, () => resolve(ended));
      });
    });
  }
}

/** Whoever leads is asked under these, by verb: `<ns>.api.<verb>` and `<ns>.worker.<verb>`. */
export const API = "api";
export const WORKERS = "worker";
type Verbs = Readonly<Record<string, (dispatcher: Dispatcher, args: unknown) => Promise<unknown>>>;

async function askWorker(
  { requests }: SimConnection,
  worker: WorkerId,
  verb: "start" | "abort",
  order: StartOrder | AbortOrder,
): Promise<Obeyed | null> {
  const answered = await requests.ask(workerSubject(worker), { verb, order }, ORDER_ANSWER_MS);
  return "answer" in answered ? obeyedSchema.parse(answered.answer) : null;
}

export const workerSubject = (worker: WorkerId): string => `worker ${worker}`;

function mustBe<T>(value: T | null | undefined): T {
  if (value == null) throw new Error("the plan is not what it should be");
  return value;
}
