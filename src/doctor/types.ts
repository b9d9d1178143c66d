/** Whether the configured job types could run here: their programs, their variables, their Ollama and its models. */
import { resolve } from "node:path";
import type { Configuration, Environment, LoadedConfiguration } from "../config/index.js";
import { createRunner, ollamaAddress, type RunnerContext } from "../runners/index.js";
import { findProgram } from "../runners/program.js";
import { type Finding, ok, problem, warning } from "./finding.js";
import { hasModel, type OllamaProbe, probeOllama } from "./ollama-probe.js";

/** A problem for each variable that is missing and each option that cannot be used; one line if all is well. */
export function checkOptions({ configuration, problemAt }: LoadedConfiguration, env: Environment): readonly Finding[] {
  const context: RunnerContext = { ledger: "", environment: env };
  const types = Object.entries(configuration.types);
  const wrong = types.flatMap(([name, type]) => {
    try {
      createRunner(type.runner, type.options, context);
      return [];
    } catch (error) {
      const { source, line } = problemAt(["types", name], "");
      const place = line === null ? source : `${source}:${line}`;
      return [problem("types", `${place} types.${name}: ${error instanceof Error ? error.message : String(error)}`)];
    }
  });
  if (wrong.length > 0) return wrong;
  if (types.length === 0)
    return [warning("types", "no job types are configured", "Name some under types: in signalbox.yaml.")];
  return [ok("types", types.map(([name, { runner }]) => `${name} (${runner})`).join(", "))];
}

/** The program of each command, looked for as the runner does. */
export async function checkCommands({ types }: Configuration, env: Environment): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const [name, type] of Object.entries(types)) {
    if (type.runner !== "command") continue;
    const { options } = type;
    const path = options.env?.["PATH"] ?? env["PATH"] ?? "";
    const [program] = options.argv;
    const found = await findProgram(program, { path, cwd: resolve(options.cwd ?? ".") });
    const text = `types.${name}: ${program}`;
    if (found !== null) findings.push(ok("command", found === program ? text : `${text} is ${found}`));
    else findings.push(problem("command", `${text} is not found`, "Install it, or correct argv in signalbox.yaml."));
  }
  return findings;
}

/** Each Ollama server that a type names, and whether it has the models; without such types, whether one is there. */
export async function checkOllama({ types }: Configuration, env: Environment): Promise<readonly Finding[]> {
  const wanted = new Map<string, { readonly address: URL; readonly models: Set<string> }>();
  for (const type of Object.values(types)) {
    if (type.runner !== "ollama") continue;
    const { options } = type;
    const address = addressOf(options.host, env);
    // An OLLAMA_HOST that cannot be read is reported with the type's options.
    if (address === null) continue;
    const known = wanted.get(address.href) ?? { address, models: new Set<string>() };
    wanted.set(address.href, known);
    known.models.add(options.model);
  }
  if (wanted.size === 0) return [await checkUnneeded(env)];
  const findings: Finding[] = [];
  for (const { address, models } of wanted.values())
    findings.push(...checkModels(address, await probeOllama(address), [...models]));
  return findings;
}

function checkModels(address: URL, probe: OllamaProbe, wanted: readonly string[]): readonly Finding[] {
  if (!probe.answers)
    return [
      problem(
        "ollama",
        `no Ollama answers at ${address.origin} (${probe.reason}), and it is needed for ${wanted.join(", ")}`,
        "Start it with `ollama serve`, or set OLLAMA_HOST to where it is.",
      ),
    ];
  const missing = wanted.filter((model) => !hasModel(probe.models, model));
  const is = `Ollama ${probe.version} at ${address.origin}`;
  if (missing.length === 0) return [ok("ollama", `${is} has ${wanted.join(", ")}`)];
  return missing.map((model) =>
    problem("ollama", `${is} does not have the model ${model}`, `Fetch it with \`ollama pull ${model}\`.`),
  );
}

async function checkUnneeded(env: Environment): Promise<Finding> {
  const address = addressOf(undefined, env);
  if (address === null) return warning("ollama", "OLLAMA_HOST is not an address; no type needs it");
  const probe = await probeOllama(address);
  if (!probe.answers) return ok("ollama", `none at ${address.origin}, and no type needs one`);
  const models = probe.models.map(({ name }) => name).join(", ") || "no models";
  return ok("ollama", `Ollama ${probe.version} at ${address.origin}: ${models}; no type uses it`);
}

function addressOf(host: string | undefined, env: Environment): URL | null {
  try {
    return ollamaAddress(host, env);
  } catch {
    return null;
  }
}
