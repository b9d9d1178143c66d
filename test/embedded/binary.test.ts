/** Where the nats-server binary comes from: the order, the fetches, and what is refused (D10). */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { thisDistribution } from "../../src/embedded/apt.js";
import { findNamedNatsServer, findNatsServer } from "../../src/embedded/binary.js";
import { NatsBinaryError } from "../../src/embedded/errors.js";
import { fetchRelease } from "../../src/embedded/release.js";
import { isAtLeast, PINNED_VERSION, VERSION_MIN } from "../../src/embedded/version.js";
import { freshFolder, writeScript } from "./folders.js";
import { startReleaseHost } from "./release-host.js";

/** Nothing listens on port 1 of loopback: a host that cannot be reached. */
const unreachable = "http://127.0.0.1:1";
const program = (version: string): string => `echo "nats-server: v${version}"`;

describe("the order in which a binary is looked for", () => {
  test("given SIGNALBOX_NATS_SERVER, when one is on the PATH too, then the named one is taken", async () => {
    const folder = await freshFolder();
    const named = await writeScript(join(folder, "mine"), program("2.12.3"));
    await writeScript(join(folder, "bin", "nats-server"), program("2.14.0"));
    const env = { SIGNALBOX_NATS_SERVER: named, PATH: join(folder, "bin"), XDG_CACHE_HOME: folder };
    const expected = { path: named, version: "2.12.3", source: "configured", warning: null };
    expect(await findNatsServer({ env })).toEqual(expected);
  });

  test("given SIGNALBOX_NATS_SERVER names an old server, then it is taken, with a warning", async () => {
    const named = await writeScript(join(await freshFolder(), "old"), program("2.9.10"));
    const binary = await findNatsServer({ env: { SIGNALBOX_NATS_SERVER: named } });
    expect(binary.warning).toContain(`older than ${VERSION_MIN}`);
  });

  test("given SIGNALBOX_NATS_SERVER names no nats-server, then it is an error that says so, not a reason to look on", async () => {
    const other = await writeScript(join(await freshFolder(), "other"), "echo hello");
    const missing = findNatsServer({ env: { SIGNALBOX_NATS_SERVER: "/nonexistent" } });
    await expect(missing).rejects.toThrow(/SIGNALBOX_NATS_SERVER names \/nonexistent.*ENOENT/);
    const wrong = findNatsServer({ env: { SIGNALBOX_NATS_SERVER: other } });
    await expect(wrong).rejects.toThrow(/printed "hello", not a nats-server's version/);
    await expect(wrong).rejects.toBeInstanceOf(NatsBinaryError);
  });

  test("given an old and a recent one on the PATH, then the old one is passed over", async () => {
    const folder = await freshFolder();
    await writeScript(join(folder, "one", "nats-server"), program("2.10.22"));
    const recent = await writeScript(join(folder, "two", "nats-server"), program("2.10.23"));
    const env = { PATH: `${join(folder, "one")}:${join(folder, "two")}`, XDG_CACHE_HOME: folder };
    expect(await findNatsServer({ env })).toMatchObject({ path: recent, source: "path" });
  });

  test("given only an old one on the PATH, then the cached one is taken and nothing is fetched", async () => {
    const folder = await freshFolder();
    await using host = await startReleaseHost(PINNED_VERSION);
    await writeScript(join(folder, "bin", "nats-server"), program("2.9.10"));
    const place = join(folder, "signalbox", "nats-server", PINNED_VERSION, "nats-server");
    const cached = await writeScript(place, program(PINNED_VERSION));
    const env = { PATH: join(folder, "bin"), XDG_CACHE_HOME: folder };
    const found = await findNatsServer({ env, releaseBaseUrl: host.baseUrl });
    expect(found).toMatchObject({ path: cached, source: "cache" });
    expect(host.asked).toEqual([]);
  });
});

describe("a fetch from the official release", () => {
  test("given an empty cache, then the archive is fetched once, and found in the cache from then on", async () => {
    const cache = await freshFolder();
    await using host = await startReleaseHost(PINNED_VERSION);
    const progress: string[] = [];
    const options = { env: { XDG_CACHE_HOME: cache }, releaseBaseUrl: host.baseUrl };
    const first = await findNatsServer({ ...options, onProgress: (text) => progress.push(text) });
    expect(first).toMatchObject({ version: PINNED_VERSION, source: "release", warning: null });
    expect(progress).toEqual([`fetching nats-server ${PINNED_VERSION} from ${new URL(host.baseUrl).host}`]);
    const askedAtFirst = host.asked.length;
    expect(await findNatsServer(options)).toMatchObject({ path: first.path, source: "cache" });
    expect(host.asked.length).toBe(askedAtFirst);
  });

  test("given a damaged binary in the cache, then it is replaced", async () => {
    const cache = await freshFolder();
    await using host = await startReleaseHost(PINNED_VERSION);
    const place = join(cache, "signalbox", "nats-server", PINNED_VERSION, "nats-server");
    await writeScript(place, "exit 1");
    await writeFile(place, "half a bin");
    const options = { env: { XDG_CACHE_HOME: cache }, releaseBaseUrl: host.baseUrl };
    expect(await findNatsServer(options)).toMatchObject({ path: place, source: "release" });
    expect(await findNatsServer(options)).toMatchObject({ path: place, source: "cache" });
  });

  test("given an archive whose checksum is another than the published one, then it is refused and not unpacked", async () => {
    const work = await freshFolder();
    await using host = await startReleaseHost(PINNED_VERSION, { wrongSum: true });
    await expect(fetchRelease(host.baseUrl, PINNED_VERSION, work)).rejects.toThrow(/SHA-256 .* says 0{64}: refused/);
    expect(await readdir(work)).toEqual([]);
  });

  test("given a release without checksums for this machine, then it is refused before the archive is fetched", async () => {
    await using host = await startReleaseHost("2.0.0");
    const work = await freshFolder();
    await expect(fetchRelease(host.baseUrl, PINNED_VERSION, work)).rejects.toThrow("the host answered 404");
    expect(host.asked).toEqual([`/v${PINNED_VERSION}/SHA256SUMS`]);
  });

  test("given a host that takes the request and is silent, then the fetch ends after seconds", async () => {
    await using host = await startReleaseHost(PINNED_VERSION, { silent: true });
    const started = performance.now();
    await expect(fetchRelease(host.baseUrl, PINNED_VERSION, await freshFolder())).rejects.toThrow(
      "no answer in 4000 ms",
    );
    expect(performance.now() - started).toBeLessThan(8_000);
  });

  test("given an answer that is larger than it may be, then it is refused", async () => {
    await using host = await startReleaseHost(PINNED_VERSION, { paddingBytes: 70_000 });
    const fetched = fetchRelease(host.baseUrl, PINNED_VERSION, await freshFolder());
    await expect(fetched).rejects.toThrow("more than the 65536 bytes");
  });

  test("given several processes that fetch at the same time, then each gets a whole binary and nothing is left over", async () => {
    const cache = await freshFolder();
    await using host = await startReleaseHost(PINNED_VERSION, { askedTogether: 2 });
    const module = pathToFileURL(join(import.meta.dirname, "../../dist/src/embedded/binary.js")).href;
    const code = `
      import { findNatsServer } from ${JSON.stringify(module)};
      const options = { env: { XDG_CACHE_HOME: ${JSON.stringify(cache)} }, releaseBaseUrl: ${JSON.stringify(host.baseUrl)} };
      console.log(JSON.stringify(await findNatsServer(options)));`;
    const argv = ["--input-type=module", "-e", code];
    const runs = await Promise.all([1, 2, 3, 4].map(() => promisify(execFile)(process.execPath, argv)));
    for (const run of runs) expect(JSON.parse(run.stdout)).toMatchObject({ version: PINNED_VERSION });
    expect(host.asked.filter((path) => path.endsWith(".tar.gz")).length).toBeGreaterThan(1);
    expect(await readdir(join(cache, "signalbox", "nats-server"))).toEqual([PINNED_VERSION]);
  });
});

const distribution = await thisDistribution();
const aptTestTimeoutMs = 120_000;

/** A test that needs the distribution's mirror is skipped, and says so, where there is no network. */
async function orSkip<T>(fetching: Promise<T>, skip: (note: string) => never): Promise<T> {
  try {
    return await fetching;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const noNetwork = /Could not resolve|Could not connect|Unable to connect|Temporary failure|timed out/;
    return noNetwork.test(message)
      ? skip(`the distribution's mirror cannot be reached: ${message}`)
      : Promise.reject(error);
  }
}

const where = distribution === null ? " (skipped: this is neither Debian nor Ubuntu)" : "";
describe.skipIf(distribution === null)(`a fetch from the distribution${where}`, () => {
  test("given a release host that cannot be reached, then the latest suite's package is fetched and works", {
    timeout: aptTestTimeoutMs,
  }, async ({ skip }) => {
    const cache = await freshFolder();
    const options = { env: { XDG_CACHE_HOME: cache }, releaseBaseUrl: unreachable };
    const binary = await orSkip(findNatsServer(options), skip);
    expect(binary).toMatchObject({ source: "distribution", warning: null });
    expect(isAtLeast(binary.version, VERSION_MIN)).toBe(true);
    expect(await findNatsServer(options)).toMatchObject({ version: binary.version, source: "cache" });
    const kept = await readdir(join(cache, "signalbox", "nats-server"));
    expect(new Set(kept)).toEqual(new Set([binary.version, PINNED_VERSION]));
  });

  test.skipIf(distribution?.id !== "debian")(
    "given the name 2.9, then Debian 12's own version is fetched, and it alone",
    { timeout: aptTestTimeoutMs },
    async ({ skip }) => {
      const cache = await freshFolder();
      const options = { env: { XDG_CACHE_HOME: cache }, releaseBaseUrl: unreachable };
      const binary = await orSkip(findNamedNatsServer("2.9", options), skip);
      expect(binary.version).toMatch(/^2\.9\./);
      expect(existsSync(join(cache, "signalbox", "nats-server", "2.9", "nats-server"))).toBe(true);
      expect(await findNamedNatsServer("2.9", options)).toMatchObject({ version: binary.version, source: "cache" });
    },
  );
});
