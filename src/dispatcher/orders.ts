/** Reads commands as they come from outside (intake or API): the verb and a JSON object, checked. */
import type { z } from "zod";
import { readAs } from "../../events/submission.js";
import type { Command, Refusal, Surroundings } from "../../projections/commands.js";
import type { Fold } from "../../projections/fold.js";
import type { Destination } from "../../projections/move.js";
import { applyLimitsChange, describeProblems, limitsChangeSchema, parseLimitAssignments } from "../config/index.js";
import type { Order } from "./arrivals.js";
import {
  amendSchema,
  CANCEL_REASON_DEFAULT,
  cancelSchema,
  limitsSchema,
  moveSchema,
  poolSchema,
  releaseSchema,
  reserveSchema,
  retrySchema,
  scheduleOrderSchema,
} from "./order-schemas.js";

/** The verbs of `<ns>.command.<verb>` and `<ns>.api.<verb>`. */
export const COMMAND_VERBS = [
  "cancel",
  "retry",
  "amend",
  "move",
  "limits",
  "pause",
  "resume",
  "schedule",
  "reserve",
  "release",
] as const;
export type CommandVerb = (typeof COMMAND_VERBS)[number];

/** What orders are read against. */
export type OrderDesk = Pick<Surroundings, "catalogue"> & { readonly leaseMs: number };

/** The command, or why there is none. */
export function readOrder(order: Order, fold: Fold, { catalogue, leaseMs }: OrderDesk): Command | Refusal {
  if ("unreadable" in order.content) return invalid(order.content.unreadable);
  const { value } = order.content;
  const verb = COMMAND_VERBS.find((known) => known === order.verb);
  switch (verb) {
    case "cancel":
      return reading(cancelSchema, value, readCancel);
    case "retry":
      return reading(retrySchema, value, ({ id, as = null }) => ({ verb, id, as, original: order.original ?? null }));
    case "amend":
      return reading(amendSchema, value, (read) => ({ verb, ...read }));
    case "move":
      return reading(moveSchema, value, readMove);
    case "pause":
    case "resume":
      return reading(poolSchema, value, ({ pool }) => ({ verb, pool }));
    case "limits":
      return reading(limitsSchema, value, ({ set }) => readLimits(set, fold, [...catalogue.types.keys()]));
    case "schedule":
      return reading(scheduleOrderSchema, value, readScheduleOrder);
    case "reserve":
      return reading(reserveSchema, value, ({ id, resources = {}, lease = leaseMs, holder = "unnamed" }) => ({
        ...{ verb, id, resources, leaseMs: lease, holder },
      }));
    case "release":
      return reading(releaseSchema, value, ({ id, reason = "released" }) => ({ verb, id, reason }));
    case undefined:
      return invalid(`there is no command "${order.verb.slice(0, 40)}"; commands are ${COMMAND_VERBS.join(", ")}`);
    default:
      return verb satisfies never;
  }
}

const invalid = (reason: string): Refusal => ({ refused: "invalid", reason });

function reading<S extends z.ZodObject>(
  schema: S,
  value: unknown,
  make: (read: z.infer<S>) => Command | Refusal,
): Command | Refusal {
  const read = readAs(schema, value);
  return read.ok ? make(read.value) : invalid(read.reason);
}

function readCancel({ id, group, reason = CANCEL_REASON_DEFAULT }: z.infer<typeof cancelSchema>): Command | Refusal {
  if (id !== undefined && group === undefined) return { verb: "cancel", id, reason };
  if (group !== undefined && id === undefined) return { verb: "cancel-group", group, reason };
  return invalid("give the id of a job, or of a group, and not both");
}

function readMove({ id, ...to }: z.infer<typeof moveSchema>): Command | Refusal {
  const given: Destination[] = [];
  if (to.first === true) given.push({ to: "first" });
  if (to.last === true) given.push({ to: "last" });
  if (to.before !== undefined) given.push({ to: "before", other: to.before });
  if (to.after !== undefined) given.push({ to: "after", other: to.after });
  const [destination, another] = given;
  if (destination === undefined || another !== undefined)
    return invalid("say where to: one of first: true, last: true, before: <id>, after: <id>");
  return { verb: "move", id, destination };
}

function readScheduleOrder({ name, action, schedule }: z.infer<typeof scheduleOrderSchema>): Command | Refusal {
  if (action !== "set") {
    if (schedule !== undefined) return invalid(`schedule: only set takes one, not ${action}`);
    return { verb: "schedule", action: { kind: action, name } };
  }
  if (schedule === undefined) return invalid("schedule: is missing; give template and cron, as in signalbox.yaml");
  return { verb: "schedule", action: { kind: "set", name, definition: schedule } };
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
