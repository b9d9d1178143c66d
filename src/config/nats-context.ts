/** The contexts of the `nats` command line tool: named connection settings in the user's configuration folder. */
import { readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { Environment } from "./environment.js";
import { check, pathText } from "./findings.js";
import { type ConfigurationProblem, problemIn } from "./problems.js";
import { closest } from "./suggestion.js";
import { readTextFile } from "./text-file.js";

/** What the tool stores, as far as it matters to a connection; other keys are the tool's own affair. */
const text = z.string({ error: "must be text" }).default("");
const contextSchema = z.looseObject({
  url: text,
  token: text,
  user: text,
  password: text,
  creds: text,
  nkey: text,
  cert: text,
  key: text,
  ca: text,
  tls_first: z.boolean({ error: "must be true or false" }).default(false),
});
type NatsContext = z.infer<typeof contextSchema>;

/** Settings that would change where or as whom we connect, and that this program does not know: better refused than ignored. */
const notSupported = [
  "nsc",
  "user_jwt",
  "user_seed",
  "socks_proxy",
  "jetstream_domain",
  "jetstream_api_prefix",
  "inbox_prefix",
  "windows_cert_store",
];

/** Names shown when one is unknown. */
const contextsShownMax = 50;

/**
 * Reads a context by name, or with `null` the one chosen by `nats context select`.
 * What is wrong is returned as a problem; secrets are never in it.
 */
export function readNatsContext(
  name: string | null,
  env: Environment,
): { readonly name: string; readonly context: NatsContext; readonly file: string } | ConfigurationProblem {
  const folder = join(configurationFolder(env), "nats");
  const chosen = name ?? readTextFile(join(folder, "context.txt")).text?.trim() ?? "";
  if (chosen === "")
    return { ...problemIn("--context"), message: "no context is selected; name one, or use: nats context select" };
  const source = `context ${chosen}`;
  if (/[/\\\0]|\.\./.test(chosen)) return { ...problemIn(source), message: "is not a name of a context" };

  const file = join(folder, "context", `${chosen}.json`);
  const read = readTextFile(file);
  if (read.text === undefined) {
    if (!read.absent) return { ...problemIn(file), line: read.line, message: read.problem };
    const known = contextNames(join(folder, "context"));
    const suggestion = closest(chosen, known);
    const message = `there is no context of this name in ${join(folder, "context")}`;
    return { ...problemIn(source), message, allowed: known, ...(suggestion === undefined ? {} : { suggestion }) };
  }
  const json = parseJson(read.text);
  if (json === undefined) return { ...problemIn(file), message: "is not JSON" };
  const checked = check(contextSchema, json);
  if (checked.findings !== undefined) {
    const { path = [], message = "is not a context" } = checked.findings[0] ?? {};
    return { ...problemIn(file), path: pathText(path), message };
  }
  const foreign = notSupported.find((key) => isSet(checked.value[key]));
  if (foreign !== undefined)
    return { ...problemIn(file), path: foreign, message: "this setting of a context is not supported; use --nats" };
  return { name: chosen, context: checked.value, file };
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "" && value !== false;
}

/** The user's configuration folder, as the tool finds it. */
function configurationFolder(env: Environment): string {
  const xdg = env["XDG_CONFIG_HOME"] ?? "";
  return xdg !== "" ? xdg : join((env["HOME"] ?? "") || homedir(), ".config");
}

function contextNames(folder: string): readonly string[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
    return names
      .map((name) => name.slice(0, -".json".length))
      .sort()
      .slice(0, contextsShownMax);
  } catch {
    // No folder, or not readable: then there are no names to offer.
    return [];
  }
}

function parseJson(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return undefined;
  }
}
