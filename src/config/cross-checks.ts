/** What no single key shows: names that refer to nothing, and demands that could never be met (CC-6). */

import { formatDuration } from "../../events/duration.js";
import type { Limits } from "../../events/limits.js";
import { type Finding, unknownName, valueAt } from "./findings.js";
import type { Configuration } from "./schema.js";

/**
 * Everything that does not fit together.
 * `typesInCode` are job types that a program has added beside those of the file.
 */
export function crossCheck(configuration: Configuration, typesInCode: readonly string[]): readonly Finding[] {
  const { limits, types, templates, schedules, webhooks } = configuration;
  const typeNames = [...Object.keys(types), ...typesInCode];
  const known = { type: typeNames, template: Object.keys(templates) };
  const findings: Finding[] = [];
  const expectName = (what: keyof typeof known, name: string, path: Finding["path"], at: Finding["at"]) => {
    if (!known[what].includes(name)) findings.push(unknownName(path, at, `unknown ${what}`, name, known[what]));
  };

  for (const type of Object.keys(limits.types ?? {})) expectName("type", type, ["limits", "types", type], "key");
  for (const [name, type] of Object.entries(types))
    findings.push(...checkDemand(limits, type.resources, ["types", name, "resources"]));
  for (const [name, template] of Object.entries(templates)) {
    expectName("type", template.type, ["templates", name, "type"], "value");
    findings.push(...checkDemand(limits, template.resources, ["templates", name, "resources"]));
  }
  for (const [name, schedule] of Object.entries(schedules))
    expectName("template", schedule.template, ["schedules", name, "template"], "value");
  for (const [name, webhook] of Object.entries(webhooks))
    for (const [index, type] of (webhook.types ?? []).entries())
      expectName("type", type, ["webhooks", name, "types", index], "value");
  return findings;
}

/** What is sound but perhaps not meant; `written` is the file's data before anything was made of it. */
export function adviseOn(
  { limits, types, templates, webhooks, graceMs }: Configuration,
  written: unknown,
): readonly Finding[] {
  const findings: Finding[] = [];
  const pools = [limits.global, ...Object.keys(limits.types ?? {}), ...Object.keys(limits.resources ?? {})];
  if (pools.every((pool) => pool === undefined))
    findings.push({
      path: ["limits"],
      at: "key",
      message: "puts no cap on anything: only the workers' capacity bounds how many jobs run at once",
    });
  const waits: (readonly [readonly string[], number | null])[] = [
    [["grace"], graceMs],
    ...Object.entries(types).map(([name, { timeoutMs }]) => [["types", name, "timeout"], timeoutMs] as const),
    ...Object.entries(templates).map(([name, { timeoutMs }]) => [["templates", name, "timeout"], timeoutMs] as const),
    ...Object.entries(webhooks).map(([name, { timeoutMs }]) => [["webhooks", name, "timeout"], timeoutMs] as const),
  ];
  for (const [path, ms] of waits) {
    // `timeout: 30` is far more often meant as half a minute than as 30 thousandths of a second.
    if (typeof valueAt(written, path) === "number" && ms !== null && ms > 0 && ms < 1_000)
      findings.push({ path, at: "value", message: `is ${formatDuration(ms)}; write ${ms}s if seconds are meant` });
  }
  return findings;
}

/** Without any configured resource pool, tags are only notes: strategies A and B take no account of them (CC-1). */
function checkDemand(limits: Limits, resources: Readonly<Record<string, number>>, path: readonly string[]): Finding[] {
  const pools = limits.resources ?? {};
  const names = Object.keys(pools);
  if (names.length === 0) return [];
  const findings: Finding[] = [];
  for (const [tag, units] of Object.entries(resources)) {
    // A tag may be called like a member of every object (`constructor`).
    const capacity = Object.hasOwn(pools, tag) ? pools[tag] : undefined;
    if (capacity === undefined)
      findings.push(unknownName([...path, tag], "key", "names no pool of limits.resources", tag, names));
    else if (units > capacity)
      findings.push({
        path: [...path, tag],
        at: "value",
        message: `needs ${units}, but limits.resources.${tag} has ${capacity}: such a job could never start`,
        allowed: [`0 to ${capacity}`],
      });
  }
  return findings;
}
