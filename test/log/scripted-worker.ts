/** A worker in a process of its own, in virtual time: it speaks with the leader as the protocol wants, fails at times, and may die. */
import { type WorkerId, workerId } from "../../events/names.js";
import type { Clock } from "../../src/clock.js";
import type { Dispatcher } from "../../src/dispatcher/dispatcher.js";
import type { AbortOrder, EndedWord, Obeyed, StartOrder } from "../../src/worker/protocol.js";
import type { Chance } from "./chance.js";

const RENEW_MS = 10_000;
const AGAIN_MS = 1_000;
const WORK_MS_MAX = 180_000;
let hired = 0;

export class ScriptedWorker {
  readonly id: WorkerId;
  readonly #of: { readonly clock: Clock; readonly chance: Chance; readonly leader: () => Dispatcher | null };
  readonly #running = new Map<string, StartOrder>();
  #isDead = false;

  constructor(of: { readonly clock: Clock; readonly chance: Chance; readonly leader: () => Dispatcher | null }) {
    hired += 1;
    this.id = workerId(`scripted-${hired}`);
    this.#of = of;
  }

  async join(types: string[]): Promise<void> {
    const hello = { worker: this.id, types, capacity: 2 };
    await this.#of.leader()?.inReign(({ remote }) => ({ told: remote.join(hello) }));
    this.#renewLater();
  }

  /** From now on nothing is heard of it. */
  die(): void {
    this.#isDead = true;
  }

  start(order: StartOrder): Obeyed | null {
    if (this.#isDead) return null;
    const key = `${order.job} ${order.grant}`;
    if (this.#running.has(key)) return { accepted: true };
    this.#running.set(key, order);
    const { clock, chance } = this.#of;
    void this.#report(order, { started: clock.nowIso() });
    clock.after(chance.between(1_000, WORK_MS_MAX), () => void this.#end(order, this.#outcome()));
    return { accepted: true };
  }

  abort({ job, grant }: AbortOrder): Obeyed | null {
    if (this.#isDead) return null;
    const order = this.#running.get(`${job} ${grant}`);
    const error = { code: "cancelled", message: "cancelled" };
    if (order !== undefined)
      void this.#end(order, { outcome: "failed", error, retryable: false, exitCode: null, retryAfterMs: null });
    return { accepted: true };
  }

  #outcome(): EndedWord {
    if (!this.#of.chance.oneIn(3)) return { outcome: "completed", result: null, exitCode: 0 };
    const error = { code: "broken", message: "it broke" };
    return { outcome: "failed", error, retryable: true, exitCode: 1, retryAfterMs: null };
  }

  async #end(order: StartOrder, ended: EndedWord): Promise<void> {
    if (await this.#report(order, { ended })) this.#running.delete(`${order.job} ${order.grant}`);
  }

  /** Said again until it is on record. */
  async #report({ job, grant }: StartOrder, said: { started: string } | { ended: EndedWord }): Promise<boolean> {
    while (!this.#isDead) {
      const asked = await this.#of.leader()?.inReign(({ remote }) => ({
        told: remote.report({ worker: this.id, job, grant, started: undefined, ended: undefined, ...said }),
      }));
      const answer = await asked?.told;
      if (answer !== undefined && "value" in answer) return true;
      await new Promise<void>((resolve) => this.#of.clock.after(AGAIN_MS, resolve));
    }
    return false;
  }

  #renewLater(): void {
    this.#of.clock.after(RENEW_MS, () => {
      if (this.#isDead) return;
      const running = [...this.#running.values()].map(({ job, grant }) => ({ job, grant }));
      void this.#of.leader()?.inReign(({ remote }) => remote.renew({ worker: this.id, running }));
      this.#renewLater();
    });
  }
}
