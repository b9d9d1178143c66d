/**
 * The runner of HTTP jobs: sends the job as JSON to the configured address; the answer is the result.
 *
 * The other side gets the job's id as `Idempotency-Key` (the same for every attempt, so that work already done need not be
 * done again) and the grant as `Signalbox-Grant`, a fencing token: a lower one than it has seen is an older attempt's.
 * Result: the JSON of the answer, else its text, or null where it is empty.
 */
import { validateHeaderValue } from "node:http";
import type { Json } from "../../events/json.js";
import { fillOption, type RunnerContext, RunnerOptionsError } from "./environment.js";
import { type Exchange, openExchange, readBody } from "./exchange.js";
import { isRetryableStatus, retryAfterMs } from "./http-answer.js";
import type { HttpOptions } from "./options.js";
import { abortedFailure, errorMessage, failure } from "./outcome.js";
import type { Outcome, Run, Runner } from "./runner.js";
import { readable } from "./text.js";

/** What is quoted of an answer that is an error. */
const quotedCharsMax = 300;
const quotedBytesMax = 64 * 1024;

/**
 * Makes the runner of one job type.
 * @throws RunnerOptionsError when a header refers to an environment variable that is not set, or cannot be sent
 */
export function httpRunner(options: HttpOptions, context: RunnerContext): Runner {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    headers[name.toLowerCase()] = headerValue(name, value, context);
  }
  const call: Call = { url: new URL(options.url), options, headers };
  return { run: (run) => runHttp(run, call) };
}

interface Call {
  readonly url: URL;
  readonly options: HttpOptions;
  readonly headers: Readonly<Record<string, string>>;
}

async function runHttp(run: Run, call: Call): Promise<Outcome> {
  const { job, attempt, grant, type, params, signal } = run;
  let exchange: Exchange | null = null;
  try {
    exchange = await openExchange(call.url, {
      method: call.options.method,
      headers: {
        accept: "application/json",
        ...call.headers,
        "accept-encoding": "identity",
        "content-type": "application/json",
        "idempotency-key": job,
        "signalbox-grant": String(grant),
      },
      body: JSON.stringify({ job, attempt, grant, type, params }),
      signal,
    });
    return await outcomeOf(exchange, call);
  } catch (error) {
    if (signal.aborted) return abortedFailure(signal);
    return failure("unreachable", `the exchange with ${shown(call.url)} broke: ${errorMessage(error)}`, {
      retryable: true,
    });
  } finally {
    await exchange?.close();
  }
}

async function outcomeOf(exchange: Exchange, { url, options }: Call): Promise<Outcome> {
  const { status, statusText, headers } = exchange;
  const answered = `${shown(url)} answered ${`${status} ${statusText}`.trim()}`;
  const completed = options.expectStatus?.includes(status) ?? (status >= 200 && status <= 299);
  if (completed) return await resultOf(exchange, answered, options.responseBytesMax);
  if (status >= 300 && status <= 399) {
    const target = redirectTarget(headers.location, url);
    const message = `${answered}, a redirect to ${target}; redirects are not followed: put the final address into url`;
    return failure("redirect-refused", message, { retryable: false });
  }
  const said = readable((await readBody(exchange, quotedBytesMax))?.toString("utf8") ?? "", quotedCharsMax);
  const retryable = isRetryableStatus(status);
  const waitMs = retryable ? retryAfterMs(headers, Date.now()) : null;
  return failure("http-status", said === "" ? answered : `${answered}: ${said}`, {
    retryable,
    ...(waitMs === null ? {} : { retryAfterMs: waitMs }),
  });
}

async function resultOf(exchange: Exchange, answered: string, bytesMax: number): Promise<Outcome> {
  const encoding = exchange.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") {
    const message = `${answered} in the encoding ${readable(encoding, 40)}, which was not asked for`;
    return failure("response-unreadable", message, { retryable: false });
  }
  const body = await readBody(exchange, bytesMax);
  if (body === null) {
    const message = `${answered} with more than ${bytesMax} bytes: answer less, or raise responseBytesMax`;
    return failure("response-too-large", message, { retryable: false });
  }
  const text = body.toString("utf8");
  if (text.trim() === "") return { outcome: "completed", result: null };
  try {
    // JSON.parse gives JSON.
    return { outcome: "completed", result: JSON.parse(text) as Json };
  } catch (error) {
    if (!isJson(exchange.headers["content-type"])) return { outcome: "completed", result: text };
    const message = `${answered} with a body that calls itself JSON and is not: ${errorMessage(error)}`;
    return failure("response-unreadable", message, { retryable: true });
  }
}

function headerValue(name: string, value: string, { environment }: RunnerContext): string {
  const filled = fillOption(value, environment, `headers.${name}`);
  try {
    validateHeaderValue(name, filled);
  } catch {
    // Without the cause, which might quote a secret.
    throw new RunnerOptionsError(
      `headers.${name} holds a character that HTTP cannot send, such as a line break: correct it, or the variable it comes from`,
    );
  }
  return filled;
}

/** An address without what may be secret in it: user, password, query. */
function shown(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

function redirectTarget(location: string | undefined, from: URL): string {
  return location !== undefined && URL.canParse(location, from.href) ? shown(new URL(location, from)) : "nowhere";
}

function isJson(contentType: string | undefined): boolean {
  return contentType !== undefined && /^application\/([\w.-]+\+)?json\b/i.test(contentType);
}
