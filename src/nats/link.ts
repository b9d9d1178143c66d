/** Whether the connection stands. A request that is sent while it is down is lost, and would only time out seconds later. */
import { setMaxListeners } from "node:events";
import { Events, type NatsConnection } from "./door.js";

/** The connection went away before the answer came. */
export class LinkLost extends Error {
  readonly code = "link-lost";
}

export class Link {
  readonly #events = new EventTarget();
  #isUp = true;

  constructor(nc: NatsConnection) {
    // As many as there are questions under way; each takes its own back.
    setMaxListeners(0, this.#events);
    void this.#watch(nc);
  }

  /** Asks when the connection stands, however long that takes; throws `LinkLost` if it goes away before the answer. */
  async ask<T>(act: () => Promise<T>): Promise<T> {
    if (!this.#isUp)
      await new Promise<void>((resolve) => this.#events.addEventListener("up", () => resolve(), { once: true }));
    return new Promise((resolve, reject) => {
      const stopListening = this.onDown(() => reject(new LinkLost("the connection was lost before the answer came")));
      act().then(resolve, reject).finally(stopListening);
    });
  }

  /** Calls `act` each time that the connection stands again; the returned function ends it. */
  onUp(act: () => void): () => void {
    return this.#on("up", act);
  }

  onDown(act: () => void): () => void {
    return this.#on("down", act);
  }

  #on(type: "up" | "down", act: () => void): () => void {
    this.#events.addEventListener(type, act);
    return () => this.#events.removeEventListener(type, act);
  }

  async #watch(nc: NatsConnection): Promise<void> {
    for await (const { type } of nc.status()) {
      if (type === Events.Disconnect) this.#change(false);
      else if (type === Events.Reconnect) this.#change(true);
    }
    // Closed for good: whoever waits for an answer gets none.
    this.#events.dispatchEvent(new Event("down"));
  }

  #change(isUp: boolean): void {
    this.#isUp = isUp;
    this.#events.dispatchEvent(new Event(isUp ? "up" : "down"));
  }
}
