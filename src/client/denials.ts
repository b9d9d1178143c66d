/** What the server does not let these credentials publish. It says so apart from the message, which goes nowhere. */
import { setMaxListeners } from "node:events";
import { Events, type NatsConnection } from "../nats/door.js";

export class Denials {
  readonly #subjects = new EventTarget();

  constructor(nc: NatsConnection) {
    // One listener a publish that is under way: there may be many, and each is removed by its signal.
    setMaxListeners(0, this.#subjects);
    void this.#watch(nc);
  }

  /** Resolves if publishing to the subject is denied from now on; `stop` ends the waiting. */
  of(subject: string, stop: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#subjects.addEventListener(subject, () => resolve(), { once: true, signal: stop });
    });
  }

  async #watch(nc: NatsConnection): Promise<void> {
    for await (const { type, permissionContext: denied } of nc.status()) {
      if (type === Events.Error && denied?.operation === "publish")
        this.#subjects.dispatchEvent(new Event(denied.subject));
    }
  }
}
