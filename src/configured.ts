/** The configuration in the projection's words: the catalogue that admission reads, and the settings that the ledger is told (D7). */
import type { Fact } from "../events/facts.js";
import { canonicalJson } from "../events/json.js";
import type { Catalogue, JobDefaults, Template } from "../projections/admission.js";
import type { Fold } from "../projections/fold.js";
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
export function settingsFacts(configuration: Configuration, fold: Fold): Fact[] {
  const facts: Fact[] = [];
  const { limits, limitsGiven, historyKeep } = configuration;
  const isTold =
    fold.settings.limitsKnown && (!limitsGiven || canonicalJson(limits) === canonicalJson(fold.slots.limits));
  if (!isTold) facts.push({ type: "LimitsChanged", limits, source: "configuration" });
  if (historyKeep !== fold.settings.finishedJobsMax)
    facts.push({ type: "RetentionChanged", finishedJobsMax: historyKeep });
  return facts;
}
