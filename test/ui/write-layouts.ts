/** `npm run layouts`: writes src/ui/drawing/layouts.ts from the machines. Run it when a machine has changed. */
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { layoutsText } from "./layouts-text.js";

await writeFile(resolve("src/ui/drawing/layouts.ts"), await layoutsText());
