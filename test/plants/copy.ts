/** A copy of what was built, with a mistake in it. */
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Plant } from "./plants.js";

/** The tests of a copy are run as they were built. */
const VITEST = `export default {
  test: { include: ["test/**/*.test.js"], setupFiles: ["test/support/frozen-states.js"], testTimeout: 120_000 },
};
`;

/** Makes `<folder>/dist` from `dist`. Throws if the plant does not fit. */
export async function copyWith(plant: Plant | null, dist: string, folder: string): Promise<string> {
  const copy = join(folder, "dist");
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await cp(dist, copy, { recursive: true });
  await writeFile(join(copy, "vitest.config.js"), VITEST);
  for (const { file, from, to } of plant?.edits ?? []) {
    const path = join(copy, file);
    const text = await readFile(path, "utf8");
    const parts = text.split(from);
    if (parts.length !== 2)
      throw new Error(
        `the plant "${plant?.name}" does not fit ${file} any more: ${parts.length - 1} times ${JSON.stringify(from)}`,
      );
    await writeFile(path, parts.join(to));
  }
  return copy;
}
