/**
 * Fetches nats-server as the distribution's package, on Debian and Ubuntu, without root and without installing
 * anything.
 *
 * A private apt directory (sources, lists, cache) names another suite of the machine's own mirror; apt itself checks
 * the archive's signature. So no host name stands here, and proxies and mirrors that the machine is set up for are
 * used.
 */
import { access, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "./errors.js";
import { runProgram } from "./program.js";

const askTimeoutMs = 20_000;
const updateTimeoutMs = 120_000;
const downloadTimeoutMs = 120_000;
const unpackTimeoutMs = 60_000;
const connectTimeoutSeconds = 5;
/** A machine may name several mirrors, also foreign ones that have no such suite; more than this are not tried. */
const mirrorsMax = 3;

/** What differs between the distributions that apt serves. */
interface Distribution {
  readonly id: "debian" | "ubuntu";
  /** The code name of the installed release, also the name of its own suite. */
  readonly codename: string;
  readonly component: string;
  readonly keyring: string;
  /** The suite with the latest packages. */
  readonly latestSuite: string;
}

/** The distribution of this machine, or null if it is none that we can fetch from. Reads `/etc/os-release`. */
export async function thisDistribution(): Promise<Distribution | null> {
  const text = await readFile("/etc/os-release", "utf8").catch(() => "");
  const value = (key: string): string | undefined => new RegExp(`^${key}="?([^"\\n]*)"?$`, "m").exec(text)?.[1];
  const id = value("ID");
  const codename = value("VERSION_CODENAME");
  if (codename === undefined || !/^[a-z]+$/.test(codename)) return null;
  const keyring = `/usr/share/keyrings/${id}-archive-keyring.gpg`;
  if (id === "debian") return { id, codename, component: "main", keyring, latestSuite: "sid" };
  if (id === "ubuntu") return { id, codename, component: "universe", keyring, latestSuite: "devel" };
  return null;
}

/**
 * Downloads and unpacks the package of `suite` into `work` and returns the binary's path there.
 * Throws if no mirror of the machine gives it, or a signature is not the distribution's.
 */
export async function fetchByApt(distribution: Distribution, suite: string, work: string): Promise<string> {
  const mirrors = await mirrorsOf(distribution);
  if (mirrors.length === 0) throw new Error("apt-get names no mirror of the distribution in its sources");
  const failures: string[] = [];
  for (const [index, mirror] of mirrors.slice(0, mirrorsMax).entries()) {
    const folder = join(work, `apt-${suite}-${index}`);
    try {
      return await fetchFrom(mirror, distribution, suite, folder);
    } catch (error) {
      failures.push(withoutCredentials(`${mirror}: ${messageOf(error)}`));
    }
  }
  throw new Error(failures.join("; "));
}

async function fetchFrom(mirror: string, from: Distribution, suite: string, folder: string): Promise<string> {
  await access(from.keyring);
  const partial = ["lists/partial", "cache/archives/partial", "empty", "package"];
  for (const name of partial) await mkdir(join(folder, name), { recursive: true });
  // `target` leaves out translations, desktop and file lists, which other packages may have switched on for the
  // machine.
  const options = `signed-by=${from.keyring} target=Packages pdiffs=no`;
  await writeFile(join(folder, "sources.list"), `deb [${options}] ${mirror} ${suite} ${from.component}\n`);
  const settings = join(folder, "apt.conf");
  await writeFile(settings, aptSettings(folder));
  await runProgram("apt-get", ["-c", settings, "-qq", "update"], { timeoutMs: updateTimeoutMs });
  const argv = ["-c", settings, "-qq", "download", "nats-server"];
  await runProgram("apt-get", argv, { timeoutMs: downloadTimeoutMs, cwd: join(folder, "package") });
  const [packageName] = await readdir(join(folder, "package"));
  if (packageName === undefined) throw new Error(`apt-get downloaded nothing from suite ${suite}`);
  const root = join(folder, "root");
  await runProgram("dpkg-deb", ["-x", join(folder, "package", packageName), root], { timeoutMs: unpackTimeoutMs });
  for (const binFolder of ["usr/sbin", "usr/bin"]) {
    const file = join(root, binFolder, "nats-server");
    if (await isThere(file)) return file;
  }
  throw new Error(`the package ${packageName} holds no nats-server binary`);
}

/** Settings in a file, not options: only a file can clear the hooks that the machine runs after its own updates. */
function aptSettings(folder: string): string {
  const quoted = (name: string): string => `"${join(folder, name)}"`;
  return [
    "#clear APT::Update::Pre-Invoke;",
    "#clear APT::Update::Post-Invoke;",
    "#clear APT::Update::Post-Invoke-Success;",
    `Dir::Etc::sourcelist ${quoted("sources.list")};`,
    `Dir::Etc::sourceparts ${quoted("empty")};`,
    `Dir::Etc::preferences ${quoted("none")};`,
    `Dir::Etc::preferencesparts ${quoted("empty")};`,
    `Dir::State::lists ${quoted("lists")};`,
    `Dir::Cache ${quoted("cache")};`,
    'APT::Default-Release "";',
    // As root, apt fetches as the user _apt, who may not enter our folders.
    ...(process.getuid?.() === 0 ? ['APT::Sandbox::User "root";'] : []),
    // An update that reached nothing must fail, not be satisfied with the empty lists that it has.
    'APT::Update::Error-Mode "any";',
    'Acquire::Retries "1";',
    `Acquire::http::ConnectionAttemptDelayMsec "250";`,
    `Acquire::http::Timeout "${connectTimeoutSeconds}";`,
    `Acquire::https::Timeout "${connectTimeoutSeconds}";`,
    "",
  ].join("\n");
}

/** The addresses of the mirrors in the machine's apt sources that carry the distribution itself, likeliest first. */
async function mirrorsOf(distribution: Distribution): Promise<readonly string[]> {
  // `--no-release-info` makes apt answer from the sources alone, also where `apt-get update` was never run.
  const argv = ["indextargets", "--no-release-info", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)"];
  const { stdout } = await runProgram("apt-get", argv, { timeoutMs: askTimeoutMs });
  const rows = stdout.split("\n").map((line) => line.split(" "));
  // Sources may name a release by its code name or by its role; foreign repositories use either, hence the order.
  const releases = [distribution.codename, "stable", "oldstable", "testing", "unstable", "sid"];
  const found = new Set<string>();
  for (const wanted of releases) {
    for (const [mirror, release, component] of rows) {
      const isAddress = mirror !== undefined && /^[a-z+]+:[^\s[\]]+$/.test(mirror);
      if (isAddress && release === wanted && component === "main") found.add(mirror);
    }
  }
  const named = (mirror: string): number => (mirror.includes(`/${distribution.id}/`) ? 0 : 1);
  return [...found].sort((one, other) => named(one) - named(other));
}

/** The machine's sources may name a mirror with a password in its address. */
const withoutCredentials = (text: string): string => text.replaceAll(/\/\/[^/\s]*@/g, "//");

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
