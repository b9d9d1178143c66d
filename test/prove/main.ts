/**
 * `npm run prove [-- part …]`: the short forms of all that shows the scheduler to be correct, one after the other, and one table in the end. The
 * long forms have commands of their own; docs/proof.md says what each of them is, and what it has found.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PARTS, type Part } from "./parts.js";

const root = join(import.meta.dirname, "../../..");
const LINES_KEPT_MAX = 40;

interface Proved {
  readonly part: Part;
  readonly isProved: boolean;
  readonly seconds: number;
  /** What it said of how much it has looked at. */
  readonly figures: readonly string[];
  readonly table: readonly string[];
}

/** Runs one part; what it prints is kept for the case that it fails. */
async function prove(part: Part): Promise<Proved> {
  const began = performance.now();
  const child = spawn(process.execPath, part.argv, { cwd: root, stdio: ["ignore", "pipe", "pipe"], env: part.env });
  const figures: string[] = [];
  const last: string[] = [];
  const table: string[] = [];
  if (part.isTable === true) createInterface({ input: child.stdout }).on("line", (line) => table.push(line));
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      last.push(line);
      if (last.length > LINES_KEPT_MAX) last.shift();
      const figure = part.figure.exec(line)?.[1];
      if (figure !== undefined) figures.push(figure);
    });
  }
  const [code] = await once(child, "close");
  const isProved = code === 0 && figures.length > 0;
  if (!isProved) process.stderr.write(`${part.name} failed (exit code ${String(code)}):\n${last.join("\n")}\n`);
  return { part, isProved, seconds: Math.round((performance.now() - began) / 1_000), figures, table };
}

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !PARTS.some((part) => part.name === name));
if (unknown.length > 0) {
  process.stderr.write(`no part ${unknown.join(", ")}; parts are ${PARTS.map(({ name }) => name).join(", ")}\n`);
  process.exit(2);
}
const proved: Proved[] = [];
for (const part of PARTS.filter(({ name }) => asked.length === 0 || asked.includes(name))) {
  process.stderr.write(`${part.name}: ${part.what} …\n`);
  proved.push(await prove(part));
}
const width = Math.max(...PARTS.map(({ name }) => name.length));
for (const { part, isProved, seconds, figures } of proved) {
  const [first = "nothing was told", ...rest] = figures;
  process.stdout.write(
    `${isProved ? "ok    " : "FAILED"}  ${part.name.padEnd(width)}  ${`${seconds} s`.padStart(6)}  ${first}\n`,
  );
  for (const figure of rest) process.stdout.write(`${" ".repeat(width + 18)}${figure}\n`);
}
for (const { table } of proved) if (table.length > 0) process.stdout.write(`\n${table.join("\n")}\n`);
if (!proved.every(({ isProved }) => isProved)) process.exitCode = 1;
