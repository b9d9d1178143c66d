/** The visualizer's HTTP server: its page, its questions, its stream, its actions. Read-only unless it was told otherwise. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { act, readBody } from "./actions.js";
import { answer, type MetaFlags } from "./api.js";
import { type Assets, NOT_BUILT } from "./assets.js";
import type { Broadcast } from "./broadcast.js";
import { type Gate, mustBeOurs, mustHaveToken, secure } from "./gatekeeping.js";
import { RequestRefused, refusalOf } from "./refusal.js";
import type { Shown } from "./shown.js";
import type { Streams } from "./streams.js";
import type { WhatIfDesk } from "./what-if.js";

const CONNECTIONS_MAX = 256;
const HEADERS_MS_MAX = 10_000;
const REQUEST_MS_MAX = 30_000;
/** A connection on which nothing passes for so long is ended; a stream has its beat. */
const SILENT_MS_MAX = 60_000;
/** The bundle's files carry a hash of what is in them in their names. */
const ASSETS_KEPT_S = 31_536_000;

export interface UiServerOptions {
  readonly shown: Shown;
  readonly assets: Assets;
  readonly streams: Streams;
  readonly broadcast: Broadcast;
  readonly gate: Gate;
  readonly flags: MetaFlags;
  readonly whatIf: WhatIfDesk;
  readonly port: number;
}

export interface UiServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens from then on. Throws the system's error if the port is taken or the host is not here. */
export async function serveUi(options: UiServerOptions): Promise<UiServer> {
  const server = createServer((request, response) => void handle(request, response, options));
  server.maxConnections = CONNECTIONS_MAX;
  server.headersTimeout = HEADERS_MS_MAX;
  server.requestTimeout = REQUEST_MS_MAX;
  server.timeout = SILENT_MS_MAX;
  server.listen(options.port, options.gate.host);
  await once(server, "listening");
  return {
    // A server that listens on a port has an address of this kind.
    port: (server.address() as AddressInfo).port,
    close: () => close(server, options.streams),
  };
}

async function close(server: Server, streams: Streams): Promise<void> {
  streams.close();
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}

async function handle(request: IncomingMessage, response: ServerResponse, options: UiServerOptions): Promise<void> {
  secure(response);
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  try {
    mustBeOurs(request, options.gate);
    await route(request, response, options, gone.signal);
  } catch (error) {
    if (response.headersSent || gone.signal.aborted) return void response.destroy();
    const { status, body } = refusalOf(error);
    // What is left of a body that nobody reads must not keep the connection.
    if (!request.complete) response.setHeader("Connection", "close").once("finish", () => request.destroy());
    sendJson(response, status, body);
  }
}

async function route(
  request: IncomingMessage,
  response: ServerResponse,
  options: UiServerOptions,
  signal: AbortSignal,
): Promise<void> {
  const { gate, shown, flags, broadcast } = options;
  const { pathname, searchParams: parameters } = urlOf(request);
  const [, top, ...path] = pathname.split("/").map(decoded);
  if (top !== "api") return sendAsset(request, response, pathname, options.assets);
  if (gate.needsToken && gate.token !== null) mustHaveToken(request, gate.token);
  if (request.method === "POST") return sendJson(response, 200, await post(request, path, options, signal));
  mustRead(request);
  if (path.length === 1 && path[0] === "stream" && request.method === "GET") return broadcast.welcome(response);
  sendJson(response, 200, await answer(shown, flags, { path, parameters, signal }));
}

async function post(
  request: IncomingMessage,
  path: readonly string[],
  { gate, shown, flags, whatIf }: UiServerOptions,
  signal: AbortSignal,
): Promise<object> {
  const [name, verb, ...rest] = path;
  // It changes nothing.
  if (name === "whatif" && verb === undefined) return whatIf.answer(shown.ledger, await readBody(request), signal);
  if (name !== "actions" || rest.length > 0)
    throw new RequestRefused("not-found", `nothing is posted to /api/${path.join("/")}`);
  if (shown.command === null) throw new RequestRefused("forbidden", "this is a recording: nothing can be done in it");
  if (gate.token === null || !flags.isActing)
    throw new RequestRefused("forbidden", "this visualizer only shows", "`signalbox ui --actions` acts, too.");
  mustHaveToken(request, gate.token);
  return act(shown, verb, await readBody(request));
}

function mustRead({ method }: IncomingMessage): void {
  if (method !== "GET" && method !== "HEAD") throw new RequestRefused("invalid", `${method} is not understood here`);
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const bytes = Buffer.from(JSON.stringify(body));
  const headers = { "Content-Type": "application/json; charset=utf-8", "Content-Length": bytes.length };
  response.writeHead(status, { ...headers, "Cache-Control": "no-store" });
  response.end(bytes);
}

function sendAsset(request: IncomingMessage, response: ServerResponse, path: string, assets: Assets): void {
  mustRead(request);
  if (assets.size === 0) {
    response.writeHead(503, { "Content-Type": "text/plain; charset=utf-8" });
    return void response.end(NOT_BUILT);
  }
  const asset = assets.get(path === "/" ? "/index.html" : path);
  if (asset === undefined) throw new RequestRefused("not-found", `there is nothing at ${path}`);
  const kept = path.startsWith("/assets/") ? `public, max-age=${ASSETS_KEPT_S}, immutable` : "no-cache";
  const headers = { "Content-Type": asset.type, "Cache-Control": kept, ETag: asset.tag };
  const isKnown = request.headers["if-none-match"] === asset.tag;
  response.writeHead(isKnown ? 304 : 200, isKnown ? headers : { ...headers, "Content-Length": asset.bytes.length });
  response.end(isKnown || request.method === "HEAD" ? undefined : asset.bytes);
}

function urlOf({ url = "/" }: IncomingMessage): URL {
  const base = "http://here";
  if (!URL.canParse(url, base)) throw new RequestRefused("invalid", "the URL is none");
  return new URL(url, base);
}

/** A part of a path. What is wrongly encoded names nothing. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new RequestRefused("invalid", "the URL is not encoded as URLs are");
  }
}
