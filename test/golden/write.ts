/**
 * Writes a golden ledger, by default that of the present format: `npm run golden -- format-1-notes`. Nothing that is there is ever
 * written over. A ledger whose hash is missing gets one: so whoever changes the form of the state takes the old hash away, on
 * purpose, and everybody sees it.
 */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ENTRY_VERSION } from "../../events/entry.js";
import { stateHash } from "../../src/state-hash.js";
import { exportOf, foldExport } from "./golden-ledger.js";
import { goldenDay } from "./scenario.js";

const [name = `format-${ENTRY_VERSION}`] = process.argv.slice(2);
const ledger = join("test", "golden", `${name}.jsonl`);
const hash = join("test", "golden", `${name}.sha256`);

function write(file: string, text: string): void {
  writeFileSync(file, text, { flag: "wx" });
  process.stdout.write(`${file} is written\n`);
}

if (existsSync(ledger) && existsSync(hash)) {
  process.stderr.write(`${ledger} is there already, and stays as it is; give another name: npm run golden -- <name>\n`);
  process.exitCode = 1;
} else {
  if (!existsSync(ledger)) write(ledger, exportOf(goldenDay()));
  if (!existsSync(hash)) write(hash, `${stateHash(await foldExport(ledger))}\n`);
}
