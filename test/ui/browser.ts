/** What a browser does with the visualizer, without the browser: requests with any headers, and the stream of events. */
import { type IncomingMessage, request } from "node:http";
import { applyPatches } from "../../src/ui/patches.js";
import type { Batch, Board, StreamEvent } from "../../src/ui/protocol.js";

const ANSWER_MS_MAX = 20_000;

export interface Answer<Json> {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
  /** Taken for what the test expects; null if the answer is no JSON. */
  readonly json: Json;
}

export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends one request on a connection of its own. */
export async function ask<Json = unknown>(
  url: string,
  { method = "GET", headers = {}, body }: Asking = {},
): Promise<Answer<Json>> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false, timeout: ANSWER_MS_MAX }, resolve);
    sent.once("error", reject);
    sent.once("timeout", () => sent.destroy(new Error(`no answer from ${url}`)));
    sent.end(body);
  });
  response.setEncoding("utf8");
  let text = "";
  for await (const chunk of response) text += chunk;
  const isJson = response.headers["content-type"]?.startsWith("application/json") === true;
  return { status: response.statusCode ?? 0, headers: response.headers, text, json: isJson ? JSON.parse(text) : null };
}

/** An open page: the board as it makes it of what it is told. */
export class OpenPage implements Disposable {
  readonly events: StreamEvent[] = [];
  readonly #response: IncomingMessage;
  #board: Board | null = null;
  #isEnded = false;
  readonly #listeners = new Set<() => void>();

  private constructor(response: IncomingMessage) {
    this.#response = response;
    response.setEncoding("utf8");
    let rest = "";
    response.on("data", (text: string) => {
      const parts = (rest + text).split("\n\n");
      rest = parts.pop() ?? "";
      for (const part of parts) this.#read(part);
    });
    response.once("close", () => {
      this.#isEnded = true;
      this.#look();
    });
    response.on("error", () => {});
  }

  static async open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<OpenPage> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request(`${url}api/stream`, { headers, agent: false }, resolve).once("error", reject).end();
    });
    if (response.statusCode !== 200) {
      response.destroy();
      throw new Error(`the stream was answered with ${response.statusCode}`);
    }
    const page = new OpenPage(response);
    await page.until("the first board", () => page.#board !== null);
    return page;
  }

  get board(): Board {
    if (this.#board === null) throw new Error("no board has come yet");
    return this.#board;
  }
  get isEnded(): boolean {
    return this.#isEnded;
  }
  get batches(): readonly Batch[] {
    return this.events.flatMap((event) => (event.name === "batch" ? [event.data] : []));
  }
  get names(): readonly string[] {
    return this.events.map(({ name }) => name);
  }

  until(what: string, holds: (page: OpenPage) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${what} did not come about: ${this.names.join(" ")}`)),
        ANSWER_MS_MAX,
      );
      const look = () => {
        if (!holds(this)) return;
        clearTimeout(timer);
        this.#listeners.delete(look);
        resolve();
      };
      this.#listeners.add(look);
      look();
    });
  }

  [Symbol.dispose](): void {
    this.#response.destroy();
  }

  #read(part: string): void {
    const lines = part.split("\n").map((line) => /^(\w*): ?(.*)$/.exec(line) ?? []);
    const field = (wanted: string) => lines.find(([, name]) => name === wanted)?.[2];
    const [name, data] = [field("event"), field("data")];
    if (name === undefined || data === undefined) return;
    // The server writes just these.
    const event = { name, data: JSON.parse(data) } as StreamEvent;
    this.events.push(event);
    if (event.name === "board") this.#board = event.data;
    else if (event.name === "batch") this.#board = applyPatches(this.board, event.data.patches);
    this.#look();
  }

  #look(): void {
    for (const listener of this.#listeners) listener();
  }
}
