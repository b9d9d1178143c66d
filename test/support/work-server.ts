/**
 * The remote side of the http runner: takes jobs over real HTTP, and keeps its own books about who is at work at the same time.
 * So a limit is checked where the work is done, not by the scheduler's counters.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

/** Work in progress, for each name that a request was counted under. */
export class WorkServer implements AsyncDisposable {
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  readonly #now = new Map<string, number>();
  readonly peaks = new Map<string, number>();
  /** Jobs by their `name` param, in the order in which they arrived. */
  readonly arrived: string[] = [];
  /** How long a piece of work takes. */
  workMs = 0;
  #held: (() => void)[] = [];
  #isHolding = false;

  static async start(): Promise<WorkServer> {
    const server = new WorkServer();
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  /** Where jobs of a type go. Their bodies may hold `name` and `uses`: names to count under, with units. */
  url(type: string): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the work server is not listening");
    return `http://127.0.0.1:${address.port}/${type}`;
  }

  /** From now on nothing that arrives is answered, until `finishOne` or `release`. */
  hold(): void {
    this.#isHolding = true;
  }

  /** How many requests of a type are being worked on. */
  atWork(type: string): number {
    return this.#now.get(type) ?? 0;
  }

  /** Answers the oldest held request. */
  finishOne(): void {
    this.#held.shift()?.();
  }

  release(): void {
    this.#isHolding = false;
    for (const answer of this.#held.splice(0)) answer();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    // Without an encoding set, a request yields Buffers.
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    const params = paramsOf(body);
    this.arrived.push(params.name);
    const type = (request.url ?? "/").slice(1);
    const uses: readonly (readonly [string, number])[] = [["", 1], [type, 1], ...Object.entries(params.uses)];
    for (const [name, units] of uses) this.#count(name, units);
    let isOver = false;
    response.once("close", () => {
      if (!isOver) for (const [name, units] of uses) this.#count(name, -units);
      isOver = true;
    });
    if (this.#isHolding) await new Promise<void>((resolve) => this.#held.push(resolve));
    if (this.workMs > 0) await delay(this.workMs);
    // Counted down before the answer goes out: the next one may arrive before this response is closed.
    for (const [name, units] of uses) this.#count(name, -units);
    isOver = true;
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ done: params.name }));
  }

  #count(name: string, units: number): void {
    const now = (this.#now.get(name) ?? 0) + units;
    this.#now.set(name, now);
    this.peaks.set(name, Math.max(this.peaks.get(name) ?? 0, now));
  }
}

interface WorkParams {
  readonly name: string;
  readonly uses: Readonly<Record<string, number>>;
}

/** The runner sends the params alone or inside an envelope; this server wants them either way. */
function paramsOf(body: unknown): WorkParams {
  const envelope = (body ?? {}) as { readonly params?: unknown };
  const { name, uses } = (envelope.params ?? envelope) as Partial<WorkParams>;
  return { name: name ?? "", uses: uses ?? {} };
}
