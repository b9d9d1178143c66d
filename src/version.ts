/** This program's version, from package.json, wherever it is installed. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder that holds package.json: above this file in a checkout, above dist/ when built. */
export const PACKAGE_FOLDER = findPackage(dirname(fileURLToPath(import.meta.url)));
export const VERSION: string = JSON.parse(readFileSync(join(PACKAGE_FOLDER, "package.json"), "utf8")).version;

function findPackage(folder: string): string {
  try {
    readFileSync(join(folder, "package.json"));
    return folder;
  } catch {
    const parent = dirname(folder);
    if (parent === folder) throw new Error("package.json of signalbox is missing");
    return findPackage(parent);
  }
}
