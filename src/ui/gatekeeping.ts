/**
 * Who may ask: the visualizer shows what jobs were asked and have answered, and may act, so no other page in the same browser may
 * read it or write to it, whatever name it gives to this machine (DNS rebinding).
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { isIP } from "node:net";
import { RequestRefused } from "./refusal.js";

const TOKEN_BYTES = 32;
const URL_CHARS_MAX = 4_096;
const LOOPBACK_NAMES: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "::1"]);

/** Only what this server serves itself: no other host, nothing inline, no frame around it. */
const CONTENT_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
  "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS: readonly (readonly [string, string])[] = [
  ["Content-Security-Policy", CONTENT_POLICY],
  ["X-Content-Type-Options", "nosniff"],
  ["Referrer-Policy", "no-referrer"],
  ["Cross-Origin-Opener-Policy", "same-origin"],
  ["Cross-Origin-Resource-Policy", "same-origin"],
  ["X-Frame-Options", "DENY"],
];

export const newToken = (): string => randomBytes(TOKEN_BYTES).toString("base64url");

export const isLoopback = (host: string): boolean => LOOPBACK_NAMES.has(host) || /^127\.\d+\.\d+\.\d+$/.test(host);

export interface Gate {
  /** What the server was told to listen on. */
  readonly host: string;
  /** Null: nobody needs one, because nothing can be done here and nobody else can come here. */
  readonly token: string | null;
  /** Whether reading needs it too. */
  readonly needsToken: boolean;
}

export function secure(response: ServerResponse): void {
  for (const [name, value] of HEADERS) response.setHeader(name, value);
}

/** Throws `RequestRefused` if the request comes from another page, or under a name that is not ours. */
export function mustBeOurs({ headers, url = "" }: IncomingMessage, { host }: Gate): void {
  if (url.length > URL_CHARS_MAX) throw new RequestRefused("too-much", `the URL is longer than ${URL_CHARS_MAX}`);
  const asked = headers.host ?? "";
  if (!isOurName(nameIn(asked), host))
    throw new RequestRefused("forbidden", "this server is not known by that name", `It listens on ${host}.`);
  const { origin } = headers;
  if (origin !== undefined && origin !== `http://${asked}`)
    throw new RequestRefused("forbidden", "only the page of this server itself may ask");
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none")
    throw new RequestRefused("forbidden", "only the page of this server itself may ask");
}

/** Throws `RequestRefused` if the request does not carry the token. It is compared without telling how much of it is right. */
export function mustHaveToken({ headers }: IncomingMessage, token: string): void {
  const given = headers["signalbox-token"];
  const digest = (text: string) => createHash("sha256").update(text).digest();
  if (typeof given === "string" && timingSafeEqual(digest(given), digest(token))) return;
  throw new RequestRefused(
    "token",
    "the token is missing or wrong",
    "It stands in the URL that `signalbox ui` printed.",
  );
}

/** A name without its port: `[::1]:80` is `::1`. */
function nameIn(host: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(host);
  return (bracketed?.[1] ?? host.replace(/:\d+$/, "")).toLowerCase();
}

/** A page of somebody else can let its own name lead to us, but not an address: so where we listen to all, addresses are ours. */
function isOurName(name: string, host: string): boolean {
  if (name === host.toLowerCase() || (isLoopback(host) && LOOPBACK_NAMES.has(name))) return true;
  return !isLoopback(host) && (isIP(name) !== 0 || name === "localhost");
}
