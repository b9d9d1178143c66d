/** The configuration in the projection's words: the catalogue that admission reads, and the settings that the ledger is told (D7). */
import type { Fact } from "../events/facts.js";
import { canonicalJson } from "../events/json.js";
import type { Catalogue, JobDefaults, Template } from "../projections/admission.js";
import type { Surroundings } from "../projections/commands.js";
import type { Fold } from "../projections/fold.js";
import { isSetTo, scheduleSet } from "../projections/schedule-commands.js";
import type { Schedule } from "../projections/schedules.js";
import type { Configuration } from "./config/index.js";

export function catalogueOf(configuration: Configuration, functions: readonly string[]): Catalogue {
  const types = new Map<string, JobDefaults>(functions.map((name) => [name, {}]));
  for (const [name, type] of Object.entries(configuration.types)) types.set(name, type);
  const templates = new Map<string, Template>();
  for (const [name, template] of Object.entries(configuration.templates)) {
    const { priority, maxAttempts, timeoutMs, ...rest } = template;
    templates.set(name, {
      ...rest,
      priority: priority ?? undefined,
      maxAttempts: maxAttempts ?? undefined,
      timeoutMs: timeoutMs ?? undefined,
    });
  }
  return { types, templates };
}

/**
 * Differences between configuration and ledger, as facts. The file's limits are the truth at start; where it gives none,
 * what the ledger was told by `limits set` stays in force.
 */
export function settingsFacts(
  configuration: Configuration,
  fold: Fold,
  around: Pick<Surroundings, "now" | "nextFiring">,
): Fact[] {
  const facts: Fact[] = [];
  const { limits, limitsGiven, historyKeep } = configuration;
  const isTold =
    fold.settings.limitsKnown && (!limitsGiven || canonicalJson(limits) === canonicalJson(fold.slots.limits));
  if (!isTold) facts.push({ type: "LimitsChanged", limits, source: "configuration" });
  if (historyKeep !== fold.settings.finishedJobsMax)
    facts.push({ type: "RetentionChanged", finishedJobsMax: historyKeep });
  return [...facts, ...scheduleFacts(configuration, fold, around)];
}

/** The file's schedules are as it says; those that it does not name any more go, and those set by command stay. */
function scheduleFacts(
  { schedules }: Configuration,
  fold: Fold,
  around: Pick<Surroundings, "now" | "nextFiring">,
): Fact[] {
  const gone = Object.values<Schedule>(fold.schedules).filter(
    ({ name, source }) => source === "configuration" && !Object.hasOwn(schedules, name),
  );
  const changed = Object.entries(schedules).filter(([name, definition]) => {
    const known = fold.schedules[name];
    return known === undefined || known.source !== "configuration" || !isSetTo(known, definition);
  });
  return [
    ...gone.map(({ name }): Fact => ({ type: "ScheduleRemoved", schedule: name })),
    ...changed.map(([name, definition]): Fact => scheduleSet(name, definition, "configuration", around)),
  ];
}
