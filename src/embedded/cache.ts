/**
 * The user's cache of nats-server binaries: `signalbox/nats-server/<version>/nats-server`.
 *
 * A fetch unpacks into a folder of its own beside, and the finished file is renamed into place. A rename is atomic, so
 * several processes may fetch at once: each sees no file or a whole one, and the last one's is as good as the first's.
 */
import { chmod, lstat, mkdir, mkdtemp, readdir, rename, rm, stat, symlink } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { askVersion } from "./version.js";

const workPrefix = ".fetch-";
/** A work folder this old was left by a process that was killed: no fetch is allowed to take so long. */
const workAgeMaxMs = 60 * 60 * 1000;

/** Where binaries are kept: below `$XDG_CACHE_HOME`, else `~/.cache`. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  const configured = env["XDG_CACHE_HOME"];
  // The XDG specification says that a relative path is invalid and to be ignored.
  const base = configured !== undefined && isAbsolute(configured) ? configured : join(homedir(), ".cache");
  return join(base, "signalbox", "nats-server");
}

/** The binary kept under `key`, or null if there is none that runs here. */
export async function cachedBinary(cache: string, key: string): Promise<{ path: string; version: string } | null> {
  const path = join(cache, key, "nats-server");
  try {
    await stat(path);
    return { path, version: await askVersion(path) };
  } catch {
    // Absent, damaged or for another processor: a fetch replaces it.
    return null;
  }
}

/** The versions that the cache holds, in no order. */
export async function cachedVersions(cache: string): Promise<readonly string[]> {
  const names = await readdir(cache).catch(() => []);
  return names.filter((name) => /^\d+\.\d+\.\d+$/.test(name));
}

/** Gives `work` an empty folder on the cache's file system, and removes it afterwards whatever happens. */
export async function withWorkFolder<T>(cache: string, work: (folder: string) => Promise<T>): Promise<T> {
  await mkdir(cache, { recursive: true });
  await removeAbandoned(cache);
  const folder = await mkdtemp(join(cache, workPrefix));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Moves the unpacked binary at `file` into the cache and returns where it is and what it is. It is kept under its own
 * version, and under `key` too if it is another: the distribution may carry a later version than the one asked for.
 */
export async function keepBinary(
  cache: string,
  work: string,
  key: string,
  file: string,
): Promise<{ path: string; version: string }> {
  await chmod(file, 0o755);
  const version = await askVersion(file);
  const folder = join(cache, version);
  await mkdir(folder, { recursive: true });
  await rename(file, join(folder, "nats-server"));
  if (key !== version) await linkKey(cache, work, key, version);
  return { path: join(folder, "nats-server"), version };
}

async function linkKey(cache: string, work: string, key: string, version: string): Promise<void> {
  const place = join(cache, key);
  const existing = await lstat(place).catch(() => null);
  // A real folder here holds a binary that did not run, else nobody would have fetched; a link cannot replace a folder.
  if (existing?.isDirectory() === true) await rm(place, { recursive: true, force: true });
  const link = join(work, "link");
  await rm(link, { force: true });
  await symlink(version, link);
  await rename(link, place);
}

async function removeAbandoned(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    if (!name.startsWith(workPrefix)) continue;
    const folder = join(cache, name);
    const age = await stat(folder).then(
      (found) => Date.now() - found.mtimeMs,
      () => 0,
    );
    if (age > workAgeMaxMs) await rm(folder, { recursive: true, force: true });
  }
}
