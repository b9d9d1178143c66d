/** Finds, reads and checks the configuration: everything that is wrong in it is reported at once, by line and column. */
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { adviseOn, crossCheck } from "./cross-checks.js";
import type { Environment } from "./environment.js";
import { check, type Finding, pathText } from "./findings.js";
import { type ConfigurationProblem, type ConfigurationRefusal, inFileOrder, problemIn, refuse } from "./problems.js";
import { type Configuration, configurationSchema, namespaceSchema } from "./schema.js";
import { readTextFile } from "./text-file.js";
import { readYaml, type YamlText } from "./yaml-text.js";

export interface ConfigurationSources {
  /** `--config`; relative to `cwd`. */
  readonly path?: string | undefined;
  /** `--namespace`, over SIGNALBOX_NAMESPACE, over the file. */
  readonly namespace?: string | undefined;
  readonly env: Environment;
  readonly cwd: string;
  /** Job types that a program adds in its code, so that limits and templates may name them. */
  readonly typesInCode?: readonly string[];
}

export interface LoadedConfiguration {
  readonly kind: "loaded";
  readonly configuration: Configuration;
  readonly warnings: readonly ConfigurationProblem[];
  /** The file, absolute; null if there is none and the defaults hold. */
  readonly file: string | null;
  /** Relative paths in the file start here: the file's folder, or `cwd`. */
  readonly folder: string;
  /** A problem that shows only later (a missing variable, a runner that cannot be made), with its place in the file. */
  problemAt(path: readonly string[], message: string): ConfigurationProblem;
}

const fileNames = ["signalbox.yaml", "signalbox.yml"];

/**
 * The configuration of `--config`, else of SIGNALBOX_CONFIG, else of signalbox.yaml (or .yml) in the working folder,
 * else the defaults. What is wrong is a value: a refusal with up to 20 problems.
 */
export function loadConfiguration(sources: ConfigurationSources): LoadedConfiguration | ConfigurationRefusal {
  const { env, cwd } = sources;
  const found = find(sources);
  if ("problem" in found) return refuse([found.problem]);
  const source = found.file === null ? "defaults" : shorten(found.file, cwd);

  const read = readYaml(source, found.text);
  if ("problems" in read) return refuse(read.problems);
  const toProblem = (finding: Finding) => problemOf(finding, source, found.file === null ? null : read.yaml);

  const checked = check(configurationSchema, read.yaml.value);
  if (checked.findings !== undefined) return refuse(checked.findings.map(toProblem));

  const namespace = overridingNamespace(sources);
  const crossed = crossCheck(checked.value, sources.typesInCode ?? []).map(toProblem);
  if ("problem" in namespace) return refuse([namespace.problem, ...crossed]);
  if (crossed.length > 0) return refuse(crossed);

  const folder = found.file === null ? cwd : dirname(found.file);
  return {
    kind: "loaded",
    configuration: {
      ...checked.value,
      namespace: namespace.value ?? checked.value.namespace,
      stateDir: resolvePath(checked.value.stateDir, folder, env),
    },
    warnings: inFileOrder([...found.warnings, ...adviseOn(checked.value, read.yaml.value).map(toProblem)]),
    file: found.file,
    folder,
    problemAt: (path, message) => toProblem({ path, at: "value", message }),
  };
}

/** A path from a configuration: `~/` is the home folder, a relative one starts in `folder`. */
export function resolvePath(path: string, folder: string, env: Environment): string {
  const home = env["HOME"] ?? "";
  return home !== "" && (path === "~" || path.startsWith("~/")) ? join(home, path.slice(1)) : resolve(folder, path);
}

type Found =
  | { readonly file: string | null; readonly text: string; readonly warnings: readonly ConfigurationProblem[] }
  | { readonly problem: ConfigurationProblem };

function find({ path, env, cwd }: ConfigurationSources): Found {
  const fromEnvironment = env["SIGNALBOX_CONFIG"] ?? "";
  if (path !== undefined) return readGiven(path, "--config", cwd);
  if (fromEnvironment !== "") return readGiven(fromEnvironment, "SIGNALBOX_CONFIG", cwd);
  for (const [index, name] of fileNames.entries()) {
    const file = join(cwd, name);
    const read = readTextFile(file);
    if (read.text !== undefined) return { file, text: read.text, warnings: ignoredFiles(cwd, name, index) };
    // A file that is there but unusable is not passed over: its owner believes that it holds.
    if (!read.absent) return { problem: { ...problemIn(name), line: read.line, message: read.problem } };
  }
  return { file: null, text: "", warnings: [] };
}

function readGiven(path: string, givenBy: string, cwd: string): Found {
  const file = resolve(cwd, path);
  const read = readTextFile(file);
  if (read.text !== undefined) return { file, text: read.text, warnings: [] };
  const message = `${read.problem} (given by ${givenBy})`;
  return { problem: { ...problemIn(shorten(file, cwd)), line: read.line, message } };
}

function ignoredFiles(cwd: string, used: string, index: number): readonly ConfigurationProblem[] {
  return fileNames.slice(index + 1).flatMap((name) => {
    const read = readTextFile(join(cwd, name));
    const there = read.text !== undefined || !read.absent;
    return there ? [{ ...problemIn(name), message: `is not used, because ${used} is there too` }] : [];
  });
}

function overridingNamespace({ namespace, env }: ConfigurationSources) {
  const given =
    namespace !== undefined
      ? { source: "--namespace", text: namespace }
      : { source: "SIGNALBOX_NAMESPACE", text: env["SIGNALBOX_NAMESPACE"] ?? "" };
  if (namespace === undefined && given.text === "") return { value: null };
  const checked = check(namespaceSchema, given.text);
  if (checked.findings === undefined) return { value: checked.value };
  const message = checked.findings[0]?.message ?? "is not a namespace";
  return { problem: { ...problemIn(given.source), message: `${JSON.stringify(given.text)} ${message}` } };
}

function problemOf({ path, at, ...rest }: Finding, source: string, yaml: YamlText | null): ConfigurationProblem {
  const place = yaml === null ? { line: null, column: null } : yaml.locate(path, at);
  return { source, ...place, path: pathText(path), ...rest };
}

/** The path as the user would write it: relative if that does not lead out of the working folder. */
function shorten(file: string, cwd: string): string {
  const short = relative(cwd, file);
  return short === "" || short.startsWith("..") || isAbsolute(short) ? file : short;
}
