/**
 * Limits as they are written on the command line: `global=1`, `types.story=2`, `resources.ollama=none`.
 * A change says only what changes; `null` removes a cap. The API takes the same change as JSON.
 */
import { z } from "zod";
import { CAPACITY_MAX, capacitySchema, type Limits, OVERTAKES_MAX } from "../../events/limits.js";
import { NAME_PATTERN } from "../../events/names.js";
import { nameSchema } from "./job-type.js";
import { type ConfigurationProblem, type ConfigurationRefusal, problemIn, refuse } from "./problems.js";
import { closest } from "./suggestion.js";

const capacitiesChange = z.record(nameSchema, capacitySchema.nullable());

/** A change of limits; `null` removes a cap, what is absent stays. */
export const limitsChangeSchema = z.strictObject({
  global: capacitySchema.nullable().optional(),
  types: capacitiesChange.optional(),
  resources: capacitiesChange.optional(),
  maxOvertakes: z.int().min(0).max(OVERTAKES_MAX).nullable().optional(),
});
export type LimitsChange = z.infer<typeof limitsChangeSchema>;

/** The forms that are taken, for error texts and help. */
export const LIMITS_FORMS = ["global=N", "types.<type>=N", "resources.<tag>=N", "maxOvertakes=N", "<any>=none"];

/** More in one command is a mistake; a file is the place for so many. */
const assignmentsMax = 1_000;
const removals = ["none", "off"];
const topKeys = ["global", "types", "resources", "maxOvertakes"];

/**
 * Reads `global=1`, `types.story=2`, `resources.ollama=1`, `maxOvertakes=3`; `=none` or `=off` removes a cap.
 * Everything that is wrong is reported at once; `source` says in the report where it was given.
 */
export function parseLimitAssignments(
  assignments: readonly string[],
  source: string,
): { readonly kind: "change"; readonly change: LimitsChange } | ConfigurationRefusal {
  const wrong = (path: string, message: string, more: Partial<ConfigurationProblem> = {}) =>
    problems.push({ ...problemIn(source), path, message, ...more });
  const problems: ConfigurationProblem[] = [];
  const given = new Map<string, number | null>();
  if (assignments.length > assignmentsMax) wrong("", `has more than ${assignmentsMax} limits`);
  for (const assignment of assignments.slice(0, assignmentsMax)) {
    const equals = assignment.indexOf("=");
    const key = (equals === -1 ? assignment : assignment.slice(0, equals)).trim();
    const value = readValue(equals === -1 ? "" : assignment.slice(equals + 1).trim(), key);
    if (given.has(key)) wrong(key, "is given twice; keep one");
    else if (!isKey(key)) wrong(key, "unknown limit", unknownLimit(key));
    else if (value === undefined) wrong(key, valueText(key));
    else given.set(key, value);
  }
  return problems.length > 0 ? refuse(problems) : { kind: "change", change: changeOf(given) };
}

/**
 * The limits after a change. With `types`, a cap on a type that is none of them is refused; a tag or a capacity is
 * never refused here: lowering a limit below what is in use only stops new grants (CC-5).
 */
export function applyLimitsChange(
  limits: Limits,
  change: LimitsChange,
  { types, source }: { readonly types?: readonly string[]; readonly source: string },
): { readonly kind: "limits"; readonly limits: Limits } | ConfigurationRefusal {
  const problems: ConfigurationProblem[] = [];
  for (const [type, value] of Object.entries(change.types ?? {})) {
    // Removing the cap of a type that is gone must stay possible.
    if (value === null || types === undefined || types.includes(type)) continue;
    const suggestion = closest(type, types);
    problems.push({
      ...problemIn(source),
      path: `types.${type}`,
      message: "unknown type",
      allowed: types,
      ...(suggestion === undefined ? {} : { suggestion }),
    });
  }
  if (problems.length > 0) return refuse(problems);
  const global = change.global === undefined ? limits.global : change.global;
  const maxOvertakes = change.maxOvertakes === undefined ? limits.maxOvertakes : change.maxOvertakes;
  const changedTypes = merge(limits.types, change.types);
  const changedResources = merge(limits.resources, change.resources);
  return {
    kind: "limits",
    limits: {
      ...(global === undefined || global === null ? {} : { global }),
      ...(changedTypes === undefined ? {} : { types: changedTypes }),
      ...(changedResources === undefined ? {} : { resources: changedResources }),
      ...(maxOvertakes === undefined || maxOvertakes === null ? {} : { maxOvertakes }),
    },
  };
}

function isKey(key: string): boolean {
  const [group = "", name, ...rest] = key.split(".");
  if (group === "global" || group === "maxOvertakes") return name === undefined;
  return (group === "types" || group === "resources") && rest.length === 0 && NAME_PATTERN.test(name ?? "");
}

function unknownLimit(key: string): Partial<ConfigurationProblem> {
  const [group = "", ...names] = key.split(".");
  const known = closest(group, topKeys);
  if (known === undefined) return { allowed: LIMITS_FORMS };
  const named = known === "types" || known === "resources";
  const suggestion = named ? [known, names.join(".") || "<name>"].join(".") : known;
  return { allowed: LIMITS_FORMS, ...(suggestion === key ? {} : { suggestion }) };
}

/** The number; null for "none"; undefined if it is neither or out of bounds. */
function readValue(text: string, key: string): number | null | undefined {
  if (removals.includes(text.toLowerCase())) return null;
  if (!/^\d{1,9}$/.test(text)) return undefined;
  const { min, max } = bounds(key);
  const number = Number(text);
  return number >= min && number <= max ? number : undefined;
}

function bounds(key: string): { readonly min: number; readonly max: number } {
  return key === "maxOvertakes" ? { min: 0, max: OVERTAKES_MAX } : { min: 1, max: CAPACITY_MAX };
}

function valueText(key: string): string {
  const { min, max } = bounds(key);
  return `must be a whole number from ${min} to ${max}, or none to remove the limit: ${key}=${Math.max(1, min)}`;
}

function changeOf(given: ReadonlyMap<string, number | null>): LimitsChange {
  const named = (group: string) =>
    [...given]
      .filter(([key]) => key.startsWith(`${group}.`))
      .map(([key, value]) => [key.slice(group.length + 1), value]);
  const global = given.get("global");
  const maxOvertakes = given.get("maxOvertakes");
  const types = named("types");
  const resources = named("resources");
  return {
    ...(global === undefined ? {} : { global }),
    ...(types.length === 0 ? {} : { types: Object.fromEntries(types) }),
    ...(resources.length === 0 ? {} : { resources: Object.fromEntries(resources) }),
    ...(maxOvertakes === undefined ? {} : { maxOvertakes }),
  };
}

/** Capacities after a change; undefined when none is left, so that "no pool configured" has only one form. */
function merge(
  now: Readonly<Record<string, number>> | undefined,
  change: Readonly<Record<string, number | null>> | undefined,
): Record<string, number> | undefined {
  const merged = new Map(Object.entries(now ?? {}));
  for (const [name, value] of Object.entries(change ?? {})) {
    if (value === null) merged.delete(name);
    else merged.set(name, value);
  }
  return merged.size === 0 ? undefined : Object.fromEntries(merged);
}
