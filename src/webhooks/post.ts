/** One attempt at a delivery: an HTTP request, and what its answer is worth. */
import type { RunError } from "../../events/facts.js";
import type { Clock } from "../clock.js";
import { formatDuration } from "../config/index.js";
import { errorMessage } from "../runners/outcome.js";
import { readable } from "../runners/text.js";
import type { Announcement } from "./announcement.js";
import type { Endpoint } from "./endpoint.js";

/** What is read of an answer, so that its connection can be used again; a longer one is cut off. */
const ANSWER_BYTES_MAX = 64 * 1024;
/** It is written to the ledger. */
const MESSAGE_CHARS_MAX = 500;

/** `aborted`: the signal aborted before it was known what came of it. */
export type Posted =
  | { readonly kind: "delivered" }
  | { readonly kind: "aborted" }
  | { readonly kind: "failed"; readonly error: RunError };

/** Makes one attempt. Delivered means that the endpoint has answered with a status from 200 to 299. */
export async function post(
  endpoint: Endpoint,
  { id, event, body }: Announcement,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Posted> {
  const attempt = new AbortController();
  const abort = () => attempt.abort();
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  const cancelTimeout = clock.after(endpoint.timeoutMs, abort);
  try {
    const { url, headers } = endpoint.request(body, Math.floor(clock.now() / 1_000));
    const response = await fetch(url, {
      method: "POST",
      headers: { ...headers, "Signalbox-Event": event, "Signalbox-Delivery": id },
      body,
      redirect: "manual",
      signal: attempt.signal,
    });
    await discard(response);
    return response.ok ? { kind: "delivered" } : failed("http-status", answeredBadly(endpoint, response));
  } catch (error) {
    if (signal.aborted) return { kind: "aborted" };
    if (attempt.signal.aborted)
      return failed("timed-out", `${endpoint.shown} did not answer within ${formatDuration(endpoint.timeoutMs)}`);
    return failed("unreachable", `the exchange with ${endpoint.shown} broke: ${causeOf(error)}`);
  } finally {
    cancelTimeout();
    signal.removeEventListener("abort", abort);
  }
}

function answeredBadly({ shown }: Endpoint, { status, statusText }: Response): string {
  const answered = `${shown} answered ${`${status} ${statusText}`.trim()}`;
  const isRedirect = status >= 300 && status <= 399;
  return isRedirect ? `${answered}; redirects are not followed: put the final address into url` : answered;
}

/** Reads and forgets the rest of an answer. Its status has come already: nothing that happens now changes what it says. */
async function discard({ body }: Response): Promise<void> {
  let bytes = 0;
  try {
    for await (const chunk of body ?? []) {
      bytes += chunk.length;
      if (bytes > ANSWER_BYTES_MAX) return;
    }
  } catch {
    // The connection broke, or the time was over.
  }
}

/** `fetch` says only that it failed, and why in its cause. */
const causeOf = (error: unknown): string =>
  errorMessage(error instanceof Error && error.cause !== undefined ? error.cause : error);

const failed = (code: string, message: string): Posted => ({
  kind: "failed",
  error: { code, message: readable(message, MESSAGE_CHARS_MAX) },
});
