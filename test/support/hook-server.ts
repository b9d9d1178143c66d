/** The other side of webhooks: a real HTTP server that keeps what it was sent, and answers as a test wants it to. */
import { once } from "node:events";
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";

const waitMsMax = 20_000;

/** What one request brought. */
export interface Call {
  /** The path and query that it was sent to. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export class HookServer implements AsyncDisposable {
  /** Everything that came, in the order in which it came. */
  readonly calls: Call[] = [];
  /** Statuses to answer with, by path; else 204. */
  readonly statuses = new Map<string, number>();
  /** Paths whose requests get no answer until `release`. */
  readonly held = new Set<string>();
  readonly #releases: (() => void)[] = [];
  readonly #watchers = new Set<() => void>();
  #server: Server | null = null;
  #port = 0;

  static async start(): Promise<HookServer> {
    const server = new HookServer();
    await server.open();
    return server;
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.#port}${path}`;
  }

  /** The same address, with user and password. */
  urlWith(credentials: string, path: string): string {
    return `http://${credentials}@127.0.0.1:${this.#port}${path}`;
  }

  /** Listens, on the same port as before. */
  async open(): Promise<void> {
    const server = createServer((request, response) => void this.#serve(request, response));
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the hook server is not listening");
    this.#port = address.port;
    this.#server = server;
  }

  /** Nobody listens there any more: connections are refused. */
  async close(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  }

  /** Answers what is held, and holds nothing any more. */
  release(): void {
    this.held.clear();
    for (const answer of this.#releases.splice(0)) answer();
  }

  /** What came to a path. */
  to(path: string): readonly Call[] {
    return this.calls.filter((call) => call.path === path);
  }

  /** Settles when so many calls came to a path. */
  async until(path: string, count: number): Promise<readonly Call[]> {
    await new Promise<void>((resolve, reject) => {
      const end = (act: () => void) => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        act();
      };
      const look = () => {
        if (this.to(path).length >= count) end(resolve);
      };
      const missed = () =>
        new Error(`within ${waitMsMax} ms ${this.to(path).length} calls came to ${path}, not ${count}`);
      const timer = setTimeout(() => end(() => reject(missed())), waitMsMax);
      this.#watchers.add(look);
      look();
    });
    return this.to(path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
    await this.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    // Without an encoding set, a request yields Buffers.
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const path = request.url ?? "";
    this.calls.push({ path, headers: request.headers, body: Buffer.concat(chunks).toString("utf8") });
    for (const look of [...this.#watchers]) look();
    if (this.held.has(path)) await new Promise<void>((resolve) => this.#releases.push(resolve));
    const status = this.statuses.get(path) ?? 204;
    response.writeHead(status, status === 302 ? { location: this.url("/elsewhere") } : {}).end();
  }
}
