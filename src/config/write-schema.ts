/** Writes docs/signalbox.schema.json. Run after a change of the schema: `node dist/src/config/write-schema.js [file]`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { configurationJsonSchemaText } from "./json-schema.js";

const shipped = fileURLToPath(new URL("../../../docs/signalbox.schema.json", import.meta.url));
const file = process.argv[2] ?? shipped;
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, configurationJsonSchemaText());
