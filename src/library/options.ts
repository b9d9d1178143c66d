/** What a program tells `startSignalbox`, and how that becomes a configuration like any other: checked, with defaults. */
import { resolve } from "node:path";
import type { JsonObject } from "../../events/json.js";
import type { Limits } from "../../events/limits.js";
import { crossCheck } from "../config/cross-checks.js";
import { check, type Finding, pathText } from "../config/findings.js";
import {
  type Configuration,
  type ConfigurationProblem,
  type ConnectionChoice,
  chooseConnection,
  describeProblems,
  type LoadedConfiguration,
  loadConfiguration,
} from "../config/index.js";
import { configurationSchema } from "../config/schema.js";
import type { JobFunction } from "../runners/index.js";

/** The options of `startSignalbox` cannot be used; the message names each one that is wrong. */
export class SignalboxOptionsError extends Error {
  override readonly name = "SignalboxOptionsError";
  readonly code = "signalbox-options";
}

/** A duration: `500ms`, `30s`, `10m`, `2h`, or a number of milliseconds. */
export type Duration = string | number;

/** A job type: its function, and what holds for its jobs unless a job says otherwise. */
export interface TypeDefinition {
  readonly run: JobFunction;
  /** Units of resource tags that a job holds while it runs: `{ollama: 1}`. */
  readonly resources?: Readonly<Record<string, number>>;
  /** An attempt that takes longer is aborted: its `run.signal` aborts. Default: none. */
  readonly timeout?: Duration;
  /** Attempts in all. Default 3. */
  readonly maxAttempts?: number;
  /** Waits between attempts. Default: 10s, 20s, 40s … up to 10m. */
  readonly backoff?: {
    readonly base?: Duration;
    readonly cap?: Duration;
    readonly factor?: number;
    readonly jitter?: boolean;
  };
  readonly params?: JsonObject;
  readonly labels?: Readonly<Record<string, string>>;
  /** From -1000 to 1000, higher first. Default 0. */
  readonly priority?: number;
}

export interface NatsServer {
  /** `nats://host:4222`; several with commas between. */
  readonly url: string;
  readonly creds?: string;
  readonly token?: string;
  readonly user?: string;
  readonly password?: string;
  readonly nkey?: string;
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

export interface SignalboxOptions<Type extends string = string> {
  /** Job types by name: a function, or a function with defaults for its jobs. They come on top of those of `config`. */
  readonly types: Readonly<Record<Type, JobFunction | TypeDefinition>>;
  /** Capacities. Default: those of `config`, else one job at a time. */
  readonly limits?: Limits;
  /** Default: those of `config`, else an embedded server of this process's own. */
  readonly nats?: "embedded" | string | NatsServer;
  /** Where the embedded server keeps its store. Default: `.signalbox` in the working folder. */
  readonly stateDir?: string;
  /** Schedulers with different namespaces share nothing. Default `signalbox`. */
  readonly namespace?: string;
  /** A signalbox.yaml to start from. It is not looked for: only a file that is named is read. */
  readonly config?: string;
  /** How long running jobs may go on after `close()`. Default 10s. */
  readonly grace?: Duration;
  /** How long a silent worker keeps its jobs. Default 30s. */
  readonly lease?: Duration;
  /** What is logged to standard error, as JSON lines. Default `warn`. */
  readonly logLevel?: "silent" | "error" | "warn" | "info" | "debug";
}

export interface Settings {
  readonly loaded: LoadedConfiguration;
  readonly connection: Exclude<ConnectionChoice, { readonly kind: "refused" }>;
  readonly functions: ReadonlyMap<string, JobFunction>;
  /** As given, for programs that connect to the same server. */
  readonly nats: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/** The settings of a scheduler from a program's options. Throws `SignalboxOptionsError` with everything that is wrong. */
export function settingsOf(options: SignalboxOptions): Settings {
  // Which server is used is the program's decision: these variables are for the command line.
  const env = { ...process.env, NATS_URL: undefined, SIGNALBOX_CONFIG: undefined, SIGNALBOX_NAMESPACE: undefined };
  const cwd = process.cwd();
  const { nats: given, types } = options;
  const functions = new Map<string, JobFunction>();
  for (const [name, type] of Object.entries<JobFunction | TypeDefinition>(types))
    functions.set(name, typeof type === "function" ? type : type.run);

  const loaded = withOptions(baseOf(options, env, cwd), options, cwd);
  const nats = typeof given === "string" ? given : undefined;
  const connection = chooseConnection({ nats, env, cwd, loaded });
  if (connection.kind === "refused") throw refusal(connection.problems);
  return { loaded, connection, functions, nats, env, cwd };
}

function baseOf(options: SignalboxOptions, env: Settings["env"], cwd: string): LoadedConfiguration | null {
  const { config: path, types } = options;
  if (path === undefined) return null;
  const loaded = loadConfiguration({ path, env, cwd, typesInCode: Object.keys(types) });
  if (loaded.kind === "refused") throw refusal(loaded.problems);
  return loaded;
}

/** The file's configuration, or the defaults, with what the program says on top. */
function withOptions(base: LoadedConfiguration | null, options: SignalboxOptions, cwd: string): LoadedConfiguration {
  const { types, limits, nats, stateDir, namespace, grace, lease } = options;
  const written = {
    types: Object.fromEntries(Object.entries(types).map(([name, type]) => [name, writtenType(type)])),
    ...given({ limits, stateDir, namespace, grace, lease, nats: typeof nats === "object" ? nats : undefined }),
  };
  const checked = check(configurationSchema, written);
  if (checked.findings !== undefined) throw refusal(checked.findings.map(problemOf));
  const told = checked.value;
  const from = base?.configuration ?? told;
  const configuration: Configuration = {
    ...from,
    ...(limits === undefined ? {} : { limits: told.limits, limitsGiven: true }),
    ...(typeof nats === "object" ? { nats: told.nats } : {}),
    ...(namespace === undefined ? {} : { namespace: told.namespace }),
    ...(grace === undefined ? {} : { graceMs: told.graceMs }),
    ...(lease === undefined ? {} : { leaseMs: told.leaseMs }),
    types: { ...from.types, ...told.types },
    // A path of the file is absolute already, from the file's folder.
    stateDir: base === null || stateDir !== undefined ? resolve(cwd, told.stateDir) : from.stateDir,
  };
  const crossed = crossCheck(configuration, []);
  if (crossed.length > 0) throw refusal(crossed.map(problemOf));
  if (base !== null) return { ...base, configuration };
  const problemAt = (path: readonly string[], message: string) => problemOf({ path, at: "value", message });
  return { kind: "loaded", configuration, warnings: [], file: null, folder: cwd, problemAt };
}

/** A function has no runner of its own to configure; what else holds for its type stands in the catalogue like any type's. */
function writtenType(type: JobFunction | TypeDefinition): object {
  if (typeof type === "function") return { runner: "nats" };
  const { run: _run, ...defaults } = type;
  return { ...given(defaults), runner: "nats" };
}

/** The members that were given: an absent setting is an absent key. */
function given(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

function problemOf({ path, at: _at, ...rest }: Finding): ConfigurationProblem {
  return { source: "startSignalbox", line: null, column: null, path: pathText(path), ...rest };
}

function refusal(problems: readonly ConfigurationProblem[]): SignalboxOptionsError {
  return new SignalboxOptionsError(describeProblems(problems));
}
