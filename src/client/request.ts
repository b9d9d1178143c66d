/** Requests to the scheduler's NATS service. Its errors come in headers (ADR-32), the server's as errors of the client. */
import type { Msg, NatsConnection } from "../nats/door.js";
import { nobodyListens } from "../nats/nobody-listens.js";
import { ClientFailure, START_ONE } from "./failure.js";

/** Sends one request, with JSON both ways. Throws `ClientFailure` if it is refused, or not answered within `timeoutMs`. */
export async function request(nc: NatsConnection, subject: string, args: object, timeoutMs: number): Promise<unknown> {
  const message = await nc.request(subject, JSON.stringify(args), { timeout: timeoutMs }).catch((error: unknown) => {
    throw requestFailure(error, subject, timeoutMs);
  });
  const refused = serviceError(message);
  if (refused !== null) {
    const { code: status, reason } = refused;
    throw new ClientFailure(status === NOT_FOUND ? "not-found" : "refused", reason, { status });
  }
  return message.json();
}

function requestFailure(error: unknown, subject: string, timeoutMs: number): ClientFailure {
  const code = (error as { code?: unknown }).code;
  const cause = { cause: error };
  if (nobodyListens(error))
    return new ClientFailure("no-scheduler", "no scheduler answers", { ...cause, hint: START_ONE });
  if (code === "TIMEOUT")
    return new ClientFailure("unanswered", `the scheduler did not answer within ${timeoutMs / 1_000} s`, cause);
  if (code === "PERMISSIONS_VIOLATION") return notAllowed(subject, error);
  const reason = error instanceof Error ? error.message : String(error);
  return new ClientFailure("unanswered", `the request to ${subject} failed: ${reason}`, cause);
}

export const notAllowed = (subject: string, cause?: unknown): ClientFailure =>
  new ClientFailure("refused", `these credentials may not publish to ${subject}`, { cause });

const NOT_FOUND = 404;

/** What a service says of its refusal in the headers of its answer; null if it is none. */
export function serviceError({ headers }: Msg): { readonly code: number; readonly reason: string } | null {
  const code = Number(headers?.get("Nats-Service-Error-Code") ?? "");
  if (code === 0) return null;
  const reason = headers?.get("Nats-Service-Error") ?? "";
  return { code, reason: reason || `the scheduler answered ${code}` };
}
