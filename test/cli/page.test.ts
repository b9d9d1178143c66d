/** The page about the command line is what the program says. */
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { cliPage } from "./page.js";

describe("docs/cli.md", () => {
  test("given the program as it is, when the page is made, then it is the one that is there (else: npm run docs:cli)", async () => {
    const page = await cliPage();
    expect(page).toBe(await readFile("docs/cli.md", "utf8"));
    // Two of the questions, to see that they were answered, and nothing that came out of another clock or terminal.
    expect(page).toContain("$ signalbox slots --log test/golden/format-1.jsonl\nPOOL ");
    expect(page).toContain("$ signalbox explain queued --log test/golden/format-1.jsonl\nqueued waits");
    expect(page).not.toMatch(/^error:/m);
    expect(page).not.toContain("\u001b");
  });
});
