/** Commands on schedules (DEC-010). A change applies to the next firing; jobs that are there stay as they are (INV-005). */
import type { FactOf, MissedPolicy } from "../events/facts.js";
import { canonicalJson } from "../events/json.js";
import { listed } from "./admission.js";
import type { Decided, Refusal, Surroundings } from "./commands.js";
import type { Fold } from "./fold.js";
import { fire } from "./schedule-facts.js";
import type { Schedule } from "./schedules.js";

/** When a schedule comes true next after a time (ISO 8601), or null if never again. Time zones are known outside (D6). */
export type NextFiring = (schedule: Pick<Schedule, "cron" | "timezone">, after: string) => string | null;

export interface ScheduleDefinition {
  readonly template: string;
  readonly cron: string;
  readonly timezone: string;
  readonly missed: MissedPolicy;
  readonly enabled: boolean;
}

export type ScheduleAction =
  | { readonly kind: "set"; readonly name: string; readonly definition: ScheduleDefinition }
  | { readonly kind: "enable"; readonly name: string }
  | { readonly kind: "disable"; readonly name: string }
  | { readonly kind: "trigger"; readonly name: string }
  | { readonly kind: "rm"; readonly name: string };

/** More than this is no set of schedules but a list of jobs. */
const SCHEDULES_MAX = 1_000;

export function decideScheduleAction(fold: Fold, action: ScheduleAction, around: Surroundings): Decided {
  const { name: schedule } = action;
  const known = fold.schedules[schedule];
  if (action.kind === "set") return set(fold, action, around);
  if (known === undefined) return unknownSchedule(fold, schedule);
  switch (action.kind) {
    case "enable": {
      if (known.enabled) return { facts: [] };
      return { facts: [{ type: "ScheduleEnabled", schedule, nextAt: around.nextFiring(known, around.now) }] };
    }
    case "disable":
      return { facts: known.enabled ? [{ type: "ScheduleDisabled", schedule }] : [] };
    case "rm":
      return { facts: [{ type: "ScheduleRemoved", schedule }] };
    case "trigger":
      return trigger(fold, known, around);
    default:
      return action satisfies never;
  }
}

/** The fact that makes a schedule what it is defined to be. */
export function scheduleSet(
  schedule: string,
  definition: ScheduleDefinition,
  source: Schedule["source"],
  { nextFiring, now }: Pick<Surroundings, "nextFiring" | "now">,
): FactOf<"ScheduleSet"> {
  const nextAt = definition.enabled ? nextFiring(definition, now) : null;
  return { type: "ScheduleSet", schedule, ...definition, source, nextAt };
}

/** Whether a schedule was last set to just this. What was enabled or disabled since does not count. */
export function isSetTo(schedule: Schedule, definition: ScheduleDefinition): boolean {
  const { template, cron, timezone, missed, setEnabled } = schedule;
  return canonicalJson({ template, cron, timezone, missed, enabled: setEnabled }) === canonicalJson(definition);
}

function set(fold: Fold, action: Extract<ScheduleAction, { kind: "set" }>, around: Surroundings): Decided {
  const { name, definition } = action;
  const known = fold.schedules[name];
  if (!around.catalogue.templates.has(definition.template))
    return {
      refused: "invalid",
      reason: `template: "${definition.template}" is unknown; ${listed("templates", around.catalogue.templates.keys())}`,
    };
  if (known === undefined && Object.keys(fold.schedules).length >= SCHEDULES_MAX)
    return { refused: "conflict", reason: `there are ${SCHEDULES_MAX} schedules already` };
  if (known !== undefined && known.enabled === definition.enabled && isSetTo(known, definition)) return { facts: [] };
  return { facts: [scheduleSet(name, definition, "command", around)], id: name };
}

function trigger(fold: Fold, schedule: Schedule, around: Surroundings): Decided {
  const facts = fire(fold, schedule, { dueAt: around.now, triggered: true, nextAt: schedule.nextAt }, around);
  const [submitted] = facts;
  if (submitted?.type === "JobRejected") return { refused: "conflict", reason: submitted.reason };
  if (submitted?.type !== "JobSubmitted")
    return { refused: "conflict", reason: `${schedule.name} was triggered at this very moment already` };
  return { facts, id: submitted.job };
}

function unknownSchedule(fold: Fold, name: string): Refusal {
  const names = Object.keys(fold.schedules).sort().join(", ");
  return { refused: "not-found", reason: `there is no schedule ${name}; schedules are ${names || "none"}` };
}
