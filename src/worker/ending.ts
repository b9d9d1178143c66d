/** From what a runner returned to what is reported: an aborted run counts as what it was aborted for. */
import type { Result } from "../../events/facts.js";
import type { Ending } from "../../projections/reports.js";
import type { Outcome } from "../runners/index.js";
import type { Assignment } from "./assignment.js";
import type { ResultStore } from "./results.js";

/** Why a run was asked to end before its time. */
export type AbortCause = "cancel" | "timeout" | "shutdown" | "lease";

/** Messages are for people and stand in the ledger for good. */
const ERROR_MESSAGE_CHARS_MAX = 4_096;

/** A run that completed although it was asked to abort was quicker, and has completed. */
export async function endingOf(
  outcome: Outcome,
  cause: AbortCause | null,
  about: Assignment,
  results: ResultStore,
): Promise<Ending> {
  switch (outcome.outcome) {
    case "completed": {
      const kept = await keep(outcome, about, results);
      return "failure" in kept
        ? kept.failure
        : { outcome: "completed", result: kept.result, exitCode: outcome.exitCode ?? null };
    }
    case "skipped":
      return { outcome: "skipped", reason: outcome.reason.slice(0, ERROR_MESSAGE_CHARS_MAX) };
    case "cancelled":
      return { outcome: "cancelled", reason: outcome.reason.slice(0, ERROR_MESSAGE_CHARS_MAX) };
    case "failed":
      return cause === null ? failed(outcome) : aborted(cause, about);
    default:
      return outcome satisfies never;
  }
}

/** What an aborted run is reported as. */
export function aborted(cause: AbortCause, about: Assignment): Ending {
  switch (cause) {
    case "cancel":
      return {
        outcome: "failed",
        error: { code: "cancelled", message: "cancelled" },
        retryable: false,
        exitCode: null,
        retryAfterMs: null,
      };
    case "timeout":
      return {
        outcome: "timed-out",
        error: { code: "timed-out", message: `took longer than its timeout of ${about.timeoutMs} ms` },
      };
    case "lease":
      return {
        outcome: "lost",
        error: { code: "lease", message: "its worker could not renew its lease and stopped it before the lease ended" },
      };
    case "shutdown":
      return { outcome: "lost", error: { code: "shutdown", message: "its worker was shut down while it ran" } };
    default:
      return cause satisfies never;
  }
}

function failed({ error, retryable, exitCode, retryAfterMs }: Extract<Outcome, { outcome: "failed" }>): Ending {
  const { code, message } = error;
  return {
    outcome: "failed",
    error: { code: code.slice(0, 100), message: message.slice(0, ERROR_MESSAGE_CHARS_MAX) },
    retryable,
    exitCode: exitCode ?? null,
    retryAfterMs: retryAfterMs ?? null,
  };
}

type Kept = { readonly result: Result } | { readonly failure: Ending };

async function keep(
  outcome: Extract<Outcome, { outcome: "completed" }>,
  about: Assignment,
  results: ResultStore,
): Promise<Kept> {
  try {
    return { result: await results.keep(outcome.result, about) };
  } catch (error) {
    const message = `its result could not be stored: ${error instanceof Error ? error.message : String(error)}`;
    return { failure: failed({ outcome: "failed", error: { code: "result-not-stored", message }, retryable: true }) };
  }
}
