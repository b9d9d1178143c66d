/**
 * `npm run build:page`: bundles the visualizer's page into dist/page, if anything that it is made of has changed since. One script and
 * one style sheet, so that a recording can carry them inside its one page.
 */
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

const page = resolve("src/ui/page");
const site = resolve("dist/page");
const stamp = join(site, ".made-from");
const MADE_FROM = ["src/ui", "events", "machines"];
const ALSO_MADE_FROM = ["package-lock.json", "test/ui/build-page.ts"];

const sources = await digestOfSources();
if (sources !== (await readFile(stamp, "utf8").catch(() => ""))) {
  // Only then: it takes longer to load than the digest does to make.
  const { build } = await import("vite");
  await build({
    configFile: false,
    root: page,
    base: "./",
    logLevel: "error",
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    build: {
      outDir: site,
      emptyOutDir: true,
      target: "es2022",
      // The browsers that know `light-dark()`: others would get every colour three times.
      cssTarget: ["chrome123", "firefox120", "safari17.5"],
      assetsInlineLimit: 0,
      modulePreload: false,
      cssCodeSplit: false,
      reportCompressedSize: false,
      rolldownOptions: {
        output: {
          codeSplitting: false,
          entryFileNames: "assets/page-[hash].js",
          assetFileNames: "assets/page-[hash][extname]",
        },
      },
    },
  });
  await writeFile(stamp, sources);
}

/** A digest of the names and contents of all that goes into the page. */
async function digestOfSources(): Promise<string> {
  const hash = createHash("sha256");
  for (const folder of MADE_FROM) {
    const found = await readdir(resolve(folder), { withFileTypes: true, recursive: true });
    const files = found.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
    for (const file of files.sort()) hash.update(file).update(await readFile(file));
  }
  for (const file of ALSO_MADE_FROM) hash.update(await readFile(resolve(file)));
  return hash.digest("hex");
}
