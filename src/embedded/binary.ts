/**
 * Finds the nats-server binary, or fetches it once (D10).
 *
 * Order: the one that the user names; one on the PATH if it is recent enough; the cache; then a fetch into the cache,
 * from the official release, or else from the distribution's latest suite; then whatever usable one the cache holds;
 * and as the last resort the distribution's own package, however old, with a warning.
 */
import { delimiter, join } from "node:path";
import { fetchByApt, thisDistribution } from "./apt.js";
import { cachedBinary, cachedVersions, cacheFolder, keepBinary, withWorkFolder } from "./cache.js";
import { messageOf, NatsBinaryError } from "./errors.js";
import { fetchRelease, RELEASE_BASE_URL } from "./release.js";
import { askVersion, isAtLeast, PINNED_VERSION, VERSION_MIN } from "./version.js";

export interface NatsBinary {
  readonly path: string;
  /** `x.y.z`, as the binary itself says. */
  readonly version: string;
  readonly source: "configured" | "path" | "cache" | "release" | "distribution";
  /** What the user should know about this choice, or null. */
  readonly warning: string | null;
}

export interface FindOptions {
  /** The environment: `SIGNALBOX_NATS_SERVER`, `PATH`, `XDG_CACHE_HOME`. Default: the process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** Default: `RELEASE_BASE_URL`. */
  readonly releaseBaseUrl?: string;
  /** Told in one line what is being done, when it may take seconds. */
  readonly onProgress?: (text: string) => void;
}

/** The versions of the test matrix: Debian 12's, Debian 13's, and the default. */
export type NamedVersion = "2.9" | "2.10" | "current";
export const NAMED_VERSIONS: readonly NamedVersion[] = ["2.9", "2.10", "current"];

const namedSources = {
  "2.9": { release: "2.9.10", suite: "bookworm" },
  "2.10": { release: "2.10.27", suite: "trixie" },
} as const;

/** The binary to run, by the order above. Throws `NatsBinaryError` if there is none to be had. */
export async function findNatsServer(options: FindOptions = {}): Promise<NatsBinary> {
  const env = options.env ?? process.env;
  const configured = env["SIGNALBOX_NATS_SERVER"];
  if (configured !== undefined && configured !== "") return configuredBinary(configured);
  const onPath = await binaryOnPath(env);
  if (onPath !== null) return onPath;
  const cache = cacheFolder(env);
  const cached = await cachedBinary(cache, PINNED_VERSION);
  if (cached !== null) return { ...cached, source: "cache", warning: null };

  const failures: string[] = [];
  const fetched = await fetchInto(cache, PINNED_VERSION, PINNED_VERSION, "latest", options, failures);
  if (fetched !== null) return fetched;
  return lastResort(cache, options, failures);
}

/**
 * The binary of a named version, for the test matrix; `current` is what `findNatsServer` gives.
 * Throws `NatsBinaryError` if it is not to be had, so that a test can be skipped with that reason.
 */
export async function findNamedNatsServer(name: NamedVersion, options: FindOptions = {}): Promise<NatsBinary> {
  if (name === "current") return findNatsServer(options);
  const cache = cacheFolder(options.env ?? process.env);
  const cached = await cachedBinary(cache, name);
  if (cached !== null) return { ...cached, source: "cache", warning: null };
  const failures: string[] = [];
  const { release, suite } = namedSources[name];
  const fetched = await fetchInto(cache, name, release, suite, options, failures);
  if (fetched?.version.startsWith(`${name}.`) === true) return fetched;
  if (fetched !== null) failures.push(`suite ${suite} carries ${fetched.version}`);
  throw new NatsBinaryError(`nats-server ${name} is not to be had: ${failures.join(" | ")}`);
}

async function configuredBinary(path: string): Promise<NatsBinary> {
  try {
    const version = await askVersion(path);
    return {
      path,
      version,
      source: "configured",
      warning: isAtLeast(version, VERSION_MIN) ? null : oldWarning(version),
    };
  } catch (error) {
    throw new NatsBinaryError(
      `SIGNALBOX_NATS_SERVER names ${path}, which does not run: ${messageOf(error)}. ` +
        "Set it to the path of a nats-server binary, or unset it to have one found.",
      { cause: error },
    );
  }
}

async function binaryOnPath(env: NodeJS.ProcessEnv): Promise<NatsBinary | null> {
  for (const folder of (env["PATH"] ?? "").split(delimiter)) {
    if (folder === "") continue;
    const path = join(folder, "nats-server");
    const version = await askVersion(path).catch(() => null);
    if (version !== null && isAtLeast(version, VERSION_MIN)) return { path, version, source: "path", warning: null };
  }
  return null;
}

/**
 * Tries the release, then the distribution's `suite`; null, with the reasons added to `failures`, if neither gives it.
 */
async function fetchInto(
  cache: string,
  key: string,
  release: string,
  suite: string,
  options: FindOptions,
  failures: string[],
): Promise<NatsBinary | null> {
  const say = options.onProgress ?? (() => {});
  const baseUrl = options.releaseBaseUrl ?? RELEASE_BASE_URL;
  try {
    return await withWorkFolder(cache, async (work): Promise<NatsBinary | null> => {
      try {
        say(`fetching nats-server ${release} from ${new URL(baseUrl).host}`);
        const file = await fetchRelease(baseUrl, release, work);
        return { ...(await keepBinary(cache, work, key, file)), source: "release", warning: null };
      } catch (error) {
        failures.push(`the official release: ${messageOf(error)}`);
      }
      try {
        const distribution = await thisDistribution();
        if (distribution === null) throw new Error("this is neither Debian nor Ubuntu");
        const wanted = suite === "latest" ? distribution.latestSuite : suite;
        say(`fetching nats-server from ${distribution.id}'s suite ${wanted}`);
        const file = await fetchByApt(distribution, wanted, work);
        return { ...(await keepBinary(cache, work, key, file)), source: "distribution", warning: null };
      } catch (error) {
        failures.push(`the distribution's package: ${messageOf(error)}`);
      }
      return null;
    });
  } catch (error) {
    failures.push(`the cache ${cache}: ${messageOf(error)}`);
    return null;
  }
}

/**
 * The latest that the cache holds, else the distribution's own package: better an old server with a warning than none.
 */
async function lastResort(cache: string, options: FindOptions, failures: string[]): Promise<NatsBinary> {
  const kept = [...(await cachedVersions(cache))].sort((one, other) => (isAtLeast(one, other) ? -1 : 1));
  for (const version of kept) {
    const binary = await cachedBinary(cache, version);
    if (binary === null) continue;
    const why = `no current nats-server could be fetched (${failures.join(" | ")})`;
    const warning = isAtLeast(version, VERSION_MIN) ? `${why}; using ${version} from the cache` : oldWarning(version);
    return { ...binary, source: "cache", warning };
  }
  try {
    const distribution = await thisDistribution();
    if (distribution === null) throw new Error("this is neither Debian nor Ubuntu");
    options.onProgress?.(`fetching nats-server from ${distribution.id}'s own suite ${distribution.codename}`);
    return await withWorkFolder(cache, async (work): Promise<NatsBinary> => {
      const file = await fetchByApt(distribution, distribution.codename, work);
      const binary = await keepBinary(cache, work, distribution.codename, file);
      const warning = isAtLeast(binary.version, VERSION_MIN) ? null : oldWarning(binary.version);
      return { ...binary, source: "distribution", warning };
    });
  } catch (error) {
    failures.push(`the distribution's own suite: ${messageOf(error)}`);
  }
  throw new NatsBinaryError(
    `no nats-server ${VERSION_MIN} or later was found on the PATH, and none could be fetched:\n` +
      `${failures.map((failure) => `  - ${failure}\n`).join("")}` +
      "Install one from https://nats.io/download and put it on the PATH, set SIGNALBOX_NATS_SERVER to its path, " +
      "or use a server that runs elsewhere with --nats <url>.",
  );
}

const oldWarning = (version: string): string =>
  `nats-server ${version} is older than ${VERSION_MIN}: a power failure can lose what it has acknowledged, ` +
  "and known faults are not repaired in it. Install a current one (https://nats.io/download).";
