/**
 * A checker of the fold and of `log verify`: ledgers that are sound must pass, and each way of damaging them must be refused by both.
 * `node dist/test/plants/ledgers.js FILE` with ledgers as `writeLedgers` writes them.
 */
import { readFile } from "node:fs/promises";
import { decodeEntry } from "../../events/codec.js";
import { position } from "../../events/names.js";
import { Fold } from "../../projections/fold.js";
import { Verification } from "../../projections/verify/verification.js";
import { DAMAGES, type RawEntry } from "./damages.js";

type Ledger = readonly RawEntry[];

const readers = {
  fold: () => new Fold(),
  verify: () => new Verification(),
};

/** What is wrong with it; null if nothing is. */
function faultOf(
  ledger: Ledger,
  reader: { apply(at: ReturnType<typeof position>, entry: ReturnType<typeof decodeEntry>): void },
): string | null {
  try {
    for (const [index, entry] of ledger.entries())
      reader.apply(position(index + 1), decodeEntry(JSON.stringify(entry)));
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const [file = ""] = process.argv.slice(2);
const ledgers = JSON.parse(await readFile(file, "utf8")) as readonly Ledger[];
const wrong: string[] = [];
for (const [name, reader] of Object.entries(readers)) {
  for (const ledger of ledgers) {
    const fault = faultOf(ledger, reader());
    if (fault !== null) wrong.push(`${name} refuses a sound ledger: ${fault}`);
  }
  for (const { name: damage, damage: spoil } of DAMAGES) {
    const spoilt = ledgers.map(spoil).filter((ledger) => ledger !== null);
    if (spoilt.length === 0) wrong.push(`no ledger could be damaged so: ${damage}`);
    if (spoilt.some((ledger) => faultOf(ledger, reader()) === null)) wrong.push(`${name} does not see that ${damage}`);
  }
}
process.stdout.write(
  wrong.length === 0
    ? `${ledgers.length} ledgers are sound, and ${DAMAGES.length} damages are refused by each of ${Object.keys(readers).join(" and ")}\n`
    : `${wrong.map((line) => `found: ${line}`).join("\n")}\n`,
);
process.exitCode = wrong.length === 0 ? 0 : 1;
