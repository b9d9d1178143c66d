/**
 * A runner from a plain function, for programs that use signalbox as a library.
 *
 * What the function returns is the result, or an `Outcome` if it says
 * `outcome: "completed" | "skipped" | "cancelled" | "failed"`.
 * What it throws is a failure that may be tried again, unless it is a `NotRetryable`. A function cannot be stopped from
 * outside: one that ignores `run.signal` keeps its slots until it returns.
 */
import { z } from "zod";
import { runErrorSchema } from "../../events/facts.js";
import { isPlainObject, type Json, type JsonObject } from "../../events/json.js";
import { errorCode, errorMessage, failure } from "./outcome.js";
import type { Outcome, Run, Runner } from "./runner.js";

/** Thrown by a job's function when trying again cannot help. */
export class NotRetryable extends Error {
  override readonly name = "NotRetryable";
  readonly code = "not-retryable";
}

/** A job's code. Returning nothing is the result null. */
export type JobFunction = (params: JsonObject, run: Run) => unknown;

/** Nested deeper than this a value is taken to hold itself. */
const depthMax = 200;

export function functionRunner(jobFunction: JobFunction): Runner {
  return {
    run: async (run) => {
      let value: unknown;
      try {
        value = await jobFunction(run.params, run);
      } catch (error) {
        const retryable = !(error instanceof NotRetryable);
        return failure(errorCode(error) ?? "threw", errorMessage(error), { retryable });
      }
      return outcomeOf(value);
    },
  };
}

function outcomeOf(value: unknown): Outcome {
  if (value === undefined) return { outcome: "completed", result: null };
  const problem = whyNotJson(value, "the returned value", 0);
  if (problem !== null) return failure("not-json", `${problem}: return JSON, or nothing`, { retryable: false });
  // A copy, because what the function goes on to change is not what it returned. It is JSON: that was checked above.
  const json = JSON.parse(JSON.stringify(value)) as Json;
  if (!isPlainObject(json) || !isOutcomeWord(json["outcome"])) return { outcome: "completed", result: json };
  const outcome = outcomeSchema.safeParse(json);
  if (outcome.success) return outcome.data;
  // Not taken as a result: a failure with a spelling mistake in it must not count as a success.
  const issue = outcome.error.issues[0];
  const message = `the returned value says outcome ${JSON.stringify(json["outcome"])}, but ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`;
  return failure("not-an-outcome", message, { retryable: false });
}

const outcomeSchema = z.discriminatedUnion("outcome", [
  z.strictObject({
    outcome: z.literal("completed"),
    result: z.custom<Json>((value) => value !== undefined, "must be given"),
    exitCode: z.number().int().exactOptional(),
  }),
  z.strictObject({ outcome: z.literal("skipped"), reason: z.string() }),
  z.strictObject({ outcome: z.literal("cancelled"), reason: z.string() }),
  z.strictObject({
    outcome: z.literal("failed"),
    error: runErrorSchema,
    retryable: z.boolean(),
    exitCode: z.number().int().nullable().exactOptional(),
    retryAfterMs: z.number().nonnegative().exactOptional(),
  }),
]);

function isOutcomeWord(value: unknown): boolean {
  return value === "completed" || value === "skipped" || value === "cancelled" || value === "failed";
}

/** Why a value cannot be written as JSON without loss, and where in it; null if it can. */
function whyNotJson(value: unknown, where: string, depth: number): string | null {
  if (depth > depthMax) return `${where.slice(0, 60)}… is nested more than ${depthMax} deep, or holds itself`;
  if (value === null || typeof value === "boolean" || typeof value === "string" || Number.isFinite(value)) return null;
  if (Array.isArray(value)) {
    return firstProblem(
      value.map((member: unknown, index) => [`${where}[${index}]`, member]),
      depth,
    );
  }
  if (typeof value !== "object")
    return `${where} is ${typeof value === "number" ? String(value) : `a ${typeof value}`}`;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    return `${where} is a ${value.constructor.name || "class instance"}`;
  }
  // JSON leaves undefined members out, which is what is meant by them.
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return firstProblem(
    members.map(([name, member]) => [`${where}.${name}`, member]),
    depth,
  );
}

function firstProblem(members: readonly (readonly [string, unknown])[], depth: number): string | null {
  for (const [where, member] of members) {
    const problem = whyNotJson(member, where, depth + 1);
    if (problem !== null) return problem;
  }
  return null;
}
