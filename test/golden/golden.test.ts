/** Golden ledgers: what was written once is read for ever, and folds to the state that it folded to then. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { decodeEntry } from "../../events/codec.js";
import { ENTRY_VERSION } from "../../events/entry.js";
import { factSchema } from "../../events/facts.js";
import { canonicalJson } from "../../events/json.js";
import { stateHash } from "../../src/state-hash.js";
import { audit, describeViolation } from "../support/auditor.js";
import { exportOf, foldExport } from "./golden-ledger.js";
import { goldenDay } from "./scenario.js";

const folder = fileURLToPath(new URL(".", import.meta.url));
const read = (file: string): string => readFileSync(`${folder}${file}`, "utf8");
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".jsonl"))
  .map((file) => file.slice(0, -".jsonl".length));
const linesOf = (name: string): string[] => read(`${name}.jsonl`).trimEnd().split("\n");

interface Line {
  readonly entry: { readonly v: number; readonly facts: readonly { readonly type: string }[] };
}
const entriesOf = (name: string): Line["entry"][] =>
  linesOf(name)
    .slice(1)
    .map((line) => (JSON.parse(line) as Line).entry);

describe("golden ledgers", () => {
  test("given the folder, when it is read, then there is one of the present format", () => {
    expect(names).toContain(`format-${ENTRY_VERSION}`);
  });

  test.each(names)(
    "given the ledger %s, when it is folded, then the state is what it was when it was written",
    async (name) => {
      const fold = await foldExport(`${folder}${name}.jsonl`);
      expect(stateHash(fold)).toBe(read(`${name}.sha256`).trim());
    },
  );

  test.each(names)("given the ledger %s, when it is audited, then nothing is found", (name) => {
    expect(audit(linesOf(name)).violations.map(describeViolation)).toEqual([]);
  });

  test.each(names)(
    "given the ledger %s, when its entries of the present version are read, then nothing of them is lost",
    (name) => {
      for (const entry of entriesOf(name)) {
        if (entry.v === ENTRY_VERSION)
          expect(canonicalJson(decodeEntry(JSON.stringify(entry)))).toBe(canonicalJson(entry));
      }
    },
  );

  test("given the catalogue, when it is compared with all of them, then every fact has happened in one", () => {
    const happened = new Set(names.flatMap(entriesOf).flatMap(({ facts }) => facts.map(({ type }) => type)));
    const missing = factSchema.options.map(({ shape }) => shape.type.value).filter((type) => !happened.has(type));
    expect(missing, "tell the new fact in scenario.ts, and write a ledger: npm run golden -- <name>").toEqual([]);
  });

  test("given the day that they tell, when it is written twice, then the bytes are the same", () => {
    expect(exportOf(goldenDay())).toBe(exportOf(goldenDay()));
  });
});
