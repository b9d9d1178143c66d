/** A worker in a process of its own: the one that ships, on a simulated connection. */
import type { Json } from "../../events/json.js";
import type { WorkerId } from "../../events/names.js";
import { createLogger } from "../../src/logger.js";
import { functionRunner } from "../../src/runners/index.js";
import type { LeaderAnswer, LeaderLink } from "../../src/worker/leader-link.js";
import type { Hands, OrderDesk } from "../../src/worker/order-desk.js";
import { abortOrderSchema, leaseSchema, okSchema, startOrderSchema } from "../../src/worker/protocol.js";
import { RemoteWorker } from "../../src/worker/remote-worker.js";
import type { SimConnection } from "./connection.js";
import { type Inside, type Life, Member, type MemberOptions } from "./member.js";
import { WORKERS, workerSubject } from "./node.js";

const log = createLogger("silent");
/** As the shipped link to the leader has it. */
const RECORDED_ANSWER_MS = 10_000;

export interface OutsideWorkerOptions extends MemberOptions {
  readonly types: readonly string[];
  readonly capacity: number;
  readonly graceMs: number;
}

export class OutsideWorker extends Member {
  readonly #of: OutsideWorkerOptions;
  #joinedAs: WorkerId | null = null;

  constructor(options: OutsideWorkerOptions) {
    super(options);
    this.#of = options;
  }

  /** The id under which it was taken in; null while it was not. */
  get joinedAs(): WorkerId | null {
    return this.hasEnded ? null : this.#joinedAs;
  }

  protected make({ identity, place, connection, clock, number }: Life): Inside {
    const { types, capacity, graceMs, runs, name, tally } = this.#of;
    let ids = 0;
    const worker = new RemoteWorker({
      ...{ types, capacity, graceMs, clock, log, process: identity },
      newId: () => {
        ids += 1;
        this.#joinedAs = null;
        if (ids > 1) tally.count("worker outside not known any more");
        return `${name}-${number}-${ids}` as WorkerId;
      },
      runners: new Map(types.map((type) => [type, functionRunner(runs.functionAt(place))])),
      results: { keep: (result, { job, grant }) => runs.keep(place, result, { job, grant }) },
      progress: () => {},
      leader: leaderLink(connection),
      orders: orderDesk(connection),
      waits: () => {},
      joined: (id) => {
        this.#joinedAs = id;
        tally.count("worker outside joined");
      },
    });
    return {
      run: () =>
        worker.run().then(
          () => ({ error: null }),
          (error: unknown) => ({ error: error instanceof Error ? error : new Error(String(error)) }),
        ),
      stop: () => worker.stop(),
    };
  }
}

/** What `src/api/service.ts` answers, without its envelope. */
type Reply = { readonly value: Json } | { readonly refused: string; readonly reason: string };

const REFUSALS: Readonly<Record<string, "unknown" | "conflict" | "invalid">> = {
  invalid: "invalid",
  "not-found": "unknown",
  conflict: "conflict",
};

/** `src/worker/leader-link.ts` on a simulated connection. */
function leaderLink({ requests }: SimConnection): LeaderLink {
  async function ask<T>(
    verb: string,
    args: object,
    schema: { parse(value: unknown): T },
    waitMs = RECORDED_ANSWER_MS,
  ): Promise<LeaderAnswer<T>> {
    await requests.up();
    const answered = await requests.ask(WORKERS, { verb, args }, waitMs);
    if (!("answer" in answered)) return null;
    const reply = answered.answer as Reply;
    if ("value" in reply) return { value: schema.parse(reply.value) };
    const refused = REFUSALS[reply.refused];
    return refused === undefined ? null : { refused, reason: reply.reason };
  }
  return {
    ready: () => requests.up(),
    join: (hello) => ask("join", hello, leaseSchema),
    renew: (renewal, waitMs) => ask("renew", renewal, leaseSchema, waitMs),
    report: (word) => ask("report", word, okSchema),
    leave: (farewell) => ask("leave", farewell, okSchema),
  };
}

/** `src/worker/order-desk.ts` on a simulated connection. */
const orderDesk = ({ requests }: SimConnection): OrderDesk => ({
  serve: (worker, hands) =>
    requests.serve(workerSubject(worker), (asked, reply) => {
      void obey(hands, asked as { readonly verb: string; readonly order: Json }).then((obeyed) => {
        if (obeyed !== null) reply(obeyed as Json);
      });
    }),
});

const obey = (hands: Hands, { verb, order }: { readonly verb: string; readonly order: Json }) =>
  verb === "start" ? hands.start(startOrderSchema.parse(order)) : hands.abort(abortOrderSchema.parse(order));
