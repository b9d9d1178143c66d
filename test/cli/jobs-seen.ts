/** Which jobs were made and have ended, as the scheduler stores it: for tests that wait for that. */
import type { Fact } from "../../events/facts.js";
import { isEnd } from "../support/ledger-watch.js";

export class JobsSeen {
  readonly #seen = new Set<string>();
  readonly #waiting = new Map<string, () => void>();

  stored(facts: readonly Fact[]): void {
    for (const fact of facts) {
      if (!("job" in fact)) continue;
      if (fact.type === "JobSubmitted" || fact.type === "JobRejected") this.#tell(`${fact.job} made`);
      if (isEnd(fact)) this.#tell(`${fact.job} ended`);
    }
  }

  untilMade(job: string): Promise<void> {
    return this.#until(`${job} made`);
  }

  untilEnded(job: string): Promise<void> {
    return this.#until(`${job} ended`);
  }

  #tell(what: string): void {
    this.#seen.add(what);
    this.#waiting.get(what)?.();
  }

  #until(what: string): Promise<void> {
    return new Promise((resolve) => {
      if (this.#seen.has(what)) return resolve();
      this.#waiting.set(what, resolve);
    });
  }
}
