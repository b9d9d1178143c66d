/**
 * A worker in a process of its own, for as long as the process lives: a member under one id after the other. It joins anew when the
 * scheduler does not know it any more, as after a silence of a whole lease. What it refuses, it refuses across all its ids.
 */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { ProcessIdentity } from "../../events/facts.js";
import type { WorkerId } from "../../events/names.js";
import { Fence } from "./fence.js";
import { Membership, type MembershipOptions, type Parting } from "./membership.js";

export interface RemoteWorkerOptions extends Omit<MembershipOptions, "hello" | "fence"> {
  readonly types: readonly string[];
  readonly capacity: number;
  /** Which process this is, so that a scheduler on the same machine can see that it is gone. */
  readonly process: ProcessIdentity;
  /** An id that nobody else ever has. */
  readonly newId: () => WorkerId;
}

export type Left = Extract<Parting, { kind: "left" }>;

export class RemoteWorker {
  readonly #of: RemoteWorkerOptions;
  readonly #fence = new Fence();
  readonly #stopping = new AbortController();

  constructor(of: RemoteWorkerOptions) {
    this.#of = of;
  }

  /** The ledger that grants its runs; empty before it has joined. */
  get ledger(): string {
    return this.#fence.heard.ledger;
  }

  /** Works until it is stopped. Throws `JoinRefused`. */
  async run(): Promise<Left> {
    const { types, capacity, process, newId, log, ...rest } = this.#of;
    const { signal } = this.#stopping;
    for (;;) {
      const hello = { worker: newId(), types: [...types], capacity, process };
      const member = new Membership({ ...rest, log, hello, fence: this.#fence });
      const parting = await member.run(signal);
      if (parting.kind === "left") return parting;
      if (parting.kind === "unknown") log.warn({ worker: hello.worker }, "not known any more; joining anew");
    }
  }

  /** Takes nothing new, gives running jobs the grace, and leaves (CON-003). */
  stop(): void {
    this.#stopping.abort();
  }
}

const HOST_CHARS_MAX = 32;

/** `<host>-<pid>-<random>`: for people where it is, and never the id of another one. */
export function freshWorkerId({ pid }: ProcessIdentity): WorkerId {
  const host = hostname()
    .replaceAll(/[^A-Za-z0-9]+/g, "-")
    .slice(0, HOST_CHARS_MAX)
    .replace(/^-/, "");
  return `${host === "" ? "worker" : host}-${pid}-${randomBytes(4).toString("hex")}` as WorkerId;
}
