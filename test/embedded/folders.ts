/** Temporary folders of one test file, and conditions that are waited for with a bound. */
import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll } from "vitest";

const made: string[] = [];
afterAll(async () => {
  for (const folder of made) await rm(folder, { recursive: true, force: true });
});

/** A fresh folder, removed when the test file has run. */
export async function freshFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "signalbox-test-")));
  made.push(folder);
  return folder;
}

/** Writes an executable shell script. */
export async function writeScript(file: string, text: string): Promise<string> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\n${text}\n`);
  await chmod(file, 0o755);
  return file;
}

const conditionTimeoutMs = 15_000;
const conditionPollMs = 20;

/** Resolves with the first value of `probe` that is not null; throws, naming `what`, after `msMax`. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | null> | T | null,
  msMax = conditionTimeoutMs,
): Promise<T> {
  const deadline = performance.now() + msMax;
  while (performance.now() < deadline) {
    const value = await probe();
    if (value !== null) return value;
    await delay(conditionPollMs);
  }
  throw new Error(`within ${msMax} ms it was not so that ${what}`);
}
