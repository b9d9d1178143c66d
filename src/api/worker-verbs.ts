/** What workers in processes of their own ask the leader, by the verb of `<ns>.worker.<verb>` (src/worker/protocol.ts). */
import type { z } from "zod";
import { readAs } from "../../events/submission.js";
import type { Dispatcher } from "../dispatcher/dispatcher.js";
import { type DeskAnswer, LEADS_NOT, type RemoteWorkers } from "../dispatcher/remote-workers.js";
import { farewellSchema, type Heard, helloSchema, renewalSchema, wordSchema } from "../worker/protocol.js";
import type { Reply } from "./service.js";

type Act = (dispatcher: Dispatcher, args: unknown) => Promise<Reply>;

export const WORKER_VERBS: Readonly<Record<"join" | "renew" | "report" | "leave", Act>> = {
  join: reading(helloSchema, (workers, hello) => workers.join(hello)),
  renew: reading(renewalSchema, (workers, renewal) => workers.renew(renewal)),
  report: reading(wordSchema, (workers, word) => workers.report(word)),
  leave: reading(farewellSchema, (workers, farewell) => workers.leave(farewell)),
};

function reading<S extends z.ZodObject>(
  schema: S,
  ask: (workers: RemoteWorkers, read: z.output<S>) => DeskAnswer<unknown> | Promise<DeskAnswer<unknown>>,
): Act {
  return async (dispatcher, args) => {
    const read = readAs(schema, args);
    if (!read.ok) return { refused: "invalid", reason: read.reason };
    const heard: Heard = read.value;
    const answer = await dispatcher.inReign(({ remote }) => ({
      told: remote.misfit(heard) ?? ask(remote, read.value),
    }));
    return answer === null ? LEADS_NOT : await answer.told;
  };
}
