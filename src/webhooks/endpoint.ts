/**
 * The endpoints of the configuration, ready to be called. What may be secret (key, credentials, query) is held in closures only:
 * an endpoint that is logged or recorded shows nothing of it.
 */
import type { TerminalState } from "../../events/states.js";
import { fillFromEnvironment } from "../config/environment.js";
import type { Environment, WebhookOptions } from "../config/index.js";
import { VERSION } from "../version.js";
import { signatureOf } from "./signature.js";

export interface Endpoint {
  readonly name: string;
  /** Its address without user, password and query. */
  readonly shown: string;
  readonly timeoutMs: number;
  readonly states: ReadonlySet<TerminalState>;
  /** Null: every type. */
  readonly types: ReadonlySet<string> | null;
  /** The request that carries a body: signed, if there is a secret, with the time at which it is sent. */
  request(body: string, seconds: number): { readonly url: string; readonly headers: Readonly<Record<string, string>> };
}

/** A webhook cannot be used as it is configured. The message names the key, never a secret. */
export class WebhookOptionsError extends Error {
  override readonly name = "WebhookOptionsError";
  readonly code = "webhook-options";
}

/** @throws WebhookOptionsError when a secret refers to an environment variable that is not set, or the address cannot be used */
export function endpointOf(name: string, options: WebhookOptions, environment: Environment): Endpoint {
  const url = new URL(options.url);
  const authorization = credentialsOf(url, `webhooks.${name}.url`);
  url.username = "";
  url.password = "";
  url.hash = "";
  const secret = options.secret === null ? null : filled(options.secret, environment, `webhooks.${name}.secret`);
  const { href } = url;
  return {
    name,
    shown: `${url.origin}${url.pathname}`,
    timeoutMs: options.timeoutMs,
    states: new Set(options.states),
    types: options.types === null ? null : new Set(options.types),
    request: (body, seconds) => ({
      url: href,
      headers: {
        "Content-Type": "application/json",
        "User-Agent": `signalbox/${VERSION}`,
        "Signalbox-Timestamp": String(seconds),
        ...(secret === null ? {} : { "Signalbox-Signature": signatureOf(secret, seconds, body) }),
        ...(authorization === null ? {} : { Authorization: authorization }),
      },
    }),
  };
}

export function endpointsOf(
  webhooks: Readonly<Record<string, WebhookOptions>>,
  environment: Environment,
): readonly Endpoint[] {
  return Object.entries(webhooks).map(([name, options]) => endpointOf(name, options, environment));
}

/** Whether an endpoint wants to be told of a job that has ended. A rejected submission may have named no type. */
export function wants({ states, types }: Endpoint, state: TerminalState, type: string | null): boolean {
  return states.has(state) && (types === null || (type !== null && types.has(type)));
}

/** User and password of an address as Basic credentials; null if there are none. */
function credentialsOf({ username, password }: URL, where: string): string | null {
  if (username === "" && password === "") return null;
  let text: string;
  try {
    text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  } catch {
    throw new WebhookOptionsError(`${where} has a % in user or password that begins no escape; write %25`);
  }
  return `Basic ${Buffer.from(text).toString("base64")}`;
}

function filled(text: string, environment: Environment, where: string): string {
  const read = fillFromEnvironment(text, environment);
  if ("text" in read) return read.text;
  throw new WebhookOptionsError(
    `${where} refers to the environment variable ${JSON.stringify(read.missing)}, which is not set: ` +
      "set it before the scheduler starts, or take the reference out of the configuration",
  );
}
