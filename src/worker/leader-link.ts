/** How a worker in a process of its own asks whoever leads: a request over NATS, and what came of it (src/worker/protocol.ts). */
import type { z } from "zod";
import { serviceError } from "../client/request.js";
import type { NatsConnection } from "../nats/door.js";
import { Link } from "../nats/link.js";
import type { Subjects } from "../nats/subjects.js";
import { type Farewell, type Hello, type Lease, leaseSchema, okSchema, type Renewal, type Word } from "./protocol.js";

/** Null: nobody leads at the moment, or the answer was lost; the same is to be asked again. */
export type LeaderAnswer<T> =
  | { readonly value: T }
  | {
      /** `unknown`: no such worker, or another ledger. `forbidden`: the server does not let these credentials ask. */
      readonly refused: "unknown" | "conflict" | "invalid" | "forbidden";
      readonly reason: string;
    }
  | null;

type Ok = { readonly ok: true };

export interface LeaderLink {
  /** Settles when the connection stands: what is asked then is asked at once. */
  ready(): Promise<void>;
  join(hello: Hello): Promise<LeaderAnswer<Lease>>;
  /** A lease may be short: an answer that takes longer than `waitMs` is none. */
  renew(renewal: Renewal, waitMs: number): Promise<LeaderAnswer<Lease>>;
  report(word: Word): Promise<LeaderAnswer<Ok>>;
  leave(farewell: Farewell): Promise<LeaderAnswer<Ok>>;
}

/** Answers that wait for an entry to be stored may take as long as the scheduler takes to settle one. */
const RECORDED_ANSWER_MS = 10_000;

const REFUSALS: Readonly<Record<number, "unknown" | "conflict" | "invalid">> = {
  400: "invalid",
  404: "unknown",
  409: "conflict",
};

export function leaderLink(nc: NatsConnection, subjects: Subjects): LeaderLink {
  const link = new Link(nc);
  async function ask<S extends z.ZodType>(
    verb: string,
    body: object,
    schema: S,
    waitMs = RECORDED_ANSWER_MS,
  ): Promise<LeaderAnswer<z.output<S>>> {
    const subject = `${subjects.worker}.${verb}`;
    try {
      const message = await link.ask(() => nc.request(subject, JSON.stringify(body), { timeout: waitMs }));
      const error = serviceError(message);
      if (error === null) return { value: schema.parse(message.json()) };
      const refused = REFUSALS[error.code];
      return refused === undefined ? null : { refused, reason: error.reason };
    } catch (error) {
      if ((error as { code?: unknown }).code !== "PERMISSIONS_VIOLATION") return null;
      return { refused: "forbidden", reason: `these credentials may not publish to ${subject}` };
    }
  }
  return {
    ready: () => link.ask(async () => {}),
    join: (hello) => ask("join", hello, leaseSchema),
    renew: (renewal, waitMs) => ask("renew", renewal, leaseSchema, waitMs),
    report: (word) => ask("report", word, okSchema),
    leave: (farewell) => ask("leave", farewell, okSchema),
  };
}
