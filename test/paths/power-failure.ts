/** A power failure: the server comes back without what it had acknowledged and not yet written to its disk. */
import { cp, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { NatsTestServer } from "../support/nats-server.js";

export class PowerFailure {
  readonly #server: NatsTestServer;
  readonly #kept: string;

  constructor(server: NatsTestServer) {
    this.#server = server;
    // Beside the store, where it goes with the server.
    this.#kept = join(dirname(server.storeDir), "kept");
  }

  /** What is stored now is on the disk. */
  async keep(): Promise<void> {
    await cp(this.#server.storeDir, this.#kept, { recursive: true });
  }

  /** What came later is gone. */
  async strike(): Promise<void> {
    await this.#server.kill();
    await rm(this.#server.storeDir, { recursive: true });
    await cp(this.#kept, this.#server.storeDir, { recursive: true });
    await this.#server.restart();
  }
}
