/**
 * Which NATS server to use, and as whom: options, environment, the tool's contexts and the file, turned into one value.
 *
 * The first that is given wins: --nats, --context, NATS_URL, `nats` of the file, else the embedded server. Logins are
 * never mixed: the file's password does not go to an address of the command line.
 */
import { accessSync, constants } from "node:fs";
import { type Environment, fillFromEnvironment } from "./environment.js";
import { type LoadedConfiguration, resolvePath } from "./load.js";
import { readNatsContext } from "./nats-context.js";
import { type ConfigurationProblem, type ConfigurationRefusal, problemIn, refuse } from "./problems.js";
import { parseServers } from "./server-address.js";

/** Plain data for the one file that opens connections. Paths are absolute. */
export interface ConnectionSettings {
  /** `nats://host:port`, at least one, without secrets. */
  readonly servers: readonly string[];
  readonly credsPath?: string;
  readonly token?: string;
  readonly user?: string;
  readonly pass?: string;
  readonly nkeyPath?: string;
  /** Present: TLS is demanded. */
  readonly tls?: {
    readonly caFile?: string;
    readonly certFile?: string;
    readonly keyFile?: string;
    readonly handshakeFirst?: boolean;
  };
}

export type ConnectionChoice =
  | { readonly kind: "embedded" }
  /** `source` says who chose it, for people: `--nats`, `context prod`, `NATS_URL`, `nats of signalbox.yaml`. */
  | { readonly kind: "server"; readonly settings: ConnectionSettings; readonly source: string }
  | ConfigurationRefusal;

export interface ConnectionSources {
  /** `--nats`: an address, or `embedded`. */
  readonly nats?: string | undefined;
  /** `--context`: a name, or null for the selected context. */
  readonly context?: string | null | undefined;
  /** `--creds`: a file; goes with whatever server is chosen, in place of its other logins. */
  readonly creds?: string | undefined;
  readonly env: Environment;
  readonly cwd: string;
  readonly loaded: LoadedConfiguration;
}

/** What one place gives, before it is checked. Empty text means "not given". */
interface Given {
  readonly url: string;
  readonly creds?: string | undefined;
  readonly token?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly nkey?: string | undefined;
  readonly tls?: TlsFiles | undefined;
}

interface TlsFiles {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly first?: boolean;
}

interface Place {
  readonly source: string;
  /** Makes a path of this place absolute. */
  readonly resolve: (path: string) => string;
  readonly problem: (key: string, message: string) => ConfigurationProblem;
}

/** Chooses the server. A refusal names what is wrong and where it was given; a secret is never in it. */
export function chooseConnection(sources: ConnectionSources): ConnectionChoice {
  const { nats, context, env } = sources;
  if (nats !== undefined && context !== undefined)
    return refuse([{ ...problemIn("--context"), message: "cannot go together with --nats; keep one" }]);
  if (nats !== undefined) return fromAddress(nats, "--nats", sources);
  if (context !== undefined) return fromContext(context, sources);
  const url = env["NATS_URL"] ?? "";
  return url !== "" ? fromAddress(url, "NATS_URL", sources) : fromFile(sources);
}

function fromAddress(url: string, source: string, sources: ConnectionSources): ConnectionChoice {
  if (url === "embedded") return { kind: "embedded" };
  const place: Place = {
    source,
    resolve: (path) => resolvePath(path, sources.cwd, sources.env),
    problem: (key, message) => ({ ...problemIn(key === "creds" ? "NATS_CREDS" : source), message }),
  };
  return settle({ url, creds: sources.env["NATS_CREDS"] }, place, sources);
}

function fromContext(name: string | null, sources: ConnectionSources): ConnectionChoice {
  const read = readNatsContext(name, sources.env);
  if ("message" in read) return refuse([read]);
  const { url, token, user, password, creds, nkey, ca, cert, key, tls_first: first } = read.context;
  const tls = first || [ca, cert, key].some((file) => file !== "") ? { ca, cert, key, first } : undefined;
  const place: Place = {
    source: `context ${read.name}`,
    resolve: (path) => resolvePath(path, sources.cwd, sources.env),
    problem: (path, message) => ({ ...problemIn(read.file), path, message }),
  };
  // As in the tool, an empty address is the usual local one.
  return settle({ url: url || "nats://127.0.0.1:4222", creds, token, user, password, nkey, tls }, place, sources);
}

function fromFile(sources: ConnectionSources): ConnectionChoice {
  const { loaded, env } = sources;
  const { nats } = loaded.configuration;
  if (nats === "embedded") return { kind: "embedded" };
  const problem: Place["problem"] = (key, message) => loaded.problemAt(["nats", ...key.split(".")], message);
  const problems: ConfigurationProblem[] = [];
  const fill = (key: string, text: string | undefined): string | undefined => {
    const filled = fillFromEnvironment(text ?? "", env);
    if (!("missing" in filled)) return filled.text;
    problems.push(problem(key, `the environment variable ${filled.missing} is not set`));
    return undefined;
  };
  const given: Given = {
    url: fill("url", nats.url) ?? "",
    creds: fill("creds", nats.creds),
    token: fill("token", nats.token),
    user: fill("user", nats.user),
    password: fill("password", nats.password),
    nkey: fill("nkey", nats.nkey),
    tls: nats.tls && {
      ca: fill("tls.ca", nats.tls.ca),
      cert: fill("tls.cert", nats.tls.cert),
      key: fill("tls.key", nats.tls.key),
    },
  };
  if (problems.length > 0) return refuse(problems);
  const { source: file } = problem("url", "");
  return settle(
    given,
    { source: `nats of ${file}`, resolve: (path) => resolvePath(path, loaded.folder, env), problem },
    sources,
  );
}

/** Checks what one place gives, and turns it into settings. */
function settle(given: Given, place: Place, { creds, cwd, env }: ConnectionSources): ConnectionChoice {
  const problems: ConfigurationProblem[] = [];
  const file = (key: string, path: string | undefined): string | undefined => {
    if (path === undefined || path === "") return undefined;
    const absolute = place.resolve(path);
    if (!isReadable(absolute)) problems.push(place.problem(key, `the file ${absolute} is not there or not readable`));
    return absolute;
  };
  const address = parseServers(given.url);
  if ("problem" in address) return refuse([place.problem("url", address.problem)]);
  const { servers, tls: byScheme, ...inAddress } = address;

  let login: Login;
  if (creds !== undefined) {
    const credsPath = resolvePath(creds, cwd, env);
    if (!isReadable(credsPath))
      problems.push({ ...problemIn("--creds"), message: `the file ${credsPath} is not there or not readable` });
    login = { credsPath };
  } else if (Object.keys(inAddress).length > 0) login = inAddress;
  else if (given.user) login = { user: given.user, pass: given.password ?? "" };
  else if (given.creds) login = present({ credsPath: file("creds", given.creds) });
  else if (given.nkey) login = present({ nkeyPath: file("nkey", given.nkey) });
  else if (given.token) login = { token: given.token };
  else login = {};

  const tls = given.tls ?? (byScheme ? {} : undefined);
  const tlsFiles = tls && {
    ...present({
      caFile: file("tls.ca", tls.ca),
      certFile: file("tls.cert", tls.cert),
      keyFile: file("tls.key", tls.key),
    }),
    ...(tls.first === true ? { handshakeFirst: true } : {}),
  };
  if (problems.length > 0) return refuse(problems);
  return { kind: "server", settings: { servers, ...login, ...present({ tls: tlsFiles }) }, source: place.source };
}

type Login = Pick<ConnectionSettings, "credsPath" | "token" | "user" | "pass" | "nkeyPath">;

/** The members that have a value: an absent setting is an absent key. */
function present<T extends Record<string, unknown>>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept: { [K in keyof T]?: Exclude<T[K], undefined> } = {};
  Object.assign(kept, Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)));
  return kept;
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
