/**
 * Keeps checkpoints while a scheduler leads: counts the facts that it stores, and lets a thread write a checkpoint when there are enough.
 * It is aside: whatever goes wrong in it is said in the log, and the next round tries again.
 */
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { Clock } from "../clock.js";
import type { ConnectionSettings } from "../config/connection.js";
import type { Logger } from "../logger.js";
import type { RoundDone, RoundOptions } from "./round.js";

/** What a thread is told. */
export interface RoundOrder extends Pick<RoundOptions, "facts"> {
  readonly connection: ConnectionSettings;
  readonly namespace: string;
}

/** What a thread says. */
export type ThreadWord = { readonly done: RoundDone } | { readonly notice: string };

export interface KeeperOptions {
  readonly order: RoundOrder;
  /** Between two rounds at the least. */
  readonly everyMs: number;
  /** Facts in the ledger after the newest checkpoint. */
  readonly factsAfter: number;
  readonly clock: Clock;
  readonly log: Logger;
}

export class Keeper {
  readonly #of: KeeperOptions;
  #facts: number;
  #thread: Worker | null = null;
  #isStopped = false;
  #cancel = () => {};

  constructor(of: KeeperOptions) {
    this.#of = of;
    this.#facts = of.factsAfter;
    this.#wait();
  }

  /** So many facts more are stored. */
  stored(facts: number): void {
    this.#facts += facts;
  }

  /** Settles when nothing of it runs any more. What it was writing is not there, or is there as a whole. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel();
    await this.#thread?.terminate();
  }

  #wait(): void {
    const { clock, everyMs, order } = this.#of;
    this.#cancel = clock.after(everyMs, () => {
      if (this.#facts < order.facts) return this.#wait();
      void this.#round().finally(() => {
        if (!this.#isStopped) this.#wait();
      });
    });
  }

  async #round(): Promise<void> {
    const { log, order } = this.#of;
    const before = this.#facts;
    const done = await this.#runThread().catch((error: unknown) => {
      if (!this.#isStopped) log.warn({ err: error }, "no checkpoint was written; it will be tried again");
      return null;
    });
    if (done === null) return;
    this.#facts += done.factsAfter - before;
    if (done.written > 0) log.info({ ...done, every: order.facts }, "wrote checkpoints");
  }

  #runThread(): Promise<RoundDone | null> {
    const { order, log } = this.#of;
    return new Promise((resolve, reject) => {
      const thread = new Worker(threadFile(), { workerData: order, name: "signalbox checkpoints" });
      this.#thread = thread;
      let done: RoundDone | null = null;
      thread.on("message", (word: ThreadWord) => {
        if ("done" in word) done = word.done;
        else log.warn(word.notice);
      });
      thread.once("error", reject);
      thread.once("exit", () => {
        this.#thread = null;
        resolve(done);
      });
    });
  }
}

/** The compiled thread. Tests run from the TypeScript sources, which Node.js itself cannot; they need a build, too. */
function threadFile(): string {
  const fromSource = import.meta.url.endsWith(".ts");
  return fileURLToPath(new URL(fromSource ? "../../dist/src/checkpoints/thread.js" : "./thread.js", import.meta.url));
}
