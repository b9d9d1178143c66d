/** The environment variables of a command: a few that are inherited, those from the configuration, and the run's own. */
import type { JsonObject } from "../../events/json.js";
import type { Environment } from "./environment.js";
import { runMarks } from "./orphans.js";
import type { Run } from "./runner.js";

/**
 * What a program needs to find its way about, and nothing else: the scheduler's environment may hold secrets, such as
 * its NATS credentials. Anything more is passed on by name, in the configuration.
 */
const inheritedNames: ReadonlySet<string> = new Set(["PATH", "HOME", "USER", "LANG", "LANGUAGE", "TZ", "TMPDIR"]);

/** A param longer than this is read from standard input; Linux takes 128 kB in one variable. */
const paramBytesMax = 4 * 1024;
/** All params together, of the 2 MB or less that arguments and environment may have. */
const paramsBytesMax = 32 * 1024;

export interface CommandEnvironmentSources {
  readonly ledger: string;
  readonly inherited: Environment;
  readonly configured: readonly (readonly [string, string])[];
}

/** The variables of one run. Later sources win: nothing in the configuration or params hides the run's own. */
export function commandEnvironment(run: Run, sources: CommandEnvironmentSources): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(sources.inherited)) {
    if (value !== undefined && (inheritedNames.has(name) || name.startsWith("LC_"))) env[name] = value;
  }
  for (const [name, value] of sources.configured) env[name] = value;
  return {
    ...env,
    ...paramVariables(run.params),
    ...runMarks({ ledger: sources.ledger, job: run.job, grant: run.grant }),
    SIGNALBOX_JOB_ID: run.job,
    SIGNALBOX_ATTEMPT: String(run.attempt),
    SIGNALBOX_GRANT: String(run.grant),
    SIGNALBOX_TYPE: run.type,
  };
}

/**
 * Short params with plain names, as `SIGNALBOX_PARAM_<NAME>`: a convenience for shell scripts. The prefix keeps a
 * publisher from setting variables that programs obey, such as LD_PRELOAD. All params are on standard input.
 */
function paramVariables(params: JsonObject): Record<string, string> {
  const variables: Record<string, string> = {};
  let roomBytes = paramsBytesMax;
  for (const [name, value] of Object.entries(params)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name) || value === null || typeof value === "object") continue;
    const key = `SIGNALBOX_PARAM_${name.toUpperCase()}`;
    const text = String(value);
    const bytes = Buffer.byteLength(key) + Buffer.byteLength(text);
    // Two names that differ only in case: the first stands.
    if (key in variables || text.includes("\0") || bytes > paramBytesMax || bytes > roomBytes) continue;
    variables[key] = text;
    roomBytes -= bytes;
  }
  return variables;
}
