/**
 * The pages that are told what happens: server-sent events. A page that does not read what it is told is dropped, when more waits
 * for it than a bound; it comes back by itself, and begins with a fresh board.
 */
import type { ServerResponse } from "node:http";
import type { StreamEvents } from "./protocol.js";
import { RequestRefused } from "./refusal.js";

const STREAMS_MAX = 32;
/** Some boards of the largest kind, or minutes of batches. */
const UNREAD_BYTES_MAX = 4 * 1024 * 1024;
/** Says that the stream is alive, and finds out about readers that are not. */
const BEAT_EVERY_MS = 15_000;
/** How long a page waits before it comes back. */
const RETRY_MS = 1_000;

export interface StreamBounds {
  readonly streamsMax?: number;
  readonly unreadBytesMax?: number;
}

export class Streams {
  readonly #open = new Set<ServerResponse>();
  readonly #streamsMax: number;
  readonly #unreadBytesMax: number;
  readonly #beat: NodeJS.Timeout;

  constructor({ streamsMax = STREAMS_MAX, unreadBytesMax = UNREAD_BYTES_MAX }: StreamBounds = {}) {
    this.#streamsMax = streamsMax;
    this.#unreadBytesMax = unreadBytesMax;
    this.#beat = setInterval(() => this.#writeAll(": alive\n\n"), BEAT_EVERY_MS);
    this.#beat.unref();
  }

  get size(): number {
    return this.#open.size;
  }

  /** Begins a stream; whoever calls then tells it the board. Throws `RequestRefused` if there are too many already. */
  begin(response: ServerResponse): void {
    if (this.#open.size >= this.#streamsMax)
      throw new RequestRefused("too-much", `${this.#open.size} pages are open already, and no more are served`);
    response.writeHead(200, { "Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store" });
    response.write(`retry: ${RETRY_MS}\n\n`);
    this.#open.add(response);
    response.once("close", () => this.#open.delete(response));
  }

  tell<Name extends keyof StreamEvents>(to: ServerResponse, name: Name, data: StreamEvents[Name], id: number): void {
    this.#write(to, textOf(name, data, id));
  }

  tellAll<Name extends keyof StreamEvents>(name: Name, data: StreamEvents[Name], id: number): void {
    if (this.#open.size > 0) this.#writeAll(textOf(name, data, id));
  }

  close(): void {
    clearInterval(this.#beat);
    for (const response of this.#open) response.destroy();
  }

  #writeAll(text: string): void {
    for (const response of this.#open) this.#write(response, text);
  }

  #write(response: ServerResponse, text: string): void {
    if (response.writableLength <= this.#unreadBytesMax) return void response.write(text);
    this.#open.delete(response);
    response.destroy();
  }
}

/** JSON has no line breaks of its own, so it is one line of data. */
const textOf = (name: string, data: object, id: number): string =>
  `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
