/**
 * One HTTP request and its answer on a connection of its own.
 *
 * Not `fetch`: Node's gives up when headers take longer than five minutes, which a large prompt on a small machine does,
 * and it does not tell when the connection is closed, before which an aborted run may not settle. Time limits are the
 * job's, through its signal. Redirects are not followed, and nothing is kept for reuse.
 */
import { type IncomingHttpHeaders, type IncomingMessage, request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";

/** A silent connection is probed after this, so that a machine that has vanished is noticed without any time limit. */
const keepAliveProbeMs = 30_000;

export interface ExchangeRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Ends the exchange at any time: before the connection, before the headers, or amid the body. */
  readonly signal: AbortSignal;
}

export interface Exchange {
  readonly status: number;
  readonly statusText: string;
  readonly headers: IncomingHttpHeaders;
  /** The bytes of the answer. Reading fails when the connection breaks or the signal aborts. */
  readonly body: IncomingMessage;
  /** Ends the exchange, whether or not all of it was read; settles when the connection is closed. */
  close(): Promise<void>;
}

/**
 * Sends a request and gives the answer as soon as its headers are there.
 * @throws the operating system's error (ECONNREFUSED, ENOTFOUND …), or an AbortError; either after the connection is closed
 */
export async function openExchange(url: URL, options: ExchangeRequest): Promise<Exchange> {
  const { method, headers, body, signal } = options;
  signal.throwIfAborted();
  const send = url.protocol === "https:" ? secureRequest : plainRequest;
  const request = send(url, { method, headers, signal, agent: false });
  const closed = new Promise<void>((resolve) => {
    request.once("close", () => {
      const { socket } = request;
      if (socket === null || socket.closed) resolve();
      else socket.once("close", () => resolve());
    });
  });
  const close = async (): Promise<void> => {
    request.destroy();
    await closed;
  };
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request.once("response", resolve);
      // Stays on: an error after the answer has begun reaches whoever reads the body.
      request.on("error", reject);
      request.setSocketKeepAlive(true, keepAliveProbeMs);
      request.end(body);
    });
    response.on("error", () => {});
    const { statusCode = 0, statusMessage = "" } = response;
    return { status: statusCode, statusText: statusMessage, headers: response.headers, body: response, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Reads an answer to its end; null as soon as it is longer than `bytesMax`. */
export async function readBody(exchange: Exchange, bytesMax: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // A message without an encoding set yields Buffers.
  for await (const chunk of exchange.body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
