/**
 * A gate in front of a TCP server: passes bytes both ways until a test tells it to hold the answers back, or to break the
 * clients' connections while what they have sent still reaches the server. So an acknowledgement can be lost, and a message
 * can land after its sender was told that the connection is gone; on purpose, and without guessing at times.
 *
 * It can also be a network that is parted: nothing passes, nobody is told, and what was on its way arrives when it is whole again.
 */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** Which way nothing passes. */
export interface Parting {
  readonly requests: boolean;
  readonly answers: boolean;
}

export class TcpGate implements AsyncDisposable {
  readonly #port: number;
  readonly #server = createServer((client) => this.#pass(client));
  readonly #pairs = new Map<Socket, Socket>();
  readonly #sockets = new Set<Socket>();
  readonly #watchers = new Set<() => void>();
  #sent = "";
  #holdsAnswers = false;
  #parted: Parting | null = null;

  private constructor(port: number) {
    this.#port = port;
  }

  /** A gate on a free loopback port, to the server on `port`. */
  static async open(port: number): Promise<TcpGate> {
    const gate = new TcpGate(port);
    gate.#server.listen(0, "127.0.0.1");
    await once(gate.#server, "listening");
    return gate;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the gate is closed");
    return address.port;
  }

  /** From now on the server's answers are dropped, until `cut`. */
  dropAnswers(): void {
    this.#holdsAnswers = true;
  }

  /** Settles when a client has sent `text` since the gate was opened, and it was handed on. */
  async untilSent(text: string): Promise<void> {
    while (!this.#sent.includes(text)) {
      await new Promise<void>((resolve) => {
        const watcher = () => {
          this.#watchers.delete(watcher);
          resolve();
        };
        this.#watchers.add(watcher);
      });
    }
  }

  /** The same for what is sent from now on. */
  async untilSentAgain(text: string): Promise<void> {
    this.#sent = "";
    await this.untilSent(text);
  }

  /** Breaks every client's connection. The server's side stays open, so that it still reads what was sent. */
  cut(): void {
    this.#holdsAnswers = false;
    for (const client of this.#pairs.keys()) client.destroy();
    this.#pairs.clear();
  }

  /** From now on nothing passes, or only what clients send; connections stay open, and new ones are accepted like that. */
  part(parting: Parting = { requests: true, answers: true }): void {
    this.#parted = parting;
    for (const [client, server] of this.#pairs) this.#hold(client, server);
  }

  /** Ends that: what is on its way arrives. Or it never does, and all connections break. */
  mend({ breaks = false }: { readonly breaks?: boolean } = {}): void {
    this.#parted = null;
    for (const [client, server] of [...this.#pairs]) {
      if (breaks) for (const socket of [client, server]) socket.destroy();
      else for (const socket of [client, server]) socket.resume();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #pass(client: Socket): void {
    const server = connect(this.#port, "127.0.0.1");
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      // A connection that breaks is what this gate is for.
      socket.on("error", () => {});
      socket.once("close", () => this.#sockets.delete(socket));
    }
    this.#pairs.set(client, server);
    client.on("data", (chunk) => {
      server.write(chunk, () => {
        this.#sent += chunk.toString("latin1");
        for (const watcher of [...this.#watchers]) watcher();
      });
    });
    server.on("data", (chunk) => {
      if (!this.#holdsAnswers) client.write(chunk);
    });
    // Who ends a connection, or dies with it, ends it at the other side too: a server must not take a dead client for a silent one.
    client.once("end", () => server.end());
    client.once("error", () => server.end());
    client.once("close", () => this.#pairs.delete(client));
    server.once("close", () => client.destroy());
    this.#hold(client, server);
  }

  #hold(client: Socket, server: Socket): void {
    if (this.#parted?.requests === true) client.pause();
    if (this.#parted?.answers === true) server.pause();
  }
}
