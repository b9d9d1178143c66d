/**
 * A stand-in for an Ollama server: the documented protocol over real HTTP on a free loopback port, with answers that a
 * test can slow down, hold, break off or replace by errors, and with its own count of what it was asked at once (CON-002
 * is checked at the server's side).
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

export interface FakeOllamaOptions {
  /** The models that are there; others are answered 404. */
  readonly models?: readonly string[];
  /** The tokens of each answer. */
  readonly tokens?: readonly string[];
  readonly msPerToken?: number;
}

/** A request to generate or chat, as it arrived. */
export interface FakeRequest {
  readonly path: "/api/generate" | "/api/chat";
  readonly model: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What the next request gets instead of an answer. */
export type FakeFault =
  | { readonly status: number; readonly error: string; readonly contentType?: string }
  /** After that many tokens: an error inside the stream, or a connection that breaks. */
  | { readonly afterTokens: number; readonly error: string | "break" };

export class FakeOllama implements AsyncDisposable {
  /** Requests in progress, the most at once, all so far, how many ended whole, and how many were aborted by the caller. */
  now = 0;
  peak = 0;
  total = 0;
  completed = 0;
  aborted = 0;
  readonly peakByModel = new Map<string, number>();
  readonly totalByModel = new Map<string, number>();
  readonly requests: FakeRequest[] = [];
  tokens: readonly string[];
  msPerToken: number;

  readonly #models: ReadonlySet<string>;
  readonly #nowByModel = new Map<string, number>();
  readonly #faults: FakeFault[] = [];
  readonly #watchers = new Set<() => void>();
  /** While held, an answer stops after this many tokens (0: before its headers); infinite when not held. */
  #heldAfter = Number.POSITIVE_INFINITY;
  #server: Server | null = null;

  constructor({
    models = ["llama3.2"],
    tokens = ["Once", " upon", " a", " time."],
    msPerToken = 0,
  }: FakeOllamaOptions = {}) {
    this.#models = new Set(models);
    this.tokens = tokens;
    this.msPerToken = msPerToken;
  }

  /** Listens on a free port and gives the address. */
  async start(): Promise<string> {
    const server = createServer((request, response) => {
      void this.#serve(request, response).catch((error: unknown) => response.destroy(asError(error)));
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return this.url;
  }

  get url(): string {
    const address = this.#server?.address();
    if (address === null || address === undefined || typeof address === "string") throw new Error("not started");
    return `http://127.0.0.1:${address.port}`;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    this.release();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Holds every answer after `tokens` tokens, until `release`. With 0 not even its headers are sent: a long prompt. */
  hold(tokens = 0): void {
    this.#heldAfter = tokens;
    this.#changed();
  }

  release(): void {
    this.hold(Number.POSITIVE_INFINITY);
  }

  /** The next request that arrives gets this fault; several are used in order. */
  failNext(...faults: readonly FakeFault[]): void {
    this.#faults.push(...faults);
  }

  /** Settles when `condition` is true of this server; looked at whenever something changes. Fails after `msMax`. */
  async until(condition: (server: this) => boolean, msMax = 10_000): Promise<void> {
    const counts = (): string =>
      `now ${this.now}, total ${this.total}, completed ${this.completed}, aborted ${this.aborted}`;
    await new Promise<void>((resolve, reject) => {
      const watcher = (): void => {
        if (!condition(this)) return;
        clearTimeout(timer);
        this.#watchers.delete(watcher);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#watchers.delete(watcher);
        reject(new Error(`the fake Ollama server did not come to ${condition} in ${msMax} ms (${counts()})`));
      }, msMax);
      this.#watchers.add(watcher);
      watcher();
    });
  }

  #changed(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "/";
    if (request.method === "POST" && (path === "/api/generate" || path === "/api/chat")) {
      await this.#generate(path, request, response);
    } else if (path === "/api/tags") {
      sendJson(response, 200, {
        models: [...this.#models].map((name) => ({ name, model: name, size: 1, details: {} })),
      });
    } else if (path === "/api/version") {
      sendJson(response, 200, { version: "0.0.0-fake" });
    } else if (path === "/") {
      response.end("Ollama is running");
    } else {
      response.writeHead(404, { "content-type": "text/plain" }).end("404 page not found");
    }
  }

  async #generate(path: FakeRequest["path"], request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readJson(request);
    const model = String(body["model"]);
    this.requests.push({ path, model, body });
    const leave = this.#enter(model);
    response.once("close", () => {
      if (response.writableFinished) this.completed++;
      else this.aborted++;
      leave();
    });
    // Only after "close" is registered: a watcher may already act on the change.
    this.#changed();
    const fault = this.#faults.shift();
    if (fault !== undefined && "status" in fault) {
      response.writeHead(fault.status, { "content-type": fault.contentType ?? "application/json" });
      response.end(fault.contentType === undefined ? JSON.stringify({ error: fault.error }) : fault.error);
    } else if (!this.#models.has(model)) {
      sendJson(response, 404, { error: `model '${model}' not found` });
    } else {
      await this.#answer({ path, model, body }, response, fault);
    }
  }

  async #answer(
    { path, model, body }: FakeRequest,
    response: ServerResponse,
    fault: FakeFault | undefined,
  ): Promise<void> {
    const breakAfter = fault !== undefined && "afterTokens" in fault ? fault.afterTokens : Number.POSITIVE_INFINITY;
    const created_at = new Date(0).toISOString();
    const part = (text: string): object =>
      path === "/api/chat"
        ? { model, created_at, message: { role: "assistant", content: text } }
        : { model, created_at, response: text };
    const end = {
      done: true,
      done_reason: "stop",
      total_duration: 5_000_000,
      load_duration: 1,
      prompt_eval_count: 7,
      eval_count: this.tokens.length,
    };
    const streaming = body["stream"] !== false;
    for (const [index, token] of this.tokens.entries()) {
      if (index >= breakAfter) break;
      await this.#passes(index, response);
      if (this.msPerToken > 0) await delay(this.msPerToken);
      if (response.closed) return;
      if (!streaming) continue;
      if (index === 0) response.writeHead(200, { "content-type": "application/x-ndjson" });
      if (!response.write(`${JSON.stringify({ ...part(token), done: false })}\n`)) await drained(response);
    }
    await this.#passes(this.tokens.length, response);
    if (response.closed) return;
    if (fault !== undefined && "afterTokens" in fault) {
      if (fault.error === "break") response.destroy();
      else response.end(`${JSON.stringify({ error: fault.error })}\n`);
    } else if (streaming) {
      response.end(`${JSON.stringify({ ...part(""), ...end })}\n`);
    } else {
      sendJson(response, 200, { ...part(this.tokens.join("")), ...end });
    }
  }

  /** Waits while answers are held before token `index`, or until the caller is gone. */
  async #passes(index: number, response: ServerResponse): Promise<void> {
    if (index < this.#heldAfter || response.closed) return;
    await new Promise<void>((resolve) => {
      const watcher = (): void => {
        if (index >= this.#heldAfter && !response.closed) return;
        this.#watchers.delete(watcher);
        resolve();
      };
      response.once("close", watcher);
      this.#watchers.add(watcher);
    });
  }

  #enter(model: string): () => void {
    const ofModel = (this.#nowByModel.get(model) ?? 0) + 1;
    this.#nowByModel.set(model, ofModel);
    this.peakByModel.set(model, Math.max(this.peakByModel.get(model) ?? 0, ofModel));
    this.totalByModel.set(model, (this.totalByModel.get(model) ?? 0) + 1);
    this.now++;
    this.total++;
    this.peak = Math.max(this.peak, this.now);
    return () => {
      this.now--;
      this.#nowByModel.set(model, (this.#nowByModel.get(model) ?? 1) - 1);
      this.#changed();
    };
  }
}

/** Settles when more can be written, or nobody reads any more. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.on("drain", done).on("close", done);
  });
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  // A request without an encoding set yields Buffers.
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  // The callers are tests' runners; one that sends something else fails here, loudly.
  return JSON.parse(Buffer.concat(chunks).toString("utf8")) as Record<string, unknown>;
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json; charset=utf-8" }).end(JSON.stringify(value));
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
