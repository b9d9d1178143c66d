/** Writes docs/cli.md: `npm run docs:cli`. */
import { writeFileSync } from "node:fs";
import { cliPage } from "./page.js";

writeFileSync("docs/cli.md", await cliPage());
