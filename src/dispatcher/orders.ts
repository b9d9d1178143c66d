/** Reads commands as they come from outside (intake or API): the verb and a JSON object, checked. */
import { z } from "zod";
import { JOB_ID_PATTERN, type JobId } from "../../events/names.js";
import { amendmentSchema, readAs } from "../../events/submission.js";
import type { Command, Refusal } from "../../projections/commands.js";
import type { Fold } from "../../projections/fold.js";
import { applyLimitsChange, describeProblems, limitsChangeSchema, parseLimitAssignments } from "../config/index.js";
import type { Order } from "./arrivals.js";

/** The verbs of `<ns>.command.<verb>` and `<ns>.api.<verb>`. */
export const COMMAND_VERBS = ["cancel", "amend", "limits", "pause", "resume"] as const;

const id = z
  .string({ error: "must be a job's id" })
  .regex(JOB_ID_PATTERN, { error: "must be a job's id" })
  .transform((text) => text as JobId);
const CANCEL_REASON_DEFAULT = "cancelled on request";

const cancelSchema = z.strictObject({ id, reason: z.string().max(500).optional() });
const amendSchema = amendmentSchema.extend({ id });
const poolSchema = z.strictObject({ pool: z.string({ error: "must be a pool's name" }) });
/** `{"set": {"resources.ollama": 2, "global": null}}`, the keys of the command line; or the same nested as in the file. */
const limitsSchema = z.strictObject({ set: z.record(z.string(), z.unknown()) });

/** The command, or why there is none. */
export function readOrder(order: Order, fold: Fold, types: readonly string[]): Command | Refusal {
  const invalid = (reason: string): Refusal => ({ refused: "invalid", reason });
  if ("unreadable" in order.content) return invalid(order.content.unreadable);
  const { value } = order.content;
  const verb = COMMAND_VERBS.find((known) => known === order.verb);
  switch (verb) {
    case "cancel": {
      const read = readAs(cancelSchema, value);
      return read.ok
        ? { verb, id: read.value.id, reason: read.value.reason ?? CANCEL_REASON_DEFAULT }
        : invalid(read.reason);
    }
    case "amend": {
      const read = readAs(amendSchema, value);
      return read.ok ? { verb, ...read.value } : invalid(read.reason);
    }
    case "pause":
    case "resume": {
      const read = readAs(poolSchema, value);
      return read.ok ? { verb, pool: read.value.pool } : invalid(read.reason);
    }
    case "limits": {
      const read = readAs(limitsSchema, value);
      return read.ok ? readLimits(read.value.set, fold, types) : invalid(read.reason);
    }
    case undefined:
      return invalid(`there is no command "${order.verb.slice(0, 40)}"; commands are ${COMMAND_VERBS.join(", ")}`);
    default:
      return verb satisfies never;
  }
}

function readLimits(set: Record<string, unknown>, fold: Fold, types: readonly string[]): Command | Refusal {
  const isNested = Object.values(set).some((value) => typeof value === "object" && value !== null);
  const change = isNested ? readNested(set) : readFlat(set);
  if ("refused" in change) return change;
  const applied = applyLimitsChange(fold.slots.limits, change, { types, source: "limits" });
  if (applied.kind === "refused") return { refused: "invalid", reason: describeProblems(applied.problems) };
  return { verb: "limits", limits: applied.limits, source: "command" };
}

function readNested(set: Record<string, unknown>): z.infer<typeof limitsChangeSchema> | Refusal {
  const read = readAs(limitsChangeSchema, set);
  return read.ok ? read.value : { refused: "invalid", reason: read.reason };
}

function readFlat(set: Record<string, unknown>): z.infer<typeof limitsChangeSchema> | Refusal {
  const assignments = Object.entries(set).map(([key, value]) => `${key}=${value === null ? "none" : String(value)}`);
  const parsed = parseLimitAssignments(assignments, "limits");
  return parsed.kind === "change" ? parsed.change : { refused: "invalid", reason: describeProblems(parsed.problems) };
}
