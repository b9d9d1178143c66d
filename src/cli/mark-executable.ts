/** Run by the build: the compiler does not set the bit that lets the program be started by its name. */
import { chmodSync } from "node:fs";
import { fileURLToPath } from "node:url";

chmodSync(fileURLToPath(new URL("./main.js", import.meta.url)), 0o755);
