/** Tells watchers, over core NATS, what the ledger has stored and how runs get on (contract, section 1). */
import type { Json } from "../../events/json.js";
import { factAddress, type JobId } from "../../events/names.js";
import type { Proposal } from "../dispatcher/turn.js";
import type { NatsConnection } from "../nats/door.js";
import type { Subjects } from "../nats/subjects.js";
import { publishProgress } from "./progress.js";

const ANNOUNCEMENT_WAITS_MS_MAX = 5;

/**
 * Announces the facts of stored entries that are about a job, a reservation or a group, as `{address, at, type, job, …}`, with the JSON that the ledger holds. Not at once
 * but those of a few milliseconds together: where one slot is handed on quickly, the next job does not wait for this.
 */
export class Announcer {
  readonly #nc: NatsConnection;
  readonly #subjects: Subjects;
  #waiting: Proposal[] = [];
  #scheduled = false;

  constructor(nc: NatsConnection, subjects: Subjects) {
    this.#nc = nc;
    this.#subjects = subjects;
  }

  announce(stored: Proposal): void {
    this.#waiting.push(stored);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setTimeout(() => {
      this.#scheduled = false;
      this.flush();
    }, ANNOUNCEMENT_WAITS_MS_MAX);
  }

  flush(): void {
    const stored = this.#waiting;
    this.#waiting = [];
    // While the connection is away watchers are too; what they missed they find in the ledger.
    if (this.#nc.isClosed()) return;
    for (const proposal of stored) this.#publish(proposal);
  }

  progress(job: JobId, update: Json): void {
    if (this.#nc.isClosed()) return;
    // A watcher hears that a job was granted before it hears how it gets on.
    this.flush();
    publishProgress(this.#nc, this.#subjects, job, update);
  }

  /** All texts of an entry become bytes in one go; that is half of what it costs to publish them. */
  #publish({ facts, position, at }: Proposal): void {
    const subjects: string[] = [];
    const texts: string[] = [];
    for (const [index, { fact, json }] of facts.entries()) {
      const about =
        "job" in fact ? fact.job : "reservation" in fact ? fact.reservation : "group" in fact ? fact.group : null;
      if (about === null) continue;
      subjects.push(this.#subjects.event(about, fact.type));
      texts.push(`{"address":"${factAddress(position, index)}","at":"${at}",${json.slice(1)}`);
    }
    const bytes = Buffer.from(texts.join(""));
    let end = 0;
    for (const [i, text] of texts.entries()) {
      const begin = end;
      end += Buffer.byteLength(text);
      this.#nc.publish(subjects[i] ?? "", bytes.subarray(begin, end));
    }
  }
}
