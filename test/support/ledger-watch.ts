/** Follows a ledger in the background, so that a test can wait for what it wants to see there, and read it all at the end. */
import { decodeEntry } from "../../events/codec.js";
import type { Fact, FactOf, FactType } from "../../events/facts.js";
import { JetStreamLog } from "../../src/log/jetstream.js";
import { Publisher } from "../../src/log/publisher.js";
import type { NatsConnection } from "../../src/nats/door.js";
import { subjectsOf } from "../../src/nats/subjects.js";

const waitMsMax = 20_000;
const lastFactsShown = 25;

export interface WatchedFact<F extends Fact = Fact> {
  /** `812.3`. */
  readonly address: string;
  readonly position: number;
  readonly index: number;
  readonly at: string;
  readonly fact: F;
}

export class LedgerWatch {
  /** The entries as they stand in the stream. */
  readonly lines: string[] = [];
  readonly facts: WatchedFact[] = [];
  readonly #stop = new AbortController();
  readonly #watchers = new Set<() => void>();
  #failure: unknown = null;

  constructor(log: Pick<JetStreamLog, "follow">) {
    void this.#follow(log).catch((error: unknown) => {
      this.#failure = error;
      this.#tell();
    });
  }

  /** Watches the ledger of a namespace over this connection, from the beginning. */
  static async open(nc: NatsConnection, namespace: string): Promise<LedgerWatch> {
    const jsm = await nc.jetstreamManager();
    const stream = subjectsOf(namespace).ledgerStream;
    return new LedgerWatch(new JetStreamLog({ nc, jsm, stream, publisher: new Publisher(nc) }));
  }

  /** The facts of one type so far. */
  ofType<T extends FactType>(type: T): readonly WatchedFact<FactOf<T>>[] {
    return this.facts.filter((watched): watched is WatchedFact<FactOf<T>> => watched.fact.type === type);
  }

  /** The facts of one job so far. */
  ofJob(job: string): readonly WatchedFact[] {
    return this.facts.filter(({ fact }) => "job" in fact && fact.job === job);
  }

  /** Settles when `seen` holds, asked whenever something new came; fails after `msMax`, naming `what`. */
  async until(what: string, seen: (watch: this) => boolean, msMax = waitMsMax): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const end = (act: () => void) => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        act();
      };
      const look = () => {
        if (seen(this)) end(resolve);
        else if (this.#failure !== null)
          end(() => reject(new Error("the ledger cannot be followed", { cause: this.#failure })));
      };
      const timer = setTimeout(() => end(() => reject(new Error(this.#missed(what, msMax)))), msMax);
      this.#watchers.add(look);
      look();
    });
  }

  close(): void {
    this.#stop.abort();
  }

  async #follow(log: Pick<JetStreamLog, "follow">): Promise<void> {
    for await (const batch of log.follow(0, this.#stop.signal)) {
      for (const { sequence, data } of batch) {
        const line = Buffer.from(data).toString("utf8");
        this.lines.push(line);
        const { facts, at } = decodeEntry(line);
        for (const [index, fact] of facts.entries())
          this.facts.push({ address: `${sequence}.${index}`, position: sequence, index, at, fact });
      }
      this.#tell();
    }
  }

  #tell(): void {
    for (const look of [...this.#watchers]) look();
  }

  #missed(what: string, msMax: number): string {
    const last = this.facts.slice(-lastFactsShown);
    const shown = last.map(({ address, fact }) => `${address} ${fact.type}${"job" in fact ? ` ${fact.job}` : ""}`);
    return `within ${msMax} ms it was not so that ${what}; ${this.facts.length} facts, the last:\n${shown.join("\n")}`;
  }
}

/** Whether a fact ends its job. */
export function isEnd(fact: { readonly type: string; readonly retryAt?: string | null }): boolean {
  switch (fact.type) {
    case "RunCompleted":
    case "RunSkipped":
    case "RunCancelled":
    case "JobCancelled":
    case "JobRejected":
      return true;
    case "RunFailed":
    case "RunTimedOut":
    case "LeaseExpired":
      return fact.retryAt === null;
    default:
      return false;
  }
}
