/** The page's own files: built by Vite, read once, served from memory. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { PACKAGE_FOLDER } from "../version.js";

/** Where the page is built to. */
export const PAGE_FOLDER = join(PACKAGE_FOLDER, "dist", "page");

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
  ".json": "application/json; charset=utf-8",
  ".webmanifest": "application/manifest+json",
};

export interface Asset {
  readonly type: string;
  readonly bytes: Buffer;
  readonly tag: string;
}

/** URL path → file. Only what is in here is served: no path of a request reaches the file system. */
export type Assets = ReadonlyMap<string, Asset>;

/** Empty if the page was not built. */
export async function readAssets(folder = PAGE_FOLDER): Promise<Assets> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  const assets = new Map<string, Asset>();
  for (const entry of entries) {
    const type = TYPES[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = await readFile(path);
    const tag = `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`;
    assets.set(`/${relative(folder, path).split(sep).join("/")}`, { type, bytes, tag });
  }
  return assets;
}

export const NOT_BUILT =
  "The page of the visualizer was not built.\n\nRun `npm run build` in the project's folder and start `signalbox ui` again. " +
  "The API below /api works meanwhile.\n";
