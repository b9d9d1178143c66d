/** A machine that schedulers run on: it gives them process ids, and knows which of them are gone. */
import type { ProcessIdentity } from "../../events/facts.js";

export class Machine {
  readonly name: string;
  #boots = 1;
  #pids = 0;
  readonly #alive = new Set<string>();

  constructor(name: string) {
    this.name = name;
  }

  /** Names machine and boot: after a crash of the machine, nothing from before can be looked for. */
  get host(): string {
    return `${this.name}.${this.#boots}`;
  }

  newProcess(): ProcessIdentity {
    this.#pids += 1;
    const process = { host: this.host, pid: this.#pids, startedAt: String(this.#pids) };
    this.#alive.add(`${process.host}/${process.pid}`);
    return process;
  }

  ended(process: string): void {
    this.#alive.delete(process);
  }

  isProvablyGone({ host, pid }: ProcessIdentity): boolean {
    return host === this.host && !this.#alive.has(`${host}/${pid}`);
  }

  reboot(): void {
    this.#boots += 1;
  }
}
