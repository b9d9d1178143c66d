/** docs/webhooks.md tells the truth: its two functions tell real deliveries from forged ones. */
import { execFile, spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { endpointOf } from "../../src/webhooks/endpoint.js";
import { freshFolder } from "../embedded/folders.js";

const text = await readFile(join(import.meta.dirname, "../../docs/webhooks.md"), "utf8");
const run = promisify(execFile);

/** The text of the first fenced block of a language. */
function block(language: string): string {
  const from = text.indexOf(`\`\`\`${language}\n`);
  if (from === -1) throw new Error(`docs/webhooks.md has no block ${language}`);
  const start = text.indexOf("\n", from) + 1;
  return text.slice(start, text.indexOf("\n```", start) + 1);
}

const SECRET = "a sécret";
const body = JSON.stringify({ event: "job.completed", job: { result: "ä😀" } });
const options = { url: "http://h/", secret: SECRET, states: ["completed" as const], types: null, timeoutMs: 1 };
const signed = (seconds: number): string =>
  endpointOf("done", options, {}).request(body, seconds).headers["Signalbox-Signature"] ?? "";

/** Secret, signature and body, and whether they are to be believed. */
function cases(): readonly (readonly [secret: string, signature: string | null, body: string, isSound: boolean])[] {
  const now = Math.floor(Date.now() / 1_000);
  const sound = signed(now);
  return [
    [SECRET, sound, body, true],
    [SECRET, signed(now - 200), body, true],
    [SECRET, signed(now - 400), body, false],
    [SECRET, signed(now + 400), body, false],
    ["another", sound, body, false],
    [SECRET, sound, `${body} `, false],
    [SECRET, sound.replace(`t=${now}`, `t=${now + 1}`), body, false],
    [SECRET, sound.slice(0, -1), body, false],
    [SECRET, `${sound},v1=0`, body, false],
    [SECRET, "", body, false],
    // Not signed at all.
    [SECRET, null, body, false],
  ];
}
const wanted = cases().map(([, , , isSound]) => isSound);

describe("the functions of docs/webhooks.md", () => {
  test("given real and forged deliveries, when the one in JavaScript judges them, then as it should", async () => {
    const file = join(await freshFolder(), "verify.mjs");
    const ask = `console.log(JSON.stringify(JSON.parse(process.argv[2]).map(([s, g, b]) => isFromSignalbox(s, g, Buffer.from(b)))));`;
    await writeFile(file, `${block("js")}\n${ask}\n`);
    const { stdout } = await run(process.execPath, [file, JSON.stringify(cases())]);
    expect(JSON.parse(stdout)).toEqual(wanted);
  });

  const { error } = spawnSync("python3", ["--version"]);
  const why = error === undefined ? "" : ` (skipped: ${error.message})`;
  test.skipIf(error !== undefined)(
    `given real and forged deliveries, when the one in Python judges them, then as it should${why}`,
    async () => {
      const file = join(await freshFolder(), "verify.py");
      const ask =
        "import json, sys\nprint(json.dumps([is_from_signalbox(s, g, b.encode()) for s, g, b, _ in json.loads(sys.argv[1])]))";
      await writeFile(file, `${block("python")}\n${ask}\n`);
      const { stdout } = await run("python3", [file, JSON.stringify(cases())]);
      expect(JSON.parse(stdout)).toEqual(wanted);
    },
  );
});
