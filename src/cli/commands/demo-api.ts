/** The remote API of the demo: a small HTTP server on loopback, which counts by itself how many requests it has at once. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";

const requestBytesMax = 64 * 1024;
const delayMsMax = 10_000;

/** What the http runner sends; the params are ours. */
const requestSchema = z.object({
  params: z.object({
    question: z.string(),
    ms: z.number().min(0).max(delayMsMax),
    failures: z.number().int().min(0),
  }),
  attempt: z.number().int(),
});

export interface DemoApi {
  readonly url: string;
  /** The most requests that were ever being answered at once: checked at the server's side. */
  mostAtOnce(): number;
  stop(): Promise<void>;
}

export async function startDemoApi(): Promise<DemoApi> {
  let atOnce = 0;
  let most = 0;
  const server = createServer((request, response) => {
    atOnce += 1;
    most = Math.max(most, atOnce);
    response.once("close", () => {
      atOnce -= 1;
    });
    answer(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(400);
      response.end(String(error));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  // A server that listens on a port has an address with a port.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/research`,
    mostAtOnce: () => most,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { params, attempt } = requestSchema.parse(JSON.parse(await readBody(request)));
  await delay(params.ms);
  if (attempt <= params.failures) {
    response.writeHead(503, { "content-type": "text/plain" }).end("out of order for a moment");
    return;
  }
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ question: params.question, answer: "It depends on whom you ask." }));
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = "";
  request.setEncoding("utf8");
  for await (const part of request) {
    body += String(part);
    if (body.length > requestBytesMax) throw new Error("the request is too large");
  }
  return body;
}
