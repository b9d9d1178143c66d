/** The ways in which the runners of this folder end an attempt badly, said in one form. */
import type { Outcome } from "./runner.js";
import { readable } from "./text.js";

export type Failure = Extract<Outcome, { outcome: "failed" }>;

/** An error message longer than this is cut: it is written to the ledger with every attempt. */
const messageCharsMax = 6_000;

export function failure(
  code: string,
  message: string,
  details: { readonly retryable: boolean; readonly exitCode?: number | null; readonly retryAfterMs?: number },
): Failure {
  return { outcome: "failed", error: { code, message: readable(message, messageCharsMax) }, ...details };
}

/** The run was aborted from outside. Retryable, since the one who aborted decides what it counts as. */
export function abortedFailure(signal: AbortSignal, exitCode: number | null = null): Failure {
  const reason: unknown = signal.reason;
  const why = reason instanceof Error ? reason.message : String(reason ?? "no reason given");
  return failure("aborted", `the run was aborted: ${why}`, { retryable: true, exitCode });
}

/** What an error says, also where its own message is empty (as of an error that only gathers others). */
export function errorMessage(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(errorMessage).join("; ");
  if (error instanceof Error) return error.message === "" ? error.name : error.message;
  return String(error);
}

/** The `code` of an operating error such as ECONNREFUSED, or null. */
export function errorCode(error: unknown): string | null {
  if (!(error instanceof Error) || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}
